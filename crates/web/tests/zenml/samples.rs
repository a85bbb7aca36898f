//! What the vendor has published, as it is printed (July 2025, and the later pages with `links`).

use std::collections::BTreeSet;

use actix_web::test::TestRequest;
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::organization::Patch;
use rollbook_domain::service::organization::{Naming, OrganizationStatus};
use rollbook_domain::value::{Logo, Url};
use serde_json::Value;
use uuid::Uuid;

use super::house::full;
use super::support::Mocks;

const ID: &str = "123e4567-e89b-12d3-a456-426614174000";

/// `POST /organizations`
const CREATE: &str = r#"{
"id": "123e4567-e89b-12d3-a456-426614174000",
"name": "text",
"description": "text",
"logo_url": "text",
"owner_id": "123e4567-e89b-12d3-a456-426614174000"
}"#;

/// `PATCH /organizations/{organization_id}`
const UPDATE: &str = r#"{
"name": "text",
"description": "text",
"logo_url": "text",
"owner_id": "123e4567-e89b-12d3-a456-426614174000"
}"#;

/// What reads, creations and updates answer.
const READ: &str = r#"{
"name": "text",
"description": "text",
"logo_url": "text",
"id": "123e4567-e89b-12d3-a456-426614174000",
"created": "2025-07-19T14:26:05.721Z",
"updated": "2025-07-19T14:26:05.721Z",
"owner": {
"password": "text",
"password_expired": true,
"name": "text",
"avatar_url": "text",
"company": "text",
"job_title": "text",
"metadata": {},
"id": "123e4567-e89b-12d3-a456-426614174000",
"username": "text",
"email": "text",
"oauth_provider": "text",
"oauth_id": "text",
"is_active": true,
"is_superuser": false,
"is_service_account": false,
"organization_id": "123e4567-e89b-12d3-a456-426614174000",
"is_onboarded": false
},
"has_active_subscription": true,
"trial_expiry": 1
}"#;

fn uuid() -> Uuid {
    ID.parse().unwrap()
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

/// An answer has every field that was ever published, and no others.
#[track_caller]
fn assert_published(answer: &Value) {
    let sample: Value = serde_json::from_str(READ).unwrap();
    let mut expected = keys(&sample);
    expected.insert("links".to_owned());
    assert_eq!(keys(answer), expected);
    assert_eq!(keys(&answer["owner"]), keys(&sample["owner"]));
    for (name, value) in answer.as_object().unwrap() {
        let same = std::mem::discriminant(value) == std::mem::discriminant(&sample[name]);
        assert!(
            name == "links" || value.is_null() || same,
            "{name}: {value}"
        );
    }
    for name in ["created", "updated"] {
        let time = answer[name].as_str().unwrap();
        assert_eq!(time.len(), "2025-07-19T14:26:05.721Z".len(), "{time}");
        assert!(time.ends_with('Z') && time.as_bytes()[19] == b'.', "{time}");
    }
    assert_eq!(answer["owner"]["password"], Value::Null);
}

#[actix_web::test]
async fn the_creation() {
    let mut mocks = Mocks::default();
    let it = mocks.organizations.expect_create().times(1);
    it.returning(|_, command| {
        assert_eq!(command.id, Some(OrganizationId::new(uuid())));
        assert_eq!(command.name.as_str(), "text");
        assert_eq!(command.description.unwrap().as_str(), "text");
        assert_eq!(
            command.logo,
            Url::parse_reference("text").ok().map(Logo::External)
        );
        assert_eq!(command.owner, Some(UserId::new(uuid())));
        assert_eq!(
            (command.naming, command.owner_limit),
            (Naming::Unique, Some(1))
        );
        assert_eq!(command.terms, super::support::TERMS);
        Ok(full())
    });
    let request = TestRequest::post().uri("/organizations");
    let answer = mocks.serve().send(request.set_payload(CREATE)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_published(&answer.json());
}

#[actix_web::test]
async fn the_update() {
    let mut mocks = Mocks::default();
    let it = mocks.organizations.expect_update().times(1);
    it.returning(|_, id, command| {
        assert_eq!(id, OrganizationId::new(uuid()));
        assert_eq!(command.name.unwrap().as_str(), "text");
        assert_eq!(command.links, Patch::Keep);
        let heir = command.succession.unwrap();
        assert_eq!(
            (heir.owner, heir.owner_limit),
            (UserId::new(uuid()), Some(1))
        );
        Ok(full())
    });
    let request = TestRequest::patch().uri(&format!("/organizations/{ID}"));
    let answer = mocks.serve().send(request.set_payload(UPDATE)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_published(&answer.json());
}

#[actix_web::test]
async fn the_reads() {
    let server = super::house::happy().serve();
    let list = server.get("/organizations").await.json();
    for one in list.as_array().unwrap() {
        assert_published(one);
        assert_eq!(
            (&one["has_active_subscription"], &one["trial_expiry"]),
            (&Value::Null, &Value::Null)
        );
    }
    assert_published(&server.get(&format!("/organizations/{ID}")).await.json());
}

/// What was read can be sent back.
#[actix_web::test]
async fn an_answer_is_a_request() {
    let mut mocks = Mocks::default();
    mocks.organizations.expect_find().returning(|_, _, _| {
        Ok(OrganizationStatus {
            view: full(),
            subscription: None,
        })
    });
    let it = mocks.organizations.expect_update().times(1);
    it.returning(|_, _, command| {
        let Patch::Set(links) = command.links else {
            panic!("links are set");
        };
        assert_eq!(Some(links), full().organization.links);
        Ok(full())
    });
    let server = mocks.serve();
    let read = server.get(&format!("/organizations/{ID}")).await;
    let request = TestRequest::patch().uri(&format!("/organizations/{ID}"));
    let answer = server.send(request.set_payload(read.body)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[actix_web::test]
async fn the_deletion() {
    let mut mocks = Mocks::default();
    let it = mocks.organizations.expect_delete().times(1);
    it.returning(|_, id, seen| {
        assert_eq!((id, seen), (OrganizationId::new(uuid()), None));
        Ok(())
    });
    let request = TestRequest::delete().uri(&format!("/organizations/{ID}"));
    let answer = mocks.serve().send(request).await;
    assert_eq!(
        (answer.status.as_u16(), answer.body.as_str()),
        (200, "null")
    );
}
