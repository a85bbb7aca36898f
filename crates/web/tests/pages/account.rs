//! What people do with their account.

use actix_web::test::TestRequest;
use rollbook_domain::error::Kind;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::oauth::{Grant, Scope, Scopes};
use rollbook_domain::page::Page;
use rollbook_domain::password::Password;
use rollbook_domain::policy::Action;
use rollbook_domain::service::oauth::GrantView;
use rollbook_domain::service::password::MyPassword;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::user::User;
use rollbook_domain::{Error, Refusal};

use super::golden::check;
use super::support::{Mocks, acme, joe, post, session, signed_in};

fn mocks(changed_at: Option<Timestamp>) -> Mocks {
    let mut mocks = allowing(Vec::new());
    mine(&mut mocks, changed_at);
    mocks
}

/// Services of somebody who has allowed this.
fn allowing(grants: Vec<GrantView>) -> Mocks {
    let mut mocks = Mocks::default();
    mocks
        .authorization
        .expect_list_grants()
        .returning(move |caller, window| {
            assert_eq!((caller.credential, window.limit), (session(), 200));
            Ok(Page {
                items: grants.clone(),
                next: None,
                total: None,
            })
        });
    mocks
}

fn mine(mocks: &mut Mocks, changed_at: Option<Timestamp>) {
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
}

/// What joe has allowed the client of this name.
fn allowed(name: &str, client: &str, at: u32) -> GrantView {
    let client = sample::oauth_client(client, None);
    let grant = Grant {
        created_at: FixedClock::START.plus(Span::seconds(at)),
        ..sample::grant(name, &client, &joe())
    };
    GrantView { grant, client }
}

#[actix_web::test]
async fn what_clients_may_is_shown() {
    let mut bound = allowed("bound", "console", 120);
    bound.grant.organization_id = Some(acme().organization.id);
    let mut secret = allowed("secret", "television", 180);
    secret.grant.organization_id = Some(OrganizationId::new(sample::uuid("elsewhere")));
    let mut again = allowed("again", "console", 240);
    again.grant.scopes = Scopes::of(&[Scope::Rollbook]);
    let mut mocks = allowing(vec![allowed("first", "console", 60), bound, secret, again]);
    mine(&mut mocks, None);
    mocks.organizations.expect_get().returning(|caller, id| {
        assert_eq!(caller.credential, session());
        if id == acme().organization.id {
            Ok(acme())
        } else {
            Err(Error::NotFound(Kind::Organization))
        }
    });
    let get = signed_in(TestRequest::get().uri("/account"));
    let page = mocks.serve().send(get).await;
    check("account_grants", 200, &page);
}

/// Each visit is a grant, and whoever looks at clients wants to see them all the same.
#[actix_web::test]
async fn no_more_than_fifty_clients_are_shown() {
    for (clients, more) in [(50, false), (51, true)] {
        let all = 0..clients;
        let grants = all.flat_map(|it| {
            let name = format!("client {it}");
            [1, 2].map(|visit| allowed(&format!("{name} {visit}"), &name, visit))
        });
        let mut mocks = allowing(grants.collect());
        mine(&mut mocks, None);
        let get = signed_in(TestRequest::get().uri("/account"));
        let page = mocks.serve().send(get).await.body;
        assert_eq!(page.matches(">End</button>").count(), 50);
        assert_eq!(page.contains("There are more."), more, "{clients}");
    }
}

/// A session that was exchanged for a token of one organization sees the rest.
#[actix_web::test]
async fn who_may_not_see_them_sees_the_rest() {
    let mut mocks = Mocks::default();
    mine(&mut mocks, None);
    mocks.authorization.expect_list_grants().returning(|_, _| {
        Err(Error::Denied {
            action: Action::ManageSelf,
            visible: true,
        })
    });
    let get = signed_in(TestRequest::get().uri("/account"));
    let page = mocks.serve().send(get).await;
    check("account_without_password", 200, &page);
}

#[actix_web::test]
async fn what_a_client_may_is_ended() {
    let id = allowed("first", "console", 60).grant.id;
    let mut mocks = Mocks::default();
    let mut outcomes = vec![Err(Error::NotFound(Kind::Grant)), Ok(())];
    let revoke = mocks.authorization.expect_revoke_grant().times(2);
    revoke
        .withf(move |caller, ended| caller.credential == session() && *ended == id)
        .returning(move |_, _| outcomes.pop().unwrap());
    let server = mocks.serve();
    let form = format!("grant={id}");
    for _ in 0..2 {
        let answer = server
            .send(signed_in(post("/account/end-grant", &form)))
            .await;
        answer.assert_leads_to("/account");
    }
    let nobody = server.send(post("/account/end-grant", &form)).await;
    assert_eq!(nobody.status, 403);
    let strange = signed_in(post("/account/end-grant", "grant=x"));
    assert_eq!(server.send(strange).await.status, 404);
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
