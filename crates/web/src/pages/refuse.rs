//! Pages for what cannot be shown or done.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER};
use minijinja::context;
use rollbook_domain::Error;
use rollbook_domain::error::Kind;

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
        Fault::Body { reason, .. } | Fault::Query { reason } | Fault::Path { reason } => {
            Words::new(
                StatusCode::BAD_REQUEST,
                "This was not understood",
                format!("{} Go back and try again.", answer::sentence(reason)),
            )
        }
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
        Error::NotFound(Kind::Invitation) => Words::new(
            StatusCode::NOT_FOUND,
            "There is no such invitation",
            "The link is incomplete, or the invitation was sent again with another one: open the newest mail.",
        ),
        Error::NotFound(Kind::EmailVerification) => Words::new(
            StatusCode::NOT_FOUND,
            "This link does not work any more",
            "It works for a day, and only the newest one does. Ask for another.",
        ),
        Error::NotFound(_) => Words::new(
            StatusCode::NOT_FOUND,
            "This is gone",
            "There is nothing here any more.",
        ),
        Error::Refused(refusal) => Words::new(
            StatusCode::CONFLICT,
            "This cannot be done now",
            answer::sentence(&refusal.to_string()),
        ),
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

fn internal() -> Words {
    Words::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "Something went wrong",
        "It is not your fault, and was written down. Try again later.",
    )
}
