//! Answers that are no refusals.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue};
use serde::Serialize;

use super::Fail;
use crate::dialect::Fault;

const JSON: (HeaderName, HeaderValue) =
    (CONTENT_TYPE, HeaderValue::from_static("application/json"));

/// What a handler answers.
pub(super) type Answer = Result<HttpResponse, Fail>;

/// A resource or a list. ZenML's client reads JSON from every answer that is no refusal, so even
/// nothing is `null`.
pub(super) fn json(value: &impl Serialize) -> Answer {
    Ok(HttpResponse::Ok().insert_header(JSON).body(encode(value)?))
}

/// That it is done, and there is nothing to say about it.
pub(super) fn nothing() -> Answer {
    json(&())
}

/// A resource with a secret in it, which no cache may keep.
pub(super) fn secret(value: &impl Serialize) -> Answer {
    Ok(HttpResponse::Ok()
        .insert_header(JSON)
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(encode(value)?))
}

fn encode(value: &impl Serialize) -> Result<Vec<u8>, Fail> {
    serde_json::to_vec(value).map_err(|error| Fault::Defect(Box::new(error)).into())
}
