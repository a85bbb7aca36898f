use diesel::prelude::*;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::port::PlanRepo;
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
        self.plan = None;
        let set = change!(
            self,
            update(organizations::table.find(Key(organization.uuid()))).set(PlanRow::of(plan))
        );
        match set.map_err(failed)? {
            1 => Ok(()),
            _ => Err(Error::storage("a plan for no organization")),
        }
    }
}
