//! How the metrics are printed.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::gauge::ConstGauge;

use super::{DialectMetrics, Series, UNKNOWN};

/// The requests of every dialect.
#[derive(Debug, Default)]
pub(super) struct Requests(Mutex<Vec<Arc<DialectMetrics>>>);

impl Requests {
    /// The dialects so far. Locked to mount a dialect and to print, never to count.
    pub(super) fn dialects(&self) -> MutexGuard<'_, Vec<Arc<DialectMetrics>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Every series with its dialect and use case.
fn all(
    dialects: &[Arc<DialectMetrics>],
) -> impl Iterator<Item = (&'static str, &'static str, &Series)> {
    dialects.iter().flat_map(|one| {
        let known = one.use_cases.iter().map(|(id, series)| (*id, series));
        known
            .chain([(UNKNOWN, &one.unknown)])
            .map(|(id, series)| (one.dialect, id, series))
    })
}

fn encode_counts(
    dialects: &[Arc<DialectMetrics>],
    encoder: &mut DescriptorEncoder<'_>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(
        "rollbook_http_requests",
        "Requests that were answered",
        None,
        MetricType::Counter,
    )?;
    for (dialect, use_case, series) in all(dialects) {
        for (code, count) in series.codes() {
            let code = code.map_or_else(|| "other".to_owned(), |code| code.to_string());
            let labels = [
                ("dialect", dialect),
                ("use_case", use_case),
                ("code", &*code),
            ];
            family
                .encode_family(&labels)?
                .encode_counter::<NoLabelSet, _, u64>(&count, None)?;
        }
    }
    Ok(())
}

fn encode_durations(
    dialects: &[Arc<DialectMetrics>],
    encoder: &mut DescriptorEncoder<'_>,
) -> fmt::Result {
    let mut family = encoder.encode_descriptor(
        "rollbook_http_request_duration_seconds",
        "From the request's head to its answer",
        None,
        MetricType::Histogram,
    )?;
    for (dialect, use_case, series) in all(dialects) {
        let (sum, count, buckets) = series.durations();
        if count == 0 {
            continue;
        }
        family
            .encode_family(&[("dialect", dialect), ("use_case", use_case)])?
            .encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
    }
    Ok(())
}

impl Collector for Requests {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let dialects = self.dialects();
        encode_counts(&dialects, &mut encoder)?;
        encode_durations(&dialects, &mut encoder)
    }
}

/// A gauge that is read when it is printed.
pub(super) struct GaugeOf<F> {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) read: F,
}

impl<F> fmt::Debug for GaugeOf<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GaugeOf").field(&self.name).finish()
    }
}

impl<F: Fn() -> i64 + Send + Sync + 'static> Collector for GaugeOf<F> {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let gauge = ConstGauge::new((self.read)());
        let encoder = encoder.encode_descriptor(self.name, self.help, None, gauge.metric_type())?;
        gauge.encode(encoder)
    }
}
