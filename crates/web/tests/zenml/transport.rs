//! What goes wrong before the domain is reached, and what every answer has.

use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderName};
use actix_web::test::TestRequest;
use serde_json::json;

use super::house::{happy, here};
use super::support::Mocks;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

#[actix_web::test]
async fn a_request_has_an_id() {
    let server = happy().serve();
    for path in ["/organizations", "/organizations/a/b/c", "/users/me"] {
        let request = TestRequest::get().uri(path);
        let answer = server
            .send(request.insert_header((REQUEST_ID, "job-7")))
            .await;
        assert_eq!(answer.header(REQUEST_ID), Some("job-7"), "{path}");
        let made = server.get(path).await;
        assert!(
            made.header(REQUEST_ID).is_some_and(|id| id.len() == 36),
            "{path}"
        );
    }
}

/// Only what is below the dialect's roots is its own.
#[actix_web::test]
async fn unknown_paths_speak_the_dialect_below_its_roots() {
    let server = Mocks::default().serve();
    for path in [
        "/organizations/a/b",
        "/users",
        "/roles/a/b/c",
        "/rbac",
        "/workspaces/a/b",
    ] {
        let answer = server.send(TestRequest::put().uri(path)).await;
        let detail = answer.json()["detail"].clone();
        let expected = if answer.status == 405 {
            "Method Not Allowed"
        } else {
            "Not Found"
        };
        assert_eq!(detail, expected, "{path}");
    }
    assert_eq!(server.get("/organizationsx").await.body, "");
    assert_eq!(server.get("/nothing").await.body, "");
}

/// One path has two names in the documentation: to read it, and to write it.
#[actix_web::test]
async fn a_path_allows_what_all_its_names_do() {
    let server = Mocks::default().serve();
    let answer = server
        .send(TestRequest::post().uri(&here("/organizations/ORG")))
        .await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header(ALLOW), Some("GET, HEAD, PATCH, DELETE"));
}

/// ZenML's client reads JSON from every answer that is no refusal.
#[actix_web::test]
async fn even_nothing_is_json() {
    let server = happy().serve();
    let delete = TestRequest::delete().uri(&here("/organizations/ORG"));
    let answer = server.send(delete).await;
    assert_eq!(answer.header(CONTENT_TYPE), Some("application/json"));
    assert_eq!(answer.json(), json!(null));
}

/// Whatever a body claims to be, it is read as JSON.
#[actix_web::test]
async fn media_types_do_not_matter() {
    let server = happy().serve();
    for media_type in [
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
    ] {
        let request = TestRequest::post().uri("/organizations");
        let request = request.insert_header((CONTENT_TYPE, media_type));
        let answer = server.send(request.set_payload(r#"{"name":"Acme"}"#)).await;
        assert_eq!(answer.status, 200, "{media_type}");
    }
}
