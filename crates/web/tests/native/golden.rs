//! Whole answers, word for word, in `tests/golden/native`. After a deliberate change, the message
//! of the failing test is what the file should hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::test::TestRequest;
use rollbook_domain::error::{Kind, Violation};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::{OrganizationView, Version};
use rollbook_domain::page::Page;
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;
use rollbook_domain::service::organization::OrganizationPage;
use rollbook_domain::service::token::IssuedToken;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::token::Token;
use rollbook_domain::value::{Description, Logo, LogoImage, Url};
use rollbook_domain::{Error, Refusal};
use serde_json::{Value, json};

use super::support::{Answer, BODY_LIMIT, Make, Mocks, acme, acme_path, jane};

/// Every golden file; one that is not here is not there either.
const FILES: [&str; 49] = [
    "accept_invitation",
    "add_workspace_user",
    "batch_create_invitations",
    "body_too_large",
    "busy",
    "count_users",
    "create_invitation",
    "create_organization",
    "create_token",
    "delete_organization",
    "delete_token",
    "denied",
    "get_invitation",
    "get_organization",
    "get_organization_with_image",
    "get_preferences",
    "get_preferences_never_said",
    "get_subscription",
    "get_token",
    "get_workspace",
    "get_workspace_preferences",
    "get_workspace_user",
    "internal_error",
    "invalid",
    "invitation_closed",
    "list_events",
    "list_invitations",
    "list_organizations",
    "list_tokens",
    "list_workspace_users",
    "list_workspaces",
    "me",
    "me_service_account",
    "my_invitations",
    "my_organizations",
    "my_workspaces",
    "no_credential",
    "not_found",
    "organization_limit",
    "preview_invitation",
    "rate_limited",
    "rate_limited_recipient",
    "resend_invitation",
    "revoke_invitation",
    "sign_up",
    "undelete_organization",
    "unknown_field",
    "update_organization",
    "wrong_method",
];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/native")
}

#[track_caller]
pub(super) fn check(name: &str, answer: &Answer) {
    assert!(FILES.contains(&name), "{name} is not in the list of files");
    let names: [HeaderName; 8] = [
        CONTENT_TYPE,
        ETAG,
        CACHE_CONTROL,
        WWW_AUTHENTICATE,
        RETRY_AFTER,
        ALLOW,
        HeaderName::from_static("ratelimit"),
        HeaderName::from_static("ratelimit-policy"),
    ];
    let headers: Value = names
        .into_iter()
        .filter_map(|name| Some((name.to_string(), Value::from(answer.header(name)?))))
        .collect();
    let found = json!({
        "status": answer.status.as_u16(),
        "headers": headers,
        "body": answer.json(),
    });
    let found = format!("{found:#}\n");
    let path = folder().join(format!("{name}.json"));
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == golden, "{} should hold\n{found}", path.display());
}

#[test]
fn no_file_is_left_over() {
    let there: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> = FILES.iter().map(|name| format!("{name}.json")).collect();
    assert_eq!(there, listed);
}

/// [`acme`] with everything filled in.
fn full() -> OrganizationView {
    let mut view = acme();
    let it = &mut view.organization;
    it.description = Description::parse("Anvils & \"more\"").ok();
    it.logo = Url::parse("https://acme.example/logo.png")
        .ok()
        .map(Logo::External);
    it.version = Version::new(12);
    it.updated_at = Timestamp::from_millis(FixedClock::START.millis() + 86_400_120);
    view
}

fn with_image() -> OrganizationView {
    let mut view = acme();
    view.organization.logo = LogoImage::new("image/png", b"\x89PNG".to_vec())
        .ok()
        .map(Logo::Image);
    view
}

fn page() -> OrganizationPage {
    Page {
        items: vec![acme(), full()],
        next: Some(acme().organization.id),
        total: None,
    }
}

fn token() -> Token {
    Token {
        expires_at: Some(FixedClock::START.plus(Span::days(90))),
        last_used_at: Some(FixedClock::START.plus(Span::days(1))),
        ..sample::token("laptop", &jane())
    }
}

fn issued() -> IssuedToken {
    IssuedToken {
        token: sample::token("laptop", &jane()),
        secret: sample::secret("laptop"),
    }
}

