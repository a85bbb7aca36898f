//! Roles.

use actix_web::http::header::IF_NONE_MATCH;
use actix_web::test::TestRequest;
use rollbook_domain::mock::sample;
use rollbook_domain::organization::{Patch, Version};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::role::{
    CustomRole, Permission, Permissions, Role, RoleRef, RoleScope, RoleView,
};
use rollbook_domain::value::RoleKey;
use serde_json::json;

use super::support::{Mocks, acme, acme_path};

fn auditor() -> CustomRole {
    sample::role(
        &acme().organization,
        "auditor",
        &[Permission::ReadAuditEntry],
    )
}

#[actix_web::test]
async fn a_list_continues_behind_a_built_in_role() {
    let mut mocks = Mocks::default();
    let last = RoleRef::Organization(Role::Member);
    mocks
        .roles
        .expect_list()
        .withf(move |_, _, scope, window| {
            let windows = [Window::first(50), Window::after(last, 50)];
            *scope == Some(RoleScope::Organization) && windows.contains(window)
        })
        .times(2)
        .returning(move |_, _, _, _| {
            Ok(Page {
                items: vec![RoleView::Organization(Role::Member)],
                next: Some(last),
                total: None,
            })
        });
    let server = mocks.serve();
    let json = server.get(&acme_path("/roles")).await.json();
    let token = json["next_page_token"].as_str().unwrap();
    let next = acme_path(&format!("/roles?page_token={token}"));
    assert_eq!(server.get(&next).await.status, 200);
}

#[actix_web::test]
async fn what_is_known_is_not_sent_again() {
    let mut mocks = Mocks::default();
    let it = mocks.roles.expect_get();
    it.returning(|_, _, _| Ok(RoleView::Custom(auditor())));
    let request = TestRequest::get()
        .uri(&acme_path("/roles/auditor"))
        .insert_header((IF_NONE_MATCH, "\"1\""));
    assert_eq!(mocks.serve().send(request).await.status, 304);
}

#[actix_web::test]
async fn roles_are_made_changed_and_deleted() {
    let mut mocks = Mocks::default();
    mocks
        .roles
        .expect_create()
        .withf(|_, _, command| {
            command.scope == RoleScope::Workspace
                && command.key.as_ref().map(RoleKey::as_str) == Some("books")
                && command.title.as_str() == "Auditor"
                && command.permissions == Permissions::of(&[Permission::ReadWorkspace])
        })
        .once()
        .returning(|_, _, _| Ok(auditor()));
    mocks
        .roles
        .expect_update()
        .withf(|_, _, key, command| {
            key == "auditor"
                && command.title.is_none()
                && command.description == Patch::Keep
                && command.permissions == Some(Permissions::NONE)
                && command.seen == Some(Version::new(2))
        })
        .once()
        .returning(|_, _, _, _| Ok(auditor()));
    mocks
        .roles
        .expect_delete()
        .withf(|_, _, key, replacement, _| {
            key == "auditor" && replacement.as_deref() == Some("org-member")
        })
        .times(2)
        .returning(|_, _, _, _, _| Ok(()));
    let server = mocks.serve();
    let body = json!({
        "title": "Auditor",
        "permissions": ["read:Workspace"],
        "role_scope": "ROLE_SCOPE_WORKSPACE",
    });
    let create = TestRequest::post()
        .uri(&acme_path("/roles?role_id=books"))
        .set_payload(body.to_string());
    assert_eq!(server.send(create).await.status, 200);
    let body = json!({"title": "ignored", "permissions": [], "etag": "\"2\""});
    let update = TestRequest::patch()
        .uri(&acme_path("/roles/auditor?update_mask=permissions"))
        .set_payload(body.to_string());
    assert_eq!(server.send(update).await.status, 200);
    let named = format!("organizations/{}/roles/org-member", acme().organization.id);
    for replacement in ["org-member", named.as_str()] {
        let path = acme_path(&format!("/roles/auditor?replacement_role={replacement}"));
        let answer = server.send(TestRequest::delete().uri(&path)).await;
        assert_eq!(answer.body, "{}");
    }
}

#[actix_web::test]
async fn what_is_no_role_is_refused() {
    let server = Mocks::default().serve();
    for (query, body, field) in [
        ("", json!({}), "title"),
        (
            "",
            json!({"title": "a", "permissions": ["rule:World"]}),
            "permissions",
        ),
        (
            "",
            json!({"title": "a", "role_scope": "galaxy"}),
            "role_scope",
        ),
        ("?role_id=org-admin", json!({"title": "a"}), "role_id"),
    ] {
        let request = TestRequest::post()
            .uri(&acme_path(&format!("/roles{query}")))
            .set_payload(body.to_string());
        server.send(request).await.assert_invalid(&[field]);
    }
    for mask in ["role_scope", "name", "keys"] {
        let request = TestRequest::patch()
            .uri(&acme_path(&format!("/roles/auditor?update_mask={mask}")))
            .set_payload("{}");
        server.send(request).await.assert_invalid(&["update_mask"]);
    }
}
