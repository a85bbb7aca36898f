//! Roles as the native dialect sends them.

use rollbook_domain::id::OrganizationId;
use rollbook_domain::role::{CustomRole, Permission, Permissions, RoleScope, RoleView};
use rollbook_domain::service::role::RolePage;
use serde::Serialize;
use utoipa::ToSchema;

use super::etag;
use super::name::Name;

/// How the words for the scopes of roles begin.
pub(super) const ROLE_SCOPE: &str = "ROLE_SCOPE_";

/// A role: permissions under a title. Some every organization has; others it makes for itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/roles/auditor",
    "title": "Auditor",
    "description": "Looks at the books",
    "permissions": ["read:Membership", "read:AuditEntry"],
    "role_scope": "ROLE_SCOPE_ORGANIZATION",
    "built_in": false,
    "create_time": "2025-01-15T10:30:00Z",
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"1\""
}))]
pub(super) struct Role<'a> {
    /// The resource name, `organizations/{organization}/roles/{role}`.
    #[schema(read_only, value_type = String)]
    name: Name,
    /// What people call it: 1 to 100 characters, unique in the organization whatever the case.
    title: &'a str,
    /// What it is for: at most 256 characters.
    #[schema(required = false)]
    description: &'a str,
    /// What it permits, each as `action:Resource`. Nobody can make a role that permits more than
    /// they may.
    permissions: Vec<&'static str>,
    /// Whether it is about the whole organization, or about one workspace. It never changes.
    #[schema(required = false)]
    #[serde(rename = "role_scope")]
    scope: Scope,
    /// Whether every organization has it; those never change.
    #[schema(read_only)]
    built_in: bool,
    /// When it was made; left out of a built-in role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, format = DateTime, nullable = false)]
    create_time: Option<String>,
    /// When it last changed; left out of a built-in role.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, format = DateTime, nullable = false)]
    update_time: Option<String>,
    /// Changes whenever the role does; left out of a built-in role. Sent back with a change, here
    /// or in `If-Match`, it makes the change conditional.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    etag: Option<String>,
}

/// What a role is about.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(super) enum Scope {
    /// The whole organization.
    #[serde(rename = "ROLE_SCOPE_ORGANIZATION")]
    Organization,
    /// One workspace.
    #[serde(rename = "ROLE_SCOPE_WORKSPACE")]
    Workspace,
}

impl From<RoleScope> for Scope {
    fn from(scope: RoleScope) -> Self {
        match scope {
            RoleScope::Organization => Self::Organization,
            RoleScope::Workspace => Self::Workspace,
        }
    }
}

impl<'a> Role<'a> {
    /// A role as an organization has it.
    pub(super) fn new(organization: OrganizationId, role: &'a RoleView) -> Self {
        match role {
            RoleView::Custom(role) => Self::from(role),
            built_in => Self {
                name: Name::from(organization).child("roles", built_in.key()),
                title: built_in.title(),
                description: built_in.description().unwrap_or_default(),
                permissions: keys(built_in.permissions()),
                scope: built_in.scope().into(),
                built_in: true,
                create_time: None,
                update_time: None,
                etag: None,
            },
        }
    }
}

impl<'a> From<&'a CustomRole> for Role<'a> {
    fn from(role: &'a CustomRole) -> Self {
        Self {
            name: Name::from(role.organization_id).child("roles", &role.key),
            title: role.title.as_str(),
            description: role.description.as_ref().map_or("", |text| text.as_str()),
            permissions: keys(role.permissions),
            scope: role.scope.into(),
            built_in: false,
            create_time: Some(role.created_at.to_rfc3339()),
            update_time: Some(role.updated_at.to_rfc3339()),
            etag: Some(etag::of(role.version)),
        }
    }
}

fn keys(permissions: Permissions) -> Vec<&'static str> {
    permissions.iter().map(Permission::key).collect()
}

/// A page of roles.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RoleList<'a> {
    /// The roles: the built-in ones first, then the organization's own, in the order in which they
    /// were made.
    roles: Vec<Role<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> RoleList<'a> {
    pub(super) fn new(
        organization: OrganizationId,
        page: &'a RolePage,
        next_page_token: String,
    ) -> Self {
        let roles = page.items.iter();
        Self {
            roles: roles.map(|role| Role::new(organization, role)).collect(),
            next_page_token,
        }
    }
}
