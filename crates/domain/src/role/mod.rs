//! Roles and the permissions they give: those that every organization has, and those that
//! organizations make for themselves.

mod built_in;
mod permission;
mod view;

pub use built_in::{Role, Roles, WorkspaceRole, WorkspaceRoles};
pub use permission::{Permission, Permissions, RoleScope};
pub use view::RoleView;

use crate::id::{OrganizationId, RoleId};
use crate::organization::Version;
use crate::time::Timestamp;
use crate::value::{Description, RoleKey, RoleTitle};

/// A role that an organization has made for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// The role's id.
    pub id: RoleId,
    /// The organization that made it.
    pub organization_id: OrganizationId,
    /// What its permissions are about.
    pub scope: RoleScope,
    /// The key by which clients know it, unique in the organization; it never changes.
    pub key: RoleKey,
    /// What people call it, unique in the organization on its folded form.
    pub title: RoleTitle,
    /// What it is for.
    pub description: Option<Description>,
    /// What it permits.
    pub permissions: Permissions,
    /// Counts the changes.
    pub version: Version,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl CustomRole {
    /// Marks it as changed at `now`.
    pub fn touch(&mut self, now: Timestamp) {
        self.version = self.version.next();
        self.updated_at = now;
    }
}

/// A custom role as it is tied to a member or an invitation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AssignedRole {
    /// The role's id.
    pub id: RoleId,
    /// The key by which clients know it.
    pub key: RoleKey,
}

impl From<&CustomRole> for AssignedRole {
    fn from(role: &CustomRole) -> Self {
        Self {
            id: role.id,
            key: role.key.clone(),
        }
    }
}

/// One role, built in or made by an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoleRef {
    /// A built-in role of organizations.
    Organization(Role),
    /// A built-in role of workspaces.
    Workspace(WorkspaceRole),
    /// A role that an organization made.
    Custom(RoleId),
}
