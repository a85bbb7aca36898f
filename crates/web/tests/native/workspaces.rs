//! Workspaces and their users.

use actix_web::http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use actix_web::test::TestRequest;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::{RoleId, UserId, WorkspaceId};
use rollbook_domain::membership::Direction;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::{Patch, Version};
use rollbook_domain::page::{From, Page};
use rollbook_domain::role::{AssignedRole, WorkspaceRole, WorkspaceRoles};
use rollbook_domain::service::workspace::{AddWorkspaceMember, UpdateWorkspace};
use rollbook_domain::value::{Description, IconName, RoleKey, WorkspaceTitle};
use rollbook_domain::workspace::{
    Workspace, WorkspaceField, WorkspaceKey, WorkspaceMemberView, WorkspaceMembership,
    WorkspaceOrder, WorkspaceRef, WorkspaceView,
};
use serde_json::{Value, json};

use super::description::assert_described;
use super::golden::check;
use super::support::{Answer, Mocks, acme, acme_path, jane};

fn at() -> WorkspaceRef {
    WorkspaceRef {
        organization: acme().organization.id,
        id: WorkspaceId::new(sample::uuid("workspace lab")),
    }
}

fn path(rest: &str) -> String {
    acme_path(&format!("/workspaces/{}{rest}", at().id))
}

fn user_path() -> String {
    path(&format!("/users/{}", jane().id))
}

fn lab() -> WorkspaceView {
    WorkspaceView {
        workspace: Workspace {
            id: at().id,
            organization_id: at().organization,
            title: WorkspaceTitle::parse("Lab \"1\"").unwrap(),
            description: Description::parse("Where we try things").ok(),
            icon: IconName::parse("flask").ok(),
            icon_color: IconName::parse("#3366ff").ok(),
            creator_id: jane().id,
            version: Version::new(3),
            created_at: FixedClock::START,
            updated_at: FixedClock::START,
            deleted_at: None,
        },
        creator_name: jane().display_name,
        creator_email: jane().email,
    }
}

fn plain() -> WorkspaceView {
    let mut view = lab();
    view.workspace.description = None;
    view.workspace.icon = None;
    view.workspace.icon_color = None;
    view
}

fn member() -> WorkspaceMemberView {
    let author = AssignedRole {
        id: RoleId::new(sample::uuid("role author")),
        key: RoleKey::parse("author").unwrap(),
    };
    WorkspaceMemberView {
        membership: WorkspaceMembership {
            organization_id: at().organization,
            workspace_id: at().id,
            user_id: jane().id,
            roles: WorkspaceRoles::of(&[WorkspaceRole::Admin, WorkspaceRole::Viewer]),
            custom_roles: vec![author],
            version: Version::new(2),
            created_at: FixedClock::START,
            updated_at: FixedClock::START,
        },
        display_name: jane().display_name,
        email: jane().email,
    }
}

fn key() -> WorkspaceKey {
    WorkspaceKey::of(WorkspaceField::Title, &lab().workspace)
}

fn happy() -> Mocks {
    let mut mocks = Mocks::default();
    let it = &mut mocks.workspaces;
    it.expect_get()
        .withf(|_, asked| *asked == at())
        .returning(|_, _| Ok(lab()));
    it.expect_list().returning(|_, _, _, _, _| {
        Ok(Page {
            items: vec![lab(), plain()],
            next: Some(key()),
            total: None,
        })
    });
    it.expect_list_mine().returning(|_, _, _| {
        Ok(Page {
            items: vec![plain()],
            next: None,
            total: None,
        })
    });
    it.expect_list_members().returning(|_, _, _| {
        Ok(Page {
            items: vec![member()],
            next: None,
            total: None,
        })
    });
    it.expect_get_member()
        .withf(|_, asked, user| *asked == at() && *user == jane().id)
        .returning(|_, _, _| Ok(member()));
    it.expect_add_member().returning(|_, _, _| Ok(member()));
    it.expect_count_members()
        .withf(|_, organization, asked| *organization == at().organization && *asked == [at().id])
        .returning(|_, _, _| Ok(vec![(at().id, 3)]));
    mocks
}

