//! Invitations.

use std::collections::BTreeSet;

use actix_web::http::header::{CACHE_CONTROL, ETAG};
use actix_web::test::TestRequest;
use rollbook_domain::access::Credential;
use rollbook_domain::id::{InvitationId, OrganizationId, WorkspaceId};
use rollbook_domain::invitation::{InvitationProof, InvitationState, InvitationView};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Version;
use rollbook_domain::page::{Page, Window};
use rollbook_domain::role::{AssignedRole, Role, WorkspaceRole, WorkspaceRoles};
use rollbook_domain::secret::Secret;
use rollbook_domain::service::invitation::{
    Acceptance, CreateInvitation, Handle, INVITATIONS_AT_ONCE, InvitationPage, Presented, SignedUp,
};
use rollbook_domain::service::token::IssuedToken;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::{Language, Metadata, WorkspaceTitle};
use rollbook_domain::{Error, Refusal};
use rollbook_web::native::openapi;
use serde_json::{Value, json};

use super::golden::check;
use super::support::{Answer, Mocks, Server, acme, acme_path, jane};

const MINE: &str = "/api/v1/me/invitations";

fn joe() -> InvitationView {
    sample::invitation_view(&acme().organization, &jane(), "joe", &[Role::Member])
}

fn accepted() -> InvitationView {
    let mut view = joe();
    view.invitation.state = InvitationState::Accepted;
    view.invitation.accepted_by = Some(sample::user("joe").id);
    view.invitation.version = Version::new(2);
    view
}

