//! Webhook endpoints of organizations, after Standard Webhooks 1.0.0
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>).

mod address;
mod signature;

pub use address::{Destinations, Network};
pub use signature::sign;

use crate::event;
use crate::id::{OrganizationId, WebhookEndpointId};
use crate::organization::Version;
use crate::secret::Secret;
use crate::time::{Span, Timestamp};
use crate::value::{Description, Url};

/// How long the secret before the present one still signs, after a rotation.
pub const ROTATION_OVERLAP: Span = Span::days(1);

/// How many endpoints an organization may have.
pub const MOST_ENDPOINTS: u32 = 20;

/// How many types of event an endpoint can name.
pub const MOST_EVENT_TYPES: usize = 100;

/// How long every attempt must have failed before an endpoint is given up.
pub const PATIENCE: Span = Span::days(5);

/// An address to which an organization's events are posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// The endpoint's id.
    pub id: WebhookEndpointId,
    /// Whose.
    pub organization_id: OrganizationId,
    /// Where to.
    pub url: Url,
    /// What it is for.
    pub description: Description,
    /// Which types of event it wants, by [`crate::event::Event::kind`], or a prefix of them
    /// (`invitation.*`); none: all.
    pub event_types: Vec<String>,
    /// Whether it is sent anything, and why not.
    pub status: EndpointStatus,
    /// Signs. It is kept as it is, since signing takes the secret itself; it is shown once.
    pub secret: Secret,
    /// Signs too, until this moment, while receivers learn the new one.
    pub previous_secret: Option<(Secret, Timestamp)>,
    /// Up to which place of the organization's audit log messages were made for it.
    pub position: u64,
    /// Since when every attempt has failed; `None`: the last one has not.
    pub failing_since: Option<Timestamp>,
    /// Counts the changes that people make.
    pub version: Version,
    /// When it was made.
    pub created_at: Timestamp,
    /// When people last changed it.
    pub updated_at: Timestamp,
}

impl WebhookEndpoint {
    /// Whether it wants events of this type.
    #[must_use]
    pub fn wants(&self, kind: &str) -> bool {
        let mut patterns = self.event_types.iter();
        self.event_types.is_empty() || patterns.any(|pattern| event::matches(pattern, kind))
    }

    /// Whether it is sent anything.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.status == EndpointStatus::Enabled
    }

    /// Marks it as changed at `now`.
    pub fn touch(&mut self, now: Timestamp) {
        self.version = self.version.next();
        self.updated_at = now;
    }
}

/// Whether an endpoint is sent anything, and why not. While it is disabled no messages are made
/// for it; when it is enabled again it is sent what happens from then on, and the rest by replay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndpointStatus {
    /// It is sent events.
    Enabled,
    /// Somebody disabled it.
    Disabled,
    /// It answered 410 Gone.
    Gone,
    /// It failed for so long that it was given up.
    Failing,
}

impl EndpointStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Enabled, Self::Disabled, Self::Gone, Self::Failing];

    /// The key, by which stores and clients know it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// The one with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.key() == key)
    }
}

/// What a message to an endpoint tells it of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The organization whose event it is.
    pub organization_id: OrganizationId,
    /// To which of its endpoints.
    pub endpoint_id: WebhookEndpointId,
    /// The event's place in the organization's audit log, from 1; `None`: a test, which is no event.
    pub sequence: Option<u64>,
}

/// A request to an endpoint, signed and ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Where to.
    pub url: Url,
    /// `webhook-id`: the same whenever the same event is sent again.
    pub id: String,
    /// `webhook-timestamp`: when this attempt was made, in seconds since 1970.
    pub timestamp: i64,
    /// `webhook-signature`: one, or two separated by a space while the secret is rotated.
    pub signature: String,
    /// The body, JSON.
    pub body: String,
}

/// What came back from an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// How long to wait at least before the next attempt (`Retry-After`, RFC 9110 §10.2.3).
    pub retry_after: Option<Span>,
    /// The beginning of the answer's body.
    pub excerpt: String,
    /// Why there was no answer.
    pub error: Option<String>,
}
