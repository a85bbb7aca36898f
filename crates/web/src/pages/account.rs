//! What people who are signed in do with their account: the password, what clients may,
//! and signing out everywhere.

use actix_web::http::header::SET_COOKIE;
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Form};
use minijinja::context;
use rollbook_domain::password::{PASSWORD_LEAST, Password};
use rollbook_domain::policy::Action;
use rollbook_domain::service::password::SetPassword;
use rollbook_domain::{Error, Refusal};
use serde::Deserialize;

use super::origin::OwnForm;
use super::{Answer, Caller, Fail, answer, cookie, grant, operation, password, template};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// Where it is.
pub(super) const HERE: &str = "/account";

/// What one can do with one's account.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "account.show",
        Method::GET,
        HERE,
        Policy::Caller(Action::ReadSelf),
        || web::to(show),
    ),
    operation(
        "account.setPassword",
        Method::POST,
        "/account/password",
        Policy::Caller(Action::ManageSelf),
        || web::to(set_password),
    ),
    operation(
        "account.removePassword",
        Method::POST,
        "/account/remove-password",
        Policy::Caller(Action::ManageSelf),
        || web::to(remove_password),
    ),
    operation(
        "account.signOutEverywhere",
        Method::POST,
        "/account/sign-out-everywhere",
        Policy::Caller(Action::ManageSelf),
        || web::to(sign_out_everywhere),
    ),
];

async fn show(caller: Caller, state: Data<State>) -> Answer {
    look(&caller, &state, None).await
}

/// The form to set a password with.
#[derive(Deserialize)]
struct SetForm {
    #[serde(default)]
    current_password: Option<String>,
    new_password: String,
}

async fn set_password(
    _: OwnForm,
    caller: Caller,
    filled: Form<SetForm>,
    state: Data<State>,
) -> Answer {
    let new = match Password::parse(&filled.new_password) {
        Ok(new) => new,
        Err(malformed) => {
            let problem = answer::sentence(&malformed.0);
            return look(&caller, &state, Some(problem)).await;
        }
    };
    let current = filled.current_password.as_deref();
    let command = SetPassword {
        current: current.map(Password::presented),
        new,
    };
    let outcome = state.services.passwords.set(caller.who, command).await;
    done(&caller, &state, outcome).await
}

/// The form to remove the password with.
#[derive(Deserialize)]
struct RemoveForm {
    current_password: String,
}

async fn remove_password(
    _: OwnForm,
    caller: Caller,
    filled: Form<RemoveForm>,
    state: Data<State>,
) -> Answer {
    let current = Password::presented(&filled.current_password);
    let outcome = state.services.passwords.remove(caller.who, current).await;
    done(&caller, &state, outcome).await
}

async fn sign_out_everywhere(_: OwnForm, caller: Caller, state: Data<State>) -> Answer {
    let service = &state.services.sessions;
    service.end_all(caller.who).await?;
    let cookie = cookie::remove(&state.settings);
    Ok(answer::see_other("/sign-in")
        .insert_header((SET_COOKIE, cookie))
        .finish())
}

async fn done(caller: &Caller, state: &State, outcome: rollbook_domain::Result<()>) -> Answer {
    let problem = match outcome {
        Ok(()) => return Ok(answer::see_other(HERE).finish()),
        Err(Error::Refused(Refusal::WrongPassword)) => {
            "The current password is not right.".to_owned()
        }
        Err(Error::Refused(refusal @ Refusal::WeakPassword { .. })) => password::weakness(&refusal),
        Err(other) => return Err(Fail::from(other)),
    };
    look(caller, state, Some(problem)).await
}

async fn look(caller: &Caller, state: &State, problem: Option<String>) -> Answer {
    let mine = state.services.passwords.mine(caller.who).await?;
    let status = match problem {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let values = context! {
        greets => true,
        reader => template::reader(Some(&mine.user)),
        verified => mine.user.has_verified_email(),
        passwords => state.settings.pages.passwords,
        changed => mine.changed_at.map(template::moment),
        least => PASSWORD_LEAST,
        grants => grant::list(caller, state).await?,
        problem,
    };
    Ok(answer::page(status, "account.html", values, None)?)
}
