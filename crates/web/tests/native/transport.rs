//! What HTTP brings: routes, methods, bodies, sizes.

use actix_web::http::Method;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::test::TestRequest;
use rollbook_domain::Error;
use rollbook_domain::error::Kind;
use rollbook_domain::mock::sample;
use serde_json::json;

use super::support::{BODY_LIMIT, Mocks, acme, acme_path};

#[actix_web::test]
async fn unknown_routes_speak_the_dialect() {
    let server = Mocks::default().serve();
    for path in [
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v1/organizations/",
        "/api/v1/organizations/a/b",
        "/api/v1/organizations/a:explode",
        "/api/v1/organizations/:undelete",
        "/api/v1/me/tokens/",
        "/api/v1//me",
    ] {
        for method in [Method::GET, Method::POST] {
            let request = TestRequest::with_uri(path).method(method);
            let answer = server.send_raw(request).await;
            assert_eq!(answer.status, 404, "{path}");
            let expected = json!({"code": 5, "message": "Not Found", "details": []});
            assert_eq!(answer.json(), expected, "{path}");
        }
    }
}

#[actix_web::test]
async fn wrong_methods_are_told_the_right_ones() {
    let server = Mocks::default().serve();
    for (path, method, allow) in [
        (acme_path(""), Method::PUT, "GET, HEAD, PATCH, DELETE"),
        (acme_path(""), Method::POST, "GET, HEAD, PATCH, DELETE"),
        (acme_path(""), Method::OPTIONS, "GET, HEAD, PATCH, DELETE"),
        (acme_path(":undelete"), Method::GET, "POST"),
        (
            "/api/v1/organizations".to_owned(),
            Method::DELETE,
            "GET, HEAD, POST",
        ),
        (
            "/api/v1/me".to_owned(),
            Method::PUT,
            "GET, HEAD, PATCH, DELETE",
        ),
    ] {
        let answer = server
            .send_raw(TestRequest::with_uri(&path).method(method))
            .await;
        assert_eq!(answer.status, 405, "{path}");
        assert_eq!(answer.header(ALLOW), Some(allow), "{path}");
        let expected = json!({"code": 12, "message": "Method Not Allowed", "details": []});
        assert_eq!(answer.json(), expected, "{path}");
    }
}

#[actix_web::test]
async fn bodies_that_are_none() {
    let server = Mocks::default().serve();
    for (body, field) in [
        ("", None),
        ("{", None),
        ("[]", None),
        ("null", None),
        ("{} {}", None),
        ("{\"title\": \"a\", \"title\": \"b\"}", None),
        ("{\"title\": 5}", Some("title")),
        ("{\"title\": [\"a\"]}", Some("title")),
        ("{\"titel\": \"a\"}", Some("titel")),
        ("{\"title\": \"a\", \"__proto__\": {}}", Some("__proto__")),
    ] {
        let request = TestRequest::post()
            .uri("/api/v1/organizations")
            .set_payload(body);
        let fields: Vec<&str> = field.into_iter().collect();
        server.send(request).await.assert_invalid(&fields);
    }
}

#[actix_web::test]
async fn bodies_have_a_size() {
    let mut mocks = Mocks::default();
    mocks
        .organizations
        .expect_create()
        .returning(|_, _| Ok(acme()));
    let server = mocks.serve();
    for (length, status) in [(BODY_LIMIT, 200), (BODY_LIMIT + 1, 413)] {
        let body = format!("{:length$}", "{\"title\": \"a\"}");
        let post = || TestRequest::post().uri("/api/v1/organizations");
        let plain = post().set_payload(body.clone());
        let announced = post()
            .set_payload(body)
            .insert_header(("content-length", length));
        for request in [plain, announced] {
            let answer = server.send(request).await;
            assert_eq!(answer.status, status, "{length}");
            if status == 413 {
                assert_eq!(answer.refusal(), (413, 8, "BODY_TOO_LARGE".to_owned()));
            }
        }
    }
}

