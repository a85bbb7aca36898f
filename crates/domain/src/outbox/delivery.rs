use crate::id::{MessageId, OrganizationId, WebhookEndpointId};
use crate::time::Timestamp;
use crate::value::Email;

/// What became of a message: what is known of it without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The message's id.
    pub id: MessageId,
    /// The kind of message, by [`super::Content::key`].
    pub kind: String,
    /// The organization it is about, if it is about one.
    pub organization_id: Option<OrganizationId>,
    /// To whom, if it is a letter.
    pub recipient: Option<Email>,
    /// To which endpoint, if it is an event or a test.
    pub endpoint_id: Option<WebhookEndpointId>,
    /// The event's place in the organization's audit log, if it is an event.
    pub sequence: Option<u64>,
    /// What became of it.
    pub state: DeliveryState,
    /// How often sending it was begun since it was written or replayed.
    pub attempts: u32,
    /// When the next attempt is due, if it is pending. While one is under way, the moment from
    /// which on its sender counts as lost.
    pub due_at: Timestamp,
    /// Why the last attempt failed, in words for the operator.
    pub last_error: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was delivered, given up or canceled.
    pub finished_at: Option<Timestamp>,
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// It waits, for its first attempt or another.
    Pending,
    /// It was delivered.
    Delivered,
    /// It is not wanted any more: an invitation that was revoked, an endpoint that was deleted.
    Canceled,
    /// It was given up, after many attempts or one that nothing can mend. It can be replayed.
    Dead,
}

impl DeliveryState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Canceled, Self::Dead];

    /// The key, by which stores and clients know the state.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Canceled => "canceled",
            Self::Dead => "dead",
        }
    }

    /// The state with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// What came of one attempt to send a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was delivered. Its secret is forgotten.
    Delivered,
    /// It is not wanted any more. Its secret is forgotten.
    Canceled(String),
    /// It failed for this reason and is due again at this moment.
    Failed(String, Timestamp),
    /// It failed for this reason and is given up.
    Dead(String),
}

impl Outcome {
    /// The keys of all outcomes.
    pub const KEYS: [&'static str; 4] = ["delivered", "canceled", "failed", "dead"];

    /// The key, by which metrics know it.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Canceled(_) => "canceled",
            Self::Failed(..) => "failed",
            Self::Dead(_) => "dead",
        }
    }

    /// Why it was not delivered; `None`: it was.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Delivered => None,
            Self::Canceled(reason) | Self::Failed(reason, _) | Self::Dead(reason) => Some(reason),
        }
    }

    /// The state of the message that it leads to.
    #[must_use]
    pub const fn state(&self) -> DeliveryState {
        match self {
            Self::Delivered => DeliveryState::Delivered,
            Self::Canceled(_) => DeliveryState::Canceled,
            Self::Failed(..) => DeliveryState::Pending,
            Self::Dead(_) => DeliveryState::Dead,
        }
    }
}

/// One attempt to send a message, for the log of deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which message.
    pub message_id: MessageId,
    /// Which attempt, from 1; it goes on counting when the message is replayed.
    pub number: u32,
    /// When it began.
    pub at: Timestamp,
    /// How long it took, in milliseconds.
    pub milliseconds: u32,
    /// The status of the answer (HTTP or SMTP), if there was one.
    pub status: Option<u16>,
    /// Why it failed; `None`: it did not.
    pub error: Option<String>,
    /// The beginning of what a webhook endpoint answered, at most [`Attempt::LONGEST`] characters.
    pub response: Option<String>,
}

impl Attempt {
    /// How many characters of an answer are kept.
    pub const LONGEST: usize = 1024;
}

/// How full the outbox is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// How many messages wait.
    pub pending: u64,
    /// How many were given up.
    pub dead: u64,
    /// When the oldest that waits was written.
    pub oldest: Option<Timestamp>,
}

/// One test of a message in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryTest {
    /// It is in this state.
    State(DeliveryState),
    /// It is of this kind, by [`super::Content::key`].
    Kind(String),
    /// It is about this organization.
    Organization(OrganizationId),
    /// It goes to this endpoint.
    Endpoint(WebhookEndpointId),
    /// It was written at this moment or later.
    NotBefore(Timestamp),
    /// It was written before this moment.
    Before(Timestamp),
}
