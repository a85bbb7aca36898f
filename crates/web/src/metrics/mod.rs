//! Metrics for Prometheus, in the `OpenMetrics` text format.
//!
//! Every label has a fixed set of values: dialects and use cases are those of the route tables,
//! status codes those of a list. A request that matches no route is counted as the use case
//! [`UNKNOWN`], so nobody can make new series by asking for random paths.

mod collector;
mod outbox;
mod series;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::{HttpResponse, web};
use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use rollbook_domain::outbox::{Channel, Outcome};
use rollbook_domain::time::Timestamp;

use self::collector::{GaugeOf, Requests};
use self::outbox::{OutboxMetrics, Printed};
pub(crate) use self::series::Series;
use crate::operation::Table;
use crate::reading;
use crate::state::State;

/// The use case of requests that match no route.
pub(crate) const UNKNOWN: &str = "unknown";

/// The type that `OpenMetrics` gives its text.
const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is measured: requests, by dialect and use case, the outbox, and what other parts of the
/// program register.
pub struct Metrics {
    /// Locked to register and to print, never to count.
    registry: Mutex<Registry>,
    in_flight: Gauge,
    abandoned: Counter,
    resets_dropped: Counter,
    requests: Arc<Requests>,
    outbox: Arc<OutboxMetrics>,
}

/// The series of one dialect: one for each use case and one for what matched no route.
#[derive(Debug)]
pub(crate) struct DialectMetrics {
    dialect: &'static str,
    use_cases: HashMap<&'static str, Series>,
    unknown: Series,
}

impl Metrics {
    /// Metrics of the program's `version`, which started at `started`.
    pub(crate) fn new(version: &'static str, started: Timestamp) -> Self {
        let requests = Arc::new(Requests::default());
        let in_flight = Gauge::default();
        let abandoned = Counter::default();
        let resets_dropped = Counter::default();
        let mut registry = Registry::default();
        registry.register(
            "rollbook_build",
            "The program that runs",
            Info::new([("version", version)]),
        );
        registry.register(
            "process_start_time_seconds",
            "When the program started, in seconds since 1970",
            ConstGauge::new(seconds(started)),
        );
        registry.register(
            "rollbook_http_requests_in_flight",
            "Requests that are being answered",
            in_flight.clone(),
        );
        registry.register(
            "rollbook_http_requests_abandoned",
            "Requests whose clients went away before the answer",
            abandoned.clone(),
        );
        registry.register(
            "rollbook_password_resets_dropped",
            "Ways to a new password that were asked for and not mailed, because too many were",
            resets_dropped.clone(),
        );
        registry.register_collector(Box::new(Arc::clone(&requests)));
        let outbox = Arc::<OutboxMetrics>::default();
        registry.register_collector(Box::new(Printed(Arc::clone(&outbox))));
        Self {
            registry: Mutex::new(registry),
            in_flight,
            abandoned,
            resets_dropped,
            requests,
            outbox,
        }
    }

    /// Adds a gauge that is read whenever the metrics are asked for; `read` must be quick and must
    /// not wait. Names and labels stay bounded by being written in the program.
    pub fn gauge<F>(&self, name: &'static str, help: &'static str, read: F)
    where
        F: Fn() -> i64 + Send + Sync + 'static,
    {
        let gauge = GaugeOf { name, help, read };
        self.registry
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .register_collector(Box::new(gauge));
    }

    /// Counts a message that was sent, or settled without being sent.
    pub fn count_delivery(&self, channel: Channel, outcome: &Outcome) {
        self.outbox.count(channel, outcome);
    }

    /// All metrics as `OpenMetrics` text.
    pub fn print(&self) -> Result<String, fmt::Error> {
        let mut body = String::with_capacity(16 * 1024);
        let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
        text::encode(&mut body, &registry)?;
        Ok(body)
    }

    /// The number of requests that are being answered.
    pub(crate) fn in_flight(&self) -> &Gauge {
        &self.in_flight
    }

    /// The number of requests whose clients went away before the answer.
    pub(crate) fn abandoned(&self) -> &Counter {
        &self.abandoned
    }

    /// The number of ways to a new password that were not mailed because too many were asked for.
    pub(crate) fn resets_dropped(&self) -> &Counter {
        &self.resets_dropped
    }

    /// The series of a dialect with these operations: the same for every worker that asks.
    pub(crate) fn dialect(&self, name: &'static str, operations: Table) -> Arc<DialectMetrics> {
        let mut dialects = self.requests.dialects();
        if let Some(known) = dialects.iter().find(|one| one.dialect == name) {
            return Arc::clone(known);
        }
        let new = Arc::new(DialectMetrics::new(name, operations));
        dialects.push(Arc::clone(&new));
        new
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

impl DialectMetrics {
    fn new(dialect: &'static str, operations: Table) -> Self {
        let use_cases = operations
            .iter()
            .copied()
            .flatten()
            .map(|it| (it.id, Series::default()));
        Self {
            dialect,
            use_cases: use_cases.collect(),
            unknown: Series::default(),
        }
    }

    /// The dialect's name.
    pub(crate) fn dialect(&self) -> &'static str {
        self.dialect
    }

    /// The series of a use case, or of [`UNKNOWN`].
    pub(crate) fn series(&self, use_case: &str) -> &Series {
        self.use_cases.get(use_case).unwrap_or(&self.unknown)
    }
}

/// Mounts `GET /metrics`. It needs no credential: keep it from the public at the proxy, as
/// docs/operations.md says.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.route("/metrics", reading().to(show));
}

async fn show(state: web::Data<State>) -> HttpResponse {
    let now = state.services.clock.now();
    let outbox = &*state.services.outbox;
    state.metrics.outbox.refresh(outbox, now).await;
    match state.metrics.print() {
        Ok(body) => HttpResponse::Ok().content_type(CONTENT_TYPE).body(body),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be printed");
            HttpResponse::InternalServerError().finish()
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds of this age fit in 53 bits"
)]
fn seconds(moment: Timestamp) -> f64 {
    moment.millis() as f64 / 1000.0
}
