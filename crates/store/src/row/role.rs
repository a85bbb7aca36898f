use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use rollbook_domain::Result;
use rollbook_domain::id::{OrganizationId, RoleId};
use rollbook_domain::organization::Version;
use rollbook_domain::role::{CustomRole, Permissions, RoleScope};
use rollbook_domain::value::{Description, RoleKey, RoleTitle};

use super::unknown;
use crate::schema::roles;
use crate::sql::{Key, Moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = roles)]
pub(crate) struct RoleRow {
    id: Key,
    organization_id: Key,
    scope: String,
    role_key: String,
    title: String,
    description: Option<String>,
    permissions: String,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
}

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = roles, treat_none_as_null = true, primary_key(organization_id, id))]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct NewRole<'a> {
    id: Key,
    organization_id: Key,
    scope: &'static str,
    role_key: &'a str,
    title: &'a str,
    title_key: String,
    description: Option<&'a str>,
    permissions: String,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
}

impl<'a> NewRole<'a> {
    pub(crate) fn of(role: &'a CustomRole) -> Self {
        Self {
            id: Key(role.id.uuid()),
            organization_id: Key(role.organization_id.uuid()),
            scope: role.scope.key(),
            role_key: role.key.as_str(),
            title: role.title.as_str(),
            title_key: role.title.key(),
            description: role.description.as_ref().map(Description::as_str),
            permissions: role.permissions.to_keys(),
            version: role.version.number(),
            created_at: Moment(role.created_at),
            updated_at: Moment(role.updated_at),
        }
    }
}

impl RoleRow {
    pub(crate) fn into_role(self) -> Result<CustomRole> {
        let scope = RoleScope::from_key(&self.scope);
        Ok(CustomRole {
            id: RoleId::new(self.id.0),
            organization_id: OrganizationId::new(self.organization_id.0),
            scope: scope.ok_or_else(|| unknown("scope", &self.scope))?,
            key: RoleKey::from_stored(self.role_key),
            title: RoleTitle::from_stored(self.title),
            description: self.description.map(Description::from_stored),
            permissions: Permissions::from_keys(&self.permissions)
                .ok_or_else(|| unknown("permission", &self.permissions))?,
            version: Version::new(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }
}
