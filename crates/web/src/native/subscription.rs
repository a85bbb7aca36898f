//! Subscriptions and quotas.

use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::organization::Patch;
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;
use rollbook_domain::service::subscription::{SubscriptionView, UpdatePlan};
use rollbook_domain::subscription::{Quota, SubscriptionStatus};
use rollbook_domain::time::Timestamp;
use rollbook_domain::value::Malformed;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{self, Answer};
use super::given::{Faults, Given, malformed};
use super::mask::{Mask, Maskable};
use super::name::{Name, Time};
use super::path::OrganizationPath;
use super::status::Refusals;
use super::{Body, Caller, operation, words};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about subscriptions.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "organizations.getSubscription",
        Method::GET,
        "/api/v1/organizations/{organization_id}/subscription",
        Policy::needs(Permission::ReadSubscription),
        || web::to(get),
    ),
    operation(
        "organizations.updateSubscription",
        Method::PATCH,
        "/api/v1/organizations/{organization_id}/subscription",
        Policy::Caller(Action::AdministerSubscriptions),
        || web::to(update),
    ),
    operation(
        "organizations.cancelSubscription",
        Method::POST,
        "/api/v1/organizations/{organization_id}/subscription:cancel",
        Policy::needs(Permission::UpdateSubscription),
        || web::to(cancel),
    ),
];

/// How the words of states begin.
const STATUS: &str = "SUBSCRIPTION_STATUS_";

/// What an organization may use, and what it uses of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/subscription",
    "status": "SUBSCRIPTION_STATUS_TRIAL",
    "has_active_subscription": true,
    "trial_end_time": "2025-01-29T10:30:00Z",
    "trial_time_left": "1209600s",
    "seat_quota": 10,
    "seats_used": 3,
    "workspace_quota": 0,
    "workspaces_used": 1
}))]
pub(super) struct Subscription {
    /// The resource name, `organizations/{organization}/subscription`.
    #[schema(read_only, value_type = String)]
    name: Name,
    /// How it stands: `SUBSCRIPTION_STATUS_` and `NONE`, `TRIAL`, `ACTIVE`, `PAST_DUE` or
    /// `CANCELED`.
    #[schema(required = false)]
    status: String,
    /// Whether the service may be used: on trial, paid, or with a late payment.
    #[serde(rename = "has_active_subscription")]
    #[schema(read_only)]
    active: bool,
    /// When the trial ends or ended; left out when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    trial_end_time: Option<Time>,
    /// How much of the trial is left, in seconds; left out when it is not on trial.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, nullable = false)]
    trial_time_left: Option<String>,
    /// How many seats there are for members and pending invitations; 0: any number.
    #[schema(required = false)]
    seat_quota: u32,
    /// How many seats are taken.
    #[schema(read_only)]
    seats_used: u64,
    /// How many workspaces there can be; 0: any number.
    #[schema(required = false)]
    workspace_quota: u32,
    /// How many workspaces there are.
    #[schema(read_only)]
    workspaces_used: u64,
}

impl Subscription {
    fn new(organization: OrganizationId, view: &SubscriptionView) -> Self {
        let plan = &view.plan;
        Self {
            name: Name::from(organization).only("subscription"),
            status: words::word(STATUS, plan.subscription.status.key()),
            active: view.has_active_subscription,
            trial_end_time: plan.subscription.trial_ends_at.map(Time),
            trial_time_left: view.trial_seconds_left.map(|left| format!("{left}s")),
            seat_quota: plan.members.0,
            seats_used: view.seats_used,
            workspace_quota: plan.workspaces.0,
            workspaces_used: view.workspaces_used,
        }
    }
}

/// What of a subscription can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `status`
    Status,
    /// `trial_end_time`
    TrialEndTime,
    /// `seat_quota`
    SeatQuota,
    /// `workspace_quota`
    WorkspaceQuota,
}

impl Maskable for Field {
    const PATHS: &'static [(&'static str, Self)] = &[
        ("status", Self::Status),
        ("trial_end_time", Self::TrialEndTime),
        ("trialEndTime", Self::TrialEndTime),
        ("seat_quota", Self::SeatQuota),
        ("seatQuota", Self::SeatQuota),
        ("workspace_quota", Self::WorkspaceQuota),
        ("workspaceQuota", Self::WorkspaceQuota),
    ];

    const FIXED: &'static [(&'static str, Option<&'static str>)] = &[
        ("name", None),
        ("has_active_subscription", Some("status")),
        ("hasActiveSubscription", Some("status")),
        ("trial_time_left", Some("trial_end_time")),
        ("trialTimeLeft", Some("trial_end_time")),
        ("seats_used", None),
        ("seatsUsed", None),
        ("workspaces_used", None),
        ("workspacesUsed", None),
    ];
}

