use diesel::prelude::*;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::port::{PlanRepo, Tx};
use rollbook_domain::subscription::Plan;
use rollbook_domain::{Error, Result};

use crate::row::PlanRow;
use crate::schema::organizations;
use crate::sql::Key;
use crate::statement::update;
use crate::tx::{SqlTx, change, each, failed};

impl PlanRepo for SqlTx<'_> {
    fn find(&mut self, organization: OrganizationId) -> Result<Option<Plan>> {
        if let Some((known, plan)) = self.plan
            && known == organization
        {
            return Ok(Some(plan));
        }
        let found = each!(self, |connection| organizations::table
            .find(Key(organization.uuid()))
            .select(PlanRow::as_select())
            .first(*connection)
            .optional());
        found.map_err(failed)?.map(PlanRow::into_plan).transpose()
    }

    fn set(&mut self, organization: OrganizationId, plan: &Plan) -> Result<()> {
        let limited = plan.members.limit().is_some();
        let were_limited = self.seats_are_limited(organization)?;
        self.plan = None;
        let set = change!(
            self,
            update(organizations::table.find(Key(organization.uuid()))).set(PlanRow::of(plan))
        );
        match set.map_err(failed)? {
            1 if limited != were_limited => self.mark_seats(organization, limited),
            1 => Ok(()),
            _ => Err(Error::storage("a plan for no organization")),
        }
    }
}

impl SqlTx<'_> {
    /// Whether an organization has a quota of members, so that its pending invitations are counted.
    pub(super) fn seats_are_limited(&mut self, organization: OrganizationId) -> Result<bool> {
        let plan = self.plans().find(organization)?;
        Ok(plan.is_some_and(|plan| plan.members.limit().is_some()))
    }
}
