//! Answers that are no refusals.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, HeaderValue};
use rollbook_domain::organization::{OrganizationView, Version};
use serde::Serialize;

use super::wire::Organization;
use super::{Fail, etag};
use crate::dialect::Fault;
use crate::json::WriteJson;

/// Made once: `ContentType::json()` would print and parse a media type for every answer.
const JSON: (HeaderName, HeaderValue) =
    (CONTENT_TYPE, HeaderValue::from_static("application/json"));

/// What a handler answers.
pub(super) type Answer = Result<HttpResponse, Fail>;

/// A resource or a list.
pub(super) fn json(value: &impl Serialize) -> Answer {
    Ok(HttpResponse::Ok().insert_header(JSON).body(encode(value)?))
}

/// A list of resources that can be long.
pub(super) fn list(value: &impl WriteJson) -> HttpResponse {
    let mut json = Vec::with_capacity(LIST_ROOM);
    value.write_json(&mut json);
    HttpResponse::Ok().insert_header(JSON).body(json)
}

/// A resource with a secret in it, which no cache may keep.
pub(super) fn secret(value: &impl Serialize) -> Answer {
    Ok(HttpResponse::Ok()
        .insert_header(JSON)
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(encode(value)?))
}

/// A resource with the entity tag of its version.
pub(super) fn versioned(value: &impl Serialize, version: Version) -> Answer {
    Ok(HttpResponse::Ok()
        .insert_header(JSON)
        .insert_header((ETAG, etag::of(version)))
        .body(encode(value)?))
}

/// An organization with its entity tag.
pub(super) fn organization(view: &OrganizationView) -> Answer {
    versioned(&Organization::from(view), view.organization.version)
}

/// That the caller has this version already.
pub(super) fn not_modified(version: Version) -> HttpResponse {
    HttpResponse::NotModified()
        .insert_header((ETAG, etag::of(version)))
        .finish()
}

/// Bytes that most pages of the usual size fit in.
const LIST_ROOM: usize = 32 * 1024;
/// Bytes that most single resources fit in.
const ROOM: usize = 1024;

fn encode(value: &impl Serialize) -> Result<Vec<u8>, Fail> {
    // Room for one resource from the start, and for a few of a list.
    let mut json = Vec::with_capacity(ROOM);
    serde_json::to_writer(&mut json, value)
        .map(|()| json)
        .map_err(|error| Fault::Defect(Box::new(error)).into())
}