#[actix_web::test]
async fn answers_word_for_word() {
    let server = happy().serve();
    let mine = format!("/api/v1/me/organizations/{}/workspaces", at().organization);
    for (name, path) in [
        ("get_workspace", path("")),
        ("list_workspaces", acme_path("/workspaces")),
        ("my_workspaces", mine),
        ("list_workspace_users", path("/users")),
        ("get_workspace_user", user_path()),
    ] {
        check(name, &server.get(&path).await);
    }
    assert_described("Workspace", &server.get(&path("")).await.json());
    assert_described("WorkspaceUser", &server.get(&user_path()).await.json());
    let body = json!({"user": format!("users/{}", jane().id), "roles": ["workspace-admin"]});
    let add = TestRequest::post().uri(&path("/users"));
    let answer = server.send(add.set_payload(body.to_string())).await;
    check("add_workspace_user", &answer);
    let body = json!({"workspace_ids": [at().id.to_string(), "nonsense"]});
    let count = TestRequest::post().uri(&acme_path("/workspaces:countUsers"));
    let answer = server.send(count.set_payload(body.to_string())).await;
    check("count_users", &answer);
}

#[actix_web::test]
async fn what_is_known_is_not_sent_again() {
    let server = happy().serve();
    for (path, tag) in [(path(""), "\"3\""), (user_path(), "\"2\"")] {
        let request = TestRequest::get().uri(&path);
        let answer = server
            .send(request.insert_header((IF_NONE_MATCH, tag)))
            .await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (304, ""));
        assert_eq!(answer.header(ETAG), Some(tag));
    }
}

#[actix_web::test]
async fn lists_are_filtered_and_sorted() {
    for (query, field, direction) in [
        ("", WorkspaceField::Created, Direction::Descending),
        (
            "&order_by=title",
            WorkspaceField::Title,
            Direction::Ascending,
        ),
        (
            "&orderBy=update_time%20desc",
            WorkspaceField::Updated,
            Direction::Descending,
        ),
        (
            "&order_by=create_time",
            WorkspaceField::Created,
            Direction::Ascending,
        ),
    ] {
        let mut mocks = Mocks::default();
        let lab = Filter::Test(TextTest::new(Place::Anywhere, "lab"));
        mocks
            .workspaces
            .expect_list()
            .withf(move |_, id, filter, order, window| {
                let expected = WorkspaceOrder { field, direction };
                *id == at().organization
                    && *filter == lab
                    && *order == expected
                    && window.limit == 7
            })
            .returning(|_, _, _, _, _| {
                Ok(Page {
                    items: vec![],
                    next: None,
                    total: None,
                })
            });
        let path = acme_path(&format!("/workspaces?page_size=7&filter=title:lab{query}"));
        let answer = mocks.serve().get(&path).await;
        assert_eq!(answer.status, 200, "{query} {}", answer.body);
    }
    let server = Mocks::default().serve();
    for order in ["icon", "title,create_time", "title,title"] {
        let path = acme_path(&format!("/workspaces?order_by={order}"));
        server.get(&path).await.assert_invalid(&["order_by"]);
    }
}

#[actix_web::test]
async fn a_page_continues_where_the_last_one_ended() {
    let mut mocks = Mocks::default();
    mocks
        .workspaces
        .expect_list()
        .returning(|_, _, _, _, window| {
            Ok(Page {
                items: vec![],
                next: matches!(window.from, From::First).then(key),
                total: None,
            })
        });
    let server = mocks.serve();
    let list = acme_path("/workspaces?order_by=title");
    let first = server.get(&list).await.json();
    let token = first["next_page_token"].as_str().unwrap();
    let next = server
        .get(&format!("{list}&page_token={token}"))
        .await
        .json();
    assert_eq!(next, json!({"workspaces": [], "next_page_token": ""}));
    let other = acme_path(&format!("/workspaces?page_token={token}"));
    server.get(&other).await.assert_invalid(&["page_token"]);
}

