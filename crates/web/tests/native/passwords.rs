//! The caller's password.

use actix_web::test::TestRequest;
use rollbook_domain::Refusal;
use rollbook_domain::access::Credential;
use rollbook_domain::limit::Policy;
use rollbook_domain::password::Password;
use rollbook_domain::time::Span;
use serde_json::{Value, json};

use super::golden::check;
use super::support::{Make, Mocks};

const SET: &str = "/api/v1/me:setPassword";
const REMOVE: &str = "/api/v1/me:removePassword";

fn post(path: &str, body: &Value) -> TestRequest {
    TestRequest::post().uri(path).set_payload(body.to_string())
}

#[actix_web::test]
async fn it_is_set_and_removed() {
    let mut mocks = Mocks::default();
    let old = || Password::presented("the old one");
    let set = mocks.passwords.expect_set().times(3);
    set.withf(move |caller, command| {
        let current = command.current.as_ref().is_none_or(|it| *it == old());
        let new = command.new == Password::presented("a better one");
        matches!(caller.credential, Credential::Token(_)) && current && new
    })
    .returning(|_, _| Ok(()));
    let remove = mocks.passwords.expect_remove().times(2);
    remove
        .withf(move |_, current| *current == old())
        .returning(|_, _| Ok(()));
    let server = mocks.serve();
    for body in [
        json!({"current_password": "the old one", "new_password": "a better one"}),
        json!({"currentPassword": "the old one", "newPassword": "a better one"}),
        json!({"new_password": "a better one"}),
    ] {
        check("set_password", &server.send(post(SET, &body)).await);
    }
    for body in [
        json!({"current_password": "the old one"}),
        json!({"currentPassword": "the old one"}),
    ] {
        check("remove_password", &server.send(post(REMOVE, &body)).await);
    }
}

#[actix_web::test]
async fn what_cannot_be_one_is_invalid() {
    let server = Mocks::default().serve();
    for new in ["short", "tab\tin here", &"x".repeat(129)] {
        let answer = server.send(post(SET, &json!({"new_password": new}))).await;
        answer.assert_invalid(&["new_password"]);
        assert!(!answer.body.contains(new), "{}", answer.body);
    }
    for (path, body) in [
        (SET, json!({})),
        (
            SET,
            json!({"new_password": "a better one", "user": "users/1"}),
        ),
        (REMOVE, json!({})),
        (REMOVE, json!({"current_password": 7})),
    ] {
        assert_eq!(server.send(post(path, &body)).await.status, 400);
    }
}

#[actix_web::test]
async fn refusals() {
    let cases: [(&str, Make); 3] = [
        ("weak_password", || {
            let advice = "This is a very common password. Add another word or two.";
            let advice = advice.to_owned();
            Refusal::WeakPassword { advice }.into()
        }),
        ("wrong_password", || Refusal::WrongPassword.into()),
        ("rate_limited_account", || {
            let refusal = Refusal::RateLimited {
                policy: Policy::SignInsPerAccount,
                quota: 20,
                retry_after: Span::seconds(180),
            };
            refusal.into()
        }),
    ];
    for (name, make) in cases {
        let mut mocks = Mocks::default();
        mocks
            .passwords
            .expect_set()
            .returning(move |_, _| Err(make()));
        let body = json!({"new_password": "a better one"});
        check(name, &mocks.serve().send(post(SET, &body)).await);
    }
}
