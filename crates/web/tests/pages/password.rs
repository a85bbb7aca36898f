//! Signing in with a password, and the way to a new one.

use std::sync::mpsc::channel;
use std::time::Duration;

use actix_web::rt::time::timeout;
use actix_web::test::TestRequest;
use rollbook_domain::Error;
use rollbook_domain::Refusal;
use rollbook_domain::error::{Kind, Unauthenticated};
use rollbook_domain::limit::Policy;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::password::Password;
use rollbook_domain::secret::Secret;
use rollbook_domain::service::invitation::{Invitee, SignedUp};
use rollbook_domain::service::password::{OpenedReset, ResetSecret};
use rollbook_domain::service::session::SignedIn;
use rollbook_domain::time::Span;
use rollbook_domain::user::User;

use super::golden::check;
use super::support::{
    Mocks, acceptance, cookie, invitation, issued, jane, joe, link, opened, post, session,
    signed_in,
};

const GOOD: &str = "correct horse battery";

fn reset_secret() -> Secret {
    Secret::password_reset(&[9; 32])
}

fn reset_link() -> String {
    format!("/reset-password/{}", reset_secret().reveal())
}

fn weak() -> Error {
    let advice = "This is a very common password. Add another word or two.".to_owned();
    Refusal::WeakPassword { advice }.into()
}

#[actix_web::test]
async fn a_password_signs_in() {
    let mut mocks = Mocks::default();
    let sign_in = mocks.sessions.expect_sign_in_with_password().times(1);
    sign_in
        .withf(|_, email, password| {
            email.as_str() == "Joe@example.com" && *password == Password::parse(GOOD).unwrap()
        })
        .returning(|_, _, _| {
            Ok(SignedIn {
                user: joe(),
                session: issued(&joe()),
            })
        });
    // Nobody goes on with the session that somebody planted (session fixation).
    let end = mocks.sessions.expect_sign_out().times(1);
    end.withf(|caller| caller.credential == session())
        .returning(|_| Ok(()));
    let form = format!(
        "email=+Joe%40example.com+&password=correct+horse+battery&return={}",
        link()
    );
    let request = signed_in(post("/sign-in", &form));
    let answer = mocks.serve().send(request).await;
    answer.assert_leads_to(&link());
    let expected = format!("__Host-rollbook_session={}; ", cookie().reveal());
    assert!(answer.cookie().unwrap().starts_with(&expected));
}

#[actix_web::test]
async fn what_is_wrong_is_not_told() {
    let mut mocks = Mocks::default();
    let sign_in = mocks.sessions.expect_sign_in_with_password().times(1);
    sign_in.returning(|_, _, _| Err(Error::Unauthenticated(Unauthenticated::Invalid)));
    let server = mocks.serve();
    let form = "email=joe%40example.com&password=secret+horse";
    let answer = server.send(post("/sign-in", form)).await;
    check("sign_in_wrong_password", 403, &answer);
    assert_eq!(answer.cookie(), None);
    assert!(!answer.body.contains("secret horse"), "{}", answer.body);
    let no_address = server.send(post("/sign-in", "email=joe&password=x")).await;
    assert_eq!(no_address.status, 403);
    assert!(no_address.body.contains("do not belong together"));
}

#[actix_web::test]
async fn who_tries_too_often_waits() {
    let mut mocks = Mocks::default();
    mocks
        .sessions
        .expect_sign_in_with_password()
        .returning(|_, _, _| {
            Err(Refusal::RateLimited {
                policy: Policy::SignInsPerAccount,
                quota: 20,
                retry_after: Span::seconds(180),
            }
            .into())
        });
    let form = "email=joe%40example.com&password=x";
    let answer = mocks.serve().send(post("/sign-in", form)).await;
    check("sign_in_too_often", 429, &answer);
    assert_eq!(answer.header("retry-after"), "180");
}

#[actix_web::test]
async fn where_passwords_are_off_there_is_no_form() {
    let mut mocks = Mocks {
        passwords_off: true,
        ..Mocks::default()
    };
    let nobody = || Error::Unauthenticated(Unauthenticated::Missing);
    mocks.users.expect_me().returning(move |_| Err(nobody()));
    mocks
        .invitations
        .expect_open()
        .returning(|_, _| Ok(opened(invitation(), None)));
    let server = mocks.serve();
    check("sign_in_token_only", 200, &server.get("/sign-in").await);
    let page = server.get(&link()).await;
    assert!(!page.body.contains("type=\"password\""), "{}", page.body);
    for request in [
        TestRequest::get().uri("/forgot-password"),
        post("/forgot-password", "email=joe%40example.com"),
    ] {
        assert_eq!(server.send(request).await.status, 409);
    }
}

