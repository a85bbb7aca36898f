//! What is answered to whoever wants a token.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use rollbook_domain::oauth::{Problem, ProblemKind};
use rollbook_domain::secret::Secret;
use rollbook_domain::service::oauth::IssuedTokens;
use serde::Serialize;
use utoipa::ToSchema;

use crate::oauth::description;

/// An access token.
#[derive(Serialize, ToSchema)]
pub(super) struct Login<'a> {
    /// The token.
    access_token: &'a str,
    /// `bearer`
    token_type: &'static str,
    /// How many seconds it works at the least; null where that is not known.
    expires_in: Option<i64>,
    /// What to exchange for another.
    refresh_token: Option<&'a str>,
    /// Always null.
    csrf_token: Option<&'a str>,
    /// What it permits; null: whatever whoever it speaks for may.
    scope: Option<String>,
    /// Always null.
    device_id: Option<&'a str>,
    /// Always null.
    #[schema(value_type = Option<Object>)]
    device_metadata: Option<&'a str>,
}

impl<'a> Login<'a> {
    pub(super) const fn new(access_token: &'a str, expires_in: Option<i64>) -> Self {
        Self {
            access_token,
            token_type: "bearer",
            expires_in,
            refresh_token: None,
            csrf_token: None,
            scope: None,
            device_id: None,
            device_metadata: None,
        }
    }

    pub(super) fn of(issued: &'a IssuedTokens) -> Self {
        let lasts = issued.expires_in.ceil_seconds();
        Self {
            refresh_token: issued.refresh_token.as_ref().map(Secret::reveal),
            scope: Some(issued.scopes.to_keys()),
            ..Self::new(issued.access_token.reveal(), Some(lasts))
        }
    }

    pub(super) fn respond(&self) -> HttpResponse {
        HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .json(self)
    }
}

/// Why there is no token, for both kinds of readers.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Trouble<'a> {
    /// For OAuth's readers (RFC 6749 §5.2, RFC 8628 §3.5).
    error: &'a str,
    /// A sentence for developers.
    error_description: String,
    /// For ZenML's readers: the class of the exception, and its message.
    detail: [String; 2],
}

impl Trouble<'_> {
    fn new(problem: &Problem, class: &str) -> Self {
        let reason = description(problem.reason);
        Self {
            error: problem.kind.code(),
            detail: [class.to_owned(), reason.clone()],
            error_description: reason,
        }
    }
}

/// The answer to an error of the protocol.
pub(super) fn problem(problem: &Problem) -> HttpResponse {
    match problem.kind {
        ProblemKind::InvalidClient => unauthenticated(problem),
        _ => refusal(StatusCode::BAD_REQUEST).json(Trouble::new(problem, "ValueError")),
    }
}

/// The answer to a credential that does not work; whose it would be is not told.
pub(super) fn wrong() -> HttpResponse {
    unauthenticated(&Problem::grant("the credential is not valid"))
}

fn unauthenticated(problem: &Problem) -> HttpResponse {
    refusal(StatusCode::UNAUTHORIZED)
        .insert_header((WWW_AUTHENTICATE, "Bearer realm=\"rollbook\""))
        .json(Trouble::new(problem, "CredentialsNotValid"))
}

fn refusal(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((CACHE_CONTROL, "no-store"));
    response
}
