//! Answers in JSON that nobody keeps (RFC 6749 §5.1), and errors of the protocol (§5.2).

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, PRAGMA, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use rollbook_domain::oauth::{Problem, ProblemKind};
use serde::Serialize;
use utoipa::ToSchema;

/// What a client that has not proved who it is shall do about it.
const CHALLENGE: &str = "Basic realm=\"rollbook\"";

/// An answer.
pub(super) fn json(value: &impl Serialize) -> HttpResponse {
    unkept(StatusCode::OK).json(value)
}

/// A response that no cache may keep.
pub(super) fn unkept(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((PRAGMA, "no-cache"));
    response
}

/// An error (RFC 6749 §5.2).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub(super) struct ErrorBody<'a> {
    /// Its name, for programs.
    pub(super) error: &'a str,
    /// A sentence for developers.
    #[serde(skip_serializing_if = "str::is_empty")]
    #[schema(required = false)]
    pub(super) error_description: &'a str,
}

/// An error of the protocol.
pub(super) fn problem(problem: &Problem) -> HttpResponse {
    let status = match problem.kind {
        ProblemKind::InvalidClient => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    };
    let mut response = unkept(status);
    if status == StatusCode::UNAUTHORIZED {
        response.insert_header((WWW_AUTHENTICATE, CHALLENGE));
    }
    response.json(ErrorBody {
        error: problem.kind.code(),
        error_description: &description(problem.reason),
    })
}

/// A sentence in the characters that descriptions may have: RFC 6749 §5.2 knows no others.
pub(crate) fn description(reason: &str) -> String {
    let plain = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    reason.chars().filter(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_have_plain_characters() {
        assert_eq!(description("a \"b\" \\ c§\n~"), "a b  c~");
    }
}
