//! What every error of the domain looks like.

use rollbook_domain::error::{Kind, Unauthenticated};
use rollbook_domain::mock::FixedClock;
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;
use rollbook_domain::{Error, Refusal};

use super::support::{Make, Mocks};

pub(super) fn denied(visible: bool) -> Error {
    Error::Denied {
        action: Action::Use(Permission::ReadOrganization),
        visible,
    }
}

/// An error with its status, its class, and its name in docs/errors.md.
type Case = (Make, u16, &'static str, &'static str);

async fn check(table: &[Case]) {
    let page = include_str!("../../../../docs/errors.md");
    let page = page
        .split("## The ZenML dialect")
        .nth(1)
        .expect("a chapter");
    for (make, status, class, name) in table {
        let mut mocks = Mocks::default();
        let make = *make;
        mocks.users.expect_me().returning(move |_| Err(make()));
        let answer = mocks.serve().get("/users/me").await;
        let json = answer.json();
        assert_eq!(answer.status.as_u16(), *status, "{json}");
        assert_eq!(json["detail"][0], *class, "{json}");
        assert!(
            json["detail"][1].as_str().is_some_and(|it| it.len() > 5),
            "{json}"
        );
        assert!(!answer.body.contains("hunter2"), "{json}");
        let row = page
            .lines()
            .find(|line| line.contains(&format!("`{name}`")));
        let row = row.unwrap_or_else(|| panic!("docs/errors.md lacks {name}"));
        assert!(row.contains(&format!("| {status} | `{class}` |")), "{row}");
    }
}

#[actix_web::test]
async fn errors_have_their_place() {
    use Unauthenticated::{Invalid, Missing};
    check(&[
        (
            || Error::Unauthenticated(Missing),
            401,
            "CredentialsNotValid",
            "Unauthenticated",
        ),
        (
            || Error::Unauthenticated(Invalid),
            401,
            "CredentialsNotValid",
            "Unauthenticated",
        ),
        (
            || denied(true),
            403,
            "IllegalOperationError",
            "Denied { visible: true }",
        ),
        (
            || denied(false),
            404,
            "KeyError",
            "Denied { visible: false }",
        ),
        (
            || Error::NotFound(Kind::Organization),
            404,
            "KeyError",
            "NotFound",
        ),
        (
            || Error::NotFound(Kind::WorkspaceMembership),
            404,
            "KeyError",
            "NotFound",
        ),
        (|| Error::Busy, 503, "RuntimeError", "Busy"),
        (
            || Error::storage("the password is hunter2"),
            500,
            "RuntimeError",
            "Storage",
        ),
    ])
    .await;
}

#[actix_web::test]
async fn what_is_taken_has_its_place() {
    let taken = |make: Make, name| (make, 409, "EntityExistsError", name);
    check(&[
        taken(|| Refusal::IdTaken.into(), "IdTaken"),
        taken(|| Refusal::SlugTaken("acme".to_owned()).into(), "SlugTaken"),
        taken(|| Refusal::NameTaken("acme".to_owned()).into(), "NameTaken"),
        taken(
            || Refusal::NameAmbiguous("acme".to_owned()).into(),
            "NameAmbiguous",
        ),
        taken(|| Refusal::RoleHeld("acme".to_owned()).into(), "RoleHeld"),
        taken(|| Refusal::EmailTaken.into(), "EmailTaken"),
        taken(|| Refusal::AlreadyMember.into(), "AlreadyMember"),
        taken(|| Refusal::AlreadyInvited.into(), "AlreadyInvited"),
        taken(|| Refusal::AlreadyInWorkspace.into(), "AlreadyInWorkspace"),
        taken(
            || Refusal::RoleKeyTaken("acme".to_owned()).into(),
            "RoleKeyTaken",
        ),
        taken(
            || Refusal::RoleTitleTaken("acme".to_owned()).into(),
            "RoleTitleTaken",
        ),
        taken(|| Refusal::DomainExists.into(), "DomainExists"),
        taken(|| Refusal::DomainTaken.into(), "DomainTaken"),
        taken(|| Refusal::VersionMismatch.into(), "VersionMismatch"),
    ])
    .await;
}

