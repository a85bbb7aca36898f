use crate::Result;
use crate::outbox::Message;

/// Keeps what waits to be sent.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait OutboxRepo {
    /// Adds a message.
    fn add(&mut self, message: &Message) -> Result<()>;
}
