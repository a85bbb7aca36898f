//! Verifying one's address.

use actix_web::test::TestRequest;
use rollbook_domain::Error;
use rollbook_domain::access::Credential;
use rollbook_domain::error::Kind;
use rollbook_domain::secret::Secret;
use rollbook_domain::service::user::VerificationSecret;
use serde_json::json;

use super::golden::check;
use super::support::{Mocks, jane};

const SEND: &str = "/api/v1/me:sendEmailVerification";
const VERIFY: &str = "/api/v1/me:verifyEmail";

fn post(path: &str, body: &serde_json::Value) -> TestRequest {
    TestRequest::post().uri(path).set_payload(body.to_string())
}

#[actix_web::test]
async fn both_answer_the_caller() {
    let secret = Secret::email_verification(&[9; 32]);
    let presented = VerificationSecret::read(secret.reveal());
    let mut mocks = Mocks::default();
    let send = mocks.users.expect_send_email_verification().times(2);
    send.withf(|caller| matches!(caller.credential, Credential::Token(_)))
        .returning(|_| Ok(jane()));
    let verify = mocks.users.expect_verify_my_email().times(1);
    verify
        .withf(move |_, given| *given == presented)
        .returning(|_, _| Ok(jane()));
    let server = mocks.serve();
    let body = json!({"secret": secret.reveal()});
    for request in [
        TestRequest::post().uri(SEND),
        post(SEND, &json!({})),
        post(VERIFY, &body),
    ] {
        check("me", &server.send(request).await);
    }
    for body in [
        json!({}),
        json!({"secret": 7}),
        json!({"secret": "a", "email": "b"}),
    ] {
        let answer = server.send(post(VERIFY, &body)).await;
        assert_eq!(answer.status, 400, "{}", answer.body);
    }
}

#[actix_web::test]
async fn a_dead_secret_is_not_found() {
    let mut mocks = Mocks::default();
    mocks
        .users
        .expect_verify_my_email()
        .returning(|_, _| Err(Error::NotFound(Kind::EmailVerification)));
    let answer = mocks
        .serve()
        .send(post(VERIFY, &json!({"secret": "x"})))
        .await;
    let expected = (404, 5, "EMAIL_VERIFICATION_NOT_FOUND".to_owned());
    assert_eq!(answer.refusal(), expected);
}
