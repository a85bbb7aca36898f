//! What clients say about members, roles, workspaces and keys, as the services hear it.

use actix_web::test::TestRequest;
use rollbook_domain::Error;
use rollbook_domain::error::Kind;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::invitation::InvitationState;
use rollbook_domain::membership::MemberCondition;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::role::{Permission, Permissions, RoleScope};
use rollbook_domain::time::Span;
use serde_json::json;

use super::house::{auditor, happy, here};
use super::support::{Mocks, acme, jane};

fn empty<T, K>() -> Page<T, K> {
    Page {
        items: Vec::new(),
        next: None,
        total: Some(0),
    }
}

#[actix_web::test]
async fn members_have_roles_by_their_ids() {
    for (role, key) in [("ADMIN", "org-admin"), ("AUDITOR", "auditor")] {
        let mut mocks = Mocks::default();
        mocks.roles.expect_locate().returning(|_, _| Ok(auditor()));
        let it = mocks.memberships.expect_list().times(1);
        it.returning(move |_, _, filter, _, window| {
            let test = MemberCondition::Role(key.to_owned());
            assert_eq!(filter, Filter::Test(test));
            assert_eq!(window, Window::skip(0, 1000).counted());
            Ok(empty())
        });
        let denied = || super::refusals::denied(true);
        mocks
            .invitations
            .expect_list()
            .returning(move |_, _, _, _, _| Err(denied()));
        let path = here(&format!("/organizations/ORG/members?role_id={role}"));
        let answer = mocks.serve().get(&path).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (200, "[]"),
            "{role}"
        );
    }
    // A role of another organization is none here.
    let mut mocks = Mocks::default();
    mocks.roles.expect_locate().returning(|_, _| Ok(auditor()));
    let path = here("/organizations/USER/members?role_id=AUDITOR");
    assert_eq!(mocks.serve().get(&path).await.status, 404);
}

/// Pages lead from the members on to those who are invited.
#[actix_web::test]
async fn the_invited_come_behind_the_members() {
    let mut mocks = Mocks::default();
    mocks
        .memberships
        .expect_list()
        .returning(|_, _, _, _, window| {
            assert_eq!(window, Window::skip(3, 10).counted());
            Ok(Page {
                items: Vec::new(),
                next: None,
                total: Some(2),
            })
        });
    let it = mocks.invitations.expect_list().times(1);
    it.returning(|_, _, email, states, window| {
        assert_eq!((email, states), (None, vec![InvitationState::Pending]));
        assert_eq!(window, Window::skip(1, 10));
        Ok(empty())
    });
    let server = mocks.serve();
    let path = here("/organizations/ORG/members?offset=3&limit=10");
    assert_eq!(server.get(&path).await.status, 200);
    let programs = here("/organizations/ORG/members?offset=3&limit=10&include_users=False");
    assert_eq!(server.get(&programs).await.status, 200);
}

#[actix_web::test]
async fn a_service_account_is_no_member_to_remove() {
    let mut mocks = Mocks::default();
    mocks.memberships.expect_get().returning(|_, _, _| {
        let robot = sample::service_account("robot");
        Ok(sample::member_view(&acme().organization, &robot, &[]))
    });
    let path = here("/organizations/ORG/members?user_id=USER");
    let answer = mocks.serve().send(TestRequest::delete().uri(&path)).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["detail"][0], "IllegalOperationError");
}

#[actix_web::test]
async fn invitations_are_filtered() {
    for (query, email, states) in [
        ("", None, vec![InvitationState::Pending]),
        (
            "email=Sue@Example.com&only_pending=False",
            Some(sample::email("sue")),
            vec![],
        ),
    ] {
        let mut mocks = Mocks::default();
        let it = mocks.invitations.expect_list().times(1);
        it.returning(move |_, _, asked, in_states, window| {
            assert_eq!((asked, in_states), (email.clone(), states.clone()));
            assert_eq!(window, Window::skip(0, 100));
            Ok(empty())
        });
        let path = here(&format!("/organizations/ORG/invitations?{query}"));
        assert_eq!(mocks.serve().get(&path).await.status, 200);
    }
    let mut mocks = Mocks::default();
    let it = mocks.invitations.expect_list().times(1);
    it.returning(|_, _, email, _, _| {
        assert_eq!(email.unwrap().key(), "");
        Ok(empty())
    });
    let path = here("/organizations/ORG/invitations?email=nobody");
    assert_eq!(mocks.serve().get(&path).await.body, "[]");
}

#[actix_web::test]
async fn an_invitation_names_a_role_of_the_organization() {
    for (role, key) in [
        ("ADMIN", Some("org-admin")),
        ("AUDITOR", Some("auditor")),
        ("VIEWER", None),
    ] {
        let mut mocks = Mocks::default();
        mocks.roles.expect_locate().returning(|_, _| Ok(auditor()));
        let it = mocks.invitations.expect_create();
        it.returning(move |_, _, command| {
            assert_eq!(command.invitation.roles, [key.unwrap()]);
            Err(Error::NotFound(Kind::Organization))
        });
        let body = here(&format!(
            r#"{{"email":"sue@example.com","role_id":"{role}"}}"#
        ));
        let request = TestRequest::post().uri(&here("/organizations/ORG/invitations"));
        let answer = mocks.serve().send(request.set_payload(body)).await;
        let expected = if key.is_some() {
            "Organization not found"
        } else {
            "Role not found"
        };
        assert_eq!(answer.json()["detail"][1], expected, "{role}");
    }
}

