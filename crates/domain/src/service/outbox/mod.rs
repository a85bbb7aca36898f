//! What leaves Rollbook: the courier who delivers the outbox, and what superusers see of it.
//!
//! A message is taken in one transaction, sent outside of any, and settled in another. Who takes it
//! has it for [`LEASE`]; whoever is lost with it loses nothing, since it is due again then. So a
//! message is delivered at least once, and twice if its sender dies between the two.

mod courier;
mod desk;
mod keeping;
mod letter;
pub mod schedule;
mod settling;

use async_trait::async_trait;

pub use courier::{Collected, Courier, LEASE, MOST_ATTEMPTS, Parcel, Sent};
pub use desk::{Desk, FrontDesk};
pub use keeping::OutboxService;
pub(in crate::service) use letter::post;

use crate::Result;
use crate::access::Caller;
use crate::filter::Filter;
use crate::id::MessageId;
use crate::outbox::{Attempt, Delivery, DeliveryTest, Depth};
use crate::page::{Page, Window};

/// A page of messages, the latest first.
pub type DeliveryPage = Page<Delivery, MessageId>;

/// How many messages are replayed at once.
pub const REPLAY_BATCH: u32 = 100;

/// What to send, or why it is not wanted any more.
#[derive(Clone, Debug)]
pub enum Prepared<T> {
    /// This.
    Send(T),
    /// Nothing; why not, in words for the operator.
    Unwanted(String),
}

/// A message with the log of its deliveries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryView {
    /// What became of it.
    pub delivery: Delivery,
    /// The attempts to send it, the first one first. One whose sender was lost is missing.
    pub attempts: Vec<Attempt>,
}

/// What came of replaying dead messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many are due again.
    pub count: u32,
    /// Whether there may be more of them.
    pub more: bool,
}

/// What superusers see and do about messages.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync {
    /// The messages that pass the filter, the latest first.
    async fn list(
        &self,
        caller: Caller,
        filter: Filter<DeliveryTest>,
        window: Window<MessageId>,
    ) -> Result<DeliveryPage>;

    /// One message with its attempts.
    async fn get(&self, caller: Caller, id: MessageId) -> Result<DeliveryView>;

    /// Makes a message that is dead or waits due at once. [`crate::Refusal::NotReplayable`] when it
    /// was delivered or canceled: what it said may be gone, and it would be a second one.
    async fn replay(&self, caller: Caller, id: MessageId) -> Result<Delivery>;

    /// Makes dead messages that pass the filter due at once, the latest first, at most
    /// [`REPLAY_BATCH`] of them.
    async fn replay_dead(&self, caller: Caller, filter: Filter<DeliveryTest>) -> Result<Replayed>;

    /// How full it is, for the metrics of the program. Never reachable with an API's credential.
    async fn depth(&self) -> Result<Depth>;
}
