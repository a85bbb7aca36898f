//! What every error of the domain looks like.

use actix_web::http::header::RETRY_AFTER;
use rollbook_domain::error::{Kind, Unauthenticated};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;
use rollbook_domain::time::Timestamp;
use rollbook_domain::{Error, Refusal};
use uuid::Uuid;

use super::support::{Answer, Make, Mocks};

async fn refused(make: Make) -> Answer {
    let mut mocks = Mocks::default();
    mocks.users.expect_me().returning(move |_| Err(make()));
    mocks.serve().get("/api/v1/me").await
}

fn denied(visible: bool) -> Error {
    Error::Denied {
        action: Action::Use(Permission::ReadOrganization),
        visible,
    }
}

/// An error with its status, its code, its reason and what it is about.
type Case = (
    Make,
    u16,
    i64,
    &'static str,
    Option<(&'static str, &'static str)>,
);

async fn check(table: &[Case]) {
    for (make, status, code, reason, about) in table {
        let answer = refused(*make).await;
        assert_eq!(answer.refusal(), (*status, *code, (*reason).to_owned()));
        let json = answer.json();
        assert!(
            json["message"].as_str().is_some_and(|text| text.len() > 5),
            "{json}"
        );
        assert_eq!(json["details"][0]["domain"], "rollbook");
        let metadata: Vec<(&str, &str)> = json["details"][0]["metadata"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)))
            .collect();
        assert_eq!(metadata, about.iter().copied().collect::<Vec<_>>());
        assert_eq!(answer.header(RETRY_AFTER).is_some(), *status == 503);
        documented(*status, *code, reason, about.map(|(key, _)| key));
    }
}

/// Checks that docs/errors.md says the same.
fn documented(status: u16, code: i64, reason: &str, about: Option<&str>) {
    let page = include_str!("../../../../docs/errors.md");
    let row = page
        .lines()
        .find(|line| line.contains(&format!("| `{reason}` |")))
        .unwrap_or_else(|| panic!("docs/errors.md lacks {reason}"));
    assert!(row.contains(&format!("| {status} | {code} `")), "{row}");
    if let Some(key) = about {
        assert!(row.contains(&format!("metadata `{key}`")), "{row}");
    }
}

#[actix_web::test]
async fn errors_have_their_place() {
    use Unauthenticated::{Invalid, Missing};
    check(&[
        (
            || Error::Unauthenticated(Missing),
            401,
            16,
            "CREDENTIAL_MISSING",
            None,
        ),
        (
            || Error::Unauthenticated(Invalid),
            401,
            16,
            "CREDENTIAL_INVALID",
            None,
        ),
        (|| denied(true), 403, 7, "PERMISSION_DENIED", None),
        (|| denied(false), 403, 7, "PERMISSION_DENIED", None),
        (
            || Error::invalid("title", "no"),
            400,
            3,
            "INVALID_ARGUMENT",
            None,
        ),
        (|| Error::Busy, 503, 14, "BUSY", None),
        (
            || Error::storage("the password is hunter2"),
            500,
            13,
            "INTERNAL",
            None,
        ),
    ])
    .await;
}

#[actix_web::test]
async fn what_is_not_there_has_its_place() {
    let absent = |make: Make, reason| (make, 404, 5, reason, None);
    check(&[
        absent(
            || Error::NotFound(Kind::Organization),
            "ORGANIZATION_NOT_FOUND",
        ),
        absent(|| Error::NotFound(Kind::User), "USER_NOT_FOUND"),
        absent(|| Error::NotFound(Kind::Membership), "MEMBERSHIP_NOT_FOUND"),
        absent(|| Error::NotFound(Kind::Token), "TOKEN_NOT_FOUND"),
        absent(|| Error::NotFound(Kind::Role), "ROLE_NOT_FOUND"),
        absent(|| Error::NotFound(Kind::Invitation), "INVITATION_NOT_FOUND"),
        absent(|| Error::NotFound(Kind::Workspace), "WORKSPACE_NOT_FOUND"),
        absent(
            || Error::NotFound(Kind::WorkspaceMembership),
            "WORKSPACE_MEMBERSHIP_NOT_FOUND",
        ),
        absent(|| Error::NotFound(Kind::Domain), "DOMAIN_NOT_FOUND"),
        absent(
            || Error::NotFound(Kind::ServiceAccount),
            "SERVICE_ACCOUNT_NOT_FOUND",
        ),
    ])
    .await;
}