#[actix_web::test]
async fn limits_have_their_place() {
    let upgrade = "SubscriptionUpgradeRequiredError";
    let (limit, illegal) = ("OrganizationLimitExceeded", "IllegalOperationError");
    check(&[
        (
            || Refusal::OrganizationLimit { limit: 1 }.into(),
            403,
            limit,
            "OrganizationLimit",
        ),
        (
            || Refusal::SeatLimit { limit: 1 }.into(),
            402,
            upgrade,
            "SeatLimit",
        ),
        (
            || Refusal::WorkspaceLimit { limit: 1 }.into(),
            402,
            upgrade,
            "WorkspaceLimit",
        ),
        (
            || Refusal::TokenLimit { limit: 1 }.into(),
            403,
            illegal,
            "TokenLimit",
        ),
        (
            || Refusal::DomainLimit { limit: 1 }.into(),
            403,
            illegal,
            "DomainLimit",
        ),
        (
            || Refusal::RequestKeyReused.into(),
            400,
            "ValueError",
            "RequestKeyReused",
        ),
    ])
    .await;
}

#[actix_web::test]
async fn what_a_rule_forbids_has_its_place() {
    let illegal = |make: Make, name| (make, 403, "IllegalOperationError", name);
    check(&[
        illegal(
            || {
                Refusal::BeyondOwnRights {
                    permission: "read:Role",
                }
                .into()
            },
            "BeyondOwnRights",
        ),
        illegal(|| Refusal::Outranked.into(), "Outranked"),
        illegal(|| Refusal::ForSomeoneElse.into(), "ForSomeoneElse"),
        illegal(
            || Refusal::InvitationForSomeoneElse.into(),
            "InvitationForSomeoneElse",
        ),
        illegal(|| Refusal::EmailNotVerified.into(), "EmailNotVerified"),
        illegal(|| Refusal::OwnerMustStay.into(), "OwnerMustStay"),
        illegal(|| Refusal::RoleInUse { holders: 2 }.into(), "RoleInUse"),
        illegal(
            || Refusal::InvitationClosed { state: "revoked" }.into(),
            "InvitationClosed",
        ),
        illegal(|| Refusal::SignInToAccept.into(), "SignInToAccept"),
        illegal(|| Refusal::NotAMember.into(), "NotAMember"),
        illegal(|| Refusal::DomainNotVerified.into(), "DomainNotVerified"),
        illegal(
            || {
                Refusal::ChallengeNotFound {
                    record: "x.example".to_owned(),
                }
                .into()
            },
            "ChallengeNotFound",
        ),
        illegal(|| Refusal::NoSubscription.into(), "NoSubscription"),
        illegal(|| Refusal::UnsuitableOwner.into(), "UnsuitableOwner"),
        illegal(
            || Refusal::ServiceAccountOwner.into(),
            "ServiceAccountOwner",
        ),
        illegal(
            || {
                Refusal::StillOwner {
                    organizations: Vec::new(),
                }
                .into()
            },
            "StillOwner",
        ),
        illegal(
            || Refusal::SecretShown { id: "7".to_owned() }.into(),
            "SecretShown",
        ),
        illegal(|| Refusal::NotDeleted.into(), "NotDeleted"),
        illegal(|| Refusal::NotReplayable.into(), "NotReplayable"),
        illegal(
            || {
                Refusal::RestoreWindowOver {
                    until: FixedClock::START,
                }
                .into()
            },
            "RestoreWindowOver",
        ),
    ])
    .await;
}

/// A path may hold a name: whoever may not see an organization is told the same whether it exists
/// or not.
#[actix_web::test]
async fn hidden_is_absent() {
    let mut bodies = Vec::new();
    for make in [|| denied(false), || Error::NotFound(Kind::Organization)] as [Make; 2] {
        let mut mocks = Mocks::default();
        mocks
            .organizations
            .expect_find()
            .returning(move |_, _, _| Err(make()));
        let answer = mocks.serve().get("/organizations/Acme").await;
        bodies.push((answer.status, answer.body));
    }
    assert_eq!(bodies[0], bodies[1]);
}

/// What the domain finds wrong looks like what pydantic does.
#[actix_web::test]
async fn violations_are_items() {
    let mut mocks = Mocks::default();
    let it = mocks.users.expect_me();
    it.returning(|_| Err(Error::invalid("email", "it belongs to nobody")));
    let answer = mocks.serve().get("/users/me").await;
    let expected = serde_json::json!({"detail": [{
        "type": "value_error", "loc": ["body", "email"], "msg": "Value error, it belongs to nobody",
        "input": null, "ctx": {"error": {}},
    }]});
    assert_eq!((answer.status.as_u16(), answer.json()), (422, expected));
}
