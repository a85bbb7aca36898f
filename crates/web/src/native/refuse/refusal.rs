//! The rules that forbid something in the present state.

use rollbook_domain::Refusal;
use rollbook_domain::limit::Policy;
use rollbook_domain::time::Span;

use super::{Code, Verdict};
use crate::native::status::{Detail, QuotaViolation};

/// The verdict on a refusal.
pub(super) fn judge(refusal: &Refusal) -> Verdict {
    let (code, reason) = place(refusal);
    let mut verdict = Verdict::new(code, reason, refusal.to_string());
    if let Refusal::RateLimited {
        policy,
        quota,
        retry_after,
    } = refusal
    {
        verdict = verdict.with("policy", policy.key());
        verdict.details = later(*policy, *quota, *retry_after);
    }
    match about(refusal) {
        Some((key, value)) => verdict.with(key, &value),
        None => verdict,
    }
}

/// When to try again, and what was too much (AIP-193).
fn later(policy: Policy, quota: u32, retry_after: Span) -> Vec<Detail> {
    let subject = match policy {
        Policy::InvitationsPerOrganization => "organization",
        Policy::MessagesPerRecipient => "recipient",
        Policy::SignInsPerAccount => "account",
        Policy::SignInsPerAddress | Policy::DeviceAuthorizationsPerAddress => "address",
        Policy::DeviceCodeGuesses => "user",
    };
    let seconds = policy.window().ceil_seconds();
    vec![
        Detail::RetryInfo {
            retry_delay: format!("{}s", retry_after.ceil_seconds()),
        },
        Detail::QuotaFailure {
            violations: vec![QuotaViolation {
                subject,
                description: format!("{}: {quota} in {seconds} seconds", policy.key()),
            }],
        },
    ]
}

/// Its code, and its name for programs.
#[expect(clippy::too_many_lines, reason = "a line a refusal")]
fn place(refusal: &Refusal) -> (Code, &'static str) {
    use Code::{
        Aborted, AlreadyExists, FailedPrecondition, InvalidArgument, PermissionDenied,
        ResourceExhausted,
    };
    match refusal {
        Refusal::IdTaken => (AlreadyExists, "ID_TAKEN"),
        Refusal::SlugTaken(_) => (AlreadyExists, "SLUG_TAKEN"),
        Refusal::NameTaken(_) => (AlreadyExists, "NAME_TAKEN"),
        Refusal::NameAmbiguous(_) => (FailedPrecondition, "NAME_AMBIGUOUS"),
        Refusal::ForSomeoneElse => (PermissionDenied, "FOR_SOMEONE_ELSE"),
        Refusal::RoleHeld(_) => (AlreadyExists, "ROLE_HELD"),
        Refusal::EmailTaken => (AlreadyExists, "EMAIL_TAKEN"),
        Refusal::AlreadyMember => (AlreadyExists, "ALREADY_MEMBER"),
        Refusal::AlreadyInvited => (AlreadyExists, "ALREADY_INVITED"),
        Refusal::AlreadyInWorkspace => (AlreadyExists, "ALREADY_IN_WORKSPACE"),
        Refusal::RoleKeyTaken(_) => (AlreadyExists, "ROLE_KEY_TAKEN"),
        Refusal::RoleTitleTaken(_) => (AlreadyExists, "ROLE_TITLE_TAKEN"),
        Refusal::DomainExists => (AlreadyExists, "DOMAIN_EXISTS"),
        Refusal::DomainTaken => (AlreadyExists, "DOMAIN_TAKEN"),
        Refusal::OrganizationLimit { .. } => (ResourceExhausted, "ORGANIZATION_LIMIT"),
        Refusal::SeatLimit { .. } => (ResourceExhausted, "SEAT_LIMIT"),
        Refusal::TokenLimit { .. } => (ResourceExhausted, "TOKEN_LIMIT"),
        Refusal::WorkspaceLimit { .. } => (ResourceExhausted, "WORKSPACE_LIMIT"),
        Refusal::DomainLimit { .. } => (ResourceExhausted, "DOMAIN_LIMIT"),
        Refusal::ClientLimit { .. } => (ResourceExhausted, "CLIENT_LIMIT"),
        Refusal::RateLimited { .. } => (ResourceExhausted, "RATE_LIMITED"),
        Refusal::WebhookLimit { .. } => (ResourceExhausted, "WEBHOOK_LIMIT"),
        Refusal::DeliveryLimit { .. } => (ResourceExhausted, "DELIVERY_LIMIT"),
        Refusal::BeyondOwnRights { .. } => (PermissionDenied, "BEYOND_OWN_RIGHTS"),
        Refusal::InsufficientScope { .. } => (PermissionDenied, "INSUFFICIENT_SCOPE"),
        Refusal::Outranked => (PermissionDenied, "OUTRANKED"),
        Refusal::InvitationForSomeoneElse => (PermissionDenied, "INVITATION_FOR_SOMEONE_ELSE"),
        Refusal::EmailNotVerified => (PermissionDenied, "EMAIL_NOT_VERIFIED"),
        Refusal::NoClientSecret => (FailedPrecondition, "NO_CLIENT_SECRET"),
        Refusal::OwnerMustStay => (FailedPrecondition, "OWNER_MUST_STAY"),
        Refusal::StillOwner { .. } => (FailedPrecondition, "STILL_OWNER"),
        Refusal::RoleInUse { .. } => (FailedPrecondition, "ROLE_IN_USE"),
        Refusal::InvitationClosed { .. } => (FailedPrecondition, "INVITATION_CLOSED"),
        Refusal::SignInToAccept => (FailedPrecondition, "SIGN_IN_TO_ACCEPT"),
        Refusal::NotAMember => (FailedPrecondition, "NOT_A_MEMBER"),
        Refusal::DomainNotVerified => (FailedPrecondition, "DOMAIN_NOT_VERIFIED"),
        Refusal::ChallengeNotFound { .. } => (FailedPrecondition, "CHALLENGE_NOT_FOUND"),
        Refusal::WebhookDisabled { .. } => (FailedPrecondition, "WEBHOOK_DISABLED"),
        Refusal::NoSubscription => (FailedPrecondition, "NO_SUBSCRIPTION"),
        Refusal::SecretShown { .. } => (FailedPrecondition, "SECRET_SHOWN"),
        Refusal::UnsuitableOwner => (FailedPrecondition, "UNSUITABLE_OWNER"),
        Refusal::ServiceAccountOwner => (FailedPrecondition, "SERVICE_ACCOUNT_OWNER"),
        Refusal::NotDeleted => (FailedPrecondition, "NOT_DELETED"),
        Refusal::NotReplayable => (FailedPrecondition, "NOT_REPLAYABLE"),
        Refusal::RestoreWindowOver { .. } => (FailedPrecondition, "RESTORE_WINDOW_OVER"),
        Refusal::PasswordsOff => (FailedPrecondition, "PASSWORDS_OFF"),
        Refusal::WrongPassword => (PermissionDenied, "WRONG_PASSWORD"),
        Refusal::WeakPassword { .. } => (InvalidArgument, "WEAK_PASSWORD"),
        Refusal::RequestKeyReused => (InvalidArgument, "REQUEST_KEY_REUSED"),
        Refusal::VersionMismatch => (Aborted, "ETAG_MISMATCH"),
    }
}