#[actix_web::test]
async fn what_is_taken_has_its_place() {
    let taken = |make: Make, reason, about| (make, 409, 6, reason, about);
    check(&[
        taken(|| Refusal::IdTaken.into(), "ID_TAKEN", None),
        taken(
            || Refusal::SlugTaken("acme".to_owned()).into(),
            "SLUG_TAKEN",
            Some(("slug", "acme")),
        ),
        taken(
            || Refusal::NameTaken("acme".to_owned()).into(),
            "NAME_TAKEN",
            Some(("name", "acme")),
        ),
        taken(
            || Refusal::RoleHeld("auditor".to_owned()).into(),
            "ROLE_HELD",
            Some(("key", "auditor")),
        ),
        taken(|| Refusal::EmailTaken.into(), "EMAIL_TAKEN", None),
        taken(|| Refusal::AlreadyMember.into(), "ALREADY_MEMBER", None),
        taken(|| Refusal::AlreadyInvited.into(), "ALREADY_INVITED", None),
        taken(
            || Refusal::AlreadyInWorkspace.into(),
            "ALREADY_IN_WORKSPACE",
            None,
        ),
        taken(
            || Refusal::RoleKeyTaken("lead".to_owned()).into(),
            "ROLE_KEY_TAKEN",
            Some(("key", "lead")),
        ),
        taken(
            || Refusal::RoleTitleTaken("Lead".to_owned()).into(),
            "ROLE_TITLE_TAKEN",
            Some(("title", "Lead")),
        ),
        taken(|| Refusal::DomainExists.into(), "DOMAIN_EXISTS", None),
        taken(|| Refusal::DomainTaken.into(), "DOMAIN_TAKEN", None),
    ])
    .await;
}

#[actix_web::test]
async fn limits_have_their_place() {
    let limited = |make: Make, reason| (make, 429, 8, reason, Some(("limit", "3")));
    check(&[
        limited(
            || Refusal::OrganizationLimit { limit: 3 }.into(),
            "ORGANIZATION_LIMIT",
        ),
        limited(|| Refusal::SeatLimit { limit: 3 }.into(), "SEAT_LIMIT"),
        limited(|| Refusal::TokenLimit { limit: 3 }.into(), "TOKEN_LIMIT"),
        limited(
            || Refusal::WorkspaceLimit { limit: 3 }.into(),
            "WORKSPACE_LIMIT",
        ),
        limited(|| Refusal::DomainLimit { limit: 3 }.into(), "DOMAIN_LIMIT"),
        limited(
            || Refusal::WebhookLimit { limit: 3 }.into(),
            "WEBHOOK_LIMIT",
        ),
        limited(
            || Refusal::DeliveryLimit { limit: 3 }.into(),
            "DELIVERY_LIMIT",
        ),
    ])
    .await;
}

/// These are no "only the owner may" with status 400 (objectstack PR #8316).
#[actix_web::test]
async fn what_somebody_else_may_do_has_its_place() {
    let forbidden = |make: Make, reason, about| (make, 403, 7, reason, about);
    check(&[
        forbidden(
            || {
                Refusal::BeyondOwnRights {
                    permission: "delete:Role",
                }
                .into()
            },
            "BEYOND_OWN_RIGHTS",
            Some(("permission", "delete:Role")),
        ),
        forbidden(|| Refusal::Outranked.into(), "OUTRANKED", None),
        forbidden(
            || Refusal::InvitationForSomeoneElse.into(),
            "INVITATION_FOR_SOMEONE_ELSE",
            None,
        ),
        forbidden(
            || Refusal::EmailNotVerified.into(),
            "EMAIL_NOT_VERIFIED",
            None,
        ),
    ])
    .await;
}

