//! Signing in and out.

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Form, Query};
use minijinja::context;
use rollbook_domain::access::Credential;
use rollbook_domain::password::Password;
use rollbook_domain::service::session::SignedIn;
use rollbook_domain::user::User;
use rollbook_domain::value::Email;
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
    /// Whether somebody who is signed in shall do so again.
    #[serde(default)]
    again: Option<String>,
}

async fn show(caller: Caller, query: Query<GoOn>, state: Data<State>) -> Answer {
    let reader = match state.services.users.me(caller.who).await {
        Ok(user) => Some(user),
        Err(Error::Unauthenticated(_)) => None,
        Err(other) => return Err(other.into()),
    };
    let sheet = Sheet {
        reader: reader.as_ref(),
        again: query.again.is_some(),
        ..Sheet::default()
    };
    Ok(form(&state, StatusCode::OK, &query.back, &sheet)?)
}

/// The forms to sign in with: a token, or address and password.
#[derive(Deserialize)]
struct SignInForm {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default, rename = "return")]
    back: ReturnPath,
}

async fn sign_in(
    _: OwnForm,
    caller: Caller,
    filled: Form<SignInForm>,
    state: Data<State>,
) -> Answer {
    let outcome = match &filled.token {
        Some(token) => by_token(&caller, &state, token).await?,
        None => by_password(&caller, &state, &filled.email, &filled.password).await?,
    };
    match outcome {
        Ok(signed_in) => {
            end(&caller, &state).await?;
            let cookie = cookie::set(&state.settings, &signed_in.session.secret);
            Ok(led_back(&filled.back, &cookie)?)
        }
        Err(problem) => {
            let sheet = Sheet {
                entered: filled.email.replace(char::is_control, ""),
                problem: Some(problem),
                ..Sheet::default()
            };
            Ok(form(&state, StatusCode::FORBIDDEN, &filled.back, &sheet)?)
        }
    }
}

/// Who signed in, or what is wrong with what they entered.
type Tried = std::result::Result<SignedIn, &'static str>;

async fn by_token(caller: &Caller, state: &State, token: &str) -> Result<Tried> {
    let credential = Credential::bearer(token.trim());
    let service = &state.services.sessions;
    match service.sign_in(caller.who.origin, credential).await {
        Ok(signed_in) => Ok(Ok(signed_in)),
        Err(Error::Unauthenticated(_)) => Ok(Err("This token is not valid.")),
        Err(Error::Denied { .. }) => Ok(Err(
            "Only people can sign in here, with a token of their own.",
        )),
        Err(other) => Err(other),
    }
}

async fn by_password(caller: &Caller, state: &State, email: &str, text: &str) -> Result<Tried> {
    const WRONG: &str = "The address and the password do not belong together.";
    // Nobody has what is no address, which is no secret.
    let Ok(email) = Email::parse(email) else {
        return Ok(Err(WRONG));
    };
    let (service, origin) = (&state.services.sessions, caller.who.origin);
    let password = Password::presented(text);
    match service.sign_in_with_password(origin, email, password).await {
        Ok(signed_in) => Ok(Ok(signed_in)),
        Err(Error::Unauthenticated(_)) => Ok(Err(WRONG)),
        Err(other) => Err(other),
    }
}

async fn sign_out(_: OwnForm, caller: Caller, filled: Form<GoOn>, state: Data<State>) -> Answer {
    end(&caller, &state).await?;
    let cookie = cookie::remove(&state.settings);
    Ok(led_back(&filled.back, &cookie)?)
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

/// Leads back with a cookie. A page that asks may redirect to a client, where no form of ours leads.
fn led_back(back: &ReturnPath, cookie: &str) -> std::result::Result<HttpResponse, Fault> {
    let mut response = match back.asking() {
        Some(page) => answer::go_on(page)?,
        None => answer::see_other(back.or_sign_in()).finish(),
    };
    let cookie = HeaderValue::try_from(cookie).map_err(|error| Fault::Defect(error.into()))?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// What stands on the page besides the forms.
#[derive(Default)]
struct Sheet<'a> {
    reader: Option<&'a User>,
    /// Whether who is signed in shall do so again.
    again: bool,
    /// The address that was entered.
    entered: String,
    problem: Option<&'static str>,
}

fn form(
    state: &State,
    status: StatusCode,
    back: &ReturnPath,
    sheet: &Sheet<'_>,
) -> std::result::Result<HttpResponse, Fault> {
    let values = context! {
        greets => true,
        reader => template::reader(sheet.reader),
        back => back.path(),
        passwords => state.settings.pages.passwords,
        again => sheet.again,
        entered => sheet.entered.as_str(),
        problem => sheet.problem,
    };
    answer::page(status, "sign_in.html", values, None)
}