#[actix_web::test]
async fn a_role_is_described() {
    let mut mocks = Mocks::default();
    let it = mocks.roles.expect_create().times(1);
    it.returning(|_, organization, command| {
        assert_eq!(organization, acme().organization.id);
        assert_eq!((command.scope, command.key), (RoleScope::Workspace, None));
        let expected = Permissions::of(&[Permission::ReadWorkspace]);
        assert_eq!(command.permissions, expected);
        Ok(auditor())
    });
    let server = mocks.serve();
    let body = here(
        r#"{"organization_id":"ORG","name":"Guest","level":"workspace","permissions":["read:Workspace"]}"#,
    );
    let answer = server
        .send(TestRequest::post().uri("/roles").set_payload(body))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let body = here(
        r#"{"organization_id":"ORG","name":"Guest","permissions":["fly:Kite"],"level":"project"}"#,
    );
    let answer = server
        .send(TestRequest::post().uri("/roles").set_payload(body))
        .await;
    let detail = answer.json()["detail"].clone();
    assert_eq!(detail[0]["loc"], json!(["body", "level"]));
    assert_eq!(detail[1]["loc"], json!(["body", "permissions", 0]));
}

/// Which of two worlds an assignment is in.
#[actix_web::test]
async fn roles_are_given_here_or_there() {
    let mut mocks = happy();
    let it = &mut mocks.memberships;
    it.checkpoint();
    it.expect_grant()
        .times(1)
        .returning(|_, organization, user, key| {
            assert_eq!((organization, user), (acme().organization.id, jane().id));
            assert_eq!(key, "org-admin");
            Ok(sample::member_view(&acme().organization, &jane(), &[]))
        });
    let server = mocks.serve();
    let post = |query: &str| TestRequest::post().uri(&here(query));
    let answer = server
        .send(post("/roles/ADMIN/assignments?user_id=USER&team_id=None"))
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.body.as_str()),
        (200, "null")
    );
    let answer = server
        .send(post(
            "/roles/VIEWER/assignments?user_id=USER&workspace_id=LAB",
        ))
        .await;
    assert_eq!(answer.status, 200);
    for unknown in [
        "team_id=USER",
        "invitation_id=USER",
        "user_id=USER&project_id=LAB",
    ] {
        let answer = server
            .send(post(&format!("/roles/ADMIN/assignments?{unknown}")))
            .await;
        assert_eq!(answer.status, 501, "{unknown}");
    }
    let answer = server.send(post("/roles/ADMIN/assignments")).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["detail"][0]["type"]),
        (422, &json!("missing"))
    );
    let nobodys = UserId::new(sample::uuid("nobody"));
    let answer = server
        .send(post(&format!("/roles/{nobodys}/assignments?user_id=USER")))
        .await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["detail"][1]),
        (404, &json!("Role not found"))
    );
}

#[actix_web::test]
async fn workspaces_are_filtered() {
    let mut mocks = Mocks::default();
    let it = mocks.workspaces.expect_list_housed().times(1);
    it.returning(|_, query| {
        assert_eq!(query.organization, Some(acme().organization.id));
        let lab = TextTest::new(Place::Whole, "lab");
        assert_eq!(query.filter, Filter::Test(lab));
        assert_eq!((query.mine, query.skip, query.limit), (true, 2, 20));
        Ok(Vec::new())
    });
    let query = "offset=2&limit=20&workspace_name=Lab&organization_id=ORG&member_only=True&url=None&status=None";
    let answer = mocks
        .serve()
        .get(&here(&format!("/workspaces?{query}")))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    // No workspace has a server, so none is the one with this address.
    let by_url = happy()
        .serve()
        .get("/workspaces?url=https://x.example")
        .await;
    assert_eq!(by_url.body, "[]");
}

#[actix_web::test]
async fn a_key_lives_for_minutes() {
    for (body, life) in [
        (r#"{"name":"ci"}"#, None),
        (r#"{"name":"ci","expires_in_minutes":null}"#, None),
        (
            r#"{"name":"ci","expires_in_minutes":60}"#,
            Some(Span::seconds(3600)),
        ),
    ] {
        let mut mocks = Mocks::default();
        mocks
            .service_accounts
            .expect_named()
            .returning(|_, organization, name| {
                assert_eq!(
                    organization,
                    OrganizationId::new(acme().organization.id.uuid())
                );
                assert_eq!(name.as_str(), "my robot");
                Err(Error::NotFound(Kind::ServiceAccount))
            });
        let path = here("/organizations/ORG/service_accounts/my%20robot/api_keys");
        let answer = mocks
            .serve()
            .send(TestRequest::post().uri(&path).set_payload(body))
            .await;
        assert_eq!(answer.json()["detail"][1], "Service account not found");
        let mut mocks = happy();
        mocks.service_accounts.checkpoint();
        let it = mocks.service_accounts.expect_get();
        it.returning(|_, _, _| Err(Error::NotFound(Kind::ServiceAccount)));
        let it = mocks.service_accounts.expect_issue_key();
        it.returning(move |_, _, _, command| {
            assert_eq!(
                command.expires_at,
                life.map(|life| FixedClock::START.plus(life))
            );
            Err(Error::Busy)
        });
        let it = mocks.service_accounts.expect_named();
        it.returning(|_, _, _| Ok(super::house::account()));
        let path = here("/organizations/ORG/service_accounts/robot/api_keys");
        let answer = mocks
            .serve()
            .send(TestRequest::post().uri(&path).set_payload(body))
            .await;
        assert_eq!(answer.status, 503, "{}", answer.body);
    }
}
