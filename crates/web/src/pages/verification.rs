//! The page behind the link that verifies an address: whose it will be, and the button.

use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data};
use minijinja::context;
use rollbook_domain::policy::Action;
use rollbook_domain::service::user::{OpenedVerification, VerificationSecret};

use super::in_path::SecretInPath;
use super::origin::OwnForm;
use super::{Answer, Caller, answer, operation, template};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What one can do with a verification.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "verification.show",
        Method::GET,
        "/verify-email/{secret}",
        Policy::Public,
        || web::to(show),
    ),
    operation(
        "verification.confirm",
        Method::POST,
        "/verify-email/{secret}",
        Policy::Caller(Action::ManageSelf),
        || web::to(confirm),
    ),
];

async fn show(caller: Caller, secret: SecretInPath, state: Data<State>) -> Answer {
    let presented = VerificationSecret::read(&secret);
    let service = &state.services.users;
    let opened = service
        .open_email_verification(caller.who, presented)
        .await?;
    let values = context! {
        greets => true,
        here => here(&secret),
        reader => template::reader(opened.reader.as_ref()),
        view => view(&opened),
        name => opened.user.display_name.as_str(),
        email => opened.user.email.as_str(),
    };
    let page = answer::page(StatusCode::OK, "verification.html", values, None);
    Ok(page?)
}

async fn confirm(_: OwnForm, caller: Caller, secret: SecretInPath, state: Data<State>) -> Answer {
    let presented = VerificationSecret::read(&secret);
    let service = &state.services.users;
    service.verify_my_email(caller.who, presented).await?;
    Ok(answer::see_other(&here(&secret)).finish())
}

/// What whoever looks can do.
fn view(opened: &OpenedVerification) -> &'static str {
    match &opened.reader {
        _ if opened.user.has_verified_email() => "done",
        Some(reader) if reader.id == opened.user.id => "confirm",
        Some(_) => "other",
        None => "sign_in",
    }
}

fn here(secret: &str) -> String {
    format!("/verify-email/{secret}")
}
