//! The pages that Rollbook serves to people with browsers: plain HTML, no script. They are an
//! adapter of another kind than the dialects (no client speaks them, and a cookie says who calls),
//! over the same machinery: operations, gate, time limits, log and metrics.

mod account;
mod answer;
mod authorization;
mod authorization_request;
mod cookie;
mod device;
mod grant;
mod in_path;
mod invitation;
mod origin;
mod password;
mod refuse;
mod return_path;
mod session;
mod template;
mod verification;

use actix_web::http::Method;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use actix_web::web;
use actix_web::{HttpRequest, HttpResponse, Route};
use rollbook_domain::access;

use crate::dialect::{Dialect, Fault};
use crate::operation::{Operation, Policy, Table};

/// The pages.
#[derive(Clone, Copy, Debug)]
pub struct Pages;

impl Dialect for Pages {
    const NAME: &'static str = "pages";
    const ROOTS: &'static [&'static str] = &[
        "/account",
        "/forgot-password",
        "/invitations",
        "/oauth2/authorize",
        "/oauth2/device",
        "/pages",
        "/reset-password",
        "/sign-in",
        "/sign-out",
        "/verify-email",
    ];

    fn refuse(fault: &Fault) -> HttpResponse {
        refuse::refuse(fault)
    }

    fn credential(request: &HttpRequest) -> access::Credential {
        cookie::credential(request)
    }
}

type Fail = crate::dialect::Fail<Pages>;
type Caller = crate::dialect::Caller<Pages>;
type Answer = Result<HttpResponse, Fail>;

/// Everything the pages can be asked.
pub static OPERATIONS: Table = &[
    authorization::OPERATIONS,
    device::OPERATIONS,
    invitation::OPERATIONS,
    session::OPERATIONS,
    password::OPERATIONS,
    account::OPERATIONS,
    grant::OPERATIONS,
    verification::OPERATIONS,
    STYLE,
];

const fn operation(
    id: &'static str,
    method: Method,
    path: &'static str,
    policy: Policy,
    route: fn() -> Route,
) -> Operation {
    Operation::new(id, Pages::NAME, method, path, policy, route)
}

static STYLE: &[Operation] = &[operation(
    "style",
    Method::GET,
    "/pages/style.css",
    Policy::Public,
    || web::to(style),
)];

async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/css; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .body(include_str!("style.css"))
}
