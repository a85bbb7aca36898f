//! The native dialect (`/api/v1`): resources and verbs after Google's API Improvement Proposals.

mod answer;
mod etag;
mod filter;
mod input;
mod list;
mod logo;
mod mask;
mod me;
mod name;
mod openapi;
mod organization;
mod path;
mod refuse;
mod status;
mod token;
mod token_input;
mod wire;

use actix_web::http::Method;
use actix_web::{HttpResponse, Route, web};
use rollbook_domain::policy::Action;

pub use openapi::openapi;

use crate::dialect::{Dialect, Fault};
use crate::operation::{Operation, Policy};

/// The native dialect.
#[derive(Clone, Copy, Debug)]
pub struct Native;

impl Dialect for Native {
    const NAME: &'static str = "native";
    const PREFIX: &'static str = "/api/v1";

    fn refuse(fault: &Fault) -> HttpResponse {
        refuse::refuse(fault)
    }
}

type Fail = crate::dialect::Fail<Native>;
type Caller = crate::dialect::Caller<Native>;
type Body<T> = crate::body::Body<Native, T>;

/// Everything the dialect can be asked. What is asked most comes first, since the router tries one
/// after the other.
pub static OPERATIONS: &[Operation] = &[
    operation(
        "organizations.get",
        Method::GET,
        "/api/v1/organizations/{organization_id}",
        Action::ReadOrganization,
        || web::to(organization::get),
    ),
    operation(
        "organizations.update",
        Method::PATCH,
        "/api/v1/organizations/{organization_id}",
        Action::UpdateOrganization,
        || web::to(organization::update),
    ),
    operation(
        "organizations.delete",
        Method::DELETE,
        "/api/v1/organizations/{organization_id}",
        Action::DeleteOrganization,
        || web::to(organization::delete),
    ),
    operation(
        "me.organizations.list",
        Method::GET,
        "/api/v1/me/organizations",
        Action::ManageSelf,
        || web::to(me::list_organizations),
    ),
    operation(
        "me.get",
        Method::GET,
        "/api/v1/me",
        Action::ManageSelf,
        || web::to(me::get),
    ),
    operation(
        "organizations.list",
        Method::GET,
        "/api/v1/organizations",
        Action::ListAllOrganizations,
        || web::to(organization::list),
    ),
    operation(
        "organizations.create",
        Method::POST,
        "/api/v1/organizations",
        Action::CreateOrganization,
        || web::to(organization::create),
    ),
    operation(
        "organizations.undelete",
        Method::POST,
        "/api/v1/organizations/{organization_id}:undelete",
        Action::RestoreOrganization,
        || web::to(organization::undelete),
    ),
    operation(
        "organizations.transferOwnership",
        Method::POST,
        "/api/v1/organizations/{organization_id}:transferOwnership",
        Action::TransferOrganization,
        || web::to(organization::transfer_ownership),
    ),
    operation(
        "me.tokens.list",
        Method::GET,
        "/api/v1/me/tokens",
        Action::ManageSelf,
        || web::to(token::list),
    ),
    operation(
        "me.tokens.create",
        Method::POST,
        "/api/v1/me/tokens",
        Action::ManageSelf,
        || web::to(token::create),
    ),
    operation(
        "me.tokens.get",
        Method::GET,
        "/api/v1/me/tokens/{token_id}",
        Action::ManageSelf,
        || web::to(token::get),
    ),
    operation(
        "me.tokens.delete",
        Method::DELETE,
        "/api/v1/me/tokens/{token_id}",
        Action::ManageSelf,
        || web::to(token::delete),
    ),
];

const fn operation(
    id: &'static str,
    method: Method,
    path: &'static str,
    action: Action,
    route: fn() -> Route,
) -> Operation {
    let policy = Policy::Caller(action);
    Operation::new(id, Native::NAME, method, path, policy, route)
}
