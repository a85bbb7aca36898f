//! The native dialect (`/api/v1`): resources and verbs after Google's API Improvement Proposals.

mod answer;
mod audit_entry;
mod audit_wire;
mod domain_wire;
mod etag;
mod event;
mod event_wire;
mod filter;
mod given;
mod input;
mod invitation;
mod invitation_input;
mod invitation_wire;
mod invitee;
mod list;
mod logo;
mod mask;
mod me;
mod member;
mod member_input;
mod member_wire;
mod name;
mod oauth_client;
mod oauth_client_input;
mod oauth_client_wire;
mod oauth_grant;
mod once;
mod openapi;
mod order;
mod organization;
mod organization_domain;
mod outbox_message;
mod outbox_wire;
mod path;
mod preferences;
mod preferences_input;
mod preferences_wire;
mod rate_limit;
mod refuse;
mod role;
mod role_input;
mod role_wire;
mod service_account;
mod service_account_input;
mod service_account_wire;
mod status;
mod subscription;
mod token;
mod token_input;
mod user;
mod user_input;
mod webhook_delivery;
mod webhook_endpoint;
mod webhook_input;
mod webhook_wire;
mod wire;
mod words;
mod workspace;
mod workspace_input;
mod workspace_user;
mod workspace_wire;

use actix_web::http::Method;
use actix_web::{HttpResponse, Route};

pub use openapi::openapi;

use crate::dialect::{Dialect, Fault};
use crate::operation::{Operation, Policy, Table};

/// The native dialect.
#[derive(Clone, Copy, Debug)]
pub struct Native;

impl Dialect for Native {
    const NAME: &'static str = "native";
    const ROOTS: &'static [&'static str] = &["/api/v1"];

    fn refuse(fault: &Fault) -> HttpResponse {
        refuse::refuse(fault)
    }
}

type Fail = crate::dialect::Fail<Native>;
type Caller = crate::dialect::Caller<Native>;
type Body<T> = crate::body::Body<Native, T>;

/// Everything the dialect can be asked, each kind of resource in its own table.
pub static OPERATIONS: Table = &[
    organization::OPERATIONS,
    me::OPERATIONS,
    member::OPERATIONS,
    invitation::OPERATIONS,
    invitee::OPERATIONS,
    workspace::OPERATIONS,
    workspace_user::OPERATIONS,
    role::OPERATIONS,
    token::OPERATIONS,
    user::OPERATIONS,
    outbox_message::OPERATIONS,
    service_account::OPERATIONS,
    oauth_client::OPERATIONS,
    oauth_grant::OPERATIONS,
    organization_domain::OPERATIONS,
    audit_entry::OPERATIONS,
    event::OPERATIONS,
    webhook_endpoint::OPERATIONS,
    webhook_delivery::OPERATIONS,
    preferences::OPERATIONS,
    subscription::OPERATIONS,
];

const fn operation(
    id: &'static str,
    method: Method,
    path: &'static str,
    policy: Policy,
    route: fn() -> Route,
) -> Operation {
    Operation::new(id, Native::NAME, method, path, policy, route)
}
