use crate::Result;
use crate::id::{MembershipId, OrganizationId, UserId};
use crate::membership::{MemberView, Membership};
use crate::page::{Page, Window};
use crate::role::Roles;
use crate::time::Timestamp;

/// Keeps memberships.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait MembershipRepo {
    /// Adds a membership; `false` when the pair already has one.
    fn add(&mut self, membership: &Membership) -> Result<bool>;

    /// The membership of a user in an organization, with the user.
    fn find(&mut self, organization: OrganizationId, user: UserId) -> Result<Option<MemberView>>;

    /// The members of an organization in the order in which they joined (by membership id).
    fn list(
        &mut self,
        organization: OrganizationId,
        window: &Window<MembershipId>,
    ) -> Result<Page<MemberView, MembershipId>>;

    /// How many members an organization has. Lock the organization first if a rule depends on it.
    fn count(&mut self, organization: OrganizationId) -> Result<u32>;

    /// Replaces the roles of a member; `false` when there is no such member.
    fn set_roles(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        roles: Roles,
        now: Timestamp,
    ) -> Result<bool>;
}
