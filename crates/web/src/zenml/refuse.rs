//! How the ZenML dialect refuses: `{"detail": [class, message]}`, with the class that ZenML's
//! client raises. The `match`es are exhaustive on purpose.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use rollbook_domain::error::{Kind, Unauthenticated, Violation};
use rollbook_domain::{Error, Refusal};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{IntoResponses, ToSchema};

use super::report::{Item, Report};
use crate::dialect::Fault;

/// Seconds after which trying again is worth it when the store is busy.
const RETRY_SECONDS: &str = "1";

/// What is wrong.
#[derive(Serialize, ToSchema)]
pub(super) struct Failure {
    /// The class of the exception and its message; for input that is not acceptable, a list of
    /// what is wrong, as pydantic says it; otherwise a sentence.
    detail: Value,
}

/// The refusals that every operation shares.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub(super) enum Refusals {
    /// No credential, or one that does not work (`CredentialsNotValid`).
    #[response(status = 401)]
    Unauthenticated(Failure),
    /// A limit of the plan is reached (`SubscriptionUpgradeRequiredError`).
    #[response(status = 402)]
    Upgrade(Failure),
    /// Not allowed (`IllegalOperationError`), or one organization too many
    /// (`OrganizationLimitExceeded`).
    #[response(status = 403)]
    Denied(Failure),
    /// Not there, or nothing of the caller's (`KeyError`).
    #[response(status = 404)]
    NotFound(Failure),
    /// Taken, or changed in the meantime (`EntityExistsError`).
    #[response(status = 409)]
    Conflict(Failure),
    /// The input is not acceptable.
    #[response(status = 422)]
    Unprocessable(Failure),
    /// Something went wrong inside (`RuntimeError`); the log knows what.
    #[response(status = 500)]
    Internal(Failure),
    /// Busy; try again after `Retry-After` seconds.
    #[response(status = 503)]
    Unavailable(Failure),
}

/// A refusal in the making.
struct Verdict(StatusCode, Value);

impl Verdict {
    fn raise(status: StatusCode, class: &str, message: impl Into<String>) -> Self {
        Self(status, json!([class, message.into()]))
    }

    fn illegal(message: impl Into<String>) -> Self {
        Self::raise(StatusCode::FORBIDDEN, "IllegalOperationError", message)
    }

    fn absent(kind: Kind) -> Self {
        let mut message = format!("{kind} not found");
        if let Some(first) = message.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        Self::raise(StatusCode::NOT_FOUND, "KeyError", message)
    }

    fn plain(status: StatusCode, message: impl Into<String>) -> Self {
        Self(status, Value::from(message.into()))
    }
}

/// Renders a refusal.
pub(super) fn refuse(fault: &Fault) -> HttpResponse {
    let Verdict(status, detail) = judge(fault);
    let mut response = HttpResponse::build(status);
    match fault {
        Fault::Domain(Error::Unauthenticated(why)) => {
            response.insert_header((WWW_AUTHENTICATE, challenge(*why)));
        }
        // RFC 6750 §3.1.
        Fault::Domain(Error::Refused(Refusal::InsufficientScope { scope })) => {
            let lacking = format!(
                "Bearer realm=\"rollbook\", error=\"insufficient_scope\", scope=\"{scope}\""
            );
            response.insert_header((WWW_AUTHENTICATE, lacking));
        }
        Fault::Domain(Error::Busy) => {
            response.insert_header((RETRY_AFTER, RETRY_SECONDS));
        }
        Fault::Domain(Error::Refused(Refusal::RateLimited { retry_after, .. })) => {
            response.insert_header((RETRY_AFTER, retry_after.ceil_seconds().to_string()));
        }
        Fault::WrongMethod { allow } => {
            response.insert_header((ALLOW, allow.as_str()));
        }
        _ => {}
    }
    response.json(Failure { detail })
}

/// RFC 6750 §3: no error code when nothing was presented.
const fn challenge(why: Unauthenticated) -> &'static str {
    match why {
        Unauthenticated::Missing => "Bearer realm=\"rollbook\"",
        Unauthenticated::Invalid => {
            "Bearer realm=\"rollbook\", error=\"invalid_token\", error_description=\"the credential is not valid\""
        }
    }
}

