//! The way to a new password: asking for the mail, and the page that its link leads to.

use actix_web::http::{Method, StatusCode};
use actix_web::rt;
use actix_web::web::{self, Data, Form};
use minijinja::context;
use rollbook_domain::access::Origin;
use rollbook_domain::password::{PASSWORD_LEAST, Password};
use rollbook_domain::service::password::ResetSecret;
use rollbook_domain::value::Email;
use rollbook_domain::{Error, Refusal};
use serde::Deserialize;

use super::in_path::SecretInPath;
use super::origin::OwnForm;
use super::{Answer, Caller, Fail, answer, operation, template};
use crate::errand::Place;
use crate::operation::{Operation, Policy};
use crate::state::State;

/// The way to a new password.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "password.forgot",
        Method::GET,
        "/forgot-password",
        Policy::Public,
        || web::to(forgot),
    ),
    operation(
        "password.requestReset",
        Method::POST,
        "/forgot-password",
        Policy::Public,
        || web::to(request),
    ),
    operation(
        "password.show",
        Method::GET,
        "/reset-password/{secret}",
        Policy::Public,
        || web::to(show),
    ),
    operation(
        "password.reset",
        Method::POST,
        "/reset-password/{secret}",
        Policy::Public,
        || web::to(reset),
    ),
];

async fn forgot(state: Data<State>) -> Answer {
    check_enabled(&state)?;
    let page = answer::page(StatusCode::OK, "forgot_password.html", context! {}, None);
    Ok(page?)
}

/// The form that asks for a mail.
#[derive(Deserialize)]
struct RequestForm {
    email: String,
}

/// Answers at once and whoever asks, and does it behind their back: how long it takes depends on
/// whether there is such an account. So whoever asks when too many do is told the same, and gets no mail.
async fn request(
    _: OwnForm,
    caller: Caller,
    filled: Form<RequestForm>,
    state: Data<State>,
) -> Answer {
    check_enabled(&state)?;
    let (status, values) = match Email::parse(&filled.email) {
        Ok(email) => {
            let sent = email.as_str().to_owned();
            begin(state, caller.who.origin, email);
            (StatusCode::OK, context! { sent })
        }
        Err(malformed) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            context! {
                entered => filled.email.replace(char::is_control, ""),
                problem => answer::sentence(&malformed.0),
            },
        ),
    };
    let page = answer::page(status, "forgot_password.html", values, None);
    Ok(page?)
}

/// Does it behind the answer, unless too much is going on there. It ends with the program: what the
/// store has taken by then is done nevertheless.
fn begin(state: Data<State>, origin: Origin, email: Email) {
    if let Some(place) = state.resets.take() {
        rt::spawn(send(state, origin, email, place));
    } else {
        state.metrics.resets_dropped().inc();
        tracing::warn!("too many ask for a way to a new password: one was not mailed");
    }
}

async fn send(state: Data<State>, origin: Origin, email: Email, _place: Place) {
    match state.services.passwords.request_reset(origin, email).await {
        // The same whether there is such an account or not, also for who reads the log.
        Ok(()) => tracing::info!("somebody asked for a way to a new password"),
        Err(error @ Error::Refused(_)) => {
            tracing::info!(%error, "no way to a new password was mailed");
        }
        Err(error) => tracing::error!(%error, "cannot mail a way to a new password"),
    }
}

async fn show(secret: SecretInPath, state: Data<State>) -> Answer {
    look(&secret, &state, None).await
}

/// The form that sets the password.
#[derive(Deserialize)]
struct ResetForm {
    password: String,
}

async fn reset(
    _: OwnForm,
    caller: Caller,
    secret: SecretInPath,
    filled: Form<ResetForm>,
    state: Data<State>,
) -> Answer {
    let new = match Password::parse(&filled.password) {
        Ok(new) => new,
        Err(malformed) => {
            let problem = answer::sentence(&malformed.0);
            return look(&secret, &state, Some(problem)).await;
        }
    };
    let (service, presented) = (&state.services.passwords, ResetSecret::read(&secret));
    match service.reset(caller.who.origin, presented, new).await {
        Ok(_) => Ok(answer::see_other("/sign-in").finish()),
        Err(Error::Refused(refusal @ Refusal::WeakPassword { .. })) => {
            let problem = weakness(&refusal);
            look(&secret, &state, Some(problem)).await
        }
        Err(other) => Err(Fail::from(other)),
    }
}

async fn look(secret: &str, state: &State, problem: Option<String>) -> Answer {
    let service = &state.services.passwords;
    let opened = service.open_reset(ResetSecret::read(secret)).await?;
    let status = match problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let values = context! {
        here => format!("/reset-password/{secret}"),
        email => opened.user.email.as_str(),
        until => template::moment(opened.expires_at),
        claims => opened.claims(),
        least => PASSWORD_LEAST,
        problem,
    };
    Ok(answer::page(status, "reset_password.html", values, None)?)
}

/// What is wrong with a password that is easy to guess.
pub(super) fn weakness(refusal: &Refusal) -> String {
    match refusal {
        Refusal::WeakPassword { advice } => {
            format!("This password is too easy to guess. {advice}")
        }
        other => answer::sentence(&other.to_string()),
    }
}

fn check_enabled(state: &State) -> Result<(), Fail> {
    if state.settings.pages.passwords {
        Ok(())
    } else {
        Err(Fail::from(Error::from(Refusal::PasswordsOff)))
    }
}
