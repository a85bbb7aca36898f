//! Personal access tokens.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::test::TestRequest;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::page::Page;
use rollbook_domain::service::token::{IssueToken, IssuedToken};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::token::Token;
use serde_json::{Value, json};

use super::support::{Answer, Mocks, jane};

const PATH: &str = "/api/v1/me/tokens";

fn issued() -> IssuedToken {
    IssuedToken {
        token: sample::token("laptop", &jane()),
        secret: sample::secret("laptop"),
    }
}

async fn issue(body: &Value, expected: impl Fn(&IssueToken) -> bool + Send + 'static) -> Answer {
    let mut mocks = Mocks::default();
    mocks
        .tokens
        .expect_issue()
        .withf(move |_, command| expected(command))
        .returning(|_, _| Ok(issued()));
    let request = TestRequest::post().uri(PATH).set_payload(body.to_string());
    mocks.serve().send(request).await
}

#[actix_web::test]
async fn the_end_of_a_token_can_be_told_in_two_ways() {
    let start = FixedClock::START;
    let end = Timestamp::parse_rfc3339("2030-01-31T12:00:00Z");
    for (body, expires_at) in [
        (json!({"display_name": "laptop"}), None),
        (json!({"displayName": "laptop", "ttl": ""}), None),
        (json!({"display_name": "laptop", "expire_time": null}), None),
        (
            json!({"display_name": "laptop", "ttl": "86400s"}),
            Some(start.plus(Span::days(1))),
        ),
        (
            json!({"display_name": "laptop", "expire_time": "2030-01-31T12:00:00Z"}),
            end,
        ),
        (
            json!({"display_name": "laptop", "expireTime": "2030-01-31T13:00:00+01:00"}),
            end,
        ),
        // What is only answered is ignored.
        (
            json!({"display_name": "laptop", "name": "x", "last_four": "x", "createTime": "x", "last_use_time": 1}),
            None,
        ),
    ] {
        let answer = issue(&body, move |command| {
            command.name.as_str() == "laptop" && command.expires_at == expires_at
        })
        .await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.body);
    }
}

#[actix_web::test]
async fn what_is_no_token_is_refused() {
    for (body, field) in [
        (json!({}), "display_name"),
        (json!({"display_name": ""}), "display_name"),
        (json!({"display_name": "x".repeat(101)}), "display_name"),
        (json!({"display_name": 1}), "display_name"),
        (json!({"display_name": "a", "ttl": "0s"}), "ttl"),
        (json!({"display_name": "a", "ttl": "1 day"}), "ttl"),
        (
            json!({"display_name": "a", "ttl": "1s", "expire_time": "2030-01-31T12:00:00Z"}),
            "ttl",
        ),
        (
            json!({"display_name": "a", "expire_time": "tomorrow"}),
            "expire_time",
        ),
        (
            json!({"display_name": "a", "organization": "acme"}),
            "organization",
        ),
        (
            json!({"display_name": "a", "organization": "01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59"}),
            "organization",
        ),
        (
            json!({"display_name": "a", "request_id": "a b"}),
            "request_id",
        ),
        (json!({"display_name": "a", "scopes": []}), "scopes"),
        (json!({"display_name": "a", "secret": "mine"}), "secret"),
    ] {
        issue(&body, |_| false).await.assert_invalid(&[field]);
    }
}

#[actix_web::test]
async fn a_token_can_be_bound_to_an_organization() {
    let id = sample::organization("Acme", &jane()).id;
    for (body, bound) in [
        (json!({"display_name": "a"}), None),
        (json!({"display_name": "a", "organization": ""}), None),
        (
            json!({"display_name": "a", "organization": format!("organizations/{id}")}),
            Some(id),
        ),
    ] {
        let answer = issue(&body, move |command| command.organization_id == bound).await;
        assert_eq!(answer.status, 200, "{body}: {}", answer.body);
    }
    let mut mocks = Mocks::default();
    mocks.tokens.expect_get().returning(move |_, _| {
        Ok(Token {
            organization_id: Some(id),
            ..issued().token
        })
    });
    let path = format!("{PATH}/{}", issued().token.id);
    let answer = mocks.serve().get(&path).await;
    assert_eq!(answer.json()["organization"], format!("organizations/{id}"));
}

#[actix_web::test]
async fn a_secret_is_shown_once() {
    let secret = issued().secret;
    let answer = issue(&json!({"display_name": "laptop"}), |_| true).await;
    assert_eq!(answer.json()["secret"], secret.reveal());
    assert_eq!(answer.header(CACHE_CONTROL), Some("no-store"));

    let mut mocks = Mocks::default();
    mocks
        .tokens
        .expect_get()
        .returning(|_, _| Ok(issued().token));
    mocks.tokens.expect_list().returning(|_, _| {
        Ok(Page {
            items: vec![issued().token],
            next: None,
            total: None,
        })
    });
    let server = mocks.serve();
    let one = format!("{PATH}/{}", issued().token.id);
    for path in [PATH, one.as_str()] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains("laptop"));
        assert!(!answer.body.contains("secret"), "{}", answer.body);
        assert!(!answer.body.contains(secret.reveal()), "{}", answer.body);
    }
}
