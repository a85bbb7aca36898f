//! Requests that shall have their effect only once.

use std::sync::{Arc, Mutex};

use actix_web::test::TestRequest;
use rollbook_domain::idempotency::Once;
use rollbook_domain::mock::sample;
use rollbook_domain::service::token::IssuedToken;

use super::support::{Answer, Mocks, Server, acme, acme_path, jane};

const ORGANIZATIONS: &str = "/api/v1/organizations";
const TOKENS: &str = "/api/v1/me/tokens";

type Seen = Arc<Mutex<Vec<Option<Once>>>>;

/// A server that makes organizations and tokens, and how often each request was to have its effect.
fn makes() -> (Server, Seen) {
    let seen = Seen::default();
    let mut mocks = Mocks::default();
    let list = Arc::clone(&seen);
    mocks
        .organizations
        .expect_create()
        .returning(move |_, command| {
            list.lock().unwrap().push(command.once);
            Ok(acme())
        });
    mocks
        .organizations
        .expect_update()
        .returning(|_, _, _| Ok(acme()));
    let list = Arc::clone(&seen);
    mocks.tokens.expect_issue().returning(move |_, command| {
        list.lock().unwrap().push(command.once);
        Ok(IssuedToken {
            token: sample::token("laptop", &jane()),
            secret: sample::secret("laptop"),
        })
    });
    (mocks.serve(), seen)
}

async fn post(server: &Server, path: &str, header: Option<&str>, body: &str) -> Answer {
    let mut request = TestRequest::post().uri(path).set_payload(body.to_owned());
    if let Some(header) = header {
        request = request.insert_header(("Idempotency-Key", header));
    }
    server.send(request).await
}

/// What the domain was told about a request that was accepted.
async fn once(
    server: &Server,
    seen: &Seen,
    path: &str,
    header: Option<&str>,
    body: &str,
) -> Option<Once> {
    let answer = post(server, path, header, body).await;
    assert_eq!(answer.status, 200, "{path} {body}: {}", answer.body);
    seen.lock().unwrap().pop().unwrap()
}

#[actix_web::test]
async fn a_request_has_a_key_in_any_of_three_places() {
    let (server, seen) = makes();
    for (path, name) in [(ORGANIZATIONS, "title"), (TOKENS, "display_name")] {
        let plain = format!(r#"{{"{name}":"a"}}"#);
        let keyed = format!(r#"{{"{name}":"a","request_id":"k-1"}}"#);
        let camel = format!(r#"{{ "requestId":"k-1", "{name}":"a" }}"#);
        let in_query = format!("{path}?request_id=k-1");
        let in_camel = format!("{path}?requestId=k-1");
        let first = once(&server, &seen, path, Some("k-1"), &plain).await;
        assert_eq!(first.as_ref().unwrap().key.as_str(), "k-1");
        for (path, header, body) in [
            (path, Some("\"k-1\""), &plain),
            (path, None, &keyed),
            (path, None, &camel),
            (path, Some("k-1"), &keyed),
            (in_query.as_str(), None, &plain),
            (in_camel.as_str(), None, &plain),
            (in_query.as_str(), Some("k-1"), &keyed),
        ] {
            let other = once(&server, &seen, path, header, body).await;
            assert_eq!(other, first, "{path} {header:?} {body}");
        }
        for (path, body) in [
            (path.to_owned(), plain.clone()),
            (format!("{path}?request_id="), plain.clone()),
            (path.to_owned(), keyed.replace("k-1", "")),
        ] {
            assert_eq!(once(&server, &seen, &path, None, &body).await, None);
        }
    }
}

/// A key that stands for one thing cannot fetch another.
#[actix_web::test]
async fn what_is_asked_for_has_a_fingerprint() {
    let (server, seen) = makes();
    let id = "01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59";
    let chosen = format!("{ORGANIZATIONS}?organization_id={id}");
    let mut prints = Vec::new();
    for (path, body) in [
        (ORGANIZATIONS, r#"{"title":"a"}"#),
        (ORGANIZATIONS, r#"{"title":"b"}"#),
        (ORGANIZATIONS, r#"{"title":"a","slug":"a"}"#),
        (chosen.as_str(), r#"{"title":"a"}"#),
        (TOKENS, r#"{"display_name":"a"}"#),
    ] {
        let once = once(&server, &seen, path, Some("k"), body).await.unwrap();
        assert!(!prints.contains(&once.fingerprint), "{path} {body}");
        prints.push(once.fingerprint);
    }
}

#[actix_web::test]
async fn a_doubtful_key_is_refused() {
    let (server, seen) = makes();
    let long = "x".repeat(129);
    let body = r#"{"title":"a"}"#;
    for header in ["", "a b", "\"\"", "k\u{e9}", &long] {
        let answer = post(&server, ORGANIZATIONS, Some(header), body).await;
        answer.assert_invalid(&["Idempotency-Key"]);
    }
    let in_query = format!("{ORGANIZATIONS}?request_id=a%20b");
    post(&server, &in_query, None, body)
        .await
        .assert_invalid(&["request_id"]);
    let in_body = r#"{"title":"a","request_id":"other"}"#;
    for (path, header) in [
        (ORGANIZATIONS.to_owned(), Some("k")),
        (format!("{ORGANIZATIONS}?request_id=k"), None),
        (format!("{ORGANIZATIONS}?request_id=k"), Some("other")),
    ] {
        post(&server, &path, header, in_body)
            .await
            .assert_invalid(&["request_id"]);
    }
    let twice = TestRequest::post()
        .uri(ORGANIZATIONS)
        .set_payload(body)
        .append_header(("Idempotency-Key", "a"))
        .append_header(("Idempotency-Key", "a"));
    server
        .send(twice)
        .await
        .assert_invalid(&["Idempotency-Key"]);
    assert!(seen.lock().unwrap().is_empty());
}

/// Changing has its entity tag.
#[actix_web::test]
async fn only_creating_takes_a_key() {
    let (server, _) = makes();
    let body = r#"{"title":"a","request_id":"k"}"#;
    let update = TestRequest::patch().uri(&acme_path("")).set_payload(body);
    server.send(update).await.assert_invalid(&["request_id"]);
}