/// [`accepted`] with everything filled in.
fn full() -> InvitationView {
    let mut view = accepted();
    let it = &mut view.invitation;
    let role = sample::role(&acme().organization, "auditor", &[]);
    it.workspace_id = Some(WorkspaceId::new(sample::uuid("workspace")));
    it.workspace_roles = WorkspaceRoles::of(&[WorkspaceRole::Editor]);
    it.custom_roles = vec![AssignedRole::from(&role)];
    it.redirect_organization_id = Some(OrganizationId::new(sample::uuid("elsewhere")));
    it.redirect_workspace_id = Some(WorkspaceId::new(sample::uuid("there")));
    it.language = Some(Language::from_stored("de-AT".to_owned()));
    it.metadata = Metadata::from_stored(r#"{"ticket":7}"#.to_owned());
    view.workspace_title = Some(WorkspaceTitle::from_stored("Invoices".to_owned()));
    view
}

fn page() -> InvitationPage {
    Page {
        items: vec![joe(), full()],
        next: None,
        total: None,
    }
}

fn acceptance() -> Acceptance {
    let user = sample::user("joe");
    Acceptance {
        invitation: accepted(),
        member: sample::member_view(&acme().organization, &user, &[Role::Member]),
    }
}

fn signed_up() -> SignedUp {
    let user = sample::user("joe");
    SignedUp {
        token: IssuedToken {
            token: sample::token("first", &user),
            secret: sample::secret("first"),
        },
        user,
        acceptance: acceptance(),
    }
}

fn path_of(view: &InvitationView, rest: &str) -> String {
    acme_path(&format!("/invitations/{}{rest}", view.invitation.id))
}

fn post(path: &str, body: &Value) -> TestRequest {
    TestRequest::post().uri(path).set_payload(body.to_string())
}

fn secret() -> Secret {
    sample::invitation_secret(joe().invitation.id, "joe")
}

fn secret_body() -> Value {
    json!({"secret": secret().reveal()})
}

/// A server that answers everything well.
fn happy() -> Server {
    let mut mocks = Mocks::default();
    let it = &mut mocks.invitations;
    it.expect_get().returning(|_, _, _| Ok(full()));
    it.expect_list().returning(|_, _, _, _, _| Ok(page()));
    it.expect_list_mine().returning(|_, _| Ok(page()));
    it.expect_create().returning(|_, _, _| Ok(joe()));
    it.expect_create_many()
        .returning(|_, _, _| Ok(vec![Ok(joe()), Err(Refusal::SeatLimit { limit: 3 }.into())]));
    it.expect_resend().returning(|_, _, _, _| Ok(joe()));
    it.expect_revoke().returning(|_, _, _, _| {
        let mut view = joe();
        view.invitation.state = InvitationState::Revoked;
        Ok(view)
    });
    it.expect_preview().returning(|_| Ok(full()));
    it.expect_accept().returning(|_, _| Ok(acceptance()));
    it.expect_decline().returning(|_, _| Ok(joe()));
    it.expect_sign_up().returning(|_, _| Ok(signed_up()));
    mocks.serve()
}

#[actix_web::test]
async fn whole_answers() {
    let server = happy();
    let many = json!({"requests": [
        {"invitation": {"email": "joe@example.com"}},
        {"invitation": {"email": "nonsense"}},
        {"invitation": {"email": "sue@example.com"}},
    ]});
    let sign_up = json!({
        "secret": secret().reveal(),
        "display_name": "Joe",
    });
    let empty = json!({});
    for (name, request) in [
        (
            "get_invitation",
            TestRequest::get().uri(&path_of(&joe(), "")),
        ),
        (
            "list_invitations",
            TestRequest::get().uri(&acme_path("/invites")),
        ),
        ("my_invitations", TestRequest::get().uri(MINE)),
        (
            "create_invitation",
            post(
                &acme_path("/invitations"),
                &json!({"email": "joe@example.com"}),
            ),
        ),
        (
            "batch_create_invitations",
            post(&acme_path("/invitations:batchCreate"), &many),
        ),
        (
            "resend_invitation",
            post(&path_of(&joe(), ":resend"), &empty),
        ),
        (
            "revoke_invitation",
            post(&path_of(&joe(), ":revoke"), &empty),
        ),
        (
            "accept_invitation",
            post(&format!("{MINE}/{}:accept", joe().invitation.id), &empty),
        ),
        (
            "preview_invitation",
            post("/api/v1/invitations:preview", &secret_body()),
        ),
        ("sign_up", post("/api/v1/invitations:signUp", &sign_up)),
    ] {
        check(name, &server.send(request).await);
    }
    let mut mocks = Mocks::default();
    let state = InvitationState::Expired.key();
    mocks
        .invitations
        .expect_accept()
        .returning(move |_, _| Err(Refusal::InvitationClosed { state }.into()));
    let request = post("/api/v1/invitations:accept", &secret_body());
    check("invitation_closed", &mocks.serve().send(request).await);
}

/// What a mail scanner or a stranger can have: nobody else gets as far as the service.
#[actix_web::test]
async fn public_operations_need_no_credential() {
    let mut mocks = Mocks::default();
    let proof = InvitationProof::of(&secret());
    mocks
        .invitations
        .expect_preview()
        .withf(move |secret| *secret == Presented::Secret(proof))
        .returning(|_| Ok(joe()));
    mocks
        .invitations
        .expect_sign_up()
        .withf(move |_, command| {
            command.secret == Presented::Secret(proof) && command.display_name.as_str() == "Joe"
        })
        .returning(|_, _| Ok(signed_up()));
    let server = mocks.serve();
    let preview = post("/api/v1/invitations:preview", &secret_body());
    assert_eq!(server.send_raw(preview).await.status, 200);
    let mut body = secret_body();
    body["displayName"] = "Joe".into();
    let answer = server
        .send_raw(post("/api/v1/invitations:signUp", &body))
        .await;
    assert_eq!(answer.header(CACHE_CONTROL), Some("no-store"));
    let first = sample::secret("first");
    assert_eq!(answer.json()["token"]["secret"], first.reveal());
}

/// authentik #16587: links are opened by scanners. There is no `GET` that knows a secret.
#[actix_web::test]
async fn a_secret_is_never_in_an_address() {
    let server = Mocks::default().serve();
    for verb in ["preview", "accept", "decline", "signUp"] {
        let path = format!("/api/v1/invitations:{verb}");
        assert_eq!(server.get(&path).await.status, 405, "{verb}");
        let query = format!("{path}?secret={}", secret().reveal());
        let answer = server.send(post(&query, &json!({}))).await;
        assert_eq!(answer.status, 400, "{verb}: {}", answer.body);
    }
}

async fn create(
    body: &Value,
    expected: impl Fn(&CreateInvitation) -> bool + Send + 'static,
) -> Answer {
    let mut mocks = Mocks::default();
    mocks
        .invitations
        .expect_create()
        .withf(move |_, organization, command| {
            *organization == acme().organization.id && expected(command)
        })
        .returning(|_, _, _| Ok(joe()));
    let request = post(&acme_path("/invitations"), body);
    mocks.serve().send(request).await
}

#[actix_web::test]
async fn what_is_sent_arrives() {
    let acme = acme().organization.id;
    let (there, elsewhere) = (sample::uuid("there"), sample::uuid("elsewhere"));
    let body = json!({
        "email": " Joe@Example.com ",
        "roles": [
            "org-viewer",
            format!("organizations/{acme}/roles/auditor"),
            format!("organizations/{acme}/workspaces/{there}/roles/workspace-editor"),
        ],
        "workspaceId": there.to_string(),
        "redirect_organization_id": elsewhere.to_string(),
        "redirectWorkspaceId": there.to_string(),
        "languageCode": "DE-at",
        "metadata": {"b": [1, null], "a": "é"},
        "expireTime": "2026-01-31T12:00:00Z",
        "request_id": "r-1",
        // What is only answered is ignored.
        "name": "x", "state": "ACCEPTED", "isAccepted": true, "etag": "\"9\"", "inviter": "x",
    });
    let answer = create(&body, move |command| {
        let it = &command.invitation;
        it.email.as_str() == "Joe@Example.com"
            && it.roles == ["org-viewer", "auditor", "workspace-editor"]
            && it.workspace_id == Some(WorkspaceId::new(there))
            && it.redirect_organization_id == Some(OrganizationId::new(elsewhere))
            && it.redirect_workspace_id == Some(WorkspaceId::new(there))
            && it.language == Language::parse("de-AT").ok()
            && serde_json::from_str::<Value>(it.metadata.as_str()).ok()
                == Some(json!({"a": "é", "b": [1, null]}))
            && it.expires_at == Some(FixedClock::START.plus(Span::days(30)))
            && command
                .once
                .as_ref()
                .is_some_and(|it| it.key.as_str() == "r-1")
    })
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header(ETAG), Some("\"1\""));
    let answer = create(&json!({"email": "joe@example.com"}), |command| {
        let it = &command.invitation;
        let nothing = it.roles.is_empty() && it.workspace_id.is_none() && it.expires_at.is_none();
        nothing && it.metadata == Metadata::default() && command.once.is_none()
    })
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[actix_web::test]
async fn what_is_no_invitation_is_refused() {
    let other = sample::uuid("other");
    for (body, fields) in [
        (json!({}), &["email"][..]),
        (json!({"email": "nonsense"}), &["email"]),
        (
            json!({"email": "a@b.example", "workspace_id": "x"}),
            &["workspace_id"],
        ),
        (
            json!({"redirect_organization_id": "x", "redirect_workspace_id": "y"}),
            &["email", "redirect_workspace_id", "redirect_organization_id"],
        ),
        (
            json!({"email": "a@b.example", "roles": [format!("organizations/{other}/roles/x")]}),
            &["roles"],
        ),
        (
            json!({"email": "a@b.example", "roles": ["organizations/x"]}),
            &["roles"],
        ),
        (
            json!({"email": "a@b.example", "roles": "org-admin"}),
            &["roles"],
        ),
        (
            json!({"email": "a@b.example", "metadata": []}),
            &["metadata"],
        ),
        (
            json!({"email": "a@b.example", "expire_time": "soon"}),
            &["expire_time"],
        ),
        (
            json!({"email": "a@b.example", "language_code": "deutsch!"}),
            &["language_code"],
        ),
        (
            json!({"email": "a@b.example", "secret": "mine"}),
            &["secret"],
        ),
    ] {
        create(&body, |_| false).await.assert_invalid(fields);
    }
}

#[actix_web::test]
async fn of_many_each_is_answered_in_its_place() {
    let mut mocks = Mocks::default();
    mocks
        .invitations
        .expect_create_many()
        .withf(|_, _, commands| {
            let emails: Vec<_> = commands.iter().map(|it| it.email.as_str()).collect();
            emails == ["a@example.com", "b@example.com"]
        })
        .returning(|_, _, _| Ok(vec![Err(Refusal::AlreadyInvited.into()), Ok(joe())]));
    let server = mocks.serve();
    let path = acme_path("/invitations:batchCreate");
    let parent = |id: &str| format!("organizations/{id}");
    let acme = acme().organization.id.to_string();
    let body = json!({"requests": [
        {"invitation": {"email": "nonsense"}},
        {"invitation": {"email": "a@example.com"}, "parent": parent(&acme)},
        {"invitation": {"email": "c@example.com"}, "parent": parent("x")},
        {"invitation": {"email": "d@example.com", "request_id": "1"}},
        {"invitation": {"email": "b@example.com"}},
    ]});
    let json = server.send(post(&path, &body)).await.json();
    let codes: Vec<_> = (0..5)
        .map(|at| json["results"][at]["error"]["code"].as_i64())
        .collect();
    assert_eq!(codes, [Some(3), Some(6), Some(3), Some(3), None], "{json}");
    assert_eq!(json["results"][4]["invitation"]["email"], "joe@example.com");
    let item = json!({"invitation": {}});
    for count in [0, INVITATIONS_AT_ONCE + 1] {
        let body = json!({"requests": vec![&item; count]});
        let answer = server.send(post(&path, &body)).await;
        answer.assert_invalid(&["requests"]);
    }
    let body = json!({"requests": [{"invitation": {}}]});
    server
        .send(post(&path, &body))
        .await
        .assert_invalid(&["email"]);
}

#[actix_web::test]
async fn lists_know_states_and_bind_their_tokens() {
    let mut mocks = Mocks::default();
    mocks
        .invitations
        .expect_list()
        .returning(|_, _, _, states, window| {
            let expired = [InvitationState::Pending, InvitationState::Expired];
            assert!(states.is_empty() || states == expired, "{states:?}");
            let id = InvitationId::new(sample::uuid("last"));
            let next = (window == Window::first(50)).then_some(id);
            assert!(next.is_some() || window == Window::after(id, 50));
            Ok(Page { next, ..page() })
        });
    let server = mocks.serve();
    let path = acme_path("/invites");
    for status in ["", "?status=", "?status=STATE_UNSPECIFIED"] {
        assert_eq!(server.get(&format!("{path}{status}")).await.status, 200);
    }
    let both = format!("{path}?status=PENDING,%20state_expired");
    assert_eq!(server.get(&both).await.status, 400, "a prefix has its case");
    let both = format!("{path}?status=PENDING,%20STATE_EXPIRED");
    let json = server.get(&both).await.json();
    let token = json["next_page_token"].as_str().unwrap();
    let next = server.get(&format!("{both}&page_token={token}")).await;
    assert_eq!(next.json()["next_page_token"], "");
    let other = server.get(&format!("{path}?page_token={token}")).await;
    other.assert_invalid(&["page_token"]);
    let unknown = server.get(&format!("{path}?status=LOST")).await;
    unknown.assert_invalid(&["status"]);
}

#[actix_web::test]
async fn etags_and_ends_reach_the_service() {
    let mut mocks = Mocks::default();
    mocks
        .invitations
        .expect_resend()
        .withf(|_, _, id, command| {
            *id == joe().invitation.id
                && command.seen == Some(Version::new(3))
                && command.expires_at == Timestamp::parse_rfc3339("2026-02-01T00:00:00Z")
                && command.language == Language::parse("fr").ok()
        })
        .returning(|_, _, _, _| Ok(joe()));
    mocks
        .invitations
        .expect_revoke()
        .withf(|_, _, _, seen| *seen == Some(Version::new(3)))
        .returning(|_, _, _, _| Err(Refusal::VersionMismatch.into()));
    let server = mocks.serve();
    let end = "expire_time=2026-02-01T00:00:00Z";
    let path = path_of(
        &joe(),
        &format!(":resend?{end}&language_code=FR&etag=%223%22"),
    );
    assert_eq!(
        server.send(TestRequest::post().uri(&path)).await.status,
        200
    );
    let path = path_of(&joe(), ":revoke");
    let request = TestRequest::post().uri(&path);
    let answer = server
        .send(request.insert_header(("If-Match", "\"3\"")))
        .await;
    assert_eq!(answer.refusal(), (409, 10, "ETAG_MISMATCH".to_owned()));
    let path = path_of(&joe(), ":resend?expire_time=soon");
    let answer = server.send(TestRequest::post().uri(&path)).await;
    answer.assert_invalid(&["expire_time"]);
    let path = path_of(&joe(), ":resend?language_code=x");
    let answer = server.send(TestRequest::post().uri(&path)).await;
    answer.assert_invalid(&["language_code"]);
}

#[actix_web::test]
async fn invitees_answer_by_secret_and_by_id() {
    let id = joe().invitation.id;
    let secret = Presented::read(secret().reveal());
    let nobody = InvitationId::new(uuid::Uuid::nil());
    for (path, body, expected) in [
        (format!("{MINE}/{id}:"), json!({}), Handle::Id(id)),
        (format!("{MINE}/nonsense:"), json!({}), Handle::Id(nobody)),
        (
            "/api/v1/invitations:".to_owned(),
            secret_body(),
            Handle::Secret(secret),
        ),
        (
            "/api/v1/invitations:".to_owned(),
            json!({"secret": "nonsense"}),
            Handle::Secret(Presented::Malformed),
        ),
    ] {
        let mut mocks = Mocks::default();
        mocks
            .invitations
            .expect_accept()
            .withf(move |caller, handle| {
                matches!(caller.credential, Credential::Token(_)) && *handle == expected
            })
            .returning(|_, _| Ok(acceptance()));
        mocks
            .invitations
            .expect_decline()
            .withf(move |_, handle| *handle == expected)
            .returning(|_, _| Err(Refusal::InvitationForSomeoneElse.into()));
        let server = mocks.serve();
        let answer = server.send(post(&format!("{path}accept"), &body)).await;
        assert_eq!(answer.json()["is_accepted"], true, "{}", answer.body);
        let answer = server.send(post(&format!("{path}decline"), &body)).await;
        let expected = (403, 7, "INVITATION_FOR_SOMEONE_ELSE".to_owned());
        assert_eq!(answer.refusal(), expected);
    }
}

/// What a client of the organization keeps is not the invitee's business.
#[actix_web::test]
async fn invitees_do_not_see_metadata() {
    let server = happy();
    let member = server.get(&path_of(&joe(), "")).await;
    assert!(member.body.contains("ticket"), "{}", member.body);
    let preview = post("/api/v1/invitations:preview", &secret_body());
    for answer in [server.get(MINE).await, server.send(preview).await] {
        assert_eq!(answer.status, 200);
        assert!(!answer.body.contains("ticket"), "{}", answer.body);
    }
}

#[actix_web::test]
async fn what_was_lost_inside_stays_inside() {
    let mut mocks = Mocks::default();
    mocks
        .invitations
        .expect_create_many()
        .returning(|_, _, _| Ok(vec![Err(Error::storage("nobody must see this"))]));
    let body = json!({"requests": [{"invitation": {"email": "a@example.com"}}]});
    let path = acme_path("/invitations:batchCreate");
    let answer = mocks.serve().send(post(&path, &body)).await;
    assert_eq!(answer.json()["results"][0]["error"]["code"], 13);
    assert!(!answer.body.contains("nobody"), "{}", answer.body);
}

/// The schemas have the fields of the answers, and the examples those of the schemas.
#[actix_web::test]
async fn schemas_fit_the_answers() {
    let server = happy();
    let document = serde_json::to_value(openapi()).unwrap();
    let one = server.get(&path_of(&joe(), "")).await.json();
    let list = server.get(&acme_path("/invites")).await.json();
    for (name, answer) in [
        ("Invitation", &one),
        ("UserInvite", &list["invitations"][0]),
    ] {
        let schema = &document["components"]["schemas"][name];
        let fields = keys(&schema["properties"]);
        assert_eq!(keys(answer), fields, "{name}");
        assert_eq!(keys(&schema["example"]), fields, "{name}");
    }
    let body = &document["components"]["schemas"]["InvitationBody"];
    assert_eq!(body["required"], json!(["email"]));
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}
