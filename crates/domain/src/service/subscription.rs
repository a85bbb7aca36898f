//! Subscriptions and quotas: the driving port and its use cases.

use async_trait::async_trait;

use super::Core;
use crate::access::{self, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::id::OrganizationId;
use crate::organization::Patch;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::subscription::{Plan, Quota, SubscriptionStatus};
use crate::time::Timestamp;
use crate::{Error, Refusal, Result};

/// The plan of an organization and what it uses of it: what reads answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionView {
    /// The plan.
    pub plan: Plan,
    /// Whether the service may be used.
    pub has_active_subscription: bool,
    /// How many whole seconds of the trial are left; `None` when it is not on trial.
    pub trial_seconds_left: Option<u64>,
    /// Members, and invitations that are pending.
    pub seats_used: u64,
    /// Live workspaces.
    pub workspaces_used: u64,
}

/// What shall change in a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdatePlan {
    /// The new status, if any.
    pub status: Option<SubscriptionStatus>,
    /// What happens to the end of the trial.
    pub trial_ends_at: Patch<Timestamp>,
    /// The new number of seats, if any. Fewer than are used: nobody is removed, and nobody added.
    pub members: Option<Quota>,
    /// The new number of workspaces, if any.
    pub workspaces: Option<Quota>,
}

/// What organizations may use, and how much of it. Every method authenticates the caller first.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Subscriptions: Send + Sync {
    /// The plan of an organization, and what is used of it.
    async fn get(&self, caller: Caller, organization: OrganizationId) -> Result<SubscriptionView>;

    /// Whether the plan of an organization lets its members use what it sells: not after a trial
    /// or a subscription has ended. Where nobody sells anything, all is allowed.
    async fn entitled(&self, caller: Caller, organization: OrganizationId) -> Result<bool>;

    /// Ends the subscription of an organization.
    async fn cancel(
        &self,
        caller: Caller,
        organization: OrganizationId,
    ) -> Result<SubscriptionView>;

    /// Changes the plan of an organization, for superusers.
    async fn update(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: UpdatePlan,
    ) -> Result<SubscriptionView>;
}

/// The real [`Subscriptions`].
#[derive(Clone)]
pub struct SubscriptionService {
    core: Core,
}

impl SubscriptionService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Subscriptions for SubscriptionService {
    async fn get(&self, caller: Caller, organization: OrganizationId) -> Result<SubscriptionView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let action = Action::Use(Permission::ReadSubscription);
            let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
            let plan = plan(tx, organization)?;
            Ok(authentication.used(view(tx, now, organization, plan)?))
        };
        self.core.read(caller, work).await
    }

    async fn entitled(&self, caller: Caller, organization: OrganizationId) -> Result<bool> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let action = Action::Use(Permission::ReadOrganization);
            let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
            let subscription = plan(tx, organization)?.subscription;
            Ok(authentication.used(subscription.entitles(now)))
        };
        self.core.read(caller, work).await
    }

    async fn cancel(
        &self,
        caller: Caller,
        organization: OrganizationId,
    ) -> Result<SubscriptionView> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| cancel(tx, caller, now, organization);
        self.core.write(caller, self.core.now(), work).await
    }

    async fn update(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: UpdatePlan,
    ) -> Result<SubscriptionView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            update(tx, caller, now, organization, &command)
        };
        self.core.write(caller, self.core.now(), work).await
    }
}

fn cancel(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
) -> Result<Used<SubscriptionView>> {
    let action = Action::Use(Permission::UpdateSubscription);
    let (authentication, _) = access::enter_locked(tx, caller, now, organization, action)?;
    let before = plan(tx, organization)?;
    match before.subscription.status {
        SubscriptionStatus::None | SubscriptionStatus::Canceled => {
            return Err(Refusal::NoSubscription.into());
        }
        SubscriptionStatus::Trial | SubscriptionStatus::Active | SubscriptionStatus::PastDue => {}
    }
    let mut after = before;
    after.subscription.status = SubscriptionStatus::Canceled;
    let author = authentication.author(caller);
    write(tx, &author, now, organization, &before, &after)?;
    Ok(authentication.used(view(tx, now, organization, after)?))
}

fn update(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    command: &UpdatePlan,
) -> Result<Used<SubscriptionView>> {
    let action = Action::AdministerSubscriptions;
    let (authentication, _) = access::enter_locked(tx, caller, now, organization, action)?;
    let before = plan(tx, organization)?;
    let mut after = before;
    let subscription = &mut after.subscription;
    subscription.status = command.status.unwrap_or(subscription.status);
    command
        .trial_ends_at
        .clone()
        .apply(&mut subscription.trial_ends_at);
    if subscription.status == SubscriptionStatus::Trial && subscription.trial_ends_at.is_none() {
        return Err(Error::invalid(
            "trial_end_time",
            "a trial has an end; say when",
        ));
    }
    after.members = command.members.unwrap_or(after.members);
    after.workspaces = command.workspaces.unwrap_or(after.workspaces);
    if after != before {
        let author = authentication.author(caller);
        write(tx, &author, now, organization, &before, &after)?;
    }
    Ok(authentication.used(view(tx, now, organization, after)?))
}

fn plan(tx: &mut dyn Tx, organization: OrganizationId) -> Result<Plan> {
    Ok(tx.plans().find(organization)?.unwrap_or_default())
}

fn view(
    tx: &mut dyn Tx,
    now: Timestamp,
    organization: OrganizationId,
    plan: Plan,
) -> Result<SubscriptionView> {
    let members = tx.memberships().count(organization)?;
    let invited = tx.invitations().count_pending(organization, now)?;
    let workspaces = tx.workspaces().count(organization)?;
    let left = plan.subscription.trial_left_millis(now);
    Ok(SubscriptionView {
        has_active_subscription: plan.subscription.is_active(now),
        trial_seconds_left: left.map(|millis| millis / 1_000),
        seats_used: u64::from(members) + u64::from(invited),
        workspaces_used: u64::from(workspaces),
        plan,
    })
}

fn write(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    organization: OrganizationId,
    before: &Plan,
    after: &Plan,
) -> Result<()> {
    tx.plans().set(organization, after)?;
    let deed = Deed {
        chain: Chain::Organization(organization),
        act: Act::SubscriptionUpdated,
        target: Target::Organization(organization),
        changes: differences(before, after),
    };
    audit::record(tx, author, now, &deed)
}

/// What changed in a plan, for the audit log.
fn differences(before: &Plan, after: &Plan) -> Vec<Change> {
    texts(before)
        .into_iter()
        .zip(texts(after))
        .filter(|((_, old), (_, new))| old != new)
        .map(|((field, old), (_, new))| Change::new(field, old.as_deref(), new.as_deref()))
        .collect()
}

fn texts(plan: &Plan) -> [(&'static str, Option<String>); 4] {
    let Plan {
        subscription,
        members,
        workspaces,
    } = plan;
    let end = subscription.trial_ends_at.map(Timestamp::to_rfc3339);
    [
        ("status", Some(subscription.status.key().to_owned())),
        ("trial_end_time", end),
        ("members", Some(members.0.to_string())),
        ("workspaces", Some(workspaces.0.to_string())),
    ]
}
