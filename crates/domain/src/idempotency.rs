//! Creating once: a client that does not know whether its request arrived sends it again with the
//! same key, and gets the thing that the first one made (AIP-155, IETF Idempotency-Key draft 07).

use uuid::Uuid;

use crate::id::UserId;
use crate::port::Tx;
use crate::secret::Digest;
use crate::time::{Span, Timestamp};
use crate::value::Malformed;
use crate::{Refusal, Result};

/// How long a key is remembered.
pub const KEY_LIFETIME: Span = Span::days(1);

/// How many keys are forgotten in one transaction: few, so that nobody waits for it.
pub const FORGET_BATCH: u32 = 500;

/// The longest key.
const KEY_MAX: usize = 128;

/// What a client calls its request, the same for every attempt: 1 to 128 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RequestKey(String);

impl RequestKey {
    /// Parses a key.
    pub fn parse(text: &str) -> std::result::Result<Self, Malformed> {
        if text.is_empty() || text.len() > KEY_MAX || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Malformed(format!(
                "a request's key has 1 to {KEY_MAX} visible ASCII characters; a UUID is a good one"
            )));
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes what was parsed before.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A request that shall have its effect only once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Once {
    /// What the client calls the request.
    pub key: RequestKey,
    /// What was asked for: the digest of operation and input.
    pub fingerprint: Digest,
}

/// What a store remembers of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// What was asked for.
    pub fingerprint: Digest,
    /// What it made.
    pub made: Uuid,
    /// When.
    pub at: Timestamp,
}

/// What to do about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is the first one: make it, with the id that was claimed.
    Make,
    /// It was made already: answer the thing with this id.
    Made(Uuid),
}

/// Claims a request for its user, in the transaction that makes `id`. A second request at the same
/// time waits here for the end of the first. [`Refusal::RequestKeyReused`] when the user's key
/// stood for something else.
pub fn claim(
    tx: &mut dyn Tx,
    user: UserId,
    once: Option<&Once>,
    now: Timestamp,
    id: Uuid,
) -> Result<Claim> {
    let Some(once) = once else {
        return Ok(Claim::Make);
    };
    let request = Remembered {
        fingerprint: once.fingerprint,
        made: id,
        at: now,
    };
    let expired = now.minus(KEY_LIFETIME);
    match tx.requests().remember(user, &once.key, &request, expired)? {
        None => Ok(Claim::Make),
        Some(first) if first.fingerprint == once.fingerprint => Ok(Claim::Made(first.made)),
        Some(_) => Err(Refusal::RequestKeyReused.into()),
    }
}

/// Forgets some of the requests that no longer count; answers how many. When they are fewer than
/// [`FORGET_BATCH`], no more are left.
pub fn forget(tx: &mut dyn Tx, now: Timestamp) -> Result<u32> {
    tx.requests().forget(now.minus(KEY_LIFETIME), FORGET_BATCH)
}
