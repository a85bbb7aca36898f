use crate::Result;
use crate::access::Held;
use crate::filter::Filter;
use crate::id::{OrganizationId, UserId};
use crate::membership::{MemberKey, MemberOrder, MemberTest, MemberView, Membership};
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::user::User;

/// Keeps memberships.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait MembershipRepo {
    /// Adds the membership of a user, with its custom roles; `false` when the pair already has
    /// one.
    fn add(&mut self, membership: &Membership, user: &User) -> Result<bool>;

    /// The membership of a user in an organization, with the user.
    fn find(&mut self, organization: OrganizationId, user: UserId) -> Result<Option<MemberView>>;

    /// What a member holds in the organization; `None` when the user is not a member.
    fn held(&mut self, organization: OrganizationId, user: UserId) -> Result<Option<Held>>;

    /// The members of an organization who pass the filter, in this order.
    fn list(
        &mut self,
        organization: OrganizationId,
        filter: &Filter<MemberTest>,
        order: &MemberOrder,
        window: &Window<MemberKey>,
    ) -> Result<Page<MemberView, MemberKey>>;

    /// How many members an organization has. Lock the organization first if a rule depends on it.
    fn count(&mut self, organization: OrganizationId) -> Result<u32>;

    /// Writes the roles of a member (the built-in and the custom ones), the version and the moment
    /// of change, if the version in the store is `seen`; `false` when it is another or there is no
    /// such member. Roles that the member has already and shall keep are left as they are.
    fn update(&mut self, membership: &Membership, seen: Version) -> Result<bool>;

    /// Removes a membership with all that hangs on it: its roles, and its memberships of
    /// workspaces; `false` when there was none.
    fn remove(&mut self, organization: OrganizationId, user: UserId) -> Result<bool>;

    /// Takes over a changed display name or address, by which members are sorted and searched.
    fn refresh(&mut self, user: &User) -> Result<()>;

    /// The organizations that a user belongs to, live or deleted, by id.
    fn organizations_of(&mut self, user: UserId) -> Result<Vec<OrganizationId>>;
}
