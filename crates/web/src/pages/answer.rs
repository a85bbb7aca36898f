//! Answers to browsers, with the headers that make them careful.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ContentType, LOCATION, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::{HttpResponse, HttpResponseBuilder};
use minijinja::{Value, context};

use super::template;
use crate::dialect::Fault;

/// A page; `leads_to` is the origin of another place that its forms may lead to, if any.
pub(super) fn page(
    status: StatusCode,
    name: &str,
    values: Value,
    leads_to: Option<&str>,
) -> Result<HttpResponse, Fault> {
    let html = template::render(name, values)?;
    Ok(careful(status)
        .insert_header((CONTENT_SECURITY_POLICY, policy(leads_to)))
        .insert_header(ContentType::html())
        .body(html))
}

/// Leads the browser on with a page, after a POST. A redirect from there would belong to the form, and
/// browsers hold the `form-action` of the form's page against all of them; a refresh is a navigation
/// of its own (HTML, "shared declarative refresh steps", Content Security Policy Level 3, §6.4.1).
pub(super) fn go_on(location: &str) -> Result<HttpResponse, Fault> {
    page(
        StatusCode::OK,
        "go_on.html",
        context! { to => location },
        None,
    )
}

/// Leads the browser on with a GET, after a POST (RFC 9110 §15.4.4).
pub(super) fn see_other(location: &str) -> HttpResponseBuilder {
    let mut response = careful(StatusCode::SEE_OTHER);
    response.insert_header((LOCATION, location));
    response
}

/// A response that nobody keeps, guesses at or frames. Not `no-referrer`: with that, browsers send
/// `Origin: null` with forms (Fetch, "append a request `Origin` header"), and over plain HTTP
/// nothing else says where a form comes from. `strict-origin` tells no path to anybody either.
pub(super) fn careful(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "strict-origin"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((X_FRAME_OPTIONS, "DENY"));
    response
}

/// A clause of the domain as a sentence.
pub(super) fn sentence(clause: &str) -> String {
    let mut rest = clause.chars();
    let first = rest.next().map(char::to_uppercase);
    let first = first.into_iter().flatten();
    first.chain(rest).chain(['.']).collect()
}

/// The Content-Security-Policy. Browsers hold `form-action` against redirects after a form, too.
fn policy(leads_to: Option<&str>) -> String {
    let more = leads_to.map_or(String::new(), |origin| format!(" {origin}"));
    format!(
        "default-src 'none'; style-src 'self'; form-action 'self'{more}; \
         frame-ancestors 'none'; base-uri 'none'"
    )
}