#[actix_web::test]
async fn the_media_type_of_a_body_does_not_matter() {
    for media_type in [
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "?",
    ] {
        let mut mocks = Mocks::default();
        mocks
            .organizations
            .expect_create()
            .returning(|_, _| Ok(acme()));
        let request = TestRequest::post()
            .uri("/api/v1/organizations")
            .set_payload("{\"title\": \"Acme\"}")
            .insert_header((CONTENT_TYPE, media_type));
        let answer = mocks.serve().send(request).await;
        assert_eq!(answer.status, 200, "{media_type}");
        assert_eq!(answer.header(CONTENT_TYPE), Some("application/json"));
    }
}

/// What is no id takes the way of an unknown id, so that the domain decides: strangers are denied,
/// operators are told that there is nothing.
#[actix_web::test]
async fn what_is_no_id_is_an_unknown_organization() {
    let upper = acme().organization.id.to_string().to_uppercase();
    for id in [
        "abc123def456",
        "me",
        upper.as_str(),
        "%20",
        "00000000-0000-0000-0000-000000000000",
    ] {
        let mut mocks = Mocks::default();
        mocks
            .organizations
            .expect_get()
            .withf(|_, id| id.uuid().is_nil())
            .times(1)
            .returning(|_, _| Err(Error::NotFound(Kind::Organization)));
        let answer = mocks
            .serve()
            .get(&format!("/api/v1/organizations/{id}"))
            .await;
        assert_eq!(
            answer.refusal(),
            (404, 5, "ORGANIZATION_NOT_FOUND".to_owned()),
            "{id}"
        );
    }
    let mut mocks = Mocks::default();
    mocks
        .tokens
        .expect_get()
        .withf(|_, id| id.uuid().is_nil())
        .returning(|_, _| Err(Error::NotFound(Kind::Token)));
    let answer = mocks.serve().get("/api/v1/me/tokens/none").await;
    assert_eq!(answer.refusal(), (404, 5, "TOKEN_NOT_FOUND".to_owned()));
}

#[actix_web::test]
async fn head_is_get_for_the_router() {
    let mut mocks = Mocks::default();
    mocks
        .organizations
        .expect_get()
        .returning(|_, _| Ok(acme()));
    let request = TestRequest::with_uri(&acme_path("")).method(Method::HEAD);
    assert_eq!(mocks.serve().send(request).await.status, 200);
}

#[actix_web::test]
async fn who_has_the_current_version_gets_no_body() {
    let mut mocks = Mocks::default();
    mocks
        .organizations
        .expect_get()
        .returning(|_, _| Ok(acme()));
    let server = mocks.serve();
    for (tags, status) in [
        ("\"1\"", 304),
        ("W/\"1\"", 304),
        ("*", 304),
        ("\"7\", \"1\"", 304),
        ("\"2\"", 200),
        ("\"11\"", 200),
        ("1", 200),
        ("", 200),
    ] {
        let request = TestRequest::get()
            .uri(&acme_path(""))
            .insert_header((IF_NONE_MATCH, tags));
        let answer = server.send(request).await;
        assert_eq!(answer.status, status, "{tags}");
        assert_eq!(answer.body.is_empty(), status == 304, "{tags}");
        assert_eq!(answer.header(ETAG), Some("\"1\""), "{tags}");
    }
}

#[actix_web::test]
async fn names_in_paths_are_ids() {
    let mut mocks = Mocks::default();
    let id = sample::organization("Acme Corp", &super::support::jane()).id;
    mocks
        .organizations
        .expect_restore()
        .withf(move |_, got, limit| *got == id && *limit == super::support::OWNER_LIMIT)
        .returning(|_, _, _| Ok(acme()));
    let server = mocks.serve();
    for spelling in [":undelete", "%3Aundelete"] {
        let request = TestRequest::post().uri(&acme_path(spelling));
        assert_eq!(server.send(request).await.status, 200, "{spelling}");
    }
}
