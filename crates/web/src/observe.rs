//! What is known about a request from outside: its id, its duration, its place in the metrics and
//! one line in the log. One middleware does it all, because every request pays for it.
//!
//! The log has the use case and never what a client sent besides the method and a well-formed
//! request id: no path, query, header or body, so no secret can get there.

mod log;
mod request_id;

use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::rt::time::Instant;
use actix_web::{Error, HttpMessage as _};
use rollbook_domain::port::{Clock, IdSource};

pub use self::request_id::RequestId;

use crate::dialect::{Dialect, Fault};
use crate::metrics::{DialectMetrics, Metrics, UNKNOWN};
use crate::operation::{Operation, Table};
use crate::state::State;

/// The middleware around the scope of dialect `D`.
pub(crate) async fn observe<D: Dialect, B: MessageBody + 'static>(
    observer: Rc<Observer>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let observation = Observation::start(observer, &request);
    request.extensions_mut().insert(observation.request_id);
    // A scope makes a response of every error; only a foreign middleware could leave one.
    let mut response = next.call(request).await?;
    D::adorn(&mut response);
    observation.finish::<D, B>(&mut response);
    Ok(response)
}

/// What observing needs, once a worker.
pub(crate) struct Observer {
    dialect: Arc<DialectMetrics>,
    metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
}

impl Observer {
    pub(crate) fn new<D: Dialect>(state: &State, operations: Table) -> Rc<Self> {
        let State {
            services, metrics, ..
        } = state;
        Rc::new(Self {
            dialect: metrics.dialect(D::NAME, operations),
            metrics: Arc::clone(metrics),
            clock: Arc::clone(&services.clock),
            ids: Arc::clone(&services.ids),
        })
    }
}

/// One request under way.
struct Observation {
    observer: Rc<Observer>,
    request_id: RequestId,
    method: Method,
    started: Instant,
    answered: bool,
}

impl Observation {
    fn start(observer: Rc<Observer>, request: &ServiceRequest) -> Self {
        observer.metrics.in_flight().inc();
        let request_id = RequestId::accept(request.headers())
            .unwrap_or_else(|| RequestId::new(observer.ids.next(observer.clock.now())));
        Self {
            request_id,
            observer,
            method: request.method().clone(),
            started: Instant::now(),
            answered: false,
        }
    }

    fn finish<D: Dialect, B>(mut self, response: &mut ServiceResponse<B>) {
        self.answered = true;
        let elapsed = self.started.elapsed();
        let status = response.status();
        let use_case = Operation::of(response.request()).map_or(UNKNOWN, |operation| operation.id);
        let dialect = &self.observer.dialect;
        dialect.series(use_case).record(status.as_u16(), elapsed);
        log::Line {
            request_id: &self.request_id,
            dialect: dialect.dialect(),
            use_case,
            method: &self.method,
            status,
            elapsed,
        }
        .write(Fault::of::<D, B>(response.response()));
        self.request_id.put(response.headers_mut());
    }
}

impl Drop for Observation {
    fn drop(&mut self) {
        self.observer.metrics.in_flight().dec();
        if !self.answered {
            self.observer.metrics.abandoned().inc();
            tracing::debug!(
                request_id = self.request_id.as_str(),
                dialect = self.observer.dialect.dialect(),
                method = self.method.as_str(),
                "the client went away before the answer"
            );
        }
    }
}
