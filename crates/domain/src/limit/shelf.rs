use std::collections::{BTreeSet, HashMap};

use sha2::{Digest as _, Sha256};

use crate::time::{Span, Timestamp};

/// What a bucket is known by: half of the SHA-256 digest of its key, so that all take the same room
/// and no address stays in memory.
pub(super) type Label = [u8; 16];

/// Microseconds since 1970.
type Micros = i64;

const MICROS: i64 = 1000;

/// How fast buckets fill.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// How much a full bucket holds; at least 1.
    pub(super) quota: u32,
    /// In which time an empty bucket fills: the window, or a little less where it cannot be divided
    /// by the quota.
    whole: Micros,
    /// In which time one comes back.
    one: Micros,
}

impl Rate {
    pub(super) fn new(quota: u32, window: Span) -> Self {
        let quotas = i64::from(quota);
        let one = (window.millis() * MICROS / quotas).max(1);
        Self {
            quota,
            whole: one * quotas,
            one,
        }
    }

    /// In which time one comes back.
    pub(super) const fn interval(self) -> Span {
        up(self.one)
    }
}

/// The buckets of one policy. Those that are full are forgotten.
#[derive(Debug)]
pub(super) struct Shelf {
    /// When each bucket is full again.
    full_at: HashMap<Label, Micros>,
    /// The same, in the order of the moments.
    order: BTreeSet<(Micros, Label)>,
    most: usize,
    /// When those are full again that had to be forgotten before they were: every bucket that is
    /// not kept counts as one of them. So nobody gets a full bucket by making others.
    floor: Micros,
}

impl Shelf {
    pub(super) fn new(most: usize) -> Self {
        Self {
            full_at: HashMap::new(),
            order: BTreeSet::new(),
            most,
            floor: Micros::MIN,
        }
    }

    /// Takes one, or says how long until there is one.
    pub(super) fn take(&mut self, rate: Rate, key: &str, now: Timestamp) -> Result<(), Span> {
        let (label, now) = (label(key), micros(now));
        self.forget_full(now);
        let full_at = self.full_at(rate, &label, now) + rate.one;
        let wait = full_at - now - rate.whole;
        if wait > 0 {
            return Err(up(wait));
        }
        self.keep(label, full_at);
        Ok(())
    }

    pub(super) fn give_back(&mut self, rate: Rate, key: &str) {
        let label = label(key);
        // One that is not kept is full, or counts as others do.
        if let Some(full_at) = self.full_at.get(&label).copied() {
            self.keep(label, full_at - rate.one);
        }
    }

    /// Fills a bucket, which need not be kept then.
    pub(super) fn fill(&mut self, key: &str) {
        let label = label(key);
        if let Some(full_at) = self.full_at.remove(&label) {
            self.order.remove(&(full_at, label));
        }
    }

    /// What can be taken, and how long until there is one more.
    pub(super) fn standing(&self, rate: Rate, key: &str, now: Timestamp) -> (u32, Span) {
        let now = micros(now);
        let missing = self.full_at(rate, &label(key), now) - now;
        let remaining = u32::try_from((rate.whole - missing) / rate.one).unwrap_or(0);
        let remaining = remaining.min(rate.quota);
        let part = missing % rate.one;
        let next = if part == 0 { rate.one } else { part };
        (remaining, up(next))
    }

    /// When the bucket is full; now, if it is.
    fn full_at(&self, rate: Rate, label: &Label, now: Micros) -> Micros {
        let kept = self.full_at.get(label).copied().unwrap_or(self.floor);
        // Never later than of an empty one: the clock may have been set back.
        kept.clamp(now, now + rate.whole)
    }

    fn keep(&mut self, label: Label, full_at: Micros) {
        if let Some(before) = self.full_at.insert(label, full_at) {
            self.order.remove(&(before, label));
        }
        self.order.insert((full_at, label));
        while self.order.len() > self.most
            && let Some((full_at, label)) = self.order.pop_first()
        {
            // The fullest one: what is lost is the least.
            self.full_at.remove(&label);
            self.floor = self.floor.max(full_at);
        }
    }

    fn forget_full(&mut self, now: Micros) {
        while let Some((full_at, label)) = self.order.first().copied()
            && full_at <= now
        {
            self.order.pop_first();
            self.full_at.remove(&label);
        }
    }
}

pub(super) fn label(key: &str) -> Label {
    let digest = Sha256::digest(key.as_bytes());
    let mut label = Label::default();
    label.copy_from_slice(&digest[..16]);
    label
}

const fn micros(moment: Timestamp) -> Micros {
    moment.millis() * MICROS
}

