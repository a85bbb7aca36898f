//! The users of an organization.

use actix_web::test::TestRequest;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::membership::{
    Direction, MemberCondition, MemberField, MemberOrder, MemberView,
};
use rollbook_domain::mock::sample;
use rollbook_domain::organization::Version;
use rollbook_domain::page::{Page, Window};
use rollbook_domain::role::{Role, RoleScope};
use rollbook_domain::service::membership::Who;
use serde_json::{Value, json};

use super::support::{Mocks, acme, acme_path, jane};

fn member() -> MemberView {
    let organization = acme().organization;
    sample::member_view(&organization, &jane(), &[Role::Admin])
}

fn path() -> String {
    acme_path(&format!("/users/{}", jane().id))
}

#[actix_web::test]
async fn a_list_is_filtered_and_sorted_and_continues() {
    let order = MemberOrder::new(vec![
        (MemberField::DisplayName, Direction::Ascending),
        (MemberField::Created, Direction::Descending),
    ]);
    let order = order.unwrap();
    let key = order.key(&member());
    let filter = Filter::All(vec![
        Filter::Test(MemberCondition::Role("Organization Admin".to_owned())),
        Filter::Test(MemberCondition::Scope(RoleScope::Workspace)),
        Filter::Test(MemberCondition::Search(TextTest::new(
            Place::Anywhere,
            "jan",
        ))),
    ]);
    let mut mocks = Mocks::default();
    let next = key.clone();
    mocks
        .memberships
        .expect_list()
        .withf(move |_, id, conditions, by, window| {
            let windows = [Window::first(50), Window::after(key.clone(), 50)];
            *id == acme().organization.id
                && *conditions == filter
                && *by == order
                && windows.contains(window)
        })
        .times(2)
        .returning(move |_, _, _, _, _| {
            Ok(Page {
                items: vec![member()],
                next: Some(next.clone()),
                total: None,
            })
        });
    let server = mocks.serve();
    let query = "filter=role%3D%22Organization+Admin%22+AND+role_scope%3Dworkspace+AND+search:%22jan%22&order_by=display_name,created_time+desc";
    let first = server.get(&acme_path(&format!("/users?{query}"))).await;
    assert_eq!(first.status, 200, "{}", first.body);
    let json = first.json();
    let token = json["next_page_token"].as_str().unwrap();
    let again = acme_path(&format!("/users?{query}&page_token={token}"));
    assert_eq!(server.get(&again).await.status, 200);
    let other = acme_path(&format!("/users?order_by=email&page_token={token}"));
    server.get(&other).await.assert_invalid(&["page_token"]);
}

#[actix_web::test]
async fn what_is_no_list_is_refused() {
    let server = Mocks::default().serve();
    for (query, field) in [
        ("filter=role_scope%3Dgalaxy", "filter"),
        ("filter=search%3Dx", "filter"),
        ("filter=role:x", "filter"),
        ("filter=email%3Dx", "filter"),
        ("order_by=name", "order_by"),
        ("order_by=email,email", "order_by"),
        ("order_by=created_time,create_time", "order_by"),
    ] {
        let answer = server.get(&acme_path(&format!("/users?{query}"))).await;
        answer.assert_invalid(&[field]);
    }
}

#[actix_web::test]
async fn users_are_added_by_name_or_address() {
    let organization = acme().organization.id;
    let role = format!("organizations/{organization}/roles/auditor");
    for (body, who) in [
        (
            json!({"user": format!("users/{}", jane().id), "roles": ["org-viewer", role]}),
            Who::User(jane().id),
        ),
        (
            json!({"email": "jane@example.com", "roles": [
                {"name": "org-viewer", "role_scope": "ROLE_SCOPE_ORGANIZATION"},
                {"name": "auditor"},
                {"name": "workspace-editor", "role_scope": "ROLE_SCOPE_WORKSPACE"},
            ]}),
            Who::Email(jane().email),
        ),
    ] {
        let mut mocks = Mocks::default();
        mocks
            .memberships
            .expect_add()
            .withf(move |_, _, command| {
                command.who == who && command.roles == ["org-viewer", "auditor"]
            })
            .returning(|_, _, _| Ok(member()));
        let request = TestRequest::post()
            .uri(&acme_path("/users"))
            .set_payload(body.to_string());
        let answer = mocks.serve().send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let server = Mocks::default().serve();
    for (body, field) in [
        (json!({}), "user"),
        (json!({"user": "users/x"}), "user"),
        (json!({"email": "x"}), "email"),
        (
            json!({"email": "a@b.example", "roles": ["organizations/x/roles/y"]}),
            "roles",
        ),
    ] {
        let request = TestRequest::post()
            .uri(&acme_path("/users"))
            .set_payload(body.to_string());
        server.send(request).await.assert_invalid(&[field]);
    }
}

#[actix_web::test]
async fn roles_are_replaced_and_users_removed() {
    let mut mocks = Mocks::default();
    mocks
        .memberships
        .expect_set_roles()
        .withf(|_, _, user, roles, seen| {
            *user == jane().id && roles == &["org-viewer"] && *seen == Some(Version::new(3))
        })
        .once()
        .returning(|_, _, _, _, _| Ok(member()));
    mocks
        .memberships
        .expect_remove()
        .withf(|_, _, user, seen| *user == jane().id && *seen == Some(Version::new(3)))
        .once()
        .returning(|_, _, _, _| Ok(()));
    let server = mocks.serve();
    let patch = |query: &str, body: &Value| {
        TestRequest::patch()
            .uri(&format!("{}{query}", path()))
            .set_payload(body.to_string())
    };
    let body = json!({"roles": ["org-viewer"], "etag": "\"3\"", "display_name": "ignored"});
    let answer = server.send(patch("?update_mask=roles", &body)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let answer = server.send(patch("?update_mask=email", &body)).await;
    answer.assert_invalid(&["update_mask"]);
    let answer = server.send(patch("", &json!({}))).await;
    answer.assert_invalid(&["roles"]);
    let delete = format!("{}?etag=%223%22", path());
    let answer = server.send(TestRequest::delete().uri(&delete)).await;
    assert_eq!(answer.status, 200);
}
