use rollbook_domain::Error;
use rollbook_domain::error::Kind;
use rollbook_domain::mock::FixedClock;
use rollbook_domain::secret::Secret;
use rollbook_domain::service::user::{OpenedVerification, VerificationSecret};
use rollbook_domain::user::User;

use super::golden::check;
use super::support::{Mocks, jane, joe, post, session, signed_in};

fn secret() -> Secret {
    Secret::email_verification(&[9; 32])
}

fn link() -> String {
    format!("/verify-email/{}", secret().reveal())
}

fn unverified() -> User {
    User {
        email_verified_at: None,
        ..joe()
    }
}

#[actix_web::test]
async fn it_says_whose_the_address_will_be() {
    let cases = [
        ("verification", unverified(), Some(unverified())),
        ("verification_other", unverified(), Some(jane())),
        ("verification_sign_in", unverified(), None),
        ("verification_done", joe(), None),
    ];
    for (name, user, reader) in cases {
        let mut mocks = Mocks::default();
        let opened = OpenedVerification { user, reader };
        mocks
            .users
            .expect_open_email_verification()
            .withf(|_, presented| *presented == VerificationSecret::read(secret().reveal()))
            .returning(move |_, _| Ok(opened.clone()));
        check(name, 200, &mocks.serve().get(&link()).await);
    }
}

#[actix_web::test]
async fn only_the_button_verifies() {
    let mut mocks = Mocks::default();
    mocks
        .users
        .expect_verify_my_email()
        .times(1)
        .withf(|caller, presented| {
            let right = VerificationSecret::read(secret().reveal());
            caller.credential == session() && *presented == right
        })
        .returning(|_, _| {
            Ok(User {
                email_verified_at: Some(FixedClock::START),
                ..joe()
            })
        });
    let server = mocks.serve();
    let request = signed_in(post(&link(), ""));
    server.send(request).await.assert_leads_to(&link());
    assert_eq!(server.send(post(&link(), "")).await.status, 403);
}

#[actix_web::test]
async fn a_dead_link_says_so() {
    let mut mocks = Mocks::default();
    let gone = || Error::NotFound(Kind::EmailVerification);
    mocks
        .users
        .expect_open_email_verification()
        .returning(move |_, _| Err(gone()));
    mocks
        .users
        .expect_verify_my_email()
        .returning(move |_, _| Err(gone()));
    let server = mocks.serve();
    check("verification_unknown", 404, &server.get(&link()).await);
    let request = signed_in(post(&link(), ""));
    check("verification_unknown", 404, &server.send(request).await);
}
