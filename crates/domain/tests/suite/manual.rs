//! The manual has a line for every error.

use rollbook_domain::Refusal;
use rollbook_domain::error::Kind;
use rollbook_domain::limit::Policy;
use rollbook_domain::mock::FixedClock;
use rollbook_domain::time::Span;

const ERRORS: &str = include_str!("../../../../docs/errors.md");

/// One of each. A refusal that is missing here breaks [`number`].
#[expect(clippy::too_many_lines, reason = "a list with a line a refusal")]
fn refusals() -> [Refusal; 50] {
    [
        Refusal::IdTaken,
        Refusal::SlugTaken("acme".to_owned()),
        Refusal::EmailTaken,
        Refusal::AlreadyMember,
        Refusal::OrganizationLimit { limit: 1 },
        Refusal::SeatLimit { limit: 1 },
        Refusal::TokenLimit { limit: 1 },
        Refusal::BeyondOwnRights {
            permission: "read:Organization",
        },
        Refusal::Outranked,
        Refusal::OwnerMustStay,
        Refusal::StillOwner {
            organizations: Vec::new(),
        },
        Refusal::RoleInUse { holders: 1 },
        Refusal::RoleKeyTaken("auditor".to_owned()),
        Refusal::RoleTitleTaken("Auditor".to_owned()),
        Refusal::AlreadyInvited,
        Refusal::InvitationClosed { state: "revoked" },
        Refusal::InvitationForSomeoneElse,
        Refusal::EmailNotVerified,
        Refusal::SignInToAccept,
        Refusal::WorkspaceLimit { limit: 1 },
        Refusal::AlreadyInWorkspace,
        Refusal::NotAMember,
        Refusal::DomainExists,
        Refusal::DomainTaken,
        Refusal::DomainLimit { limit: 1 },
        Refusal::DomainNotVerified,
        Refusal::ChallengeNotFound {
            record: "_rollbook.acme.example".to_owned(),
        },
        Refusal::NoSubscription,
        Refusal::RequestKeyReused,
        Refusal::SecretShown { id: "7".to_owned() },
        Refusal::UnsuitableOwner,
        Refusal::ServiceAccountOwner,
        Refusal::VersionMismatch,
        Refusal::NotDeleted,
        Refusal::RestoreWindowOver {
            until: FixedClock::START,
        },
        Refusal::NotReplayable,
        Refusal::RateLimited {
            policy: Policy::MessagesPerRecipient,
            quota: 10,
            retry_after: Span::seconds(8640),
        },
        Refusal::WebhookLimit { limit: 1 },
        Refusal::WebhookDisabled { status: "gone" },
        Refusal::DeliveryLimit { limit: 1 },
        Refusal::NameTaken("Acme".to_owned()),
        Refusal::NameAmbiguous("Acme".to_owned()),
        Refusal::ForSomeoneElse,
        Refusal::RoleHeld("auditor".to_owned()),
        Refusal::PasswordsOff,
        Refusal::WrongPassword,
        Refusal::WeakPassword {
            advice: "Add another word or two.".to_owned(),
        },
        Refusal::ClientLimit { limit: 1 },
        Refusal::NoClientSecret,
        Refusal::InsufficientScope { scope: "rollbook" },
    ]
}

/// The place in [`refusals`].
#[expect(clippy::too_many_lines, reason = "a list with a line a refusal")]
const fn number(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::IdTaken => 0,
        Refusal::SlugTaken(_) => 1,
        Refusal::EmailTaken => 2,
        Refusal::AlreadyMember => 3,
        Refusal::OrganizationLimit { .. } => 4,
        Refusal::SeatLimit { .. } => 5,
        Refusal::TokenLimit { .. } => 6,
        Refusal::BeyondOwnRights { .. } => 7,
        Refusal::Outranked => 8,
        Refusal::OwnerMustStay => 9,
        Refusal::StillOwner { .. } => 10,
        Refusal::RoleInUse { .. } => 11,
        Refusal::RoleKeyTaken(_) => 12,
        Refusal::RoleTitleTaken(_) => 13,
        Refusal::AlreadyInvited => 14,
        Refusal::InvitationClosed { .. } => 15,
        Refusal::InvitationForSomeoneElse => 16,
        Refusal::EmailNotVerified => 17,
        Refusal::SignInToAccept => 18,
        Refusal::WorkspaceLimit { .. } => 19,
        Refusal::AlreadyInWorkspace => 20,
        Refusal::NotAMember => 21,
        Refusal::DomainExists => 22,
        Refusal::DomainTaken => 23,
        Refusal::DomainLimit { .. } => 24,
        Refusal::DomainNotVerified => 25,
        Refusal::ChallengeNotFound { .. } => 26,
        Refusal::NoSubscription => 27,
        Refusal::RequestKeyReused => 28,
        Refusal::SecretShown { .. } => 29,
        Refusal::UnsuitableOwner => 30,
        Refusal::ServiceAccountOwner => 31,
        Refusal::VersionMismatch => 32,
        Refusal::NotDeleted => 33,
        Refusal::RestoreWindowOver { .. } => 34,
        Refusal::NotReplayable => 35,
        Refusal::RateLimited { .. } => 36,
        Refusal::WebhookLimit { .. } => 37,
        Refusal::WebhookDisabled { .. } => 38,
        Refusal::DeliveryLimit { .. } => 39,
        Refusal::NameTaken(_) => 40,
        Refusal::NameAmbiguous(_) => 41,
        Refusal::ForSomeoneElse => 42,
        Refusal::RoleHeld(_) => 43,
        Refusal::PasswordsOff => 44,
        Refusal::WrongPassword => 45,
        Refusal::WeakPassword { .. } => 46,
        Refusal::ClientLimit { .. } => 47,
        Refusal::NoClientSecret => 48,
        Refusal::InsufficientScope { .. } => 49,
    }
}

#[test]
fn every_refusal_is_in_the_manual() {
    for (place, refusal) in refusals().iter().enumerate() {
        assert_eq!(number(refusal), place);
        let debug = format!("{refusal:?}");
        let name: String = debug
            .chars()
            .take_while(char::is_ascii_alphabetic)
            .collect();
        assert!(ERRORS.contains(&format!("`Refused({name})`")), "{name}");
    }
    let kinds = [
        Kind::Organization,
        Kind::User,
        Kind::Membership,
        Kind::Token,
        Kind::Role,
        Kind::Invitation,
        Kind::Workspace,
        Kind::WorkspaceMembership,
        Kind::Domain,
        Kind::ServiceAccount,
        Kind::Message,
        Kind::WebhookEndpoint,
        Kind::Delivery,
        Kind::EmailVerification,
        Kind::PasswordReset,
        Kind::OAuthClient,
        Kind::Grant,
    ];
    for kind in kinds {
        assert!(
            ERRORS.contains(&format!("`NotFound({kind:?})`")),
            "{kind:?}"
        );
    }
}

/// better-auth #5517: an error names the limit and who can raise it.
#[test]
fn refusals_say_what_to_do() {
    for refusal in refusals() {
        let message = refusal.to_string();
        assert!(message.len() > 20, "{message}");
        let limited = matches!(
            refusal,
            Refusal::OrganizationLimit { .. }
                | Refusal::SeatLimit { .. }
                | Refusal::WorkspaceLimit { .. }
                | Refusal::RateLimited { .. }
        );
        assert!(!limited || message.contains("raise the limit"), "{message}");
    }
}