#[actix_web::test]
async fn what_the_state_forbids_has_its_place() {
    let failed = |make: Make, reason, about| (make, 400, 9, reason, about);
    check(&[
        failed(|| Refusal::OwnerMustStay.into(), "OWNER_MUST_STAY", None),
        failed(
            || {
                Refusal::StillOwner {
                    organizations: vec![OrganizationId::new(Uuid::max())],
                }
                .into()
            },
            "STILL_OWNER",
            Some(("organizations", "ffffffff-ffff-ffff-ffff-ffffffffffff")),
        ),
        failed(
            || Refusal::RoleInUse { holders: 2 }.into(),
            "ROLE_IN_USE",
            Some(("holders", "2")),
        ),
        failed(
            || Refusal::InvitationClosed { state: "revoked" }.into(),
            "INVITATION_CLOSED",
            Some(("state", "revoked")),
        ),
        failed(
            || Refusal::WebhookDisabled { status: "gone" }.into(),
            "WEBHOOK_DISABLED",
            Some(("status", "gone")),
        ),
        failed(|| Refusal::SignInToAccept.into(), "SIGN_IN_TO_ACCEPT", None),
        failed(|| Refusal::NotAMember.into(), "NOT_A_MEMBER", None),
        failed(
            || Refusal::NameAmbiguous("acme".to_owned()).into(),
            "NAME_AMBIGUOUS",
            Some(("name", "acme")),
        ),
        failed(
            || Refusal::DomainNotVerified.into(),
            "DOMAIN_NOT_VERIFIED",
            None,
        ),
        failed(
            || {
                Refusal::ChallengeNotFound {
                    record: "_x.acme.example".to_owned(),
                }
                .into()
            },
            "CHALLENGE_NOT_FOUND",
            Some(("record", "_x.acme.example")),
        ),
        failed(|| Refusal::NoSubscription.into(), "NO_SUBSCRIPTION", None),
        failed(
            || Refusal::SecretShown { id: "7".to_owned() }.into(),
            "SECRET_SHOWN",
            Some(("id", "7")),
        ),
        failed(|| Refusal::UnsuitableOwner.into(), "UNSUITABLE_OWNER", None),
        failed(
            || Refusal::ServiceAccountOwner.into(),
            "SERVICE_ACCOUNT_OWNER",
            None,
        ),
        failed(|| Refusal::NotDeleted.into(), "NOT_DELETED", None),
        failed(
            || {
                Refusal::RestoreWindowOver {
                    until: Timestamp::from_millis(0),
                }
                .into()
            },
            "RESTORE_WINDOW_OVER",
            Some(("until", "1970-01-01T00:00:00Z")),
        ),
        failed(|| Refusal::PasswordsOff.into(), "PASSWORDS_OFF", None),
        (
            || Refusal::WrongPassword.into(),
            403,
            7,
            "WRONG_PASSWORD",
            None,
        ),
        (
            || {
                Refusal::WeakPassword {
                    advice: "Add a word.".to_owned(),
                }
                .into()
            },
            400,
            3,
            "WEAK_PASSWORD",
            Some(("advice", "Add a word.")),
        ),
        (
            || Refusal::RequestKeyReused.into(),
            400,
            3,
            "REQUEST_KEY_REUSED",
            None,
        ),
        (
            || Refusal::VersionMismatch.into(),
            409,
            10,
            "ETAG_MISMATCH",
            None,
        ),
    ])
    .await;
}

#[actix_web::test]
async fn causes_stay_inside() {
    let answer = refused(|| Error::storage("the password is hunter2")).await;
    assert!(!answer.body.contains("hunter2"), "{}", answer.body);
    assert_eq!(answer.json()["message"], "internal error");
}

/// A stranger's answer does not depend on whether there is something to see.
#[actix_web::test]
async fn strangers_learn_nothing() {
    let answer = refused(|| denied(false)).await;
    let message = answer.json()["message"].clone();
    assert_eq!(
        message,
        "there is no such resource, or you are not allowed to see it"
    );
}
