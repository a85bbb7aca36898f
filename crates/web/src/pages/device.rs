//! Where people type the code that a device shows them (RFC 8628 §3.3).

use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Form, Query};
use minijinja::context;
use rollbook_domain::Error;
use rollbook_domain::policy::Action;
use rollbook_domain::service::oauth::Question;
use rollbook_domain::user::User;
use serde::Deserialize;

use super::authorization::{sign_in, wishes};
use super::origin::OwnForm;
use super::{Answer, Caller, answer, operation, template};
use crate::oauth::given;
use crate::operation::{Operation, Policy};
use crate::state::State;

/// The page.
pub(super) static OPERATIONS: &[Operation] = &[
    // Public: who is not signed in is led to where they can.
    operation("device.show", Method::GET, HERE, Policy::Public, || {
        web::to(show)
    }),
    operation(
        "device.answer",
        Method::POST,
        HERE,
        Policy::Caller(Action::ManageSelf),
        || web::to(step),
    ),
];

const HERE: &str = "/oauth2/device";
/// More than anybody types.
const LONGEST: usize = 32;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Typed {
    #[serde(deserialize_with = "given")]
    user_code: Option<String>,
    #[serde(deserialize_with = "given")]
    decision: Option<String>,
}

impl Typed {
    /// What of it may be shown and led back to.
    fn code(&self) -> String {
        let text = self.user_code.as_deref().unwrap_or_default();
        let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
        text.chars().filter(plain).take(LONGEST).collect()
    }

    fn here(&self) -> String {
        let code = self.code();
        if code.is_empty() {
            HERE.to_owned()
        } else {
            format!("{HERE}?user_code={code}")
        }
    }
}

/// The form, with the code of a link in it. Only who sends it has it looked at: following a link
/// allows nothing (RFC 8628 §5.4).
async fn show(caller: Caller, Query(typed): Query<Typed>, state: Data<State>) -> Answer {
    match state.services.users.me(caller.who).await {
        Ok(reader) => form(&typed, &reader, None),
        Err(Error::Unauthenticated(_)) => Ok(sign_in(&typed.here(), false)),
        Err(other) => Err(other.into()),
    }
}

/// First the code, then the answer.
async fn step(_: OwnForm, caller: Caller, Form(typed): Form<Typed>, state: Data<State>) -> Answer {
    let reader = state.services.users.me(caller.who).await?;
    let service = &state.services.authorization;
    let code = typed.code();
    match typed.decision.as_deref() {
        None => match service.open_device(caller.who, code).await? {
            Some(question) => ask(&typed, &question),
            None => form(&typed, &reader, Some(UNKNOWN)),
        },
        Some(decision) => {
            let allow = decision == "allow";
            if service.answer_device(caller.who, code, allow).await? {
                done(&reader, allow)
            } else {
                form(&typed, &reader, Some(UNKNOWN))
            }
        }
    }
}

const UNKNOWN: &str = "There is no such code, or it has run out. Look at your device again.";

fn form(typed: &Typed, reader: &User, problem: Option<&str>) -> Answer {
    let values = context! {
        greets => true,
        here => typed.here(),
        reader => template::reader(Some(reader)),
        view => "form",
        code => typed.code(),
        problem,
    };
    let status = match problem {
        None => StatusCode::OK,
        Some(_) => StatusCode::NOT_FOUND,
    };
    Ok(answer::page(status, "device.html", values, None)?)
}

fn ask(typed: &Typed, question: &Question) -> Answer {
    let values = context! {
        greets => true,
        here => typed.here(),
        reader => template::reader(Some(&question.reader)),
        view => "ask",
        code => typed.code(),
        ..wishes(question)
    };
    Ok(answer::page(StatusCode::OK, "device.html", values, None)?)
}

fn done(reader: &User, allowed: bool) -> Answer {
    let values = context! {
        greets => true,
        here => HERE,
        reader => template::reader(Some(reader)),
        view => if allowed { "allowed" } else { "denied" },
    };
    Ok(answer::page(StatusCode::OK, "device.html", values, None)?)
}