/// A server that answers everything well.
fn happy() -> Mocks {
    let mut mocks = Mocks::default();
    mocks.users.expect_me().returning(|_| Ok(jane()));
    let it = &mut mocks.organizations;
    it.expect_get().returning(|_, _| Ok(full()));
    it.expect_list_mine().returning(|_, _, _| Ok(page()));
    it.expect_list_all().returning(|_, _, _| Ok(page()));
    it.expect_create().returning(|_, _| Ok(acme()));
    it.expect_update().returning(|_, _, _| Ok(full()));
    it.expect_delete().returning(|_, _, _| Ok(()));
    it.expect_restore().returning(|_, _, _| Ok(full()));
    let it = &mut mocks.tokens;
    it.expect_get().returning(|_, _| Ok(token()));
    it.expect_issue().returning(|_, _| Ok(issued()));
    it.expect_revoke().returning(|_, _| Ok(()));
    it.expect_list().returning(|_, _| {
        Ok(Page {
            items: vec![token(), issued().token],
            next: None,
            total: None,
        })
    });
    mocks
}

#[actix_web::test]
async fn reads() {
    let server = happy().serve();
    let one_token = format!("/api/v1/me/tokens/{}", token().id);
    for (name, path) in [
        ("me", "/api/v1/me"),
        ("my_organizations", "/api/v1/me/organizations"),
        ("list_organizations", "/api/v1/organizations"),
        ("get_organization", &acme_path("")),
        ("list_tokens", "/api/v1/me/tokens"),
        ("get_token", &one_token),
    ] {
        check(name, &server.get(path).await);
    }
    let mut mocks = Mocks::default();
    mocks
        .organizations
        .expect_get()
        .returning(|_, _| Ok(with_image()));
    mocks
        .users
        .expect_me()
        .returning(|_| Ok(sample::service_account("ci")));
    let server = mocks.serve();
    check(
        "get_organization_with_image",
        &server.get(&acme_path("")).await,
    );
    check("me_service_account", &server.get("/api/v1/me").await);
}

#[actix_web::test]
async fn writes() {
    let server = happy().serve();
    let post = |path: &str| TestRequest::post().uri(path);
    let title = json!({"title": "Acme Corp"}).to_string();
    let label = json!({"display_name": "laptop"}).to_string();
    let one_token = format!("/api/v1/me/tokens/{}", token().id);
    let delete = |path: &str| TestRequest::delete().uri(path);
    let update = TestRequest::patch()
        .uri(&acme_path(""))
        .set_payload(title.clone());
    for (name, request) in [
        (
            "create_organization",
            post("/api/v1/organizations").set_payload(title),
        ),
        ("update_organization", update),
        ("delete_organization", delete(&acme_path(""))),
        ("undelete_organization", post(&acme_path(":undelete"))),
        ("create_token", post("/api/v1/me/tokens").set_payload(label)),
        ("delete_token", delete(&one_token)),
    ] {
        check(name, &server.send(request).await);
    }
}

#[actix_web::test]
async fn refusals_of_the_domain() {
    let table: [(&str, Make); 6] = [
        ("denied", || Error::Denied {
            action: Action::Use(Permission::ReadOrganization),
            visible: false,
        }),
        ("not_found", || Error::NotFound(Kind::Organization)),
        ("organization_limit", || {
            Refusal::OrganizationLimit { limit: 3 }.into()
        }),
        ("invalid", || {
            let violation = |field, reason: &str| Violation {
                field,
                reason: reason.to_owned(),
            };
            Error::Invalid(vec![
                violation("title", "the name must not be empty"),
                violation("slug", "the slug 'api' is reserved; choose another"),
            ])
        }),
        ("busy", || Error::Busy),
        ("internal_error", || Error::storage("nobody must see this")),
    ];
    for (name, make) in table {
        let mut mocks = Mocks::default();
        mocks
            .organizations
            .expect_get()
            .returning(move |_, _| Err(make()));
        check(name, &mocks.serve().get(&acme_path("")).await);
    }
}

#[actix_web::test]
async fn refusals_of_requests() {
    let server = Mocks::default().serve();
    let create = || TestRequest::post().uri("/api/v1/organizations");
    let nobody = TestRequest::get().uri("/api/v1/me");
    check("no_credential", &server.send_raw(nobody).await);
    let unknown = create().set_payload("{\"titel\": \"Acme\"}");
    check("unknown_field", &server.send(unknown).await);
    let large = create().set_payload("x".repeat(BODY_LIMIT + 1));
    check("body_too_large", &server.send(large).await);
    let put = TestRequest::put().uri(&acme_path(""));
    check("wrong_method", &server.send(put).await);
}
