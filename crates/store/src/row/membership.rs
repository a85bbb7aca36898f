use diesel::prelude::{Insertable, Queryable, Selectable};
use rollbook_domain::Result;
use rollbook_domain::access::Held;
use rollbook_domain::id::{MembershipId, OrganizationId, UserId};
use rollbook_domain::membership::{MemberView, Membership};
use rollbook_domain::organization::Version;
use rollbook_domain::role::{AssignedRole, Permissions, Roles, WorkspaceRoles};
use rollbook_domain::user::User;
use rollbook_domain::value::{DisplayName, Email};

use super::{assigned_role, assigned_roles, kind_of, unknown, workspace_roles};
use crate::schema::{memberships, users};
use crate::sql::{Key, Moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = memberships)]
pub(crate) struct MembershipRow {
    pub(crate) id: Key,
    organization_id: Key,
    pub(crate) user_id: Key,
    roles: String,
    pub(crate) created_at: Moment,
    pub(crate) updated_at: Moment,
    version: i64,
    pub(crate) display_name_key: String,
    pub(crate) email_key: String,
}

#[derive(Insertable)]
#[diesel(table_name = memberships)]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct NewMembership {
    id: Key,
    organization_id: Key,
    user_id: Key,
    roles: String,
    created_at: Moment,
    updated_at: Moment,
    version: i64,
    display_name_key: String,
    email_key: String,
}

impl NewMembership {
    pub(crate) fn of(membership: &Membership, user: &User) -> Self {
        Self {
            id: Key(membership.id.uuid()),
            organization_id: Key(membership.organization_id.uuid()),
            user_id: Key(membership.user_id.uuid()),
            roles: membership.roles.to_keys(),
            created_at: Moment(membership.created_at),
            updated_at: Moment(membership.updated_at),
            version: membership.version.number(),
            display_name_key: user.display_name.key(),
            email_key: user.email.key().to_owned(),
        }
    }
}

impl MembershipRow {
    pub(crate) fn into_membership(self, custom_roles: Vec<AssignedRole>) -> Result<Membership> {
        Ok(Membership {
            id: MembershipId::new(self.id.0),
            organization_id: OrganizationId::new(self.organization_id.0),
            user_id: UserId::new(self.user_id.0),
            roles: roles_of(&self.roles)?,
            custom_roles,
            version: Version::new(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }
}

/// A user, as joined to a membership.
#[derive(Queryable, Selectable)]
#[diesel(table_name = users)]
pub(crate) struct PersonRow {
    pub(crate) kind: String,
    pub(crate) display_name: String,
    pub(crate) email: String,
}

/// A membership with its user, `RolesOfMember` and `RolesInWorkspaces`.
pub(crate) type MemberRow = (MembershipRow, PersonRow, Option<String>, Option<String>);

/// A member with all roles.
pub(crate) fn member_view((row, person, custom, there): MemberRow) -> Result<MemberView> {
    let (workspace_roles, custom_workspace_roles) = in_workspaces(there.as_deref())?;
    Ok(MemberView {
        membership: row.into_membership(assigned_roles(custom.as_deref())?)?,
        kind: kind_of(&person.kind)?,
        display_name: DisplayName::from_stored(person.display_name),
        email: Email::from_stored(person.email),
        workspace_roles,
        custom_workspace_roles,
    })
}

/// Reads what somebody is in workspaces.
fn in_workspaces(text: Option<&str>) -> Result<(WorkspaceRoles, Vec<AssignedRole>)> {
    let (mut built_in, mut custom) = (WorkspaceRoles::NONE, Vec::new());
    for part in text.into_iter().flat_map(|text| text.split(',')) {
        let (keys, pair) = part.split_once('/').ok_or_else(|| unknown("role", part))?;
        built_in = built_in.or(workspace_roles(keys)?);
        if !pair.is_empty() {
            custom.push(assigned_role(pair)?);
        }
    }
    custom.sort_unstable();
    custom.dedup();
    Ok((built_in, custom))
}

/// The built-in roles of an organization.
pub(crate) fn roles_of(keys: &str) -> Result<Roles> {
    Roles::from_keys(keys).ok_or_else(|| unknown("role", keys))
}

/// What custom roles permit; `None`: there are none.
pub(crate) fn custom(keys: Option<&str>) -> Result<Permissions> {
    keys.map_or(Ok(Permissions::NONE), |keys| {
        Permissions::from_keys(keys).ok_or_else(|| unknown("permission", keys))
    })
}

/// What a member holds by these built-in roles and the permissions of custom ones.
pub(crate) fn held(roles: &str, permissions: Option<&str>) -> Result<Held> {
    Ok(Held {
        roles: roles_of(roles)?,
        custom: custom(permissions)?,
    })
}