/// A subscription in a body. What only answers say is taken and ignored (AIP-203); anything
/// unknown is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SubscriptionBody {
    status: Given<String>,
    #[serde(alias = "trialEndTime")]
    trial_end_time: Given<String>,
    #[serde(alias = "seatQuota")]
    seat_quota: Given<u32>,
    #[serde(alias = "workspaceQuota")]
    workspace_quota: Given<u32>,
    #[serde(rename = "name")]
    _name: IgnoredAny,
    #[serde(rename = "has_active_subscription", alias = "hasActiveSubscription")]
    _has_active_subscription: IgnoredAny,
    #[serde(rename = "trial_time_left", alias = "trialTimeLeft")]
    _trial_time_left: IgnoredAny,
    #[serde(rename = "seats_used", alias = "seatsUsed")]
    _seats_used: IgnoredAny,
    #[serde(rename = "workspaces_used", alias = "workspacesUsed")]
    _workspaces_used: IgnoredAny,
}

impl SubscriptionBody {
    /// The changes that the body describes, as far as the mask selects them.
    fn update(&self, mask: &Mask<Field>) -> rollbook_domain::Result<UpdatePlan> {
        let mut faults = Faults::default();
        let quota = |field, given: &Given<u32>| {
            mask.selects(field, given).then_some(match given {
                Given::Value(quota) => Quota(*quota),
                Given::Absent | Given::Null => Quota::UNLIMITED,
            })
        };
        let command = UpdatePlan {
            status: self.status(mask, &mut faults),
            trial_ends_at: self.trial_ends_at(mask, &mut faults),
            members: quota(Field::SeatQuota, &self.seat_quota),
            workspaces: quota(Field::WorkspaceQuota, &self.workspace_quota),
        };
        if faults.is_empty() {
            Ok(command)
        } else {
            Err(faults.into())
        }
    }

    /// Every subscription has a status. So full replacement without one keeps it, and asking for
    /// none in so many words is refused.
    fn status(&self, mask: &Mask<Field>, faults: &mut Faults) -> Option<SubscriptionStatus> {
        let word = self.status.text();
        if !mask.selects(Field::Status, &self.status) || (word.is_none() && mask.is_everything()) {
            return None;
        }
        let key = word.and_then(|word| words::key(STATUS, word));
        let status = key.and_then(|key| SubscriptionStatus::from_key(&key));
        let status = status.ok_or_else(|| {
            Malformed(format!(
                "it must be {STATUS}NONE, TRIAL, ACTIVE, PAST_DUE or CANCELED"
            ))
        });
        faults.check("status", status)
    }

    fn trial_ends_at(&self, mask: &Mask<Field>, faults: &mut Faults) -> Patch<Timestamp> {
        if !mask.selects(Field::TrialEndTime, &self.trial_end_time) {
            return Patch::Keep;
        }
        let Some(text) = self.trial_end_time.text() else {
            return Patch::Clear;
        };
        let time = Timestamp::parse_rfc3339(text).map_or_else(
            || malformed("it must be a time such as 2030-01-31T12:00:00Z"),
            Ok,
        );
        let time = faults.check("trial_end_time", time);
        time.map_or(Patch::Keep, Patch::Set)
    }
}

/// The query of updating a subscription.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UpdateSubscriptionQuery {
    /// Which fields to change, with commas in between; those that the body has unless given, and
    /// all with `*` (AIP-134).
    #[serde(alias = "updateMask")]
    #[param(example = "status,seat_quota")]
    update_mask: Option<String>,
}

/// Get the subscription of an organization
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/subscription",
    operation_id = "organizations.getSubscription",
    tag = "subscriptions",
    params(OrganizationPath),
    responses((status = 200, description = "The subscription", body = Subscription), Refusals)
)]
pub(super) async fn get(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    state: Data<State>,
) -> Answer {
    let view = state.services.subscriptions.get(caller.who, id).await?;
    answer::json(&Subscription::new(id, &view))
}

/// Update the subscription and the quotas of an organization
///
/// For superusers. A quota below what is used takes nothing away; it only blocks growth.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization_id}/subscription",
    operation_id = "organizations.updateSubscription",
    tag = "subscriptions",
    params(OrganizationPath, UpdateSubscriptionQuery),
    request_body = Subscription,
    responses((status = 200, description = "The subscription", body = Subscription), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    query: Query<UpdateSubscriptionQuery>,
    body: Body<SubscriptionBody>,
    state: Data<State>,
) -> Answer {
    let mask = Mask::parse(query.update_mask.as_deref())?;
    let command = body.value.update(&mask)?;
    let service = &state.services.subscriptions;
    let view = service.update(caller.who, id, command).await?;
    answer::json(&Subscription::new(id, &view))
}

/// Cancel the subscription of an organization
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/subscription:cancel",
    operation_id = "organizations.cancelSubscription",
    tag = "subscriptions",
    params(OrganizationPath),
    responses((status = 200, description = "The subscription", body = Subscription), Refusals)
)]
pub(super) async fn cancel(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    state: Data<State>,
) -> Answer {
    let view = state.services.subscriptions.cancel(caller.who, id).await?;
    answer::json(&Subscription::new(id, &view))
}
