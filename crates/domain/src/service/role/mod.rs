//! Roles: the driving port with its commands, here, and the use cases behind it.

mod assigning;
mod changing;
mod deleting;
mod reading;
mod service;

use async_trait::async_trait;

use crate::Result;
use crate::access::Caller;
use crate::id::{OrganizationId, RoleId};
use crate::idempotency::Once;
use crate::organization::{Patch, Version};
use crate::page::{Page, Window};
use crate::role::{CustomRole, Permissions, RoleRef, RoleScope, RoleView};
use crate::value::{Description, RoleKey, RoleTitle};

pub use assigning::{Assignment, ROLES_PER_MEMBER};
pub use reading::{find, named};
pub use service::CustomRoleService;

/// A page of roles.
pub type RolePage = Page<RoleView, RoleRef>;

/// What a new role shall be.
#[derive(Clone, Debug)]
pub struct CreateRole {
    /// What its permissions are about.
    pub scope: RoleScope,
    /// Its key; otherwise one is made from the title.
    pub key: Option<RoleKey>,
    /// What people call it.
    pub title: RoleTitle,
    /// What it is for.
    pub description: Option<Description>,
    /// What it permits.
    pub permissions: Permissions,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// What shall change in a role.
#[derive(Clone, Debug, Default)]
pub struct UpdateRole {
    /// The new title, if any.
    pub title: Option<RoleTitle>,
    /// What happens to the description.
    pub description: Patch<Description>,
    /// What it shall permit, if that changes.
    pub permissions: Option<Permissions>,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
}

/// The roles of an organization. Roles are named by their public keys.
///
/// Nobody makes, changes or deletes a role that permits, before or after, what they may not do
/// themselves.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait CustomRoles: Send + Sync {
    /// The roles of a scope, or of both: the built-in ones first, then the organization's own, by
    /// id.
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        scope: Option<RoleScope>,
        window: Window<RoleRef>,
    ) -> Result<RolePage>;

    /// One role, built in or custom.
    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        key: String,
    ) -> Result<RoleView>;

    /// A custom role by its id alone. Who is no member of its organization is told that there is
    /// no such role.
    async fn locate(&self, caller: Caller, id: RoleId) -> Result<CustomRole>;

    /// Makes a role.
    async fn create(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: CreateRole,
    ) -> Result<CustomRole>;

    /// Changes a role; whoever has it may what it permits from now on.
    async fn update(
        &self,
        caller: Caller,
        organization: OrganizationId,
        key: String,
        command: UpdateRole,
    ) -> Result<CustomRole>;

    /// Deletes a role. Whoever has it gets the replacement, a role of the same scope; without one
    /// a role that somebody has is not deleted.
    async fn delete(
        &self,
        caller: Caller,
        organization: OrganizationId,
        key: String,
        replacement: Option<String>,
        seen: Option<Version>,
    ) -> Result<()>;
}
