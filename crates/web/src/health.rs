//! Whether the process lives and whether it can serve, for load balancers and orchestrators.
//! Outside of every dialect and without credentials: the answers tell nothing else.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentType};
use actix_web::rt::time::timeout;
use actix_web::{HttpResponse, web};

use crate::reading;
use crate::state::State;

/// How long the store may take to say that it is ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// Mounts `GET /health/live` and `GET /health/ready`.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .route("/health/live", reading().to(live))
        .route("/health/ready", reading().to(ready));
}

/// The process runs and its workers answer. It asks nobody else, so that an orchestrator does not
/// restart a program whose database is away.
async fn live() -> HttpResponse {
    answer(StatusCode::OK, r#"{"status":"live"}"#)
}

/// The store answers and has the schema that this program was built for.
async fn ready(state: web::Data<State>) -> HttpResponse {
    match timeout(PATIENCE, state.services.probe.ready()).await {
        Ok(Ok(())) => return answer(StatusCode::OK, r#"{"status":"ready"}"#),
        Ok(Err(cause)) => tracing::error!(%cause, "not ready"),
        Err(_) => tracing::error!(cause = "the store does not answer", "not ready"),
    }
    answer(
        StatusCode::SERVICE_UNAVAILABLE,
        r#"{"status":"unavailable"}"#,
    )
}

fn answer(status: StatusCode, body: &'static str) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header(ContentType::json())
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(body)
}
