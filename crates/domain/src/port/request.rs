use crate::Result;
use crate::id::UserId;
use crate::idempotency::{Remembered, RequestKey};
use crate::time::Timestamp;

/// Remembers requests that shall have their effect only once.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait RequestRepo {
    /// Remembers a request of a user and answers `None`; or, when one with this key is remembered
    /// already and was made after `expired`, answers that one and remembers nothing. Waits for
    /// another transaction that is just remembering the same key.
    fn remember(
        &mut self,
        user: UserId,
        key: &RequestKey,
        request: &Remembered,
        expired: Timestamp,
    ) -> Result<Option<Remembered>>;

    /// Forgets at most `limit` requests that were made before `expired`; answers how many.
    fn forget(&mut self, expired: Timestamp, limit: u32) -> Result<u32>;
}