/// In whole milliseconds, rounded up.
const fn up(micros: Micros) -> Span {
    Span::from_millis((micros + MICROS - 1) / MICROS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(NOW.millis() + millis)
    }

    fn hourly(quota: u32) -> Rate {
        Rate::new(quota, Span::seconds(3600))
    }

    fn taken(shelf: &mut Shelf, rate: Rate, key: &str, now: Timestamp) -> u32 {
        let mut taken = 0;
        while shelf.take(rate, key, now).is_ok() {
            taken += 1;
        }
        taken
    }

    #[test]
    fn a_bucket_holds_what_its_quota_is_and_fills_in_its_window() {
        for quota in [1, 3, 7, 200, 1_000_000] {
            let (mut shelf, rate) = (Shelf::new(9), hourly(quota));
            assert_eq!(taken(&mut shelf, rate, "a", NOW), quota);
            let wait = shelf.take(rate, "a", NOW).unwrap_err();
            assert!(wait.millis() > 0 && wait <= rate.interval(), "{quota}");
            assert_eq!(shelf.take(rate, "a", at(wait.millis())), Ok(()));
            assert_eq!(taken(&mut shelf, rate, "a", at(7_200_000)), quota);
        }
    }

    #[test]
    fn it_comes_back_bit_by_bit() {
        let (mut shelf, rate) = (Shelf::new(9), hourly(4));
        taken(&mut shelf, rate, "a", NOW);
        let quarter = 900_000;
        assert_eq!(
            shelf.standing(rate, "a", at(1)),
            (0, Span::from_millis(quarter - 1))
        );
        assert_eq!(
            shelf.take(rate, "a", at(quarter - 1)),
            Err(Span::from_millis(1))
        );
        assert_eq!(shelf.standing(rate, "a", at(quarter)).0, 1);
        assert_eq!(taken(&mut shelf, rate, "a", at(2 * quarter)), 2);
        assert_eq!(
            shelf.standing(rate, "b", NOW),
            (4, Span::from_millis(quarter))
        );
    }

    #[test]
    fn what_is_given_back_can_be_taken() {
        let (mut shelf, rate) = (Shelf::new(9), hourly(2));
        taken(&mut shelf, rate, "a", NOW);
        shelf.give_back(rate, "a");
        shelf.give_back(rate, "never taken");
        assert_eq!(taken(&mut shelf, rate, "a", NOW), 1);
        assert_eq!(taken(&mut shelf, rate, "never taken", NOW), 2);
    }

    #[test]
    fn what_is_filled_is_full() {
        let (mut shelf, rate) = (Shelf::new(9), hourly(2));
        for key in ["a", "b"] {
            taken(&mut shelf, rate, key, NOW);
        }
        shelf.fill("a");
        shelf.fill("never taken");
        assert_eq!((shelf.full_at.len(), shelf.order.len()), (1, 1));
        assert_eq!(taken(&mut shelf, rate, "a", NOW), 2);
        assert_eq!(taken(&mut shelf, rate, "b", NOW), 0);
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let (mut shelf, rate) = (Shelf::new(9), hourly(2));
        for key in ["a", "b", "c"] {
            shelf.take(rate, key, NOW).unwrap();
        }
        assert_eq!((shelf.full_at.len(), shelf.order.len()), (3, 3));
        shelf.take(rate, "d", at(1_800_000)).unwrap();
        assert_eq!((shelf.full_at.len(), shelf.order.len()), (1, 1));
    }

    /// Whoever has emptied a bucket does not get a full one by filling the shelf with others.
    #[test]
    fn forgetting_gives_nobody_anything() {
        let (mut shelf, rate) = (Shelf::new(10), hourly(5));
        assert_eq!(taken(&mut shelf, rate, "mallory", NOW), 5);
        for number in 0..1000 {
            taken(&mut shelf, rate, &number.to_string(), at(number));
            assert!(shelf.full_at.len() <= 10 && shelf.order.len() <= 10);
        }
        let again = taken(&mut shelf, rate, "mallory", at(1000));
        assert_eq!(again, 0);
        // And the others have not lost more than is missing in one of those.
        assert_eq!(taken(&mut shelf, rate, "jane", at(3_600_000 + 1000)), 5);
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out_for_longer_than_the_window() {
        let (mut shelf, rate) = (Shelf::new(9), hourly(1));
        shelf.take(rate, "a", at(86_400_000)).unwrap();
        let wait = shelf.take(rate, "a", NOW).unwrap_err();
        assert!(wait <= Span::seconds(3600));
    }
}
