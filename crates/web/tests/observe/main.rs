//! What surrounds the dialects: request ids, logs, metrics, health, limits and documents.

mod docs;
mod health;
mod limits;
mod log;
mod metrics;
mod request_id;
mod support;
