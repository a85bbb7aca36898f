use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use rollbook_domain::subscription::{Plan, Quota, Subscription, SubscriptionStatus};
use rollbook_domain::{Error, Result};

use super::unknown;
use crate::schema::organizations;
use crate::sql::Moment;

/// The plan in the row of an organization, to read and to write.
#[derive(AsChangeset, Insertable, Queryable, Selectable)]
#[diesel(table_name = organizations, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct PlanRow {
    subscription_status: String,
    trial_ends_at: Option<Moment>,
    member_quota: i64,
    workspace_quota: i64,
}

impl PlanRow {
    pub(crate) fn of(plan: &Plan) -> Self {
        Self {
            subscription_status: plan.subscription.status.key().to_owned(),
            trial_ends_at: plan.subscription.trial_ends_at.map(Moment),
            member_quota: plan.members.0.into(),
            workspace_quota: plan.workspaces.0.into(),
        }
    }

    pub(crate) fn into_plan(self) -> Result<Plan> {
        let status = SubscriptionStatus::from_key(&self.subscription_status);
        Ok(Plan {
            subscription: Subscription {
                status: status.ok_or_else(|| unknown("status", &self.subscription_status))?,
                trial_ends_at: self.trial_ends_at.map(|at| at.0),
            },
            members: quota(self.member_quota)?,
            workspaces: quota(self.workspace_quota)?,
        })
    }
}

fn quota(number: i64) -> Result<Quota> {
    u32::try_from(number).map(Quota).map_err(Error::storage)
}
