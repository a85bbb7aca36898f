use actix_web::test::TestRequest;
use rollbook_domain::error::{Kind, Unauthenticated};
use rollbook_domain::id::{OrganizationId, WorkspaceId};
use rollbook_domain::invitation::InvitationState;
use rollbook_domain::mock::sample;
use rollbook_domain::service::invitation::{Handle, Presented, SignedUp};
use rollbook_domain::token::TokenKind;
use rollbook_domain::{Error, Refusal};

use super::golden::check;
use super::support::{
    Mocks, acceptance, cookie, invitation, invitation_that_is, issued, joe, link, opened, post,
    secret, session, signed_in,
};

fn presented() -> Presented {
    Presented::read(secret().reveal())
}

#[actix_web::test]
async fn it_is_opened_by_its_secret_for_whoever_looks() {
    for signed in [true, false] {
        let mut mocks = Mocks::default();
        let open = mocks.invitations.expect_open().times(1);
        open.withf(move |caller, secret| {
            (caller.credential == session()) == signed && *secret == presented()
        })
        .returning(|_, _| Ok(opened(invitation(), None)));
        let request = TestRequest::get().uri(&link());
        let request = if signed { signed_in(request) } else { request };
        assert_eq!(mocks.serve().send(request).await.status, 200);
    }
}

#[actix_web::test]
async fn what_is_no_secret_opens_nothing() {
    let mut mocks = Mocks::default();
    let open = mocks.invitations.expect_open().times(1);
    open.withf(|_, secret| *secret == Presented::Malformed)
        .returning(|_, _| Err(Error::NotFound(Kind::Invitation)));
    let answer = mocks.serve().get("/invitations/%3Cscript%3E").await;
    check("invitation_unknown", 404, &answer);
}

