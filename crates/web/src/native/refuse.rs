//! How the native dialect refuses: which code, status and reason every fault has. The `match`es
//! are exhaustive on purpose.

mod refusal;

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use rollbook_domain::error::{Kind, Unauthenticated, Violation};
use rollbook_domain::{Error, Refusal};

use super::rate_limit;
use super::status::{Code, Detail, FieldViolation, Status};
use crate::dialect::Fault;

/// Seconds after which trying again is worth it when the store is busy.
const RETRY_SECONDS: &str = "1";

/// A refusal in the making.
struct Verdict {
    status: StatusCode,
    code: Code,
    /// The reason of the `ErrorInfo`; none for what grpc-gateway answers without details.
    reason: Option<&'static str>,
    message: Cow<'static, str>,
    metadata: Vec<(&'static str, String)>,
    violations: Vec<FieldViolation>,
    /// What else there is to tell, behind the `ErrorInfo`.
    details: Vec<Detail>,
}

impl Verdict {
    fn new(code: Code, reason: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status: code.status(),
            code,
            reason: Some(reason),
            message: message.into(),
            metadata: Vec::new(),
            violations: Vec::new(),
            details: Vec::new(),
        }
    }

    fn invalid(field: Option<&str>, description: &str) -> Self {
        let message = match field {
            Some(field) => format!("{field}: {description}"),
            None => description.to_owned(),
        };
        let violation = field.map(|field| FieldViolation {
            field: field.to_owned(),
            description: description.to_owned(),
        });
        Self {
            violations: violation.into_iter().collect(),
            ..Self::new(Code::InvalidArgument, "INVALID_ARGUMENT", message)
        }
    }

    fn with(mut self, key: &'static str, value: &(impl ToString + ?Sized)) -> Self {
        self.metadata.push((key, value.to_string()));
        self
    }

    fn into_status(self) -> Status {
        let mut details = Vec::new();
        if let Some(reason) = self.reason {
            details.push(Detail::ErrorInfo {
                reason,
                domain: "rollbook",
                metadata: self.metadata.into_iter().collect(),
            });
        }
        if !self.violations.is_empty() {
            details.push(Detail::BadRequest {
                field_violations: self.violations,
            });
        }
        details.extend(self.details);
        Status {
            code: self.code as i32,
            message: self.message,
            details,
        }
    }
}

/// Renders a refusal.
pub(super) fn refuse(fault: &Fault) -> HttpResponse {
    let verdict = judge(fault);
    let mut response = HttpResponse::build(verdict.status);
    match fault {
        Fault::Domain(Error::Unauthenticated(why)) => {
            response.insert_header((WWW_AUTHENTICATE, challenge(*why)));
        }
        Fault::Domain(Error::Busy) => {
            response.insert_header((RETRY_AFTER, RETRY_SECONDS));
        }
        Fault::Domain(Error::Refused(Refusal::InsufficientScope { scope })) => {
            response.insert_header((WWW_AUTHENTICATE, lacking(scope)));
        }
        Fault::Domain(Error::Refused(refusal)) => {
            for header in rate_limit::of_refusal(refusal) {
                response.insert_header(header);
            }
        }
        Fault::WrongMethod { allow } => {
            response.insert_header((ALLOW, allow.as_str()));
        }
        _ => {}
    }
    response.json(verdict.into_status())
}

