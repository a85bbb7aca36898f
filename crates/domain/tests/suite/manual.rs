//! The manual has a line for every error.

use rollbook_domain::Refusal;
use rollbook_domain::error::Kind;
use rollbook_domain::mock::FixedClock;

const ERRORS: &str = include_str!("../../../../docs/errors.md");

/// One of each. A refusal that is missing here breaks [`number`].
fn refusals() -> [Refusal; 12] {
    [
        Refusal::IdTaken,
        Refusal::SlugTaken("acme".to_owned()),
        Refusal::EmailTaken,
        Refusal::AlreadyMember,
        Refusal::OrganizationLimit { limit: 1 },
        Refusal::SeatLimit { limit: 1 },
        Refusal::TokenLimit { limit: 1 },
        Refusal::UnsuitableOwner,
        Refusal::ServiceAccountOwner,
        Refusal::VersionMismatch,
        Refusal::NotDeleted,
        Refusal::RestoreWindowOver {
            until: FixedClock::START,
        },
    ]
}

/// The place in [`refusals`].
const fn number(refusal: &Refusal) -> usize {
    match refusal {
        Refusal::IdTaken => 0,
        Refusal::SlugTaken(_) => 1,
        Refusal::EmailTaken => 2,
        Refusal::AlreadyMember => 3,
        Refusal::OrganizationLimit { .. } => 4,
        Refusal::SeatLimit { .. } => 5,
        Refusal::TokenLimit { .. } => 6,
        Refusal::UnsuitableOwner => 7,
        Refusal::ServiceAccountOwner => 8,
        Refusal::VersionMismatch => 9,
        Refusal::NotDeleted => 10,
        Refusal::RestoreWindowOver { .. } => 11,
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
            Refusal::OrganizationLimit { .. } | Refusal::SeatLimit { .. }
        );
        assert!(!limited || message.contains("raise the limit"), "{message}");
    }
}
