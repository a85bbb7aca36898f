//! OAuth clients, and what the caller has allowed them.

use actix_web::test::TestRequest;
use rollbook_domain::error::Kind;
use rollbook_domain::id::{ClientId, GrantId, UserId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::oauth::{ClientKind, GrantType, GrantTypes, OAuthClient};
use rollbook_domain::page::Page;
use rollbook_domain::service::oauth::{ClientView, GrantView, IssuedClient};
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal};
use serde_json::{Value, json};

use super::{REUSED, STALE, check, check_refusals, delete, last, post};
use crate::native::support::{Make, Mocks, acme, acme_path, jane};

fn console() -> OAuthClient {
    sample::oauth_client("console", Some(&acme().organization))
}

/// One that acts by itself.
fn robot() -> OAuthClient {
    OAuthClient {
        grant_types: GrantTypes::of(&[GrantType::ClientCredentials]),
        redirect_uris: Vec::new(),
        service_account_id: Some(UserId::new(sample::uuid("account"))),
        ..sample::oauth_client("robot", Some(&acme().organization))
    }
}

/// One of the installation that has no secret.
fn program() -> OAuthClient {
    OAuthClient {
        kind: ClientKind::Public,
        ..sample::oauth_client("program", None)
    }
}

fn view() -> ClientView {
    let client = robot();
    let mut old = sample::client_secret_of("old", &client, &jane());
    old.created_by = None;
    old.expires_at = Some(FixedClock::START.plus(Span::days(1)));
    ClientView {
        secrets: vec![sample::client_secret_of("new", &client, &jane()), old],
        client,
    }
}

fn issued() -> IssuedClient {
    IssuedClient {
        view: view(),
        secret: Some(sample::client_secret("new")),
    }
}

fn own() -> IssuedClient {
    IssuedClient {
        view: ClientView {
            client: program(),
            secrets: Vec::new(),
        },
        secret: None,
    }
}

fn grants() -> Vec<GrantView> {
    let everywhere = sample::grant("everywhere", &program(), &jane());
    let mut here = sample::grant("here", &console(), &jane());
    here.organization_id = Some(acme().organization.id);
    let view = |grant, client| GrantView { grant, client };
    vec![view(everywhere, program()), view(here, console())]
}

const OWN: &str = "/api/v1/oauthClients";
const GRANTS: &str = "/api/v1/me/oauthGrants";

fn list() -> String {
    acme_path("/oauthClients")
}

fn path() -> String {
    format!("{}/{}", list(), robot().id)
}

fn rotate() -> String {
    format!("{}:rotateSecret", path())
}

fn grant() -> String {
    format!("{GRANTS}/{}", grants()[0].grant.id)
}

fn body() -> Value {
    json!({
        "display_name": "robot",
        "kind": "CLIENT_KIND_CONFIDENTIAL",
        "grant_types": ["client_credentials"],
        "scopes": ["rollbook"],
        "roles": ["org-viewer"],
    })
}

#[actix_web::test]
async fn answers() {
    let mut mocks = Mocks::default();
    let it = &mut mocks.oauth_clients;
    it.expect_list().returning(|_, organization, _| {
        if organization.is_none() {
            return Ok(last(vec![program()]));
        }
        let next = Some(ClientId::new(sample::uuid("last")));
        let page = last(vec![console(), robot()]);
        Ok(Page { next, ..page })
    });
    it.expect_get().returning(|_, _, _| Ok(view()));
    it.expect_create().returning(|_, organization, command| {
        assert_eq!(command.name.as_str(), "robot");
        Ok(organization.map_or_else(own, |_| issued()))
    });
    it.expect_rotate_secret().returning(|_, _, _, command| {
        assert!(command.end_others);
        Ok(issued())
    });
    it.expect_delete().returning(|_, _, _, _| Ok(()));
    let it = &mut mocks.authorization;
    it.expect_list_grants().returning(|_, _| {
        let next = Some(GrantId::new(sample::uuid("last")));
        let page = last(grants());
        Ok(Page { next, ..page })
    });
    it.expect_revoke_grant().returning(|_, _| Ok(()));
    let server = mocks.serve();
    for (name, path) in [
        ("list_oauth_clients", list()),
        ("list_own_oauth_clients", OWN.to_owned()),
        ("get_oauth_client", path()),
        ("list_oauth_grants", GRANTS.to_owned()),
    ] {
        check(name, &server.get(&path).await);
    }
    let public = json!({
        "displayName": "robot",
        "kind": "PUBLIC",
        "redirectUris": ["https://program.example/callback"],
    });
    for (name, request) in [
        ("create_oauth_client", post(&list(), &body())),
        ("create_own_oauth_client", post(OWN, &public)),
        (
            "rotate_oauth_client_secret",
            post(&rotate(), &json!({"end_others": true})),
        ),
        ("delete_oauth_client", delete(&path())),
        ("delete_oauth_grant", delete(&grant())),
    ] {
        check(name, &server.send(request).await);
    }
    let mut mocks = Mocks::default();
    let it = &mut mocks.oauth_clients;
    it.expect_list().returning(|_, _, _| Ok(last(vec![])));
    let it = &mut mocks.authorization;
    it.expect_list_grants().returning(|_, _| Ok(last(vec![])));
    let server = mocks.serve();
    check("list_oauth_clients_empty", &server.get(&list()).await);
    check("list_oauth_grants_empty", &server.get(GRANTS).await);
}

