//! Organizations, the caller, tokens, and what every operation may be answered.

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
use serde_json::json;

use super::check;
use crate::native::support::{BODY_LIMIT, Make, Mocks, acme, acme_path, jane};

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
