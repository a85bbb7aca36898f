//! Webhook endpoints and deliveries as the native dialect sends them.

use rollbook_domain::event;
use rollbook_domain::id::{MessageId, OrganizationId, WebhookEndpointId};
use rollbook_domain::outbox::{Attempt, Delivery, DeliveryState};
use rollbook_domain::service::webhook::{DeliveryPage, DeliveryView, EndpointPage, Replayed};
use rollbook_domain::time::Timestamp;
use rollbook_domain::webhook::WebhookEndpoint as Endpoint;
use serde::Serialize;
use utoipa::ToSchema;

use super::name::Name;
use super::{etag, words};

/// What stands before the words of an endpoint's status.
const STATUS: &str = "WEBHOOK_ENDPOINT_STATUS_";
/// What stands before the words of a delivery's state.
pub(super) const STATE: &str = "DELIVERY_STATE_";

/// An address to which the organization's events are posted (Standard Webhooks 1.0.0).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/webhookEndpoints/01980c5e-0000-7000-8000-000000000007",
    "url": "https://hooks.acme.example/rollbook",
    "description": "Provisions accounts",
    "event_types": ["membership.*", "invitation.accepted"],
    "disabled": false,
    "status": "WEBHOOK_ENDPOINT_STATUS_ENABLED",
    "create_time": "2025-01-15T10:30:00Z",
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"1\""
}))]
pub(super) struct WebhookEndpoint<'a> {
    /// The resource name, `organizations/{organization}/webhookEndpoints/{webhook_endpoint}`.
    #[schema(read_only, value_type = String)]
    name: Name,
    /// Where to: `https:`, and a host that is public unless the operator allows more.
    url: &'a str,
    /// What it is for: at most 256 characters.
    #[schema(required = false)]
    description: &'a str,
    /// Which types of event it wants (docs/events.md), or all of a kind (`invitation.*`); none:
    /// all.
    #[schema(required = false)]
    event_types: &'a [String],
    /// Whether it is sent nothing. Enabled again, it is sent what happens from then on; what
    /// happened meanwhile can be replayed.
    #[schema(required = false)]
    disabled: bool,
    /// Whether it is sent events, and why not: `WEBHOOK_ENDPOINT_STATUS_ENABLED`, `…_DISABLED`
    /// (somebody did), `…_GONE` (it answered 410), `…_FAILING` (for days nothing arrived).
    #[schema(read_only)]
    status: String,
    /// Signs, and verifies what arrives. Only the answers that make or rotate it have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, nullable = false)]
    secret: Option<&'a str>,
    /// Until when the secret before this one signs, too; left out when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, format = DateTime, nullable = false)]
    previous_secret_expire_time: Option<String>,
    /// Since when every attempt has failed; left out when the last one has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, format = DateTime, nullable = false)]
    failing_since_time: Option<String>,
    /// When it was made.
    #[schema(read_only, format = DateTime)]
    create_time: String,
    /// When it last changed.
    #[schema(read_only, format = DateTime)]
    update_time: String,
    /// Changes whenever it does.
    #[schema(required = false)]
    etag: String,
}

impl<'a> From<&'a Endpoint> for WebhookEndpoint<'a> {
    fn from(endpoint: &'a Endpoint) -> Self {
        let previous = endpoint.previous_secret.as_ref();
        Self {
            name: name(endpoint.organization_id, endpoint.id),
            url: endpoint.url.as_str(),
            description: endpoint.description.as_str(),
            event_types: &endpoint.event_types,
            disabled: !endpoint.is_enabled(),
            status: words::word(STATUS, endpoint.status.key()),
            secret: None,
            previous_secret_expire_time: previous.map(|(_, until)| until.to_rfc3339()),
            failing_since_time: endpoint.failing_since.map(Timestamp::to_rfc3339),
            create_time: endpoint.created_at.to_rfc3339(),
            update_time: endpoint.updated_at.to_rfc3339(),
            etag: etag::of(endpoint.version),
        }
    }
}

impl<'a> WebhookEndpoint<'a> {
    /// With its secret, for whoever made or rotated it.
    pub(super) fn issued(endpoint: &'a Endpoint) -> Self {
        Self {
            secret: Some(endpoint.secret.reveal()),
            ..Self::from(endpoint)
        }
    }
}

fn name(organization: OrganizationId, id: WebhookEndpointId) -> Name {
    Name::from(organization).child("webhookEndpoints", id)
}

/// A page of an organization's webhook endpoints.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookEndpointList<'a> {
    /// The endpoints, in the order in which they were made.
    webhook_endpoints: Vec<WebhookEndpoint<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> WebhookEndpointList<'a> {
    pub(super) fn new(page: &'a EndpointPage, next_page_token: String) -> Self {
        Self {
            webhook_endpoints: page.items.iter().map(WebhookEndpoint::from).collect(),
            next_page_token,
        }
    }
}

