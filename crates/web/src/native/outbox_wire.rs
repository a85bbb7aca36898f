//! Messages of the outbox as the native dialect sends them.

use rollbook_domain::id::MessageId;
use rollbook_domain::outbox::{Attempt as DomainAttempt, Delivery, DeliveryState};
use rollbook_domain::service::outbox::{DeliveryPage, DeliveryView, Replayed};
use rollbook_domain::value::Email;
use serde::Serialize;
use utoipa::ToSchema;

use super::name::{Name, Time};
use super::words;

/// A letter or an event that waits to be sent or was sent, without what it says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "outboxMessages/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a60",
    "kind": "invitation",
    "state": "DEAD",
    "organization": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59",
    "recipient": "joe@example.com",
    "endpoint": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/webhookEndpoints/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a61",
    "sequence": "17",
    "attempt_count": 12,
    "due_time": "2025-01-15T10:30:00Z",
    "last_error": "550 no such mailbox",
    "create_time": "2025-01-15T10:30:00Z",
    "finish_time": "2025-01-15T10:30:02Z",
    "attempts": [{
        "number": 12,
        "start_time": "2025-01-15T10:30:01Z",
        "duration": "0.204s",
        "status": 550,
        "error": "550 no such mailbox"
    }]
}))]
pub(super) struct OutboxMessage<'a> {
    /// The resource name, `outboxMessages/{message}`.
    #[schema(value_type = String)]
    name: Name,
    /// What it is: `invitation`, `invitation_resent`, `email_verification`, `password_reset`,
    /// `ownership_transferred`, `domain_verification`, `event` or `webhook_test`.
    kind: &'a str,
    /// What became of it: `PENDING`, `DELIVERED`, `CANCELED` or `DEAD`.
    state: String,
    /// The resource name of the organization it is about; left out when it is about none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    organization: Option<Name>,
    /// To whom, if it is a letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    recipient: Option<&'a str>,
    /// The resource name of the endpoint it goes to, if it is an event or a test.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    endpoint: Option<Name>,
    /// The event's place in the organization's audit log, if it is an event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sequence: Option<String>,
    /// How often sending it was begun since it was written or replayed.
    attempt_count: u32,
    /// When the next attempt is due, if it is pending. While one is under way, when it counts as
    /// lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    due_time: Option<Time>,
    /// Why the last attempt failed; left out when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    last_error: Option<&'a str>,
    /// When it was written.
    #[schema(value_type = String, format = DateTime)]
    create_time: Time,
    /// When it was delivered, given up or canceled; left out while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    finish_time: Option<Time>,
    /// The attempts to send it, the first one first; left out of lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    attempts: Option<Vec<DeliveryAttempt<'a>>>,
}

/// An attempt to send a message. One whose sender was lost is missing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DeliveryAttempt<'a> {
    /// Which attempt, from 1; it goes on counting when the message is replayed.
    number: u32,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    start_time: Time,
    /// How long it took, in seconds.
    duration: String,
    /// The status of the answer (HTTP or SMTP), if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    status: Option<u16>,
    /// Why it failed; left out when it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    error: Option<&'a str>,
    /// The beginning of what an endpoint answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    response: Option<&'a str>,
}

impl<'a> From<&'a Delivery> for OutboxMessage<'a> {
    fn from(delivery: &'a Delivery) -> Self {
        let organization = delivery.organization_id.map(Name::from);
        let endpoint = organization.clone().zip(delivery.endpoint_id);
        let waits = delivery.state == DeliveryState::Pending;
        Self {
            name: name(delivery.id),
            kind: &delivery.kind,
            state: words::word("", delivery.state.key()),
            organization,
            recipient: delivery.recipient.as_ref().map(Email::as_str),
            endpoint: endpoint.map(|(name, id)| name.child("webhookEndpoints", id)),
            sequence: delivery.sequence.map(|place| place.to_string()),
            attempt_count: delivery.attempts,
            due_time: waits.then_some(Time(delivery.due_at)),
            last_error: delivery.last_error.as_deref(),
            create_time: Time(delivery.created_at),
            finish_time: delivery.finished_at.map(Time),
            attempts: None,
        }
    }
}

impl<'a> OutboxMessage<'a> {
    /// With its attempts.
    pub(super) fn with_attempts(view: &'a DeliveryView) -> Self {
        let attempts = view.attempts.iter().map(DeliveryAttempt::from);
        Self {
            attempts: Some(attempts.collect()),
            ..Self::from(&view.delivery)
        }
    }
}

impl<'a> From<&'a DomainAttempt> for DeliveryAttempt<'a> {
    fn from(attempt: &'a DomainAttempt) -> Self {
        let (seconds, millis) = (attempt.milliseconds / 1000, attempt.milliseconds % 1000);
        Self {
            number: attempt.number,
            start_time: Time(attempt.at),
            duration: format!("{seconds}.{millis:03}s"),
            status: attempt.status,
            error: attempt.error.as_deref(),
            response: attempt.response.as_deref(),
        }
    }
}

fn name(id: MessageId) -> Name {
    Name::new("outboxMessages", id)
}

/// A page of messages.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OutboxMessageList<'a> {
    /// The messages, the latest first.
    outbox_messages: Vec<OutboxMessage<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> OutboxMessageList<'a> {
    pub(super) fn new(page: &'a DeliveryPage, next_page_token: String) -> Self {
        Self {
            outbox_messages: page.items.iter().map(OutboxMessage::from).collect(),
            next_page_token,
        }
    }
}

/// What came of sending messages again.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"replayed_count": 100, "more": true}))]
pub(super) struct ReplayedMessages {
    /// How many messages are due again.
    replayed_count: u32,
    /// Whether there may be more of them.
    more: bool,
}

impl From<Replayed> for ReplayedMessages {
    fn from(replayed: Replayed) -> Self {
        Self {
            replayed_count: replayed.count,
            more: replayed.more,
        }
    }
}