/// Mail scanners open links, and some try `HEAD` and `OPTIONS`: a mock that is asked for anything
/// else panics.
#[actix_web::test]
async fn looking_changes_nothing() {
    let server = Mocks::opening(opened(invitation(), Some(joe())));
    for path in ["", "/accept", "/decline", "/sign-up"] {
        let path = format!("{}{path}", link());
        for method in ["GET", "HEAD", "OPTIONS", "PUT"] {
            let request = TestRequest::default()
                .method(method.parse().unwrap())
                .uri(&path);
            let status = server.send(signed_in(request)).await.status;
            let looks = path == link() && ["GET", "HEAD"].contains(&method);
            assert_eq!(status, if looks { 200 } else { 405 }, "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn accepting_leads_back_to_the_page() {
    let mut mocks = Mocks::default();
    let accept = mocks.invitations.expect_accept().times(1);
    accept
        .withf(|caller, handle| {
            caller.credential == session() && *handle == Handle::Secret(presented())
        })
        .returning(|_, _| Ok(acceptance()));
    let request = signed_in(post(&format!("{}/accept", link()), ""));
    let answer = mocks.serve().send(request).await;
    answer.assert_leads_to(&link());
    assert_eq!(answer.cookie(), None);
}

#[actix_web::test]
async fn the_operator_leads_on_whoever_accepts() {
    let organization = acceptance().invitation.invitation.organization_id;
    let (elsewhere, there) = (sample::uuid("elsewhere"), sample::uuid("there"));
    for (redirected, expected) in [
        (
            false,
            format!("https://app.example:8443/{organization}/?w="),
        ),
        (
            true,
            format!("https://app.example:8443/{elsewhere}/?w={there}"),
        ),
    ] {
        let mut mocks = Mocks {
            after_accept_url: Some("https://app.example:8443/{organization}/?w={workspace}"),
            ..Mocks::default()
        };
        let mut accepted = acceptance();
        if redirected {
            let it = &mut accepted.invitation.invitation;
            it.redirect_organization_id = Some(OrganizationId::new(elsewhere));
            it.redirect_workspace_id = Some(WorkspaceId::new(there));
        }
        let it = &mut mocks.invitations;
        it.expect_accept()
            .returning(move |_, _| Ok(accepted.clone()));
        it.expect_open()
            .returning(|_, _| Ok(opened(invitation(), Some(joe()))));
        let server = mocks.serve();
        // Nothing that the request says leads anywhere.
        let path = format!("{}/accept?return=https://evil.example", link());
        let request = signed_in(post(&path, "return=https://evil.example"));
        server.send(request).await.assert_leads_to(&expected);
        // Browsers hold the policy of the page against where its forms lead.
        let page = server.get(&link()).await;
        let policy = page.header("content-security-policy");
        let expected = "form-action 'self' https://app.example:8443;";
        assert!(policy.contains(expected), "{policy}");
    }
}

#[actix_web::test]
async fn declining_leads_back_to_the_page() {
    let mut mocks = Mocks::default();
    let decline = mocks.invitations.expect_decline().times(1);
    decline
        .withf(|caller, handle| {
            caller.credential == session() && *handle == Handle::Secret(presented())
        })
        .returning(|_, _| Ok(invitation_that_is(InvitationState::Declined)));
    let request = signed_in(post(&format!("{}/decline", link()), ""));
    mocks.serve().send(request).await.assert_leads_to(&link());
}

#[actix_web::test]
async fn what_the_page_explains_it_explains() {
    let refusals = [
        Refusal::InvitationClosed { state: "revoked" },
        Refusal::InvitationForSomeoneElse,
    ];
    for refusal in refusals {
        let mut mocks = Mocks::default();
        let other = refusal.clone();
        let it = &mut mocks.invitations;
        it.expect_accept()
            .returning(move |_, _| Err(refusal.clone().into()));
        it.expect_decline()
            .returning(move |_, _| Err(other.clone().into()));
        let server = mocks.serve();
        for verb in ["accept", "decline"] {
            let request = signed_in(post(&format!("{}/{verb}", link()), ""));
            server.send(request).await.assert_leads_to(&link());
        }
    }
}

#[actix_web::test]
async fn a_broken_rule_is_told() {
    let mut mocks = Mocks::default();
    let it = &mut mocks.invitations;
    it.expect_accept()
        .returning(|_, _| Err(Refusal::SeatLimit { limit: 3 }.into()));
    it.expect_decline()
        .returning(|_, _| Err(Error::Unauthenticated(Unauthenticated::Invalid)));
    let server = mocks.serve();
    let request = signed_in(post(&format!("{}/accept", link()), ""));
    check("no_seat", 409, &server.send(request).await);
    let request = signed_in(post(&format!("{}/decline", link()), ""));
    check("not_signed_in", 403, &server.send(request).await);
}

fn signed_up() -> SignedUp {
    SignedUp {
        token: issued(&joe()),
        user: joe(),
        acceptance: acceptance(),
    }
}

#[actix_web::test]
async fn who_signs_up_is_signed_in() {
    for (public_url, expected) in [
        (
            "https://book.example",
            "__Host-rollbook_session=SECRET; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax; Secure",
        ),
        (
            "http://127.0.0.1:8080",
            "rollbook_session=SECRET; Path=/; Max-Age=1209600; HttpOnly; SameSite=Lax",
        ),
    ] {
        let mut mocks = Mocks {
            public_url: Some(public_url),
            ..Mocks::default()
        };
        let sign_up = mocks.invitations.expect_sign_up().times(1);
        sign_up
            .withf(|_, command| {
                command.secret == presented()
                    && command.display_name.as_str() == "Joe Müller"
                    && command.credential == TokenKind::Session
            })
            .returning(|_, _| Ok(signed_up()));
        let path = format!("{}/sign-up", link());
        let form = post(&path, "display_name=+Joe+M%C3%BCller+");
        let answer = mocks
            .serve()
            .send(form.insert_header(("origin", public_url)))
            .await;
        answer.assert_leads_to(&link());
        let expected = expected.replace("SECRET", cookie().reveal());
        assert_eq!(answer.cookie(), Some(expected.as_str()));
        assert!(!answer.body.contains("rbk_"), "{}", answer.body);
    }
}

#[actix_web::test]
async fn who_has_an_account_by_now_signs_in() {
    let mut mocks = Mocks::default();
    mocks
        .invitations
        .expect_sign_up()
        .returning(|_, _| Err(Refusal::SignInToAccept.into()));
    let request = post(&format!("{}/sign-up", link()), "display_name=Joe");
    mocks.serve().send(request).await.assert_leads_to(&link());
}

#[actix_web::test]
async fn a_name_that_is_none_is_asked_for_again() {
    let server = Mocks::opening(opened(invitation(), None));
    let path = format!("{}/sign-up", link());
    let answer = server.send(post(&path, "display_name=a%00%3Cb%3E")).await;
    check("invitation_sign_up_again", 422, &answer);
    let nothing = server.send(post(&path, "")).await;
    assert_eq!(nothing.status, 400, "{}", nothing.body);
    let long = format!("display_name={}", "a".repeat(40_000));
    assert_eq!(server.send(post(&path, &long)).await.status, 413);
}
