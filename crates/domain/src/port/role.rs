use crate::Result;
use crate::id::{InvitationId, OrganizationId, RoleId, UserId, WorkspaceId};
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::role::CustomRole;
use crate::value::{RoleKey, RoleTitle};

/// Who or what has a custom role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoleHolder {
    /// A member of the organization.
    Membership(UserId),
    /// A member of a workspace.
    WorkspaceMembership(WorkspaceId, UserId),
    /// An invitation, whatever its state.
    Invitation(InvitationId),
}

/// Keeps the roles that organizations make for themselves.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait RoleRepo {
    /// Adds a role; `false` when its key or its folded title is taken in the organization.
    fn add(&mut self, role: &CustomRole) -> Result<bool>;

    /// A role of an organization.
    fn find(&mut self, organization: OrganizationId, id: RoleId) -> Result<Option<CustomRole>>;

    /// The organization that made a role.
    fn home(&mut self, id: RoleId) -> Result<Option<OrganizationId>>;

    /// The role of an organization with this key.
    fn find_by_key(
        &mut self,
        organization: OrganizationId,
        key: &RoleKey,
    ) -> Result<Option<CustomRole>>;

    /// The role of an organization with this title, whatever its spelling.
    fn find_by_title(
        &mut self,
        organization: OrganizationId,
        title: &RoleTitle,
    ) -> Result<Option<CustomRole>>;

    /// The roles that an organization has made, by id.
    fn list(
        &mut self,
        organization: OrganizationId,
        window: &Window<RoleId>,
    ) -> Result<Page<CustomRole, RoleId>>;

    /// Writes all fields of a role whose version in the store is `seen`; `false` when it is
    /// another. [`crate::Refusal::RoleTitleTaken`] when another role has the folded title.
    fn update(&mut self, role: &CustomRole, seen: Version) -> Result<bool>;

    /// Removes a role that nobody has; `false` when there is no such role.
    fn remove(&mut self, organization: OrganizationId, id: RoleId) -> Result<bool>;

    /// Who has a role, in no particular order.
    fn holders(&mut self, organization: OrganizationId, id: RoleId) -> Result<Vec<RoleHolder>>;
}
