//! The counters of one use case: plain atomics, so that counting a request takes no lock, hashes
//! no label and allocates nothing.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The status codes with a series of their own, in ascending order. What is not here is counted
/// as `other`, so that the number of series has a bound whatever a dialect answers.
pub(super) const CODES: [u16; 26] = [
    200, 201, 202, 204, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 409, 410, 412,
    413, 415, 422, 429, 500, 503, 504,
];

/// The upper bounds of the duration's buckets, in seconds; what is above the last one is in a
/// further bucket without bound.
pub(super) const BOUNDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// How often one use case was answered with which status, and how long that took.
#[derive(Debug, Default)]
pub(crate) struct Series {
    /// One for each of [`CODES`], and the last for every other code.
    codes: [AtomicU64; CODES.len() + 1],
    /// One for each of [`BOUNDS`], and the last for what took longer.
    buckets: [AtomicU64; BOUNDS.len() + 1],
    /// The sum of all durations. 64 bits of nanoseconds last for 584 years of work.
    nanos: AtomicU64,
}

impl Series {
    /// Counts one request.
    pub(crate) fn record(&self, status: u16, elapsed: Duration) {
        let code = CODES.binary_search(&status).unwrap_or(CODES.len());
        let seconds = elapsed.as_secs_f64();
        let bucket = BOUNDS.partition_point(|bound| *bound < seconds);
        self.codes[code].fetch_add(1, Relaxed);
        self.buckets[bucket].fetch_add(1, Relaxed);
        let nanos = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Relaxed);
    }

    /// The codes that were answered at least once, and how often.
    pub(super) fn codes(&self) -> impl Iterator<Item = (Option<u16>, u64)> {
        let names = CODES.iter().copied().map(Some).chain([None]);
        names
            .zip(self.codes.iter().map(|count| count.load(Relaxed)))
            .filter(|(_, count)| *count > 0)
    }

    /// The sum of the durations in seconds, their number, and how many fell in each bucket.
    pub(super) fn durations(&self) -> (f64, u64, Vec<(f64, u64)>) {
        let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
        let buckets: Vec<_> = bounds
            .zip(self.buckets.iter().map(|count| count.load(Relaxed)))
            .collect();
        // Counted from the buckets, so that the two agree even when a request ends meanwhile.
        let count = buckets.iter().map(|(_, count)| count).sum();
        let sum = Duration::from_nanos(self.nanos.load(Relaxed)).as_secs_f64();
        (sum, count, buckets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_bounds_ascend() {
        assert!(CODES.is_sorted() && BOUNDS.is_sorted());
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let series = Series::default();
        series.record(200, Duration::from_micros(500));
        series.record(200, Duration::from_micros(501));
        series.record(418, Duration::from_secs(11));
        let (sum, count, buckets) = series.durations();
        assert!((sum - 11.001_001).abs() < 1e-9, "{sum}");
        assert_eq!(count, 3);
        assert_eq!((buckets[0].1, buckets[1].1, buckets[14].1), (1, 1, 1));
        assert_eq!(
            series.codes().collect::<Vec<_>>(),
            [(Some(200), 2), (None, 1)]
        );
    }
}