/// What a refusal says, inside an answer that is none as a whole.
pub(super) fn status(error: &Error) -> Status {
    judge_error(error).into_status()
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

/// RFC 6750 §3.1.
fn lacking(scope: &str) -> String {
    format!("Bearer realm=\"rollbook\", error=\"insufficient_scope\", scope=\"{scope}\"")
}

fn judge(fault: &Fault) -> Verdict {
    match fault {
        Fault::Domain(error) => judge_error(error),
        Fault::Body { field, reason } => Verdict::invalid(field.as_deref(), reason),
        Fault::Query { reason } => Verdict::invalid(None, reason),
        Fault::Header { name, reason } => Verdict::invalid(Some(name), reason),
        // Made by other dialects only.
        Fault::Unprocessable(_) => Verdict::invalid(None, "the input is not acceptable"),
        Fault::Unsupported { what } => Verdict::new(
            Code::Unimplemented,
            "UNSUPPORTED",
            format!("{what} are not supported"),
        ),
        Fault::Upgrade { .. } => Verdict::new(
            Code::ResourceExhausted,
            "PLAN",
            "the plan does not allow it",
        ),
        // The code gRPC has for an oversized message; but 429 would make clients try again.
        Fault::TooLarge { limit } => Verdict {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            ..Verdict::new(
                Code::ResourceExhausted,
                "BODY_TOO_LARGE",
                format!("the body has more than {limit} bytes"),
            )
            .with("limit", limit)
        },
        Fault::UnknownRoute => Verdict {
            reason: None,
            ..Verdict::new(Code::NotFound, "", "Not Found")
        },
        // As many grpc-gateways are set up: 501 would say that the server knows no such method.
        Fault::WrongMethod { .. } => Verdict {
            status: StatusCode::METHOD_NOT_ALLOWED,
            reason: None,
            ..Verdict::new(Code::Unimplemented, "", "Method Not Allowed")
        },
        Fault::Timeout => Verdict::new(
            Code::DeadlineExceeded,
            "TIMEOUT",
            "the answer took too long; a change may have been made nevertheless",
        ),
        Fault::Defect(_) => internal(),
    }
}

fn judge_error(error: &Error) -> Verdict {
    match error {
        Error::Unauthenticated(why) => {
            let reason = match why {
                Unauthenticated::Missing => "CREDENTIAL_MISSING",
                Unauthenticated::Invalid => "CREDENTIAL_INVALID",
            };
            Verdict::new(Code::Unauthenticated, reason, why.to_string())
        }
        Error::Denied { visible, .. } => {
            let message = if *visible {
                "you are not allowed to do this"
            } else {
                "there is no such resource, or you are not allowed to see it"
            };
            Verdict::new(Code::PermissionDenied, "PERMISSION_DENIED", message)
        }
        Error::NotFound(kind) => {
            Verdict::new(Code::NotFound, absent(*kind), format!("{kind} not found"))
        }
        Error::Refused(refusal) => refusal::judge(refusal),
        Error::Invalid(violations) => judge_violations(violations),
        Error::Busy => Verdict::new(
            Code::Unavailable,
            "BUSY",
            "the service is busy; try again shortly",
        ),
        Error::Storage(_) => internal(),
    }
}

const fn absent(kind: Kind) -> &'static str {
    match kind {
        Kind::Organization => "ORGANIZATION_NOT_FOUND",
        Kind::User => "USER_NOT_FOUND",
        Kind::Membership => "MEMBERSHIP_NOT_FOUND",
        Kind::Token => "TOKEN_NOT_FOUND",
        Kind::Role => "ROLE_NOT_FOUND",
        Kind::Invitation => "INVITATION_NOT_FOUND",
        Kind::Workspace => "WORKSPACE_NOT_FOUND",
        Kind::WorkspaceMembership => "WORKSPACE_MEMBERSHIP_NOT_FOUND",
        Kind::Domain => "DOMAIN_NOT_FOUND",
        Kind::ServiceAccount => "SERVICE_ACCOUNT_NOT_FOUND",
        Kind::Message => "MESSAGE_NOT_FOUND",
        Kind::OAuthClient => "OAUTH_CLIENT_NOT_FOUND",
        Kind::Grant => "GRANT_NOT_FOUND",
        Kind::EmailVerification => "EMAIL_VERIFICATION_NOT_FOUND",
        Kind::WebhookEndpoint => "WEBHOOK_ENDPOINT_NOT_FOUND",
        Kind::Delivery => "DELIVERY_NOT_FOUND",
        Kind::PasswordReset => "PASSWORD_RESET_NOT_FOUND",
    }
}

fn judge_violations(violations: &[Violation]) -> Verdict {
    let sentence = |it: &Violation| format!("{}: {}", spelled(it.field), it.reason);
    let message: Vec<String> = violations.iter().map(sentence).collect();
    let field_violations = violations.iter().map(|it| FieldViolation {
        field: spelled(it.field).to_owned(),
        description: it.reason.clone(),
    });
    Verdict {
        violations: field_violations.collect(),
        ..Verdict::new(
            Code::InvalidArgument,
            "INVALID_ARGUMENT",
            message.join("; "),
        )
    }
}

/// What clients call a field: mostly as the domain does.
fn spelled(field: &'static str) -> &'static str {
    match field {
        "bequests" => "decisions",
        same => same,
    }
}

fn internal() -> Verdict {
    Verdict::new(Code::Internal, "INTERNAL", "internal error")
}
