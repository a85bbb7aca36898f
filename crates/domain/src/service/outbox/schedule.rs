//! When a mail is tried again.

use crate::outbox::Outcome;
use crate::time::{Span, Timestamp};

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;

/// How long to wait after each failed attempt, in seconds: soon at first, as those who greylist
/// expect (RFC 6647 §3.2), and half a day at the end; 2 days and 15 hours in all.
const DELAYS: [u32; 11] = [
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    2 * HOUR,
    4 * HOUR,
    8 * HOUR,
    12 * HOUR,
    12 * HOUR,
    12 * HOUR,
    12 * HOUR,
];

/// How often a mail is tried.
pub const ATTEMPTS: usize = DELAYS.len() + 1;

/// By how much a delay may be longer or shorter, in percent: mails that failed together shall not
/// come back together.
const JITTER: u32 = 20;

/// What a failed attempt leads to. `attempt` counts from 1; `entropy` is random.
#[must_use]
pub fn failed(now: Timestamp, attempt: u32, reason: String, entropy: &[u8; 32]) -> Outcome {
    let index = attempt.saturating_sub(1) as usize;
    match DELAYS.get(index) {
        Some(delay) => Outcome::Failed(reason, now.plus(spread(*delay, entropy))),
        None => Outcome::Dead(reason),
    }
}

/// A delay of so many seconds, give or take [`JITTER`] percent.
#[must_use]
pub fn spread(seconds: u32, entropy: &[u8; 32]) -> Span {
    let [a, b, c, d, ..] = *entropy;
    let random = i64::from(u32::from_be_bytes([a, b, c, d]));
    let millis = i64::from(seconds) * 1000;
    let most = millis * i64::from(JITTER) / 100;
    // From -most to +most.
    let by = (random * (2 * most + 1)) >> 32;
    Span::from_millis(millis - most + by)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_268_800_000);

    fn delay(attempt: u32, byte: u8) -> Option<i64> {
        match failed(NOW, attempt, "why".to_owned(), &[byte; 32]) {
            Outcome::Failed(reason, due) => {
                assert_eq!(reason, "why");
                Some(due.millis() - NOW.millis())
            }
            Outcome::Dead(_) => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_mail_is_tried_for_three_days() {
        let minutes = [1, 5, 15, 60, 120, 240, 480, 720, 720, 720, 720];
        let mut longest = 0;
        for (attempt, minutes) in (1..).zip(minutes) {
            let middle = delay(attempt, 0x80).unwrap();
            let exact = minutes * 60_000;
            assert!((middle - exact).abs() <= exact / 100, "{attempt}: {middle}");
            assert_eq!(delay(attempt, 0), Some(exact * 80 / 100));
            assert_eq!(delay(attempt, 0xff), Some(exact * 120 / 100));
            longest += exact;
        }
        assert!(longest <= Span::days(3).millis());
        assert!(longest + 12 * 3_600_000 > Span::days(3).millis());
        assert_eq!(delay(12, 0x80), None);
        assert_eq!(delay(u32::MAX, 0x80), None);
        assert_eq!(ATTEMPTS, 12);
    }

    proptest::proptest! {
        #[test]
        fn no_delay_leaves_its_bounds(seconds in 0u32..1_000_000, entropy: [u8; 32]) {
            let (millis, base) = (spread(seconds, &entropy).millis(), i64::from(seconds) * 1000);
            proptest::prop_assert!((base * 8 / 10..=base * 12 / 10).contains(&millis));
        }
    }
}
