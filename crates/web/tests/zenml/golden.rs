//! Whole answers, word for word, in `tests/golden/zenml`.
//!
//! After a deliberate change, write the files anew and look at the difference:
//!
//! ```sh
//! UPDATE_GOLDEN=1 cargo test -p rollbook-web --test zenml
//! git diff crates/web/tests/golden
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use actix_web::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::test::TestRequest;
use rollbook_domain::error::Kind;
use rollbook_domain::{Error, Refusal};
use rollbook_web::zenml::OPERATIONS;
use serde_json::{Value, json};

use super::asked::ANSWERS;
use super::house::{happy, here};
use super::login;
use super::support::{Answer, Make, Mocks};

/// The files that no operation has for itself.
const OTHERS: [&str; 15] = [
    "body_too_large",
    "busy",
    "denied",
    "entitlement_over",
    "hidden",
    "insufficient_scope",
    "internal_error",
    "invalid",
    "no_credential",
    "not_found",
    "not_json",
    "organization_limit",
    "seat_limit",
    "unknown_route",
    "wrong_method",
];

fn request(operation: &str, path: &str, body: &str) -> TestRequest {
    let mut known = OPERATIONS.iter().copied().flatten();
    let method = &known.find(|it| it.id == operation).expect(operation).method;
    let request = TestRequest::with_uri(&here(path)).method(method.clone());
    request.set_payload(here(body))
}

#[actix_web::test]
async fn answers() {
    let server = happy().serve();
    for (name, operation, path, body) in ANSWERS {
        let answer = server.send(request(operation, path, body)).await;
        let expected = if *name == "assign_role_to_a_team" || is_absent(operation) {
            501
        } else {
            200
        };
        assert_eq!(answer.status, expected, "{name}: {}", answer.body);
        compare(name, &rendered(&answer));
    }
    let asked: BTreeSet<_> = ANSWERS
        .iter()
        .map(|(_, operation, _, _)| *operation)
        .collect();
    for operation in OPERATIONS.iter().copied().flatten() {
        let elsewhere = operation.id.starts_with("auth.");
        assert!(elsewhere || asked.contains(operation.id), "{operation:?}");
    }
}

fn is_absent(operation: &str) -> bool {
    ["teams", "rbac", "usage"]
        .iter()
        .any(|it| operation.contains(it))
}

#[actix_web::test]
async fn refusals() {
    let refuse = |make: Make| {
        let mut mocks = Mocks::default();
        let it = mocks.organizations.expect_create();
        it.returning(move |_, _| Err(make()));
        mocks.serve()
    };
    let create = || {
        request(
            "organizations.create",
            "/organizations",
            r#"{"name":"Acme"}"#,
        )
    };
    let cases: [(&str, Make); 8] = [
        ("busy", || Error::Busy),
        ("denied", || super::refusals::denied(true)),
        ("hidden", || super::refusals::denied(false)),
        ("insufficient_scope", || {
            Refusal::InsufficientScope { scope: "rollbook" }.into()
        }),
        ("internal_error", || {
            Error::storage("the password is hunter2")
        }),
        ("not_found", || Error::NotFound(Kind::Workspace)),
        ("organization_limit", || {
            Refusal::OrganizationLimit { limit: 1 }.into()
        }),
        ("seat_limit", || Refusal::SeatLimit { limit: 5 }.into()),
    ];
    for (name, make) in cases {
        compare(name, &rendered(&refuse(make).send(create()).await));
    }
    let server = Mocks::default().serve();
    let post = |body: &str| {
        TestRequest::post()
            .uri("/organizations")
            .set_payload(body.to_owned())
    };
    let large = "x".repeat(super::support::BODY_LIMIT + 1);
    for (name, answer) in [
        ("no_credential", server.send_raw(post("{}")).await),
        ("not_json", server.send(post("{\"name\": acme}")).await),
        ("body_too_large", server.send(post(&large)).await),
        ("unknown_route", server.get("/organizations/a/b").await),
        (
            "wrong_method",
            server.send(TestRequest::put().uri("/organizations")).await,
        ),
        (
            "invalid",
            server
                .send(post(r#"{"id":"x","name":"","links":[1]}"#))
                .await,
        ),
    ] {
        compare(name, &rendered(&answer));
    }
    let mut mocks = Mocks::default();
    mocks
        .subscriptions
        .expect_entitled()
        .returning(|_, _| Ok(false));
    let answer = mocks
        .serve()
        .get(&here("/organizations/ORG/entitlement/pipelines"))
        .await;
    compare("entitlement_over", &rendered(&answer));
}

pub(super) fn rendered(answer: &Answer) -> Value {
    let names = [
        CONTENT_TYPE,
        CACHE_CONTROL,
        WWW_AUTHENTICATE,
        RETRY_AFTER,
        ALLOW,
    ];
    let headers: Value = names
        .into_iter()
        .filter_map(|name| Some((name.to_string(), Value::from(answer.header(name)?))))
        .collect();
    json!({"status": answer.status.as_u16(), "headers": headers, "body": answer.json()})
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/zenml")
}

/// Compares with what the file says, which `UPDATE_GOLDEN=1` writes anew.
#[track_caller]
pub(super) fn compare(name: &str, found: &Value) {
    let found = format!("{found:#}\n");
    let path = folder().join(format!("{name}.json"));
    if updating() {
        fs::write(&path, &found).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == golden, "{} should hold\n{found}", path.display());
}

#[expect(
    clippy::disallowed_methods,
    reason = "a switch for whoever runs the tests"
)]
fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

#[test]
fn no_file_is_left_over() {
    let there: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let names = ANSWERS.iter().map(|(name, ..)| *name).chain(OTHERS);
    let names = names.chain(login::FILES);
    let listed: BTreeSet<String> = names.map(|name| format!("{name}.json")).collect();
    assert_eq!(there, listed);
}
