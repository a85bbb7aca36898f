//! The authorization server's endpoints for programs: OAuth 2.0 (RFC 6749 with RFC 9700, RFC 7009,
//! RFC 7662, RFC 8414, RFC 8628) and `OpenID` Connect. What people see of it are pages
//! ([`crate::pages`]): `/oauth2/authorize` and `/oauth2/device`.

mod answer;
mod cors;
mod device_authorization;
mod form;
mod introspection;
mod metadata;
mod openapi;
mod presented;
mod refuse;
mod revocation;
mod target;
mod token;
mod userinfo;

use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::{HttpResponse, Route};

use crate::dialect::{Dialect, Fault};
use crate::operation::{Operation, Policy, Table};

pub(crate) use answer::description;
pub(crate) use device_authorization::DeviceBody;
pub(crate) use form::given;
pub use openapi::openapi;
pub(crate) use presented::Basic;
pub(crate) use target::audience;
pub(crate) use token::TokenForm;

/// The protocol.
#[derive(Clone, Copy, Debug)]
pub struct OAuth;

impl Dialect for OAuth {
    const NAME: &'static str = "oauth";
    const ROOTS: &'static [&'static str] = &["/oauth2", "/.well-known"];

    fn refuse(fault: &Fault) -> HttpResponse {
        refuse::refuse(fault)
    }

    fn adorn<B>(response: &mut ServiceResponse<B>) {
        cors::share(response);
    }
}

type Fail = crate::dialect::Fail<OAuth>;
type Caller = crate::dialect::Caller<OAuth>;
type Answer = Result<HttpResponse, Fail>;

/// Everything that programs can ask.
pub static OPERATIONS: Table = &[
    token::OPERATIONS,
    device_authorization::OPERATIONS,
    introspection::OPERATIONS,
    revocation::OPERATIONS,
    userinfo::OPERATIONS,
    metadata::OPERATIONS,
    cors::OPERATIONS,
];

const fn operation(
    id: &'static str,
    method: Method,
    path: &'static str,
    policy: Policy,
    route: fn() -> Route,
) -> Operation {
    Operation::new(id, OAuth::NAME, method, path, policy, route)
}
