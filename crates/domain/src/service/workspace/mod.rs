//! Workspaces and who belongs to them: the driving port with its commands, here, and the use cases
//! behind it.

mod changing;
mod housed;
mod members;
mod one_role;
mod roles;
mod service;
mod viewing;

use async_trait::async_trait;

use crate::Result;
use crate::access::Caller;
use crate::filter::{Filter, TextTest};
use crate::id::{OrganizationId, UserId, WorkspaceId};
use crate::idempotency::Once;
use crate::organization::{Patch, Version};
use crate::page::{Page, Window};
use crate::role::WorkspaceRoles;
use crate::value::{Description, IconName, RoleKey, WorkspaceTitle};
use crate::workspace::{
    HousedWorkspace, WorkspaceKey, WorkspaceMemberView, WorkspaceOrder, WorkspaceRef, WorkspaceView,
};

pub use members::{Joining, join};
pub use service::WorkspaceService;

/// In how many workspaces users are counted at once.
pub const COUNTED_AT_ONCE: usize = 100;

/// A page of an organization's workspaces.
pub type WorkspacePage = Page<WorkspaceView, WorkspaceKey>;

/// A page of the caller's workspaces.
pub type MyWorkspacePage = Page<WorkspaceView, WorkspaceId>;

/// A page of a workspace's members.
pub type WorkspaceMemberPage = Page<WorkspaceMemberView, UserId>;

/// What a new workspace shall be.
#[derive(Clone, Debug)]
pub struct CreateWorkspace {
    /// An id chosen by the caller; otherwise one is made.
    pub id: Option<WorkspaceId>,
    /// What it is called.
    pub title: WorkspaceTitle,
    /// What it is for.
    pub description: Option<Description>,
    /// The name of its picture.
    pub icon: Option<IconName>,
    /// The colour of its picture.
    pub icon_color: Option<IconName>,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// What shall change in a workspace.
#[derive(Clone, Debug, Default)]
pub struct UpdateWorkspace {
    /// The new title, if any.
    pub title: Option<WorkspaceTitle>,
    /// What happens to the description.
    pub description: Patch<Description>,
    /// What happens to the picture.
    pub icon: Patch<IconName>,
    /// What happens to the picture's colour.
    pub icon_color: Patch<IconName>,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
}

/// The roles that somebody shall have in a workspace: at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChosenWorkspaceRoles {
    /// Built-in ones.
    pub built_in: WorkspaceRoles,
    /// The organization's own ones, of workspace scope.
    pub custom: Vec<RoleKey>,
}

/// Which workspaces to list, of all organizations of the caller.
#[derive(Clone, Debug)]
pub struct ListHoused {
    /// Those of this organization; `None`: of all that the caller belongs to.
    pub organization: Option<OrganizationId>,
    /// What their titles must pass.
    pub filter: Filter<TextTest>,
    /// Only those that the caller belongs to.
    pub mine: bool,
    /// How many to pass over.
    pub skip: u32,
    /// How many to answer at the most.
    pub limit: u32,
}

/// Who shall come into a workspace.
#[derive(Clone, Debug)]
pub struct AddWorkspaceMember {
    /// A member of the organization.
    pub user: UserId,
    /// As what.
    pub roles: ChosenWorkspaceRoles,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// Everything one can do with workspaces. Every method authenticates the caller first.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Workspaces: Send + Sync {
    /// Makes a workspace, if the organization may have one more. The caller runs it, if they are a
    /// member of the organization.
    async fn create(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: CreateWorkspace,
    ) -> Result<WorkspaceView>;

    /// A live workspace.
    async fn get(&self, caller: Caller, at: WorkspaceRef) -> Result<WorkspaceView>;

    /// The live workspaces of an organization that the caller may see: all of them, or those they
    /// belong to.
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        filter: Filter<TextTest>,
        order: WorkspaceOrder,
        window: Window<WorkspaceKey>,
    ) -> Result<WorkspacePage>;

    /// The live workspaces of an organization that the caller belongs to, by id.
    async fn list_mine(
        &self,
        caller: Caller,
        organization: OrganizationId,
        window: Window<WorkspaceId>,
    ) -> Result<MyWorkspacePage>;

    /// A live workspace by its id alone. Who may not see it is told that there is none.
    async fn locate(&self, caller: Caller, id: WorkspaceId) -> Result<HousedWorkspace>;

    /// The live workspaces that the caller may see, organization by organization, the oldest first.
    async fn list_housed(&self, caller: Caller, query: ListHoused) -> Result<Vec<HousedWorkspace>>;

    /// Changes a workspace.
    async fn update(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        command: UpdateWorkspace,
    ) -> Result<WorkspaceView>;

    /// Deletes a workspace: it is invisible at once. It can be restored for
    /// [`crate::workspace::RESTORE_WINDOW`].
    async fn delete(&self, caller: Caller, at: WorkspaceRef, seen: Option<Version>) -> Result<()>;

    /// Restores a deleted workspace, if the organization may have one more.
    async fn undelete(&self, caller: Caller, at: WorkspaceRef) -> Result<WorkspaceView>;

    /// The members of a workspace, by user id.
    async fn list_members(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        window: Window<UserId>,
    ) -> Result<WorkspaceMemberPage>;

    /// A member of a workspace.
    async fn get_member(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        user: UserId,
    ) -> Result<WorkspaceMemberView>;

    /// Takes a member of the organization into a workspace.
    async fn add_member(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        command: AddWorkspaceMember,
    ) -> Result<WorkspaceMemberView>;

    /// Replaces the roles that somebody has in a workspace.
    async fn set_roles(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        user: UserId,
        roles: ChosenWorkspaceRoles,
        seen: Option<Version>,
    ) -> Result<WorkspaceMemberView>;

    /// Gives somebody one role more in a workspace, by its public key. A member of the organization
    /// who is not in the workspace comes into it.
    async fn grant(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        user: UserId,
        role: String,
    ) -> Result<WorkspaceMemberView>;

    /// Takes one role in a workspace from somebody, by its public key. With the last one they
    /// leave the workspace.
    async fn withdraw(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        user: UserId,
        role: String,
    ) -> Result<()>;

    /// Removes somebody from a workspace.
    async fn remove_member(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        user: UserId,
        seen: Option<Version>,
    ) -> Result<()>;

    /// Takes the caller out of a workspace.
    async fn leave(&self, caller: Caller, at: WorkspaceRef) -> Result<()>;

    /// How many members these workspaces have, at most [`COUNTED_AT_ONCE`] of them; those that the
    /// caller may not see are left out.
    async fn count_members(
        &self,
        caller: Caller,
        organization: OrganizationId,
        workspaces: Vec<WorkspaceId>,
    ) -> Result<Vec<(WorkspaceId, u64)>>;
}