/// One event, or a test, on its way to one endpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/webhookEndpoints/01980c5e-0000-7000-8000-000000000007/deliveries/01980c5e-0000-7000-8000-000000000008",
    "webhook_id": "evt_01980c5e7a107c3a9b1e6f1d2c3b4a59_3",
    "sequence": "3",
    "state": "DELIVERY_STATE_PENDING",
    "attempt_count": 1,
    "next_attempt_time": "2025-01-15T10:30:05Z",
    "last_error": "the endpoint answered 503",
    "create_time": "2025-01-15T10:30:00Z",
    "attempts": [{
        "number": 1,
        "create_time": "2025-01-15T10:30:00Z",
        "duration": "0.120s",
        "status_code": 503,
        "error": "the endpoint answered 503",
        "response": "upstream connect error"
    }]
}))]
pub(super) struct WebhookDelivery<'a> {
    /// The resource name,
    /// `organizations/{organization}/webhookEndpoints/{webhook_endpoint}/deliveries/{delivery}`.
    #[schema(value_type = String)]
    name: Name,
    /// The header `webhook-id`: the same for all deliveries of one event.
    webhook_id: String,
    /// The event's place in the audit log; left out when this is a test.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sequence: Option<String>,
    /// What became of it: `DELIVERY_STATE_PENDING`, `…_DELIVERED`, `…_CANCELED` (the endpoint was
    /// deleted or disabled), `…_DEAD` (given up).
    state: String,
    /// How often it was tried.
    attempt_count: u32,
    /// When it will be tried, if it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    next_attempt_time: Option<String>,
    /// Why the last attempt failed, or nobody wants it; left out when neither is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_error: Option<&'a str>,
    /// When it was written.
    #[schema(format = DateTime)]
    create_time: String,
    /// When it was delivered, canceled or given up; left out while it is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    finish_time: Option<String>,
    /// The attempts, the first one first; lists leave them out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    attempts: Option<Vec<WebhookAttempt<'a>>>,
}

/// One attempt of a delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookAttempt<'a> {
    /// Which, from 1.
    number: u32,
    /// When it began.
    #[schema(format = DateTime)]
    create_time: String,
    /// How long it took, in seconds, such as `0.120s`.
    duration: String,
    /// The status of the answer; left out when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status_code: Option<u16>,
    /// Why it failed; left out when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<&'a str>,
    /// The beginning of the answer's body, at most 1024 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    response: Option<&'a str>,
}

/// Whose deliveries are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Receiver {
    pub(super) organization: OrganizationId,
    pub(super) endpoint: WebhookEndpointId,
}

impl<'a> WebhookDelivery<'a> {
    pub(super) fn new(to: Receiver, delivery: &'a Delivery) -> Self {
        let pending = delivery.state == DeliveryState::Pending;
        Self {
            name: name(to.organization, to.endpoint).child("deliveries", delivery.id),
            webhook_id: webhook_id(to, delivery.sequence, delivery.id),
            sequence: delivery.sequence.map(|place| place.to_string()),
            state: words::word(STATE, delivery.state.key()),
            attempt_count: delivery.attempts,
            next_attempt_time: pending.then(|| delivery.due_at.to_rfc3339()),
            last_error: delivery.last_error.as_deref(),
            create_time: delivery.created_at.to_rfc3339(),
            finish_time: delivery.finished_at.map(Timestamp::to_rfc3339),
            attempts: None,
        }
    }

    pub(super) fn whole(to: Receiver, view: &'a DeliveryView) -> Self {
        let attempts = view.attempts.iter().map(WebhookAttempt::from);
        Self {
            attempts: Some(attempts.collect()),
            ..Self::new(to, &view.delivery)
        }
    }
}

fn webhook_id(to: Receiver, sequence: Option<u64>, message: MessageId) -> String {
    event::webhook_id(to.organization, sequence, message)
}

impl<'a> From<&'a Attempt> for WebhookAttempt<'a> {
    fn from(attempt: &'a Attempt) -> Self {
        let (seconds, millis) = (attempt.milliseconds / 1000, attempt.milliseconds % 1000);
        Self {
            number: attempt.number,
            create_time: attempt.at.to_rfc3339(),
            duration: format!("{seconds}.{millis:03}s"),
            status_code: attempt.status,
            error: attempt.error.as_deref(),
            response: attempt.response.as_deref(),
        }
    }
}

/// A page of the deliveries to an endpoint.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WebhookDeliveryList<'a> {
    /// The deliveries, the latest first.
    deliveries: Vec<WebhookDelivery<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> WebhookDeliveryList<'a> {
    pub(super) fn new(to: Receiver, page: &'a DeliveryPage, next_page_token: String) -> Self {
        let deliveries = page.items.iter();
        Self {
            deliveries: deliveries.map(|it| WebhookDelivery::new(to, it)).collect(),
            next_page_token,
        }
    }
}

/// What a piece of a replay did.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"delivery_count": 50, "next_page_token": ""}))]
pub(super) struct Replay {
    /// How many deliveries were written.
    delivery_count: u32,
    /// What continues the replay as `page_token`; empty at its end.
    next_page_token: String,
}

impl Replay {
    pub(super) fn new<K>(replayed: &Replayed<K>, next_page_token: String) -> Self {
        Self {
            delivery_count: replayed.messages,
            next_page_token,
        }
    }
}
