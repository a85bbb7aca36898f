//! The ZenML dialect (`/organizations`, `/users`, …): what clients of ZenML Pro's control plane
//! speak. Where nothing about it is published, the shapes here are a sensible guess; docs/zenml.md
//! says which.

mod absent;
mod answer;
mod assignment;
mod body;
mod entitlement;
mod input;
mod invitation;
mod login;
mod login_wire;
mod member;
mod openapi;
mod organization;
mod organization_input;
mod organization_wire;
mod permission;
mod query;
mod refuse;
mod report;
mod role;
mod role_id;
mod role_input;
mod role_wire;
mod service_account;
mod service_account_wire;
mod user;
mod user_wire;
mod workspace;
mod workspace_wire;

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, Route};
use rollbook_domain::access::Credential;

pub use openapi::openapi;
pub use role_id::of_built_in as built_in_role_id;

use crate::dialect::{Dialect, Fault, bearer};
use crate::operation::{Operation, Policy, Table};

/// The ZenML dialect.
#[derive(Clone, Copy, Debug)]
pub struct Zenml;

impl Dialect for Zenml {
    const NAME: &'static str = "zenml";
    const ROOTS: &'static [&'static str] = &[
        "/auth",
        "/organizations",
        "/users",
        "/roles",
        "/workspaces",
        "/teams",
        "/permissions",
        "/rbac",
        "/usage-event",
        "/usage-batch",
    ];
    // Organizations and service accounts are in paths by their names.
    const CUSTOM_VERBS: bool = false;

    fn refuse(fault: &Fault) -> HttpResponse {
        refuse::refuse(fault)
    }

    /// The session that `/auth/login` opens for an address and its password is a bearer token here,
    /// and nowhere else.
    fn credential(request: &HttpRequest) -> Credential {
        bearer(request.headers(), |token| {
            match Credential::session(token) {
                Credential::Malformed => Credential::bearer(token),
                session => session,
            }
        })
    }
}

type Fail = crate::dialect::Fail<Zenml>;
type Caller = crate::dialect::Caller<Zenml>;

/// Everything the dialect can be asked, each kind of resource in its own table.
pub static OPERATIONS: Table = &[
    login::OPERATIONS,
    organization::OPERATIONS,
    user::OPERATIONS,
    member::OPERATIONS,
    invitation::OPERATIONS,
    role::OPERATIONS,
    assignment::OPERATIONS,
    workspace::OPERATIONS,
    service_account::OPERATIONS,
    entitlement::OPERATIONS,
    permission::OPERATIONS,
    absent::OPERATIONS,
];

const fn operation(
    id: &'static str,
    method: Method,
    path: &'static str,
    policy: Policy,
    route: fn() -> Route,
) -> Operation {
    Operation::new(id, Zenml::NAME, method, path, policy, route)
}
