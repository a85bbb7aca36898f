//! What is answered in place of what was asked for, when it is not the protocol that says so.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use rollbook_domain::error::Unauthenticated;
use rollbook_domain::{Error, Refusal};

use super::answer::{self, ErrorBody};
use crate::dialect::Fault;

/// Renders a refusal.
pub(super) fn refuse(fault: &Fault) -> HttpResponse {
    let (status, error, reason) = words(fault);
    let mut response = answer::unkept(status);
    match fault {
        Fault::Domain(Error::Unauthenticated(why)) => {
            response.insert_header((WWW_AUTHENTICATE, challenge(*why)));
        }
        Fault::Domain(Error::Refused(Refusal::InsufficientScope { scope })) => {
            let challenge = format!(
                "Bearer realm=\"rollbook\", error=\"insufficient_scope\", scope=\"{scope}\""
            );
            response.insert_header((WWW_AUTHENTICATE, challenge));
        }
        Fault::Domain(Error::Busy) => {
            response.insert_header((RETRY_AFTER, "1"));
        }
        Fault::Domain(Error::Refused(Refusal::RateLimited { retry_after, .. })) => {
            response.insert_header((RETRY_AFTER, retry_after.ceil_seconds().to_string()));
        }
        Fault::WrongMethod { allow } => {
            response.insert_header((ALLOW, allow.as_str()));
        }
        _ => {}
    }
    response.json(ErrorBody {
        error,
        error_description: &answer::description(&reason),
    })
}

/// RFC 6750 §3: no error code when nothing was presented.
const fn challenge(why: Unauthenticated) -> &'static str {
    match why {
        Unauthenticated::Missing => "Bearer realm=\"rollbook\"",
        Unauthenticated::Invalid => "Bearer realm=\"rollbook\", error=\"invalid_token\"",
    }
}

fn words(fault: &Fault) -> (StatusCode, &'static str, String) {
    let invalid = |reason: &str| {
        let status = StatusCode::BAD_REQUEST;
        (status, "invalid_request", reason.to_owned())
    };
    match fault {
        Fault::Domain(error) => words_of(error),
        Fault::Body { reason, .. } | Fault::Query { reason } | Fault::Header { reason, .. } => {
            invalid(reason)
        }
        Fault::TooLarge { limit } => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalid_request",
            format!("the body has more than {limit} bytes"),
        ),
        Fault::UnknownRoute => (
            StatusCode::NOT_FOUND,
            "invalid_request",
            "there is no such endpoint".to_owned(),
        ),
        Fault::WrongMethod { .. } => (
            StatusCode::METHOD_NOT_ALLOWED,
            "invalid_request",
            "the endpoint does not take this method".to_owned(),
        ),
        Fault::Timeout => (
            StatusCode::GATEWAY_TIMEOUT,
            "temporarily_unavailable",
            "the answer took too long".to_owned(),
        ),
        // The protocol has no use for the other dialects' own.
        Fault::Unprocessable(_)
        | Fault::Unsupported { .. }
        | Fault::Upgrade { .. }
        | Fault::Defect(_) => internal(),
    }
}

fn words_of(error: &Error) -> (StatusCode, &'static str, String) {
    match error {
        Error::Unauthenticated(why) => (StatusCode::UNAUTHORIZED, "invalid_token", why.to_string()),
        Error::Refused(refusal @ Refusal::InsufficientScope { .. }) => {
            let status = StatusCode::FORBIDDEN;
            (status, "insufficient_scope", refusal.to_string())
        }
        // RFC 6585 §4. Not `slow_down`: that tells whoever has a device code to go on polling
        // (RFC 8628 §3.5), and whoever is refused here has none.
        Error::Refused(refusal @ Refusal::RateLimited { .. }) => {
            let status = StatusCode::TOO_MANY_REQUESTS;
            (status, "temporarily_unavailable", refusal.to_string())
        }
        Error::Denied { .. } => (
            StatusCode::FORBIDDEN,
            "access_denied",
            "this is not allowed".to_owned(),
        ),
        Error::NotFound(_) | Error::Refused(_) | Error::Invalid(_) => (
            StatusCode::BAD_REQUEST,
            "invalid_request",
            error.to_string(),
        ),
        Error::Busy => (
            StatusCode::SERVICE_UNAVAILABLE,
            "temporarily_unavailable",
            "the service is busy; try again shortly".to_owned(),
        ),
        Error::Storage(_) => internal(),
    }
}

fn internal() -> (StatusCode, &'static str, String) {
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        "server_error",
        "internal error".to_owned(),
    )
}
