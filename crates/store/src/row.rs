//! Rows as they lie in the tables, and their way to and from the domain's entities. A value that
//! the domain does not know is a storage error: somebody else has written it.

use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use rollbook_domain::id::{MembershipId, OrganizationId, TokenId, UserId};
use rollbook_domain::membership::Membership;
use rollbook_domain::organization::{Organization, Owner, Version};
use rollbook_domain::role::Roles;
use rollbook_domain::token::PersonalAccessToken;
use rollbook_domain::user::{User, UserKind};
use rollbook_domain::value::{
    Description, DisplayName, Email, Logo, LogoImage, OrganizationName, Slug, TokenName, Url,
};
use rollbook_domain::{Error, Result};

use crate::schema::{memberships, organizations, personal_access_tokens, users};
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
}

#[derive(Insertable)]
#[diesel(table_name = users)]
pub(crate) struct NewUser<'a> {
    id: Key,
    kind: &'static str,
    email: &'a str,
    email_key: &'a str,
    display_name: &'a str,
    superuser: bool,
    active: bool,
    created_at: Moment,
    updated_at: Moment,
}

impl<'a> NewUser<'a> {
    pub(crate) fn of(user: &'a User) -> Self {
        Self {
            id: Key(user.id.uuid()),
            kind: kind_key(user.kind),
            email: user.email.as_str(),
            email_key: user.email.key(),
            display_name: user.display_name.as_str(),
            superuser: user.superuser,
            active: user.active,
            created_at: Moment(user.created_at),
            updated_at: Moment(user.updated_at),
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
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
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

#[derive(Queryable, Selectable)]
#[diesel(table_name = organizations)]
pub(crate) struct OrganizationRow {
    id: Key,
    name: String,
    slug: String,
    description: Option<String>,
    owner_id: Key,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
    deleted_at: Option<Moment>,
    logo_url: Option<String>,
    logo_media_type: Option<String>,
    logo_bytes: Option<Vec<u8>>,
}

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = organizations, treat_none_as_null = true)]
pub(crate) struct NewOrganization<'a> {
    id: Key,
    name: &'a str,
    name_key: String,
    slug: &'a str,
    description: Option<&'a str>,
    owner_id: Key,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
    deleted_at: Option<Moment>,
    logo_url: Option<&'a str>,
    logo_media_type: Option<&'static str>,
    logo_bytes: Option<&'a [u8]>,
}

impl<'a> NewOrganization<'a> {
    pub(crate) fn of(organization: &'a Organization) -> Self {
        let (logo_url, image) = match &organization.logo {
            None => (None, None),
            Some(Logo::External(url)) => (Some(url.as_str()), None),
            Some(Logo::Image(image)) => (None, Some(image)),
        };
        Self {
            id: Key(organization.id.uuid()),
            name: organization.name.as_str(),
            name_key: organization.name.key(),
            slug: organization.slug.as_str(),
            description: organization.description.as_ref().map(Description::as_str),
            owner_id: Key(organization.owner_id.uuid()),
            version: organization.version.number(),
            created_at: Moment(organization.created_at),
            updated_at: Moment(organization.updated_at),
            deleted_at: organization.deleted_at.map(Moment),
            logo_url,
            logo_media_type: image.map(LogoImage::media_type),
            logo_bytes: image.map(LogoImage::bytes),
        }
    }
}

impl OrganizationRow {
    pub(crate) fn into_organization(self) -> Result<Organization> {
        Ok(Organization {
            id: OrganizationId::new(self.id.0),
            name: OrganizationName::from_stored(self.name),
            slug: Slug::from_stored(self.slug),
            description: self.description.map(Description::from_stored),
            logo: logo(self.logo_url, self.logo_media_type, self.logo_bytes)?,
            owner_id: UserId::new(self.owner_id.0),
            version: Version::new(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            deleted_at: self.deleted_at.map(|at| at.0),
        })
    }
}

fn logo(
    url: Option<String>,
    media_type: Option<String>,
    bytes: Option<Vec<u8>>,
) -> Result<Option<Logo>> {
    if let Some(url) = url {
        return Ok(Some(Logo::External(Url::from_stored(url))));
    }
    let (Some(media_type), Some(bytes)) = (media_type, bytes) else {
        return Ok(None);
    };
    LogoImage::new(&media_type, bytes)
        .map(|image| Some(Logo::Image(image)))
        .map_err(Error::storage)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = memberships)]
pub(crate) struct MembershipRow {
    id: Key,
    organization_id: Key,
    user_id: Key,
    roles: String,
    created_at: Moment,
    updated_at: Moment,
}

impl MembershipRow {
    pub(crate) fn into_membership(self) -> Result<Membership> {
        let roles = Roles::from_keys(&self.roles);
        Ok(Membership {
            id: MembershipId::new(self.id.0),
            organization_id: OrganizationId::new(self.organization_id.0),
            user_id: UserId::new(self.user_id.0),
            roles: roles
                .ok_or_else(|| Error::storage(format!("unknown role in '{}'", self.roles)))?,
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = personal_access_tokens)]
pub(crate) struct TokenRow {
    id: Key,
    user_id: Key,
    name: String,
    last_four: String,
    created_at: Moment,
    expires_at: Option<Moment>,
    last_used_at: Option<Moment>,
    revoked_at: Option<Moment>,
}

impl TokenRow {
    pub(crate) fn into_token(self) -> PersonalAccessToken {
        PersonalAccessToken {
            id: TokenId::new(self.id.0),
            user_id: UserId::new(self.user_id.0),
            name: TokenName::from_stored(self.name),
            last_four: self.last_four,
            created_at: self.created_at.0,
            expires_at: self.expires_at.map(|at| at.0),
            last_used_at: self.last_used_at.map(|at| at.0),
            revoked_at: self.revoked_at.map(|at| at.0),
        }
    }
}
