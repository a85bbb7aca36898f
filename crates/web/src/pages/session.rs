//! Signing in and out.

use actix_web::HttpResponse;
use actix_web::http::header::SET_COOKIE;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Form, Query};
use minijinja::context;
use rollbook_domain::access::Credential;
use rollbook_domain::user::User;
use rollbook_domain::{Error, Result};
use serde::Deserialize;

use super::origin::OwnForm;
use super::return_path::ReturnPath;
use super::{Answer, Caller, answer, cookie, operation, template};
use crate::dialect::Fault;
use crate::operation::{Operation, Policy};
use crate::state::State;

/// Signing in and out.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "session.show",
        Method::GET,
        "/sign-in",
        Policy::Public,
        || web::to(show),
    ),
    operation(
        "session.signIn",
        Method::POST,
        "/sign-in",
        Policy::Public,
        || web::to(sign_in),
    ),
    // Public: whose session has ended by itself wants to see that it has.
    operation(
        "session.signOut",
        Method::POST,
        "/sign-out",
        Policy::Public,
        || web::to(sign_out),
    ),
];

/// Where to go on.
#[derive(Debug, Default, Deserialize)]
struct GoOn {
    #[serde(default, rename = "return")]
    back: ReturnPath,
}

async fn show(caller: Caller, query: Query<GoOn>, state: Data<State>) -> Answer {
    let reader = match state.services.users.me(caller.who).await {
        Ok(user) => Some(user),
        Err(Error::Unauthenticated(_)) => None,
        Err(other) => return Err(other.into()),
    };
    Ok(form(StatusCode::OK, &query.back, reader.as_ref(), None)?)
}

/// The form to sign in with.
#[derive(Deserialize)]
struct SignInForm {
    token: String,
    #[serde(default, rename = "return")]
    back: ReturnPath,
}

async fn sign_in(
    _: OwnForm,
    caller: Caller,
    filled: Form<SignInForm>,
    state: Data<State>,
) -> Answer {
    let credential = Credential::bearer(filled.token.trim());
    let service = &state.services.sessions;
    let problem = match service.sign_in(caller.who.origin, credential).await {
        Ok(signed_in) => {
            end(&caller, &state).await?;
            let cookie = cookie::set(&state.settings, &signed_in.session.secret);
            return Ok(led_back(&filled.back, &cookie));
        }
        Err(Error::Unauthenticated(_)) => "This token is not valid.",
        Err(Error::Denied { .. }) => "Only people can sign in here, with a token of their own.",
        Err(other) => return Err(other.into()),
    };
    let status = StatusCode::FORBIDDEN;
    Ok(form(status, &filled.back, None, Some(problem))?)
}

async fn sign_out(_: OwnForm, caller: Caller, filled: Form<GoOn>, state: Data<State>) -> Answer {
    end(&caller, &state).await?;
    let cookie = cookie::remove(&state.settings);
    Ok(led_back(&filled.back, &cookie))
}

/// Ends the session that a request presents, if it still is one: nobody goes on with the session
/// that they had before they signed in (session fixation).
pub(super) async fn end(caller: &Caller, state: &State) -> Result<()> {
    if !matches!(caller.who.credential, Credential::Session(_)) {
        return Ok(());
    }
    match state.services.sessions.sign_out(caller.who).await {
        Ok(()) | Err(Error::Unauthenticated(_)) => Ok(()),
        Err(other) => Err(other),
    }
}

fn led_back(back: &ReturnPath, cookie: &str) -> HttpResponse {
    answer::see_other(back.or_sign_in())
        .insert_header((SET_COOKIE, cookie))
        .finish()
}

fn form(
    status: StatusCode,
    back: &ReturnPath,
    reader: Option<&User>,
    problem: Option<&str>,
) -> std::result::Result<HttpResponse, Fault> {
    let values = context! {
        greets => true,
        reader => template::reader(reader),
        back => back.path(),
        problem,
    };
    answer::page(status, "sign_in.html", values, None)
}
