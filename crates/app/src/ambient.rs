//! The adapters behind the domain's ports for time, ids and randomness.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rollbook_domain::port::{Clock, IdSource, Random};
use rollbook_domain::time::{Span, Timestamp};
use uuid::Uuid;

/// The system's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the adapter of the Clock port"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// The operating system's random numbers.
pub(crate) struct OsRandom;

impl Random for OsRandom {
    fn entropy(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        fill(&mut bytes);
        bytes
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the adapter of the Random port"
)]
#[expect(
    clippy::expect_used,
    reason = "a program that cannot get random numbers must not make secrets or ids"
)]
fn fill(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random numbers");
}

/// Makes UUIDs version 7 that never go backwards within this process: a counter of 26 bits behind
/// the milliseconds (RFC 9562 §6.2, method 1), then 48 random bits.
///
/// The counter starts at random in its lower half with each new millisecond, so that two processes
/// in the same millisecond rarely meet, and only within 2⁻⁴⁸ even then.
#[derive(Default)]
pub(crate) struct UuidSource {
    state: Mutex<State>,
}

impl IdSource for UuidSource {
    fn next(&self, now: Timestamp) -> Uuid {
        self.state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .next(now)
    }
}

const COUNTER_BITS: u32 = 26;
/// How far ids may run ahead of a clock that was set back; beyond it, the time is honest again and
/// the order is lost.
const PATIENCE: Span = Span::seconds(10);

struct State {
    latest: Timestamp,
    counter: u32,
    pool: Pool,
}

impl Default for State {
    fn default() -> Self {
        Self {
            latest: Timestamp::from_millis(0),
            counter: 0,
            pool: Pool::default(),
        }
    }
}

impl State {
    fn next(&mut self, now: Timestamp) -> Uuid {
        let set_back = now < self.latest.minus(PATIENCE);
        if now > self.latest || set_back {
            self.begin(now);
        } else if self.counter + 1 < 1 << COUNTER_BITS {
            self.counter += 1;
        } else {
            self.begin(Timestamp::from_millis(self.latest.millis() + 1));
        }
        self.uuid()
    }

    /// Starts a millisecond, with room for at least 2²⁵ ids in it.
    fn begin(&mut self, at: Timestamp) {
        self.latest = at;
        self.counter = u32::from_be_bytes(self.pool.take()) >> (32 - (COUNTER_BITS - 1));
    }

    fn uuid(&mut self) -> Uuid {
        // 12 bits of the counter go before the variant bits and 14 behind them.
        let [_, _, high @ ..] = (self.counter >> 14).to_be_bytes();
        let [_, _, low @ ..] = (self.counter & 0x3fff).to_be_bytes();
        let random: [u8; 6] = self.pool.take();
        let mut bytes = [0; 10];
        bytes[..2].copy_from_slice(&high);
        bytes[2..4].copy_from_slice(&low);
        bytes[4..].copy_from_slice(&random);
        let millis = self.latest.millis().unsigned_abs();
        uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }
}

/// Random bytes in stock, so that not every id is a system call. Each byte is used once.
struct Pool {
    bytes: [u8; 512],
    used: usize,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            bytes: [0; 512],
            used: 512,
        }
    }
}

impl Pool {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        if self.bytes.len() - self.used < N {
            fill(&mut self.bytes);
            self.used = 0;
        }
        let mut taken = [0; N];
        taken.copy_from_slice(&self.bytes[self.used..self.used + N]);
        self.used += N;
        taken
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn ids_are_of_version_7_and_carry_the_time() {
        let id = UuidSource::default().next(at(1_700_000_000_123));
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert_eq!(id.as_u64_pair().0 >> 16, 1_700_000_000_123);
    }

    #[test]
    fn ids_rise_even_when_callers_took_the_time_in_another_order() {
        let source = UuidSource::default();
        let times = [5_000, 5_000, 4_999, 5_001, 5_000, 9_000, 5_001];
        let ids: Vec<_> = times.iter().map(|time| source.next(at(*time))).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "{ids:?}");
    }

    #[test]
    fn a_clock_that_was_set_far_back_is_believed() {
        let source = UuidSource::default();
        source.next(at(2_000_000_000_000));
        let id = source.next(at(1_700_000_000_000));
        assert_eq!(id.as_u64_pair().0 >> 16, 1_700_000_000_000);
    }

    #[test]
    fn a_full_counter_moves_on_to_the_next_millisecond() {
        let mut state = State::default();
        let first = state.next(at(7_000));
        state.counter = (1 << COUNTER_BITS) - 1;
        let full = state.uuid();
        let next = state.next(at(7_000));
        assert!(first < full && full < next);
        assert_eq!(next.as_u64_pair().0 >> 16, 7_001);
    }

    #[test]
    fn no_id_comes_twice() {
        let source = UuidSource::default();
        let ids: HashSet<_> = (0..100_000).map(|n| source.next(at(n / 1_000))).collect();
        assert_eq!(ids.len(), 100_000);
    }

    #[test]
    fn the_clock_runs_and_secrets_differ() {
        assert!(SystemClock.now() > at(1_700_000_000_000));
        assert_ne!(OsRandom.entropy(), OsRandom.entropy());
    }
}
