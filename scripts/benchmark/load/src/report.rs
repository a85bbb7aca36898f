//! What was seen.

use std::time::Duration;

/// The latency of every answer within the measured time.
pub struct Samples {
    duration: Duration,
    nanos: Vec<u64>,
    bytes: usize,
    issued: u64,
}

impl Samples {
    /// None yet; `duration` is how long will be measured.
    pub fn new(duration: Duration) -> Self {
        Self {
            duration,
            nanos: Vec::with_capacity(1 << 20),
            bytes: 0,
            issued: 0,
        }
    }

    /// One more.
    pub fn add(&mut self, latency: Duration, bytes: usize) {
        self.nanos
            .push(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
        self.bytes += bytes;
    }

    /// How many requests were sent in all, with the warm-up.
    pub fn issued(&mut self, issued: u64) {
        self.issued = issued;
    }

    /// All of it in one line.
    pub fn into_json(mut self) -> String {
        self.nanos.sort_unstable();
        format!(
            "{{\"seconds\":{},\"answers\":{},\"issued\":{},\"bytes\":{},\
             \"p50_us\":{},\"p90_us\":{},\"p99_us\":{},\"p999_us\":{},\"max_us\":{}}}",
            self.duration.as_secs_f64(),
            self.nanos.len(),
            self.issued,
            self.bytes,
            self.percentile(500),
            self.percentile(900),
            self.percentile(990),
            self.percentile(999),
            self.percentile(1000),
        )
    }

    /// In microseconds: the least latency that so many of a thousand answers do not exceed.
    fn percentile(&self, per_mille: usize) -> u64 {
        let rank = (self.nanos.len() * per_mille).div_ceil(1000);
        self.nanos
            .get(rank.saturating_sub(1))
            .map_or(0, |nanos| nanos / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let mut samples = Samples::new(Duration::from_secs(2));
        assert_eq!(samples.percentile(500), 0);
        for millis in 1..=200 {
            samples.add(Duration::from_millis(millis), 3);
        }
        assert_eq!(samples.percentile(500), 100_000);
        assert_eq!(samples.percentile(990), 198_000);
        assert_eq!(samples.percentile(999), 200_000);
        assert_eq!(samples.percentile(1000), 200_000);
        assert!(
            samples
                .into_json()
                .contains("\"answers\":200,\"issued\":0,\"bytes\":600,")
        );
    }
}
