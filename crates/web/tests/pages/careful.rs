//! What keeps browsers from doing what their people do not want.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use rollbook_domain::invitation::InvitationView;
use rollbook_domain::value::{DisplayName, OrganizationName, WorkspaceTitle};
use rollbook_web::pages::OPERATIONS;

use super::support::{Mocks, invitation, joe, link, opened, post, secret, signed_in};

/// Every operation that changes something, with a path.
fn changing() -> impl Iterator<Item = String> {
    let secret = secret();
    let all = OPERATIONS.iter().copied().flatten();
    let changing = all.filter(|operation| !operation.method.is_safe());
    changing.map(move |operation| operation.path.replace("{secret}", secret.reveal()))
}

/// No form of another site does anything: the mocks expect nothing, and would panic.
#[actix_web::test]
async fn forms_of_others_are_refused() {
    let server = Mocks::default().serve();
    assert_eq!(changing().count(), 14);
    for path in changing() {
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "https://book.example.evil.example"),
            ("origin", "http://book.example"),
            ("origin", "null"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
        ] {
            let form = post(
                &path,
                "display_name=Joe&token=x&email=joe%40example.com&password=x&new_password=x\
                 &current_password=x&decision=allow&grant=x",
            );
            let answer = server
                .send(signed_in(form).insert_header((name, value)))
                .await;
            assert_eq!(answer.status, 403, "{path} {name}: {value}");
            assert!(answer.body.contains("another site"), "{}", answer.body);
            assert_eq!(answer.cookie(), None);
        }
    }
}

#[actix_web::test]
async fn nothing_that_changes_is_asked_with_get() {
    for operation in OPERATIONS.iter().copied().flatten() {
        let plain = [Method::GET, Method::POST].contains(&operation.method);
        assert!(plain, "{}: forms know no others", operation.id);
        let verbs = [
            "accept",
            "decline",
            "signUp",
            "signIn",
            "signOut",
            "confirm",
            "requestReset",
            "reset",
            "setPassword",
            "removePassword",
            "signOutEverywhere",
            "endGrant",
            "answer",
        ];
        let changes = verbs.iter().any(|verb| operation.id.ends_with(verb));
        assert_eq!(
            changes,
            operation.method == Method::POST,
            "{}",
            operation.id
        );
    }
}

#[actix_web::test]
async fn every_answer_has_the_headers() {
    let mut mocks = Mocks::default();
    mocks
        .invitations
        .expect_open()
        .returning(|_, _| Ok(opened(invitation(), Some(joe()))));
    let server = mocks.serve();
    for answer in [
        server.get(&link()).await,
        server.get("/invitations/a/b").await,
        server.send(post("/sign-out", "")).await,
    ] {
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "strict-origin");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        if answer.status != 303 {
            assert_eq!(
                answer.header("content-security-policy"),
                "default-src 'none'; style-src 'self'; form-action 'self'; \
                 frame-ancestors 'none'; base-uri 'none'"
            );
        }
    }
    let style = server.get("/pages/style.css").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(!style.body.contains("url("), "nothing from elsewhere");
}

/// An organization calls itself what it likes.
#[actix_web::test]
async fn names_are_text_and_nothing_else() {
    const EVIL: &str = "<script>alert(1)</script>\"'&{{ 7 * 7 }}";
    let evil = || -> InvitationView {
        let mut view = invitation();
        view.organization_name = OrganizationName::from_stored(EVIL.to_owned());
        view.workspace_title = Some(WorkspaceTitle::from_stored(EVIL.to_owned()));
        view.inviter_name = Some(DisplayName::from_stored(EVIL.to_owned()));
        view
    };
    let mut reader = joe();
    reader.display_name = DisplayName::from_stored(EVIL.to_owned());
    let server = Mocks::opening(opened(evil(), Some(reader)));
    let page = server.get(&link()).await.body;
    assert!(!page.contains("<script"), "{page}");
    assert!(!page.contains("alert(1)</"), "{page}");
    assert!(page.contains("{{ 7 * 7 }}"), "it is no template: {page}");
    assert!(page.matches("&lt;script&gt;").count() >= 5, "{page}");
    // What somebody typed comes back in an attribute.
    let server = Mocks::opening(opened(evil(), None));
    let form = "display_name=%22%3E%3Cscript%3Ealert(1)%3C/script%3E%00";
    let path = format!("{}/sign-up", link());
    let page = server.send(post(&path, form)).await.body;
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("value=\"&quot;&gt;&lt;script"), "{page}");
}

/// Other paths are other people's: the pages have no common beginning.
#[actix_web::test]
async fn other_paths_are_not_theirs() {
    let server = Mocks::default().serve();
    for path in ["/elsewhere", "/invitationsx/a", "/console", "/v1/client"] {
        let answer = server.get(path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (404, ""),
            "{path}"
        );
    }
    let native = server.get("/api/v1/invitations/a").await;
    assert!(native.body.contains("\"code\":5"), "{}", native.body);
    for path in ["/invitations", "/pages/x", "/sign-in/x"] {
        let answer = server.send(TestRequest::get().uri(path)).await;
        assert_eq!(answer.status, 404);
        assert!(answer.body.contains("There is no such page"), "{path}");
    }
}
