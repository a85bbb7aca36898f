//! Pages for what cannot be shown or done.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use minijinja::context;
use rollbook_domain::error::Kind;
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal};

use super::answer;
use crate::dialect::Fault;

/// What a page says.
struct Words {
    status: StatusCode,
    title: &'static str,
    message: String,
    sign_in: bool,
}

impl Words {
    fn new(status: StatusCode, title: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            title,
            message: message.into(),
            sign_in: false,
        }
    }
}

/// Renders a refusal.
pub(super) fn refuse(fault: &Fault) -> HttpResponse {
    let words = words(fault);
    let values = context! {
        title => words.title,
        message => words.message,
        sign_in => words.sign_in,
    };
    let page = answer::page(words.status, "refused.html", values, None);
    // A test excludes that the page cannot be made.
    let mut response = page.unwrap_or_else(|_| answer::careful(words.status).body(words.title));
    match fault {
        Fault::Domain(Error::Busy) => put(&mut response, RETRY_AFTER, "1"),
        Fault::Domain(Error::Refused(Refusal::RateLimited { retry_after, .. })) => {
            let seconds = retry_after.ceil_seconds().to_string();
            put(&mut response, RETRY_AFTER, &seconds);
        }
        Fault::WrongMethod { allow } => put(&mut response, ALLOW, allow),
        _ => {}
    }
    response
}

fn put(response: &mut HttpResponse, name: actix_web::http::header::HeaderName, value: &str) {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}

fn words(fault: &Fault) -> Words {
    match fault {
        Fault::Domain(error) => words_of(error),
        Fault::Body { reason, .. } | Fault::Query { reason } => Words::new(
            StatusCode::BAD_REQUEST,
            "This was not understood",
            format!("{} Go back and try again.", answer::sentence(reason)),
        ),
        Fault::Header { reason, .. } => Words::new(
            StatusCode::FORBIDDEN,
            "This was not done",
            format!(
                "{} Open the link in your mail again, and use the buttons there.",
                answer::sentence(reason)
            ),
        ),
        Fault::TooLarge { .. } => Words::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "This was too much",
            "What you entered is too long.",
        ),
        Fault::Unprocessable(_) => Words::new(
            StatusCode::BAD_REQUEST,
            "This was not understood",
            "Go back and try again.",
        ),
        Fault::UnknownRoute | Fault::Unsupported { .. } | Fault::Upgrade { .. } => Words::new(
            StatusCode::NOT_FOUND,
            "There is no such page",
            "Check the address, or open the link in your mail again.",
        ),
        Fault::WrongMethod { .. } => Words::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "This cannot be done like this",
            "Open the link in your mail again.",
        ),
        Fault::Timeout => Words::new(
            StatusCode::GATEWAY_TIMEOUT,
            "This took too long",
            "It may have been done nevertheless. Open the link again to see.",
        ),
        Fault::Defect(_) => internal(),
    }
}

fn words_of(error: &Error) -> Words {
    match error {
        Error::Unauthenticated(_) => Words {
            sign_in: true,
            ..Words::new(
                StatusCode::FORBIDDEN,
                "You are not signed in",
                "Sign in, and open the link in your mail again.",
            )
        },
        Error::Denied { .. } => Words::new(
            StatusCode::FORBIDDEN,
            "You may not do this",
            "The account with which you are signed in is not allowed to.",
        ),
        Error::NotFound(kind) => absent(*kind),
        Error::Refused(refusal) => refused(refusal),
        Error::Invalid(violations) => Words::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "This was not understood",
            violations
                .iter()
                .map(|violation| answer::sentence(&violation.reason))
                .collect::<Vec<_>>()
                .join(" "),
        ),
        Error::Busy => Words::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "Too much is going on just now",
            "Try again in a moment.",
        ),
        Error::Storage(_) => internal(),
    }
}

/// What is not there.
fn absent(kind: Kind) -> Words {
    match kind {
        Kind::Invitation => Words::new(
            StatusCode::NOT_FOUND,
            "There is no such invitation",
            "The link is incomplete, or the invitation was sent again with another one: open the newest mail.",
        ),
        Kind::EmailVerification => Words::new(
            StatusCode::NOT_FOUND,
            "This link does not work any more",
            "It works for a day, and only the newest one does. Ask for another.",
        ),
        Kind::PasswordReset => Words::new(
            StatusCode::NOT_FOUND,
            "This link does not work any more",
            "It works for an hour and once, and only the newest one does. Ask for another.",
        ),
        _ => Words::new(
            StatusCode::NOT_FOUND,
            "This is gone",
            "There is nothing here any more.",
        ),
    }
}

/// What a rule forbids.
fn refused(refusal: &Refusal) -> Words {
    match refusal {
        Refusal::RateLimited {
            policy,
            retry_after,
            ..
        } => Words::new(
            StatusCode::TOO_MANY_REQUESTS,
            "This was tried too often",
            format!(
                "{} Try again in {}.",
                answer::sentence(&policy.to_string()),
                minutes(*retry_after)
            ),
        ),
        other => Words::new(
            StatusCode::CONFLICT,
            "This cannot be done now",
            answer::sentence(&other.to_string()),
        ),
    }
}

/// A length of time for people, rounded up.
fn minutes(span: Span) -> String {
    match (span.ceil_seconds() + 59) / 60 {
        ..=1 => "a minute".to_owned(),
        minutes => format!("{minutes} minutes"),
    }
}

fn internal() -> Words {
    Words::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something went wrong",
        "It is not your fault, and was written down. Try again later.",
    )
}