#[actix_web::test]
async fn whoever_asks_for_a_mail_is_answered_the_same_at_once() {
    for outcome in [
        || Ok(()),
        || Err(Error::Busy),
        || Err(Refusal::PasswordsOff.into()),
    ] {
        let mut mocks = Mocks::default();
        let (sender, receiver) = channel();
        let ask = mocks.passwords.expect_request_reset().times(1);
        ask.returning(move |_, email| {
            sender.send(email).unwrap();
            outcome()
        });
        let server = mocks.serve();
        let form = "email=joe%40example.com";
        let answer = server.send(post("/forgot-password", form)).await;
        check("forgot_password_sent", 200, &answer);
        // It is done, behind their back.
        let asked = async {
            loop {
                match receiver.try_recv() {
                    Ok(email) => return email,
                    Err(_) => actix_web::rt::task::yield_now().await,
                }
            }
        };
        let email = timeout(Duration::from_secs(60), asked).await.unwrap();
        assert_eq!(email.as_str(), "joe@example.com");
    }
}

/// What goes on behind answers is bounded: whoever is too much is answered the same.
#[actix_web::test]
async fn too_many_who_ask_get_no_mail() {
    let mut mocks = Mocks::default();
    let (sender, receiver) = channel();
    let ask = mocks.passwords.expect_request_reset().times(16);
    ask.returning(move |_, email| {
        sender.send(email).unwrap();
        Ok(())
    });
    let server = mocks.serve();
    // None is begun before the test waits for something.
    for _ in 0..20 {
        let form = post("/forgot-password", "email=joe%40example.com");
        check("forgot_password_sent", 200, &server.send(form).await);
    }
    let done = async {
        let mut seen = 0;
        while seen < 16 {
            actix_web::rt::task::yield_now().await;
            seen += receiver.try_iter().count();
        }
    };
    timeout(Duration::from_secs(60), done).await.unwrap();
    let dropped = server.metrics();
    let expected = "rollbook_password_resets_dropped_total 4\n";
    assert!(dropped.contains(expected), "{dropped}");
}

#[actix_web::test]
async fn asking_needs_an_address() {
    let server = Mocks::default().serve();
    check(
        "forgot_password",
        200,
        &server.get("/forgot-password").await,
    );
    let form = "email=%3Cb%3E%00joe";
    let answer = server.send(post("/forgot-password", form)).await;
    check("forgot_password_again", 422, &answer);
}

/// A server at whose link joe can choose a new password.
fn resetting() -> Mocks {
    let mut mocks = Mocks::default();
    let right = ResetSecret::read(reset_secret().reveal());
    let open = mocks.passwords.expect_open_reset();
    open.withf(move |secret| *secret == right).returning(|_| {
        Ok(OpenedReset {
            user: joe(),
            expires_at: FixedClock::START.plus(Span::seconds(3600)),
        })
    });
    mocks
}

#[actix_web::test]
async fn the_link_leads_to_a_new_password() {
    let mut mocks = resetting();
    let right = ResetSecret::read(reset_secret().reveal());
    let reset = mocks.passwords.expect_reset().times(1);
    reset
        .withf(move |_, secret, new| *secret == right && *new == Password::parse(GOOD).unwrap())
        .returning(|_, _, _| Ok(joe()));
    let server = mocks.serve();
    check("reset_password", 200, &server.get(&reset_link()).await);
    let form = "password=correct+horse+battery";
    let answer = server.send(post(&reset_link(), form)).await;
    answer.assert_leads_to("/sign-in");
    assert_eq!(answer.cookie(), None, "nobody is signed in by it");
}

/// Their tokens die with those of whoever may have waited in the account.
#[actix_web::test]
async fn who_takes_an_account_over_is_told() {
    let mut mocks = Mocks::default();
    mocks.passwords.expect_open_reset().returning(|_| {
        Ok(OpenedReset {
            user: User {
                email_verified_at: None,
                ..joe()
            },
            expires_at: FixedClock::START.plus(Span::seconds(3600)),
        })
    });
    let page = mocks.serve().get(&reset_link()).await;
    assert!(
        page.body.contains("personal access tokens too"),
        "{}",
        page.body
    );
}

