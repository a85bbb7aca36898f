use crate::Result;
use crate::filter::Filter;
use crate::id::{MessageId, WebhookEndpointId};
use crate::outbox::{
    Allowance, Attempt, Delivery, DeliveryState, DeliveryTest, Depth, Message, Outcome,
};
use crate::page::{Page, Window};
use crate::time::Timestamp;

/// A message that was taken to be sent.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// The message, with its secret.
    pub message: Message,
    /// The attempt that begins with this, since it was written or replayed, from 1.
    pub attempt: u32,
    /// The attempt's number in the log of deliveries, from 1. No other attempt to send the message
    /// has it.
    pub number: u32,
}

/// Keeps what waits to be sent, and what became of it.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait OutboxRepo {
    /// Adds a message that is due at once.
    fn add(&mut self, message: &Message) -> Result<()>;

    /// Takes pending messages that are due at `now`, those that were due first before others, as
    /// many as allowed, and passes over what another transaction is taking. Each counts an attempt
    /// and is not due again before `until`, when its sender counts as lost. What cannot be read,
    /// or tells a secret that is gone, is canceled instead; what a newer program wrote is left to
    /// it.
    fn claim(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        allowance: &Allowance,
    ) -> Result<Vec<Claimed>>;

    /// Notes what came of the attempt with this number, unless another has begun since or the
    /// message is no longer pending: then it changes nothing and answers `false`. What is delivered
    /// or canceled forgets its secret.
    fn settle(
        &mut self,
        id: MessageId,
        number: u32,
        now: Timestamp,
        outcome: &Outcome,
    ) -> Result<bool>;

    /// Adds an attempt to the log of deliveries, once; a second time changes nothing.
    fn note(&mut self, attempt: &Attempt) -> Result<()>;

    /// One message.
    fn find(&mut self, id: MessageId) -> Result<Option<Delivery>>;

    /// The attempts to send a message, the first one first. One whose sender was lost is missing.
    fn attempts(&mut self, id: MessageId) -> Result<Vec<Attempt>>;

    /// The messages that pass the filter, the latest first.
    fn list(
        &mut self,
        filter: &Filter<DeliveryTest>,
        window: &Window<MessageId>,
    ) -> Result<Page<Delivery, MessageId>>;

    /// Makes a message that is dead or pending due at `now`, with all its attempts before it.
    /// Answers whether it was one of these, with the secret that it tells.
    fn replay(&mut self, id: MessageId, now: Timestamp) -> Result<bool>;

    /// How many messages wait for an endpoint that were never tried, as far as `most`.
    fn untried(&mut self, endpoint: WebhookEndpointId, most: u32) -> Result<u32>;

    /// How full it is.
    fn depth(&mut self) -> Result<Depth>;

    /// Forgets at most `limit` messages in this state, with their attempts, that were finished
    /// before this moment. Answers how many; another transaction may be forgetting others.
    fn forget(&mut self, state: DeliveryState, before: Timestamp, limit: u32) -> Result<u32>;
}
