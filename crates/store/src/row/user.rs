use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::organization::{Owner, Version};
use rollbook_domain::user::{User, UserKind};
use rollbook_domain::value::{DisplayName, Email};
use rollbook_domain::{Error, Result};

use crate::schema::users;
use crate::sql::{Key, Moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct UserRow {
    id: Key,
    kind: String,
    email: String,
    display_name: String,
    superuser: bool,
    active: bool,
    created_at: Moment,
    updated_at: Moment,
    email_verified_at: Option<Moment>,
    organization_id: Option<Key>,
    trial_started_at: Option<Moment>,
    version: i64,
    deleted_at: Option<Moment>,
}

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = users, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct NewUser {
    id: Key,
    kind: &'static str,
    email: String,
    email_key: String,
    display_name: String,
    superuser: bool,
    active: bool,
    created_at: Moment,
    updated_at: Moment,
    email_verified_at: Option<Moment>,
    organization_id: Option<Key>,
    trial_started_at: Option<Moment>,
    version: i64,
    deleted_at: Option<Moment>,
}

impl NewUser {
    pub(crate) fn of(user: &User) -> Self {
        Self {
            id: Key(user.id.uuid()),
            kind: kind_key(user.kind),
            email: user.email.as_str().to_owned(),
            email_key: user.email.key().to_owned(),
            display_name: user.display_name.as_str().to_owned(),
            superuser: user.superuser,
            active: user.active,
            created_at: Moment(user.created_at),
            updated_at: Moment(user.updated_at),
            email_verified_at: user.email_verified_at.map(Moment),
            organization_id: user.organization_id.map(|id| Key(id.uuid())),
            trial_started_at: user.trial_started_at.map(Moment),
            version: user.version.number(),
            deleted_at: user.deleted_at.map(Moment),
        }
    }
}

impl UserRow {
    pub(crate) fn into_user(self) -> Result<User> {
        Ok(User {
            id: UserId::new(self.id.0),
            kind: kind_of(&self.kind)?,
            email: Email::from_stored(self.email),
            display_name: DisplayName::from_stored(self.display_name),
            superuser: self.superuser,
            active: self.active,
            email_verified_at: self.email_verified_at.map(|at| at.0),
            organization_id: self.organization_id.map(|id| OrganizationId::new(id.0)),
            trial_started_at: self.trial_started_at.map(|at| at.0),
            version: Version::new(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            deleted_at: self.deleted_at.map(|at| at.0),
        })
    }
}

const fn kind_key(kind: UserKind) -> &'static str {
    match kind {
        UserKind::Person => "person",
        UserKind::ServiceAccount => "service_account",
    }
}

pub(crate) fn kind_of(key: &str) -> Result<UserKind> {
    match key {
        "person" => Ok(UserKind::Person),
        "service_account" => Ok(UserKind::ServiceAccount),
        other => Err(Error::storage(format!("unknown kind of user '{other}'"))),
    }
}

/// The owner of an organization, as joined to it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct OwnerRow {
    pub(crate) display_name: String,
    pub(crate) email: String,
}

impl OwnerRow {
    pub(crate) fn into_owner(self, id: UserId) -> Owner {
        Owner {
            id,
            display_name: DisplayName::from_stored(self.display_name),
            email: Email::from_stored(self.email),
        }
    }
}
