use crate::Result;
use crate::id::OrganizationId;
use crate::subscription::Plan;

/// Keeps what organizations may use, and how much of it. A new organization has
/// [`Plan::default`].
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait PlanRepo {
    /// The plan of an organization, live or deleted.
    fn find(&mut self, organization: OrganizationId) -> Result<Option<Plan>>;

    /// Replaces the plan of an organization, whose row is locked or new.
    fn set(&mut self, organization: OrganizationId, plan: &Plan) -> Result<()>;
}
