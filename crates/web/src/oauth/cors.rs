//! What programs in browsers may ask from pages of other sites (Fetch, "CORS protocol"): the paths that
//! public clients need. None of them takes a cookie, so that every site may read the answers. The others
//! have nothing for pages: introspection is for clients that can keep a secret, and people are led to
//! the pages ([`crate::pages`]) and nobody reads them for them (RFC 9700 §2.6).

use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderValue,
};
use actix_web::{HttpRequest, HttpResponse, web};

use super::operation;
use crate::operation::{Operation, Policy};

/// The questions that browsers ask first, one for each path that pages of other sites may ask.
pub(super) static OPERATIONS: &[Operation] = &[
    preflight("token.preflight", "/oauth2/token"),
    preflight(
        "deviceAuthorization.preflight",
        "/oauth2/device_authorization",
    ),
    preflight("revocation.preflight", "/oauth2/revoke"),
    preflight("userinfo.preflight", "/oauth2/userinfo"),
    preflight("jwks.preflight", "/oauth2/jwks"),
    preflight(
        "metadata.oauth.preflight",
        "/.well-known/oauth-authorization-server",
    ),
    preflight(
        "metadata.openid.preflight",
        "/.well-known/openid-configuration",
    ),
];

/// How long a browser may keep the answer, in seconds: more than two hours none of Chromium does.
const FOR_HOURS: &str = "7200";

const fn preflight(id: &'static str, path: &'static str) -> Operation {
    operation(id, Method::OPTIONS, path, Policy::Public, || web::to(allow))
}

async fn allow(request: HttpRequest) -> HttpResponse {
    let path = Operation::of(&request).map_or("", |it| it.path);
    let all = super::OPERATIONS.iter().copied().flatten();
    let here = all.filter(|it| it.path == path && it.method != Method::OPTIONS);
    let methods: Vec<&str> = here.map(|it| it.method.as_str()).collect();
    HttpResponse::NoContent()
        .insert_header((ACCESS_CONTROL_ALLOW_METHODS, methods.join(", ")))
        .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"))
        .insert_header((ACCESS_CONTROL_MAX_AGE, FOR_HOURS))
        .finish()
}

/// Lets every site read an answer, refusals included, if it may ask at this path.
pub(super) fn share<B>(response: &mut ServiceResponse<B>) {
    let path = response.request().path();
    if !OPERATIONS.iter().any(|it| it.path == path) {
        return;
    }
    let headers = response.headers_mut();
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (
            ACCESS_CONTROL_EXPOSE_HEADERS,
            "WWW-Authenticate, Retry-After",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
