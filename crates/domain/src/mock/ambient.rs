use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

use crate::port::{Clock, IdSource, Random};
use crate::time::{Span, Timestamp};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FixedClock {
    millis: AtomicI64,
}

impl FixedClock {
    /// Where [`FixedClock::default`] stands: 2026-01-01T12:00:00Z.
    pub const START: Timestamp = Timestamp::from_millis(1_767_268_800_000);

    /// A clock that stands at `moment`.
    #[must_use]
    pub const fn new(moment: Timestamp) -> Self {
        Self {
            millis: AtomicI64::new(moment.millis()),
        }
    }

    /// Moves the clock to `moment`, which may be earlier.
    pub fn set(&self, moment: Timestamp) {
        self.millis.store(moment.millis(), Ordering::SeqCst);
    }

    /// Moves the clock forward.
    pub fn advance(&self, span: Span) {
        self.set(self.now().plus(span));
    }
}

impl Default for FixedClock {
    fn default() -> Self {
        Self::new(Self::START)
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.millis.load(Ordering::SeqCst))
    }
}

/// Hands out valid UUIDs, version 7, with a counter where others have random bits: within one
/// millisecond the ids of one source increase, and sources with different seeds never collide.
#[derive(Debug)]
pub struct SequentialIds {
    seed: u16,
    last: AtomicU64,
}

impl SequentialIds {
    /// A source of its own; only the lower 12 bits of `seed` count.
    #[must_use]
    pub const fn new(seed: u16) -> Self {
        Self {
            seed,
            last: AtomicU64::new(0),
        }
    }
}

impl Default for SequentialIds {
    fn default() -> Self {
        Self::new(0)
    }
}

impl IdSource for SequentialIds {
    fn next(&self, now: Timestamp) -> Uuid {
        let count = self.last.fetch_add(1, Ordering::SeqCst) + 1;
        let mut bytes = [0; 10];
        bytes[..2].copy_from_slice(&self.seed.to_be_bytes());
        bytes[2..].copy_from_slice(&count.to_be_bytes());
        Builder::from_unix_timestamp_millis(now.millis().unsigned_abs(), &bytes).into_uuid()
    }
}

/// Hands out bytes that look random, in the same order in every run.
#[derive(Debug)]
pub struct SequentialRandom {
    seed: u16,
    last: AtomicU64,
}

impl SequentialRandom {
    /// A source of its own.
    #[must_use]
    pub const fn new(seed: u16) -> Self {
        Self {
            seed,
            last: AtomicU64::new(0),
        }
    }

    /// The bytes that were handed out last: where a test finds the secret that a service has just
    /// sent to somebody. Before the first, bytes that are never handed out.
    #[must_use]
    pub fn last(&self) -> [u8; 32] {
        self.bytes(self.last.load(Ordering::SeqCst))
    }

    fn bytes(&self, count: u64) -> [u8; 32] {
        Sha256::new()
            .chain_update(self.seed.to_be_bytes())
            .chain_update(count.to_be_bytes())
            .finalize()
            .into()
    }
}

impl Default for SequentialRandom {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Random for SequentialRandom {
    fn entropy(&self) -> [u8; 32] {
        let count = self.last.fetch_add(1, Ordering::SeqCst) + 1;
        self.bytes(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_version_seven_and_increase() {
        let (one, other) = (SequentialIds::new(1), SequentialIds::new(2));
        let ids: Vec<Uuid> = (0..300).map(|_| one.next(FixedClock::START)).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        assert!(!ids.contains(&other.next(FixedClock::START)));
        let millis = u128::from_be_bytes(*ids[0].as_bytes()) >> 80;
        assert_eq!(millis, FixedClock::START.millis().unsigned_abs().into());
    }

    #[test]
    fn a_clock_moves_when_told() {
        let clock = FixedClock::default();
        assert_eq!(clock.now().to_rfc3339(), "2026-01-01T12:00:00Z");
        clock.advance(Span::seconds(90));
        assert_eq!(clock.now().to_rfc3339(), "2026-01-01T12:01:30Z");
    }

    #[test]
    fn randomness_repeats_in_every_run_and_not_within_one() {
        let (one, same) = (SequentialRandom::new(1), SequentialRandom::new(1));
        let first = one.entropy();
        assert_eq!(first, same.entropy());
        assert_eq!(first, one.last());
        assert_ne!(first, one.entropy());
        assert_ne!(first, SequentialRandom::new(2).entropy());
    }
}
