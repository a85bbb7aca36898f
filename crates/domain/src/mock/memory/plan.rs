use super::MemoryTx;
use crate::Result;
use crate::id::OrganizationId;
use crate::port::PlanRepo;
use crate::subscription::Plan;

impl PlanRepo for MemoryTx {
    fn find(&mut self, organization: OrganizationId) -> Result<Option<Plan>> {
        let state = self.reading()?;
        let plan = state.plans.get(&organization).copied();
        let exists = state.organizations.contains_key(&organization);
        Ok(exists.then(|| plan.unwrap_or_default()))
    }

    fn set(&mut self, organization: OrganizationId, plan: &Plan) -> Result<()> {
        let state = self.writing()?;
        state.organization(organization)?;
        state.plans.insert(organization, *plan);
        Ok(())
    }
}