/// What it is about, for programs.
fn about(refusal: &Refusal) -> Option<(&'static str, String)> {
    match refusal {
        Refusal::OrganizationLimit { limit }
        | Refusal::SeatLimit { limit }
        | Refusal::TokenLimit { limit }
        | Refusal::WorkspaceLimit { limit }
        | Refusal::DomainLimit { limit }
        | Refusal::ClientLimit { limit }
        | Refusal::RateLimited { quota: limit, .. } => Some(("limit", limit.to_string())),
        Refusal::WebhookLimit { limit } | Refusal::DeliveryLimit { limit } => {
            Some(("limit", limit.to_string()))
        }
        Refusal::SlugTaken(slug) => Some(("slug", slug.clone())),
        Refusal::NameTaken(name) | Refusal::NameAmbiguous(name) => Some(("name", name.clone())),
        Refusal::RoleKeyTaken(key) | Refusal::RoleHeld(key) => Some(("key", key.clone())),
        Refusal::RoleTitleTaken(title) => Some(("title", title.clone())),
        Refusal::InsufficientScope { scope } => Some(("scope", (*scope).to_owned())),
        Refusal::BeyondOwnRights { permission } => Some(("permission", (*permission).to_owned())),
        Refusal::StillOwner { organizations } => {
            let ids: Vec<String> = organizations.iter().map(ToString::to_string).collect();
            Some(("organizations", ids.join(",")))
        }
        Refusal::RoleInUse { holders } => Some(("holders", holders.to_string())),
        Refusal::InvitationClosed { state } => Some(("state", (*state).to_owned())),
        Refusal::WebhookDisabled { status } => Some(("status", (*status).to_owned())),
        Refusal::ChallengeNotFound { record } => Some(("record", record.clone())),
        Refusal::WeakPassword { advice } => Some(("advice", advice.clone())),
        Refusal::SecretShown { id } => Some(("id", id.clone())),
        Refusal::RestoreWindowOver { until } => Some(("until", until.to_rfc3339())),
        _ => None,
    }
}
