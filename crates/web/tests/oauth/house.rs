//! What holds for all endpoints.

use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::TestRequest;
use rollbook_domain::Error;
use rollbook_domain::service::MockAuthorization;
use rollbook_web::oauth::OPERATIONS;
use rollbook_web::operation::Policy;

use super::golden::check;
use super::support::{BODY_LIMIT, form, serve};

/// What is asked without a bearer token: by clients, who prove who they are in the request, and what
/// everybody may know.
const PUBLIC: [&str; 7] = [
    "token",
    "deviceAuthorization",
    "introspection",
    "revocation",
    "jwks",
    "metadata.oauth",
    "metadata.openid",
];

#[test]
fn what_is_public_is_listed() {
    let all = OPERATIONS.iter().copied().flatten();
    let asked = all.filter(|it| it.method != Method::OPTIONS);
    let public = asked.filter(|it| it.policy == Policy::Public);
    assert_eq!(public.map(|it| it.id).collect::<Vec<_>>(), PUBLIC);
}

#[actix_web::test]
async fn refusals_are_of_the_protocol() {
    let server = serve(MockAuthorization::new());
    check("unknown_endpoint", &server.get("/oauth2/passwd").await);
    check("unknown_endpoint", &server.get("/.well-known/x").await);
    check("wrong_method", &server.get("/oauth2/token").await);
    let long = "x".repeat(BODY_LIMIT + 1);
    check(
        "body_too_large",
        &server.send(form("/oauth2/token", &long)).await,
    );
    let json = TestRequest::post()
        .uri("/oauth2/token")
        .insert_header((CONTENT_TYPE, "application/json"))
        .set_payload("{}");
    check("no_form", &server.send(json).await);
    for (name, error) in [("busy", busy as fn() -> Error), ("internal_error", broken)] {
        let mut service = MockAuthorization::new();
        service
            .expect_token()
            .returning(move |_, _, _| Err(error()));
        let request = form("/oauth2/token", "grant_type=client_credentials");
        check(name, &serve(service).send(request).await);
    }
}

fn busy() -> Error {
    Error::Busy
}

fn broken() -> Error {
    Error::storage("the disk is full")
}

/// The pages keep theirs, and the two do not get into each other's way.
#[actix_web::test]
async fn pages_and_endpoints_are_told_apart() {
    let server = serve(MockAuthorization::new());
    for (path, html) in [
        ("/oauth2/authorize", true),
        ("/oauth2/device", true),
        ("/oauth2/device_authorization", false),
        ("/oauth2/authorized", false),
        ("/oauth2", false),
    ] {
        let request = TestRequest::default().method(Method::DELETE).uri(path);
        let answer = server.send(request).await;
        let kind = answer.headers.get(CONTENT_TYPE).unwrap().to_str().unwrap();
        assert_eq!(kind.starts_with("text/html"), html, "{path}: {kind}");
    }
}
