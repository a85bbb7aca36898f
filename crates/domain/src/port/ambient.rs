use uuid::Uuid;

use crate::time::Timestamp;

/// Tells the time.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// Makes ids.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait IdSource: Send + Sync {
    /// A new UUID, version 7 (RFC 9562 §5.7) with the time `now`, never given out before.
    fn next(&self, now: Timestamp) -> Uuid;
}

/// Makes random bytes fit for secrets.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Random: Send + Sync {
    /// 32 bytes from a cryptographically secure source.
    fn entropy(&self) -> [u8; 32];
}