async fn create(query: &str, body: &Value) -> Answer {
    let mut mocks = Mocks::default();
    mocks
        .workspaces
        .expect_create()
        .withf(|_, organization, command| {
            *organization == at().organization
                && command.id == Some(at().id)
                && command.title.as_str() == "Lab"
                && command.description.is_none()
                && command.icon == IconName::parse("flask").ok()
                && command.icon_color.is_none()
                && command
                    .once
                    .as_ref()
                    .is_some_and(|once| once.key.as_str() == "7")
        })
        .returning(|_, _, _| Ok(lab()));
    let request = TestRequest::post().uri(&acme_path(&format!("/workspaces{query}")));
    let server = mocks.serve();
    server.send(request.set_payload(body.to_string())).await
}

#[actix_web::test]
async fn a_workspace_is_made() {
    let query = format!("?workspace_id={}&request_id=7", at().id);
    let body = json!({"title": "Lab", "workspaceIcon": "flask", "description": "", "etag": "x"});
    let answer = create(&query, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header(ETAG), Some("\"3\""));
    let answer = create("", &json!({"workspace_icon": "x".repeat(65)})).await;
    answer.assert_invalid(&["title", "workspace_icon"]);
    let answer = create("?workspace_id=x", &json!({"title": "Lab"})).await;
    answer.assert_invalid(&["workspace_id"]);
}

async fn update(
    query: &str,
    body: &Value,
    expected: impl Fn(&UpdateWorkspace) -> bool + Send + 'static,
) -> Answer {
    let mut mocks = Mocks::default();
    mocks
        .workspaces
        .expect_update()
        .withf(move |_, asked, command| *asked == at() && expected(command))
        .returning(|_, _, _| Ok(lab()));
    let request = TestRequest::patch().uri(&path(query));
    let server = mocks.serve();
    server.send(request.set_payload(body.to_string())).await
}

#[actix_web::test]
async fn masks_select_what_changes() {
    let full = json!({
        "name": path("").trim_start_matches("/api/v1/"),
        "title": "Lab",
        "description": "",
        "workspace_icon": "flask",
        "creator_email": "x",
        "etag": "\"3\""
    });
    let answer = update("", &full, |command| {
        command.title == WorkspaceTitle::parse("Lab").ok()
            && command.description == Patch::Clear
            && command.icon == IconName::parse("flask").map_or(Patch::Keep, Patch::Set)
            && command.icon_color == Patch::Keep
            && command.seen == Some(Version::new(3))
    });
    assert_eq!(answer.await.status, 200);
    let answer = update("?update_mask=workspaceIconColor", &full, |command| {
        command.title.is_none()
            && command.description == Patch::Keep
            && command.icon_color == Patch::Clear
    });
    assert_eq!(answer.await.status, 200);
    let bare = json!({"title": "Lab"});
    let answer = update("?update_mask=*", &bare, |command| {
        command.icon == Patch::Clear && command.description == Patch::Clear
    });
    assert_eq!(answer.await.status, 200);
    for mask in ["name", "creator_email", "icon", "title,etag"] {
        let answer = update(&format!("?update_mask={mask}"), &full, |_| false).await;
        answer.assert_invalid(&["update_mask"]);
    }
    let other = json!({"name": "organizations/x/workspaces/y", "title": ""});
    let answer = update("", &other, |_| false).await;
    answer.assert_invalid(&["name", "title"]);
}

