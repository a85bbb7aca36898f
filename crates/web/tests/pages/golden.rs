//! Whole pages, in `tests/golden/pages`. After a deliberate change, write them anew and look at the
//! difference:
//!
//! ```sh
//! UPDATE_GOLDEN=1 cargo test -p rollbook-web --test pages golden
//! ```

use std::fs;
use std::path::PathBuf;

use actix_web::http::header::LOCATION;
use actix_web::test::TestRequest;
use rollbook_domain::Error;
use rollbook_domain::id::WorkspaceId;
use rollbook_domain::invitation::{InvitationState, InvitationView};
use rollbook_domain::mock::sample;
use rollbook_domain::role::{AssignedRole, WorkspaceRole, WorkspaceRoles};
use rollbook_domain::service::invitation::{Invitee, OpenedInvitation};
use rollbook_domain::value::WorkspaceTitle;

use super::support::{
    Answer, Mocks, invitation, invitation_that_is, jane, joe, link, opened, post, signed_in,
};

#[expect(
    clippy::disallowed_methods,
    reason = "a switch for whoever runs the tests, not a setting"
)]
fn update_is_wanted() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// Compares a page with its file.
#[track_caller]
pub(super) fn check(name: &str, status: u16, answer: &Answer) {
    assert_eq!(answer.status, status, "{name}: {}", answer.body);
    assert!(!answer.headers.contains_key(LOCATION));
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
    assert_balanced(&answer.body);
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/pages")
        .join(format!("{name}.html"));
    if update_is_wanted() {
        fs::write(&path, &answer.body).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(answer.body, golden, "{}", path.display());
}

/// Every element that is opened is closed, in order, and none is a script.
#[track_caller]
fn assert_balanced(html: &str) {
    let mut open = Vec::new();
    for piece in html.split('<').skip(1) {
        let (tag, _) = piece.split_once('>').expect("a tag ends");
        let name = tag.split_whitespace().next().unwrap_or_default();
        assert!(!name.eq_ignore_ascii_case("script"), "{html}");
        match name.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{html}"),
            None if ["!DOCTYPE", "meta", "link", "input"].contains(&name) => {}
            None => open.push(name),
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

/// Joe's invitation with everything filled in.
fn full() -> InvitationView {
    let mut view = invitation();
    let it = &mut view.invitation;
    let role = sample::role(&super::support::acme().organization, "auditor", &[]);
    it.workspace_id = Some(WorkspaceId::new(sample::uuid("workspace")));
    it.workspace_roles = WorkspaceRoles::of(&[WorkspaceRole::Editor]);
    it.custom_roles = vec![AssignedRole::from(&role)];
    view.workspace_title = Some(WorkspaceTitle::from_stored("Invoices".to_owned()));
    view
}

async fn page(opened: OpenedInvitation) -> Answer {
    Mocks::opening(opened).get(&link()).await
}

#[actix_web::test]
async fn who_is_invited_is_asked() {
    let answer = page(opened(full(), Some(joe()))).await;
    check("invitation_answer", 200, &answer);
}

#[actix_web::test]
async fn somebody_else_is_told_for_whom_it_is() {
    let answer = page(opened(invitation(), Some(jane()))).await;
    check("invitation_other", 200, &answer);
}

#[actix_web::test]
async fn who_has_an_account_signs_in_first() {
    let mut view = opened(invitation(), None);
    view.invitee = Invitee::User;
    check("invitation_sign_in", 200, &page(view).await);
}

#[actix_web::test]
async fn who_has_none_signs_up() {
    let mut view = invitation();
    view.inviter_name = None;
    let answer = page(opened(view, None)).await;
    check("invitation_sign_up", 200, &answer);
}

#[actix_web::test]
async fn who_has_accepted_is_welcome() {
    let mut view = full();
    view.invitation.state = InvitationState::Accepted;
    view.invitation.accepted_by = Some(joe().id);
    check(
        "invitation_member",
        200,
        &page(opened(view, Some(joe()))).await,
    );
}

#[actix_web::test]
async fn what_is_over_is_gone() {
    for state in InvitationState::ALL {
        if state == InvitationState::Pending {
            continue;
        }
        let view = opened(invitation_that_is(state), None);
        let name = format!("invitation_{}", state.key());
        check(&name, 410, &page(view).await);
    }
    let view = opened(invitation_that_is(InvitationState::Accepted), Some(jane()));
    let answer = page(view).await;
    assert_eq!(answer.status, 410, "it was somebody else");
}

#[actix_web::test]
async fn signing_in() {
    let mut mocks = Mocks::default();
    mocks.users.expect_me().returning(|caller| {
        use rollbook_domain::access::Credential::Session;
        use rollbook_domain::error::Unauthenticated::Missing;
        match caller.credential {
            Session(_) => Ok(joe()),
            _ => Err(Error::Unauthenticated(Missing)),
        }
    });
    let server = mocks.serve();
    let path = format!("/sign-in?return={}", link());
    check("sign_in", 200, &server.get(&path).await);
    let request = signed_in(TestRequest::get().uri(&path));
    check("signed_in", 200, &server.send(request).await);
}

#[actix_web::test]
async fn what_cannot_be_shown_or_done() {
    let mut mocks = Mocks::default();
    let storage = || Error::storage("the disk is full");
    mocks.users.expect_me().returning(move |_| Err(storage()));
    let server = mocks.serve();
    check("internal_error", 500, &server.get("/sign-in").await);
    let lost = server.get("/invitations/a/b/c").await;
    check("unknown_page", 404, &lost);
    let foreign = post("/sign-out", "").insert_header(("origin", "https://evil.example"));
    check("foreign_form", 403, &server.send(foreign).await);
    let wrong = server.send(TestRequest::delete().uri("/sign-in")).await;
    check("wrong_method", 405, &wrong);
    assert_eq!(wrong.header("allow"), "GET, HEAD, POST");
    let nobody = post(&format!("{}/accept", link()), "");
    check("not_signed_in", 403, &server.send(nobody).await);
}
