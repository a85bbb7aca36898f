//! The outbox: what shall leave Rollbook. A letter is written in the transaction that decided it;
//! an event is an entry of an organization's audit log, and its messages to webhook endpoints are
//! made from the log ([`crate::event`]). What was rolled back is never sent, and what was committed
//! is not forgotten: a message stays pending until it was delivered, at least once, or given up.

mod allowance;
mod delivery;
mod message;

pub use allowance::Allowance;
pub use delivery::{Attempt, Delivery, DeliveryState, DeliveryTest, Depth, Outcome};
pub use message::{Channel, Content, Letter, Message};
