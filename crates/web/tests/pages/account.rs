//! What people do with their account.

use actix_web::test::TestRequest;
use rollbook_domain::mock::FixedClock;
use rollbook_domain::password::Password;
use rollbook_domain::service::password::MyPassword;
use rollbook_domain::time::Timestamp;
use rollbook_domain::user::User;
use rollbook_domain::{Error, Refusal};

use super::golden::check;
use super::support::{Mocks, joe, post, session, signed_in};

fn mocks(changed_at: Option<Timestamp>) -> Mocks {
    let mut mocks = Mocks::default();
    let mine = mocks.passwords.expect_mine();
    mine.withf(|caller| caller.credential == session())
        .returning(move |_| {
            Ok(MyPassword {
                user: User {
                    email_verified_at: changed_at,
                    ..joe()
                },
                changed_at,
            })
        });
    mocks
}

#[actix_web::test]
async fn the_page_says_what_there_is() {
    let get = || signed_in(TestRequest::get().uri("/account"));
    let server = mocks(Some(FixedClock::START)).serve();
    check("account", 200, &server.send(get()).await);
    let server = mocks(None).serve();
    check("account_without_password", 200, &server.send(get()).await);
    let off = Mocks {
        passwords_off: true,
        ..mocks(None)
    };
    let page = off.serve().send(get()).await;
    assert!(!page.body.contains("assword</h2>"), "{}", page.body);
    assert!(page.body.contains("Sign out everywhere"), "{}", page.body);
    let nobody = Mocks::default().serve().get("/account").await;
    check("not_signed_in", 403, &nobody);
}

#[actix_web::test]
async fn a_password_is_set_and_removed() {
    let mut mocks = mocks(Some(FixedClock::START));
    let set = mocks.passwords.expect_set().times(1);
    set.withf(|caller, command| {
        caller.credential == session()
            && command.current == Some(Password::presented("the old one"))
            && command.new == Password::presented("a better one")
    })
    .returning(|_, _| Ok(()));
    let remove = mocks.passwords.expect_remove().times(1);
    remove
        .withf(|caller, current| {
            caller.credential == session() && *current == Password::presented("a better one")
        })
        .returning(|_, _| Ok(()));
    let server = mocks.serve();
    for (path, form) in [
        (
            "/account/password",
            "current_password=the+old+one&new_password=a+better+one",
        ),
        ("/account/remove-password", "current_password=a+better+one"),
    ] {
        let answer = server.send(signed_in(post(path, form))).await;
        answer.assert_leads_to("/account");
        assert_eq!(server.send(post(path, form)).await.status, 403);
    }
}

#[actix_web::test]
async fn what_is_wrong_is_explained() {
    let mut mocks = mocks(Some(FixedClock::START));
    let weak = || Refusal::WeakPassword {
        advice: "Add another word or two.".to_owned(),
    };
    mocks.passwords.expect_set().returning(move |_, command| {
        Err(match command.current {
            Some(_) => weak().into(),
            None => Refusal::WrongPassword.into(),
        })
    });
    mocks
        .passwords
        .expect_remove()
        .returning(|_, _| Err(Refusal::VersionMismatch.into()));
    let server = mocks.serve();
    let path = "/account/password";
    for (form, reason) in [
        (
            "new_password=a+better+one",
            "The current password is not right.",
        ),
        (
            "current_password=x&new_password=a+better+one",
            "too easy to guess. Add another word or two.",
        ),
        (
            "current_password=x&new_password=short",
            "at least 8 characters",
        ),
    ] {
        let answer = server.send(signed_in(post(path, form))).await;
        assert_eq!(answer.status, 422);
        assert!(answer.body.contains(reason), "{}", answer.body);
    }
    let form = signed_in(post("/account/remove-password", "current_password=x"));
    assert_eq!(server.send(form).await.status, 409);
}

#[actix_web::test]
async fn signing_out_everywhere_takes_the_cookie() {
    let mut mocks = Mocks::default();
    let mut first = true;
    let end = mocks.sessions.expect_end_all().times(2);
    end.withf(|caller| caller.credential == session())
        .returning(move |_| {
            if std::mem::take(&mut first) {
                Ok(())
            } else {
                Err(Error::Busy)
            }
        });
    let server = mocks.serve();
    let form = || signed_in(post("/account/sign-out-everywhere", ""));
    let answer = server.send(form()).await;
    answer.assert_leads_to("/sign-in");
    let cookie = answer.cookie().unwrap();
    assert!(cookie.starts_with("__Host-rollbook_session=; Path=/; Max-Age=0;"));
    let busy = server.send(form()).await;
    assert_eq!((busy.status.as_u16(), busy.cookie()), (503, None));
}
