//! Roles as the ZenML dialect sends and takes them. Their shape is not published.

use rollbook_domain::id::OrganizationId;
use rollbook_domain::role::{AssignedRole, Permission, Role as BuiltIn, RoleScope, RoleView};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::role_id;
use super::user_wire::{Id, Time};

/// The levels of roles. Rollbook has no projects, and so no roles of them.
pub(super) const LEVELS: [&str; 3] = ["organization", "workspace", "project"];

/// The level of a scope.
const fn level(scope: RoleScope) -> &'static str {
    match scope {
        RoleScope::Organization => LEVELS[0],
        RoleScope::Workspace => LEVELS[1],
    }
}

/// A role.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoleRead)]
pub(super) struct Role<'a> {
    /// Its id. That of a built-in role follows from the organization's id.
    #[schema(value_type = String, format = "uuid")]
    id: Id<Uuid>,
    /// What it is called.
    name: &'a str,
    /// What it is for.
    description: Option<&'a str>,
    /// What its permissions are about.
    #[schema(value_type = String)]
    level: &'static str,
    /// The organization that has it.
    #[schema(value_type = String, format = "uuid")]
    organization_id: Id<OrganizationId>,
    /// Whether it is built in, so that nobody changes or deletes it.
    system: bool,
    /// What it permits, as `GET /permissions` names it.
    permissions: Vec<&'static str>,
    /// When it was made; null for built-in ones.
    #[schema(value_type = Option<String>, format = DateTime)]
    created: Option<Time>,
    /// When it last changed; null for built-in ones.
    #[schema(value_type = Option<String>, format = DateTime)]
    updated: Option<Time>,
}

impl<'a> Role<'a> {
    pub(super) fn new(organization: OrganizationId, role: &'a RoleView) -> Self {
        let custom = match role {
            RoleView::Custom(custom) => Some(custom),
            RoleView::Organization(_) | RoleView::Workspace(_) => None,
        };
        Self {
            id: Id(role_id::of(organization, role)),
            name: role.title(),
            description: role.description(),
            level: level(role.scope()),
            organization_id: Id(organization),
            system: custom.is_none(),
            permissions: role.permissions().iter().map(Permission::key).collect(),
            created: custom.map(|it| Time(it.created_at)),
            updated: custom.map(|it| Time(it.updated_at)),
        }
    }
}

/// A role that somebody has.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HeldRole {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: Id<Uuid>,
    /// A built-in role's title, another one's key.
    name: String,
    /// What its permissions are about.
    #[schema(value_type = String)]
    level: &'static str,
}

impl HeldRole {
    pub(super) fn built_in(organization: OrganizationId, role: BuiltIn) -> Self {
        Self {
            id: Id(role_id::of_built_in(organization, role.public_key())),
            name: role.title().to_owned(),
            level: level(RoleScope::Organization),
        }
    }

    pub(super) fn custom(role: &AssignedRole) -> Self {
        Self {
            id: Id(role.id.uuid()),
            name: role.key.as_str().to_owned(),
            level: level(RoleScope::Organization),
        }
    }
}

/// A new role.
#[derive(ToSchema)]
#[schema(as = RoleCreate)]
#[expect(dead_code, reason = "only described")]
pub(super) struct RoleCreate {
    /// The organization that shall have it.
    #[schema(format = "uuid")]
    organization_id: String,
    /// What it is called.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// What it is for.
    #[schema(max_length = 256)]
    description: Option<String>,
    /// `organization`, unless it shall be `workspace`.
    level: Option<String>,
    /// What it permits.
    permissions: Option<Vec<String>>,
}

/// What shall change in a role. What is absent or null stays as it is.
#[derive(ToSchema)]
#[schema(as = RoleUpdate)]
#[expect(dead_code, reason = "only described")]
pub(super) struct RoleUpdate {
    /// What it is called.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// What it is for.
    #[schema(max_length = 256)]
    description: Option<String>,
    /// All that it permits.
    permissions: Option<Vec<String>>,
}
