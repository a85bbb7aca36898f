use crate::Result;
use crate::filter::{Filter, TextTest};
use crate::id::{OrganizationId, UserId, WorkspaceId};
use crate::membership::Direction;
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::role::Permissions;
use crate::workspace::{
    Workspace, WorkspaceField, WorkspaceKey, WorkspaceMemberView, WorkspaceMembership,
    WorkspaceView,
};

/// Keeps workspaces and who belongs to them.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait WorkspaceRepo {
    /// Adds a workspace; `false` when its id is taken.
    fn add(&mut self, workspace: &Workspace) -> Result<bool>;

    /// A workspace of an organization, live or deleted.
    fn find(
        &mut self,
        organization: OrganizationId,
        id: WorkspaceId,
    ) -> Result<Option<WorkspaceView>>;

    /// The live organizations that have a live workspace with this id, by id. There can be several:
    /// callers choose ids, and those of one organization say nothing about another.
    fn homes(&mut self, id: WorkspaceId) -> Result<Vec<OrganizationId>>;

    /// Writes all fields of a workspace whose version in the store is `seen`; `false` when it is
    /// another.
    fn update(&mut self, workspace: &Workspace, seen: Version) -> Result<bool>;

    /// How many live workspaces an organization has. Lock the organization first if a rule depends
    /// on it.
    fn count(&mut self, organization: OrganizationId) -> Result<u32>;

    /// Those of these workspaces that the organization has and that are live, by id.
    fn live(
        &mut self,
        organization: OrganizationId,
        ids: &[WorkspaceId],
    ) -> Result<Vec<WorkspaceId>>;

    /// The live workspaces of an organization whose folded title passes the filter, in this order.
    fn list(
        &mut self,
        organization: OrganizationId,
        filter: &Filter<TextTest>,
        field: WorkspaceField,
        direction: Direction,
        window: &Window<WorkspaceKey>,
    ) -> Result<Page<WorkspaceView, WorkspaceKey>>;

    /// The live workspaces of an organization that a member belongs to, by id.
    fn list_of_member(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        window: &Window<WorkspaceId>,
    ) -> Result<Page<WorkspaceView, WorkspaceId>>;

    /// Adds a membership of a workspace, with its custom roles; `false` when there is one already.
    fn add_member(&mut self, membership: &WorkspaceMembership) -> Result<bool>;

    /// A member of a workspace.
    fn find_member(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Option<WorkspaceMemberView>>;

    /// What a member may in a workspace by the roles there, built in and custom; nothing when they
    /// do not belong to it.
    fn granted(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Permissions>;

    /// The members of a workspace, by user id.
    fn list_members(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        window: &Window<UserId>,
    ) -> Result<Page<WorkspaceMemberView, UserId>>;

    /// Writes the roles, the version and the moment of change of a membership, if the version in
    /// the store is `seen`; `false` when it is another or there is no such membership.
    fn update_member(&mut self, membership: &WorkspaceMembership, seen: Version) -> Result<bool>;

    /// Removes somebody from a workspace; `false` when they did not belong to it.
    fn remove_member(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<bool>;

    /// How many members each of these workspaces has, in their order. Unknown ones have none.
    fn count_members(
        &mut self,
        organization: OrganizationId,
        workspaces: &[WorkspaceId],
    ) -> Result<Vec<u64>>;
}