#[actix_web::test]
async fn the_installations_are_asked_for_as_such() {
    let mut mocks = Mocks::default();
    let it = &mut mocks.oauth_clients;
    it.expect_get().times(1).returning(|_, organization, id| {
        assert_eq!((organization, id), (None, program().id));
        Ok(own().view)
    });
    it.expect_delete()
        .times(1)
        .returning(|_, organization, id, seen| {
            assert_eq!((organization, id), (None, program().id));
            assert!(seen.is_some());
            Ok(())
        });
    it.expect_rotate_secret()
        .times(1)
        .returning(|_, organization, id, command| {
            assert_eq!((organization, id), (None, program().id));
            assert!(!command.end_others);
            Ok(own())
        });
    let server = mocks.serve();
    let path = format!("{OWN}/{}", program().id);
    assert_eq!(server.get(&path).await.status, 200);
    let seen = format!("{path}?etag=%221%22");
    assert_eq!(server.send(delete(&seen)).await.status, 200);
    let rotate = post(&format!("{path}:rotateSecret"), &json!({}));
    assert_eq!(server.send(rotate).await.status, 200);
}

#[actix_web::test]
async fn what_is_no_client_is_refused() {
    let server = Mocks::default().serve();
    for (body, fields) in [
        (json!({}), &["display_name", "kind"][..]),
        (json!({"display_name": "x", "kind": "SECRET"}), &["kind"]),
        (
            json!({"display_name": "x", "kind": "PUBLIC", "grant_types": ["password"]}),
            &["grant_types"],
        ),
        (
            json!({"display_name": "x", "kind": "PUBLIC", "scopes": ["admin"]}),
            &["scopes"],
        ),
        (
            json!({"display_name": "x", "kind": "PUBLIC", "redirect_uris": ["http://a.example"]}),
            &["redirect_uris"],
        ),
        (
            json!({"display_name": "x", "kind": "PUBLIC", "roles": ["a b"]}),
            &["roles"],
        ),
    ] {
        let answer = server.send(post(&list(), &body)).await;
        answer.assert_invalid(fields);
    }
    let body = json!({"display_name": "x", "kind": "PUBLIC", "roles": ["org-admin"]});
    server
        .send(post(OWN, &body))
        .await
        .assert_invalid(&["roles"]);
}

const ABSENT: Make = || Error::NotFound(Kind::OAuthClient);
const MANY: Make = || Refusal::ClientLimit { limit: 100 }.into();
const PUBLIC: Make = || Refusal::NoClientSecret.into();
const SHOWN: Make = || {
    let id = robot().id.to_string();
    Refusal::SecretShown { id }.into()
};
const UNFIT: Make = || Error::invalid("grant_types", "a client needs a way to a token");
const NO_GRANT: Make = || Error::NotFound(Kind::Grant);

#[actix_web::test]
async fn refusals() {
    let get = |mocks: &mut Mocks, make: Make| {
        let it = mocks.oauth_clients.expect_get().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let create = |mocks: &mut Mocks, make: Make| {
        let it = mocks.oauth_clients.expect_create().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let rotate_one = |mocks: &mut Mocks, make: Make| {
        let it = mocks.oauth_clients.expect_rotate_secret().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    let delete_one = |mocks: &mut Mocks, make: Make| {
        let it = mocks.oauth_clients.expect_delete().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    let end = |mocks: &mut Mocks, make: Make| {
        let it = mocks.authorization.expect_revoke_grant().once();
        it.returning(move |_, _| Err(make()));
    };
    check_refusals(
        "oauth_client_refusals",
        &[
            (
                "oauthClients.create",
                || post(&list(), &body()),
                create,
                &[MANY, SHOWN, REUSED, UNFIT],
            ),
            (
                "oauthClients.get",
                || TestRequest::get().uri(&path()),
                get,
                &[ABSENT],
            ),
            (
                "oauthClients.rotateSecret",
                || post(&rotate(), &json!({})),
                rotate_one,
                &[ABSENT, PUBLIC, SHOWN],
            ),
            (
                "oauthClients.delete",
                || delete(&path()),
                delete_one,
                &[ABSENT, STALE],
            ),
        ],
    )
    .await;
    check_refusals(
        "oauth_grant_refusals",
        &[(
            "me.oauthGrants.delete",
            || delete(&grant()),
            end,
            &[NO_GRANT],
        )],
    )
    .await;
}

#[actix_web::test]
async fn a_scope_that_is_lacking_is_told() {
    let mut mocks = Mocks::default();
    let it = mocks.oauth_clients.expect_list().once();
    it.returning(|_, _, _| {
        Err(Refusal::InsufficientScope {
            scope: "rollbook:read",
        }
        .into())
    });
    let answer = mocks.serve().get(&list()).await;
    check("insufficient_scope", &answer);
}