fn judge(fault: &Fault) -> Verdict {
    match fault {
        Fault::Domain(error) => judge_error(error),
        Fault::Unprocessable(items) => Verdict(StatusCode::UNPROCESSABLE_ENTITY, items.clone()),
        Fault::Body { field, reason } => invalid("body", field.as_deref(), reason),
        Fault::Query { reason } => invalid("query", None, reason),
        Fault::Header { name, reason } => invalid("header", Some(name), reason),
        Fault::TooLarge { limit } => Verdict::plain(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The body has more than {limit} bytes"),
        ),
        Fault::Unsupported { what } => Verdict::raise(
            StatusCode::NOT_IMPLEMENTED,
            "NotImplementedError",
            format!("{what} are not implemented"),
        ),
        Fault::Upgrade { feature } => Verdict::raise(
            StatusCode::PAYMENT_REQUIRED,
            "SubscriptionUpgradeRequiredError",
            format!("The plan of the organization does not allow {feature}; upgrade it"),
        ),
        Fault::UnknownRoute => Verdict::plain(StatusCode::NOT_FOUND, "Not Found"),
        Fault::WrongMethod { .. } => {
            Verdict::plain(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
        }
        Fault::Timeout => Verdict::plain(
            StatusCode::GATEWAY_TIMEOUT,
            "The answer took too long; a change may have been made nevertheless",
        ),
        Fault::Defect(_) => internal(),
    }
}

fn judge_error(error: &Error) -> Verdict {
    match error {
        Error::Unauthenticated(why) => {
            let message = why.to_string();
            Verdict::raise(StatusCode::UNAUTHORIZED, "CredentialsNotValid", message)
        }
        Error::Denied { visible: true, .. } => {
            Verdict::illegal("Insufficient permissions to perform this operation")
        }
        // The same as for what is not there: a path may hold a name, which must not leak.
        Error::Denied { visible: false, .. } => Verdict::absent(Kind::Organization),
        Error::NotFound(kind) => Verdict::absent(*kind),
        Error::Refused(refusal) => judge_refusal(refusal),
        Error::Invalid(violations) => judge_violations(violations),
        Error::Busy => Verdict::raise(
            StatusCode::SERVICE_UNAVAILABLE,
            "RuntimeError",
            "the service is busy; try again shortly",
        ),
        Error::Storage(_) => internal(),
    }
}

fn judge_refusal(refusal: &Refusal) -> Verdict {
    let (status, class) = place(refusal);
    Verdict::raise(status, class, refusal.to_string())
}

/// The status of a refusal, and the class that ZenML's client raises.
#[expect(clippy::too_many_lines, reason = "a list of all refusals")]
const fn place(refusal: &Refusal) -> (StatusCode, &'static str) {
    match refusal {
        Refusal::IdTaken
        | Refusal::SlugTaken(_)
        | Refusal::NameTaken(_)
        | Refusal::NameAmbiguous(_)
        | Refusal::RoleHeld(_)
        | Refusal::EmailTaken
        | Refusal::AlreadyMember
        | Refusal::AlreadyInvited
        | Refusal::AlreadyInWorkspace
        | Refusal::RoleKeyTaken(_)
        | Refusal::RoleTitleTaken(_)
        | Refusal::DomainExists
        | Refusal::DomainTaken
        | Refusal::VersionMismatch => (StatusCode::CONFLICT, "EntityExistsError"),
        Refusal::OrganizationLimit { .. } => (StatusCode::FORBIDDEN, "OrganizationLimitExceeded"),
        Refusal::SeatLimit { .. } | Refusal::WorkspaceLimit { .. } => (
            StatusCode::PAYMENT_REQUIRED,
            "SubscriptionUpgradeRequiredError",
        ),
        Refusal::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "RuntimeError"),
        Refusal::WeakPassword { .. } | Refusal::RequestKeyReused => {
            (StatusCode::BAD_REQUEST, "ValueError")
        }
        Refusal::TokenLimit { .. }
        | Refusal::DomainLimit { .. }
        | Refusal::ClientLimit { .. }
        | Refusal::NoClientSecret
        | Refusal::InsufficientScope { .. }
        | Refusal::PasswordsOff
        | Refusal::WrongPassword
        | Refusal::WebhookLimit { .. }
        | Refusal::WebhookDisabled { .. }
        | Refusal::DeliveryLimit { .. }
        | Refusal::BeyondOwnRights { .. }
        | Refusal::Outranked
        | Refusal::ForSomeoneElse
        | Refusal::InvitationForSomeoneElse
        | Refusal::EmailNotVerified
        | Refusal::OwnerMustStay
        | Refusal::RoleInUse { .. }
        | Refusal::InvitationClosed { .. }
        | Refusal::SignInToAccept
        | Refusal::NotAMember
        | Refusal::DomainNotVerified
        | Refusal::ChallengeNotFound { .. }
        | Refusal::NoSubscription
        | Refusal::UnsuitableOwner
        | Refusal::ServiceAccountOwner
        | Refusal::StillOwner { .. }
        | Refusal::SecretShown { .. }
        | Refusal::NotDeleted
        | Refusal::NotReplayable
        | Refusal::RestoreWindowOver { .. } => (StatusCode::FORBIDDEN, "IllegalOperationError"),
    }
}

/// What the domain finds wrong with input whose form is in order.
fn judge_violations(violations: &[Violation]) -> Verdict {
    let mut report = Report::default();
    for violation in violations {
        let loc = vec![Value::from("body"), Value::from(violation.field)];
        report.add(Item::value(loc, &violation.reason, Value::Null));
    }
    judge(&report.into())
}

fn invalid(part: &str, field: Option<&str>, reason: &str) -> Verdict {
    let loc = [Some(part), field].into_iter().flatten().map(Value::from);
    judge(&Report::of(Item::value(loc.collect(), reason, Value::Null)).into())
}

fn internal() -> Verdict {
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Verdict::raise(status, "RuntimeError", "internal error")
}