/// Browsers cut what is pasted at `maxlength`, and count UTF-16 (WHATWG HTML §4.10.18.3): somebody
/// would set, or try, a password that they did not choose (NIST SP 800-63B §3.1.1.2: no truncation).
#[actix_web::test]
async fn no_password_is_cut_off() {
    let mut mocks = resetting();
    let nobody = || Error::Unauthenticated(Unauthenticated::Missing);
    mocks.users.expect_me().returning(move |_| Err(nobody()));
    mocks
        .invitations
        .expect_open()
        .returning(|_, _| Ok(opened(invitation(), None)));
    let server = mocks.serve();
    for path in ["/sign-in", &reset_link(), &link()] {
        let page = server.get(path).await.body;
        let field = page.lines().find(|line| line.contains("name=\"password\""));
        let field = field.expect("a field for the password");
        assert!(!field.contains("maxlength"), "{field}");
    }
    let long = format!("password={}", "a".repeat(129));
    let answer = server.send(post(&reset_link(), &long)).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("at most 128"), "{}", answer.body);
}

#[actix_web::test]
async fn an_easy_one_is_explained() {
    let mut mocks = resetting();
    let reset = mocks.passwords.expect_reset().times(1);
    reset.returning(|_, _, _| Err(weak()));
    let server = mocks.serve();
    let answer = server.send(post(&reset_link(), "password=password1")).await;
    check("reset_password_weak", 422, &answer);
    for (form, reason) in [
        ("password=short", "at least 8 characters"),
        ("password=tab%09in+here", "control characters"),
    ] {
        let answer = server.send(post(&reset_link(), form)).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(reason), "{}", answer.body);
    }
}

#[actix_web::test]
async fn a_dead_link_is_explained() {
    let mut mocks = Mocks::default();
    let dead = || Error::NotFound(Kind::PasswordReset);
    mocks
        .passwords
        .expect_open_reset()
        .returning(move |_| Err(dead()));
    mocks
        .passwords
        .expect_reset()
        .returning(move |_, _, _| Err(dead()));
    let server = mocks.serve();
    check(
        "reset_password_unknown",
        404,
        &server.get(&reset_link()).await,
    );
    let form = "password=correct+horse+battery";
    let answer = server.send(post(&reset_link(), form)).await;
    check("reset_password_unknown", 404, &answer);
}

#[actix_web::test]
async fn who_signs_up_may_choose_a_password() {
    for (form, chosen) in [
        ("display_name=Joe&password=", None),
        ("display_name=Joe", None),
        (
            "display_name=Joe&password=correct+horse+battery",
            Some(Password::parse(GOOD).unwrap()),
        ),
    ] {
        let mut mocks = Mocks::default();
        let sign_up = mocks.invitations.expect_sign_up().times(1);
        sign_up
            .withf(move |_, command| command.password == chosen)
            .returning(|_, _| {
                Ok(SignedUp {
                    user: joe(),
                    acceptance: acceptance(),
                    token: issued(&joe()),
                })
            });
        let path = format!("{}/sign-up", link());
        let answer = mocks.serve().send(post(&path, form)).await;
        answer.assert_leads_to(&link());
    }
}

#[actix_web::test]
async fn who_signs_up_with_an_easy_one_is_told() {
    let mut mocks = Mocks::default();
    mocks
        .invitations
        .expect_open()
        .returning(|_, _| Ok(opened(invitation(), None)));
    let sign_up = mocks.invitations.expect_sign_up().times(1);
    sign_up.returning(|_, _| Err(weak()));
    let server = mocks.serve();
    let path = format!("{}/sign-up", link());
    for form in [
        "display_name=Joe&password=short",
        "display_name=Joe&password=password1",
    ] {
        let answer = server.send(post(&path, form)).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains("class=\"problem\""), "{}", answer.body);
        assert!(answer.body.contains("value=\"Joe\""), "{}", answer.body);
        assert!(!answer.body.contains("password1"), "{}", answer.body);
    }
}

/// Whoever was invited takes over the account that somebody else may have made with the address.
#[actix_web::test]
async fn an_account_that_nobody_has_verified_is_no_obstacle() {
    let mut view = opened(invitation(), None);
    view.invitee = Invitee::Unclaimed;
    let server = Mocks::opening(view);
    check("invitation_claim", 200, &server.get(&link()).await);
    let mut view = opened(invitation(), Some(jane()));
    view.invitee = Invitee::Unclaimed;
    let page = Mocks::opening(view).get(&link()).await;
    assert!(
        page.body.contains("this invitation is for"),
        "{}",
        page.body
    );
    assert_ne!(sample::user("joe"), jane());
}
