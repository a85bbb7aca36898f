//! What the outbox is measured by.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use actix_web::rt::time::timeout;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use rollbook_domain::outbox::{Channel, Depth, Outcome};
use rollbook_domain::service::Outbox;
use rollbook_domain::time::{Span, Timestamp};

/// How long what was found out about the depth is good for: whoever asks for the metrics again and
/// again does not ask the database each time.
const FRESH: Span = Span::seconds(5);
/// How long the database may take to tell it. A page of metrics without it is better than none.
const PATIENCE: Duration = Duration::from_secs(2);

/// How full the outbox is, and what came of what was sent.
#[derive(Debug, Default)]
pub(crate) struct OutboxMetrics {
    /// By channel and outcome, in the order of [`Channel::ALL`] and [`Outcome::KEYS`].
    deliveries: [[AtomicU64; Outcome::KEYS.len()]; Channel::ALL.len()],
    /// What was found out last, and when it was asked for. Never locked while waiting.
    seen: Mutex<Option<Seen>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    at: Timestamp,
    depth: Option<Depth>,
}

impl OutboxMetrics {
    /// Counts one message that was sent, or settled without.
    pub(crate) fn count(&self, channel: Channel, outcome: &Outcome) {
        let channel = Channel::ALL.iter().position(|it| *it == channel);
        let outcome = Outcome::KEYS.iter().position(|it| *it == outcome.key());
        if let (Some(channel), Some(outcome)) = (channel, outcome) {
            self.deliveries[channel][outcome].fetch_add(1, Relaxed);
        }
    }

    /// Finds out how full it is, unless that was asked for a moment ago.
    pub(crate) async fn refresh(&self, outbox: &dyn Outbox, now: Timestamp) {
        let known = *self.lock();
        if known.is_some_and(|seen| seen.at <= now && now < seen.at.plus(FRESH)) {
            return;
        }
        // Noted first, so that those who ask meanwhile do not ask the database, too.
        let depth = known.and_then(|seen| seen.depth);
        *self.lock() = Some(Seen { at: now, depth });
        let depth = match timeout(PATIENCE, outbox.depth()).await {
            Ok(Ok(depth)) => Some(depth),
            Ok(Err(error)) => {
                tracing::warn!(%error, "the depth of the outbox is not known");
                None
            }
            Err(_) => {
                tracing::warn!("the depth of the outbox could not be found out in time");
                None
            }
        };
        *self.lock() = Some(Seen { at: now, depth });
    }

    fn lock(&self) -> MutexGuard<'_, Option<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn encode_deliveries(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let mut family = encoder.encode_descriptor(
            "rollbook_outbox_deliveries",
            "Attempts to send messages, and messages settled without, by this process",
            None,
            MetricType::Counter,
        )?;
        for (channel, counts) in Channel::ALL.iter().zip(&self.deliveries) {
            for (outcome, count) in Outcome::KEYS.iter().zip(counts) {
                family
                    .encode_family(&[("channel", channel.key()), ("outcome", *outcome)])?
                    .encode_counter::<NoLabelSet, _, u64>(&count.load(Relaxed), None)?;
            }
        }
        Ok(())
    }
}

/// The metrics as they are printed.
#[derive(Debug)]
pub(super) struct Printed(pub(super) Arc<OutboxMetrics>);

impl Collector for Printed {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.encode_deliveries(&mut encoder)?;
        let seen = *self.0.lock();
        match seen.and_then(|seen| Some((seen.at, seen.depth?))) {
            Some((at, depth)) => encode_depth(&mut encoder, at, depth),
            None => Ok(()),
        }
    }
}

fn encode_depth(encoder: &mut DescriptorEncoder<'_>, at: Timestamp, depth: Depth) -> fmt::Result {
    let mut family = encoder.encode_descriptor(
        "rollbook_outbox_messages",
        "Messages in the outbox of the installation",
        None,
        MetricType::Gauge,
    )?;
    for (state, count) in [("pending", depth.pending), ("dead", depth.dead)] {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        family
            .encode_family(&[("state", state)])?
            .encode_gauge(&count)?;
    }
    let age = depth
        .oldest
        .map_or(0, |oldest| at.millis().saturating_sub(oldest.millis()));
    encoder
        .encode_descriptor(
            "rollbook_outbox_oldest_seconds",
            "Since when the oldest message waits; 0 when none does",
            None,
            MetricType::Gauge,
        )?
        .encode_gauge(&(age.max(0) / 1000))
}
