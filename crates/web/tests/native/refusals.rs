//! What every error of the domain looks like.

use actix_web::http::header::RETRY_AFTER;
use rollbook_domain::error::{Kind, Unauthenticated};
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;
use rollbook_domain::time::Timestamp;
use rollbook_domain::{Error, Refusal};

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

#[actix_web::test]
async fn every_error_has_its_place() {
    let table: [(Make, u16, i64, &str); 23] = [
        (
            || Error::Unauthenticated(Unauthenticated::Missing),
            401,
            16,
            "CREDENTIAL_MISSING",
        ),
        (
            || Error::Unauthenticated(Unauthenticated::Invalid),
            401,
            16,
            "CREDENTIAL_INVALID",
        ),
        (|| denied(true), 403, 7, "PERMISSION_DENIED"),
        (|| denied(false), 403, 7, "PERMISSION_DENIED"),
        (
            || Error::NotFound(Kind::Organization),
            404,
            5,
            "ORGANIZATION_NOT_FOUND",
        ),
        (|| Error::NotFound(Kind::User), 404, 5, "USER_NOT_FOUND"),
        (
            || Error::NotFound(Kind::Membership),
            404,
            5,
            "MEMBERSHIP_NOT_FOUND",
        ),
        (|| Error::NotFound(Kind::Token), 404, 5, "TOKEN_NOT_FOUND"),
        (|| Refusal::IdTaken.into(), 409, 6, "ID_TAKEN"),
        (
            || Refusal::SlugTaken("acme".to_owned()).into(),
            409,
            6,
            "SLUG_TAKEN",
        ),
        (|| Refusal::EmailTaken.into(), 409, 6, "EMAIL_TAKEN"),
        (|| Refusal::AlreadyMember.into(), 409, 6, "ALREADY_MEMBER"),
        (
            || Refusal::OrganizationLimit { limit: 3 }.into(),
            429,
            8,
            "ORGANIZATION_LIMIT",
        ),
        (
            || Refusal::SeatLimit { limit: 3 }.into(),
            429,
            8,
            "SEAT_LIMIT",
        ),
        (
            || Refusal::TokenLimit { limit: 3 }.into(),
            429,
            8,
            "TOKEN_LIMIT",
        ),
        (
            || Refusal::UnsuitableOwner.into(),
            400,
            9,
            "UNSUITABLE_OWNER",
        ),
        (
            || Refusal::ServiceAccountOwner.into(),
            400,
            9,
            "SERVICE_ACCOUNT_OWNER",
        ),
        (|| Refusal::VersionMismatch.into(), 409, 10, "ETAG_MISMATCH"),
        (|| Refusal::NotDeleted.into(), 400, 9, "NOT_DELETED"),
        (
            || {
                Refusal::RestoreWindowOver {
                    until: Timestamp::from_millis(0),
                }
                .into()
            },
            400,
            9,
            "RESTORE_WINDOW_OVER",
        ),
        (|| Error::invalid("title", "no"), 400, 3, "INVALID_ARGUMENT"),
        (|| Error::Busy, 503, 14, "BUSY"),
        (
            || Error::storage("the password is hunter2"),
            500,
            13,
            "INTERNAL",
        ),
    ];
    for (make, status, code, reason) in table {
        let answer = refused(make).await;
        assert_eq!(answer.refusal(), (status, code, reason.to_owned()));
        let json = answer.json();
        assert!(
            json["message"].as_str().is_some_and(|text| text.len() > 5),
            "{json}"
        );
        assert_eq!(json["details"][0]["domain"], "rollbook");
        assert_eq!(answer.header(RETRY_AFTER).is_some(), status == 503);
    }
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
