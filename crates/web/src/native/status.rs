//! What a refusal of the native dialect looks like: `google.rpc.Status` in JSON as grpc-gateway
//! writes it, not wrapped, with the code's number (AIP-193).

use std::borrow::Cow;
use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// Why a request was refused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "code": 5,
    "message": "organization not found",
    "details": [{
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "ORGANIZATION_NOT_FOUND",
        "domain": "rollbook",
        "metadata": {}
    }]
}))]
pub(super) struct Status {
    /// The number of a `google.rpc.Code`, such as 3 for `INVALID_ARGUMENT`.
    pub(super) code: i32,
    /// A sentence for the developer.
    #[schema(value_type = String)]
    pub(super) message: Cow<'static, str>,
    /// More for programs.
    pub(super) details: Vec<Detail>,
}

/// More about a refusal, for programs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "@type")]
pub(super) enum Detail {
    /// Which refusal it is.
    #[serde(rename = "type.googleapis.com/google.rpc.ErrorInfo")]
    ErrorInfo {
        /// The refusal's name, which does not change.
        reason: &'static str,
        /// Who refuses.
        domain: &'static str,
        /// What the refusal is about.
        metadata: BTreeMap<&'static str, String>,
    },
    /// Which fields are at fault.
    #[serde(rename = "type.googleapis.com/google.rpc.BadRequest")]
    BadRequest {
        /// The fields.
        #[serde(rename = "fieldViolations")]
        field_violations: Vec<FieldViolation>,
    },
    /// After how long trying again may help.
    #[serde(rename = "type.googleapis.com/google.rpc.RetryInfo")]
    RetryInfo {
        /// In seconds, such as `18s`. The `Retry-After` header has it, too.
        #[serde(rename = "retryDelay")]
        retry_delay: String,
    },
    /// What was too much.
    #[serde(rename = "type.googleapis.com/google.rpc.QuotaFailure")]
    QuotaFailure {
        /// The limits that were met.
        violations: Vec<QuotaViolation>,
    },
}

/// A limit that was met.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct QuotaViolation {
    /// Whose limit: `organization` or `recipient`.
    pub(super) subject: &'static str,
    /// What it allows.
    pub(super) description: String,
}

/// A field at fault.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct FieldViolation {
    /// The field's name.
    pub(super) field: String,
    /// What is wrong with it.
    pub(super) description: String,
}

/// The refusals that every operation shares.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub(super) enum Refusals {
    /// An argument is not acceptable (code 3), or the state of the resource forbids it (code 9).
    #[response(status = 400)]
    BadRequest(Status),
    /// No credential, or one that does not work (code 16).
    #[response(status = 401)]
    Unauthenticated(Status),
    /// Not allowed, or nothing of the caller's (code 7): strangers do not learn which.
    #[response(status = 403)]
    Denied(Status),
    /// Not there (code 5).
    #[response(status = 404)]
    NotFound(Status),
    /// Changed in the meantime (code 10), or taken (code 6).
    #[response(status = 409)]
    Conflict(Status),
    /// The body is too large (code 8).
    #[response(status = 413)]
    TooLarge(Status),
    /// A limit is reached (code 8): of what there may be at once, or of how much may be sent; then
    /// `Retry-After` says when to try again.
    #[response(status = 429)]
    Exhausted(Status),
    /// Something went wrong inside (code 13); the log knows what.
    #[response(status = 500)]
    Internal(Status),
    /// Busy (code 14); try again after `Retry-After` seconds.
    #[response(status = 503)]
    Unavailable(Status),
    /// It took too long (code 4).
    #[response(status = 504)]
    DeadlineExceeded(Status),
}

/// The `google.rpc.Code`s in use.
#[derive(Clone, Copy)]
pub(super) enum Code {
    InvalidArgument = 3,
    DeadlineExceeded = 4,
    NotFound = 5,
    AlreadyExists = 6,
    PermissionDenied = 7,
    ResourceExhausted = 8,
    FailedPrecondition = 9,
    Aborted = 10,
    Unimplemented = 12,
    Internal = 13,
    Unavailable = 14,
    Unauthenticated = 16,
}

impl Code {
    /// The HTTP status that grpc-gateway gives the code.
    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition => StatusCode::BAD_REQUEST,
            Self::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::AlreadyExists | Self::Aborted => StatusCode::CONFLICT,
            Self::PermissionDenied => StatusCode::FORBIDDEN,
            Self::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
            Self::Unimplemented => StatusCode::NOT_IMPLEMENTED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
        }
    }
}