#[actix_web::test]
async fn what_ends_says_which_version_was_seen() {
    let mut mocks = Mocks::default();
    let seen = Some(Version::new(3));
    let it = &mut mocks.workspaces;
    it.expect_delete()
        .withf(move |_, asked, version| *asked == at() && *version == seen)
        .returning(|_, _, _| Ok(()));
    it.expect_remove_member()
        .withf(move |_, asked, user, version| {
            *asked == at() && *user == jane().id && *version == seen
        })
        .returning(|_, _, _, _| Ok(()));
    it.expect_undelete()
        .withf(|_, asked| *asked == at())
        .returning(|_, _| Ok(lab()));
    it.expect_leave()
        .withf(|_, asked| *asked == at())
        .returning(|_, _| Ok(()));
    let server = mocks.serve();
    for path in [path(""), user_path()] {
        let request = TestRequest::delete().uri(&path);
        let answer = server
            .send(request.insert_header((IF_MATCH, "\"3\"")))
            .await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "{}"));
    }
    for (verb, body) in [(":undelete", None), (":leave", Some("{}"))] {
        let answer = server.send(TestRequest::post().uri(&path(verb))).await;
        assert_eq!(answer.status, 200, "{verb}");
        assert!(body.is_none_or(|body| answer.body == body), "{verb}");
    }
}

async fn add(
    body: &Value,
    expected: impl Fn(&AddWorkspaceMember) -> bool + Send + 'static,
) -> Answer {
    let mut mocks = Mocks::default();
    mocks
        .workspaces
        .expect_add_member()
        .withf(move |_, asked, command| *asked == at() && expected(command))
        .returning(|_, _, _| Ok(member()));
    let request = TestRequest::post().uri(&path("/users"));
    let server = mocks.serve();
    server.send(request.set_payload(body.to_string())).await
}

#[actix_web::test]
async fn users_and_roles_are_named_in_several_ways() {
    let organization = at().organization;
    let user: UserId = jane().id;
    for name in [
        format!("users/{user}"),
        format!("organizations/{organization}/users/{user}"),
    ] {
        let roles = json!([
            "workspace-editor",
            format!("organizations/{organization}/roles/workspace-viewer"),
            format!("organizations/{organization}/roles/author"),
        ]);
        let body = json!({"user": name, "roles": roles, "request_id": "7"});
        let answer = add(&body, move |command| {
            let both = [WorkspaceRole::Editor, WorkspaceRole::Viewer];
            command.user == user
                && command.roles.built_in == WorkspaceRoles::of(&both)
                && command.roles.custom == [RoleKey::parse("author").unwrap()]
                && command.once.is_some()
        });
        assert_eq!(answer.await.status, 200, "{name}");
    }
    let other = sample::uuid("other");
    for name in [
        format!("organizations/{other}/users/{user}"),
        user.to_string(),
        String::new(),
    ] {
        let body = json!({"user": name, "roles": []});
        add(&body, |_| false).await.assert_invalid(&["user"]);
    }
    for role in [
        "org-admin".to_owned(),
        "Workspace Admin".to_owned(),
        format!("organizations/{other}/roles/workspace-admin"),
        format!("organizations/{organization}/workspaces/x/roles/workspace-admin"),
    ] {
        let body = json!({"user": format!("users/{user}"), "roles": [role]});
        add(&body, |_| false).await.assert_invalid(&["roles"]);
    }
}

#[actix_web::test]
async fn what_was_read_can_be_sent_back() {
    let mut mocks = happy();
    mocks
        .workspaces
        .expect_set_roles()
        .withf(|_, asked, user, roles, seen| {
            *asked == at()
                && *user == jane().id
                && roles.built_in == member().membership.roles
                && roles.custom == [RoleKey::parse("author").unwrap()]
                && *seen == Some(Version::new(2))
        })
        .returning(|_, _, _, _, _| Ok(member()));
    let server = mocks.serve();
    let read = server.get(&user_path()).await.body;
    for query in ["", "?update_mask=roles", "?updateMask=*"] {
        let request = TestRequest::patch().uri(&format!("{}{query}", user_path()));
        let answer = server.send(request.set_payload(read.clone())).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.body),
            (200, &read),
            "{query}"
        );
    }
    let request = TestRequest::patch().uri(&format!("{}?update_mask=user", user_path()));
    let answer = server.send(request.set_payload(read)).await;
    answer.assert_invalid(&["update_mask"]);
}
