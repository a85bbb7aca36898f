//! Roles.

use actix_web::test::TestRequest;
use rollbook_domain::error::Kind;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Version;
use rollbook_domain::page::Page;
use rollbook_domain::role::{CustomRole, Permission, Role, RoleRef, RoleView};
use rollbook_domain::time::Span;
use rollbook_domain::value::Description;
use rollbook_domain::{Error, Refusal};
use serde_json::{Value, json};

use super::{REUSED, STALE, check, check_refusals, delete, last, patch, post};
use crate::native::support::{Make, Mocks, acme, acme_path};

fn auditor() -> CustomRole {
    let permissions = [Permission::ReadMembership, Permission::ReadAuditEntry];
    CustomRole {
        description: Description::parse("Looks at the \"books\"").ok(),
        version: Version::new(2),
        updated_at: FixedClock::START.plus(Span::days(1)),
        ..sample::role(&acme().organization, "auditor", &permissions)
    }
}

fn author() -> CustomRole {
    let permissions = [Permission::ReadWorkspace];
    sample::workspace_role(&acme().organization, "author", &permissions)
}

fn list() -> String {
    acme_path("/roles")
}

fn path() -> String {
    acme_path("/roles/auditor")
}

fn body() -> Value {
    json!({"title": "Auditor", "permissions": ["read:AuditEntry"]})
}

fn happy() -> Mocks {
    let mut mocks = Mocks::default();
    let it = &mut mocks.roles;
    it.expect_list().returning(|_, _, _, _| {
        let items = vec![
            RoleView::Organization(Role::Member),
            RoleView::Custom(auditor()),
        ];
        let next = Some(RoleRef::Custom(auditor().id));
        Ok(Page {
            next,
            ..last(items)
        })
    });
    it.expect_get().returning(|_, _, key| {
        Ok(match key.as_str() {
            "auditor" => RoleView::Custom(auditor()),
            _ => RoleView::Organization(Role::Member),
        })
    });
    it.expect_create().returning(|_, _, _| Ok(author()));
    it.expect_update().returning(|_, _, _, _| Ok(auditor()));
    it.expect_delete().returning(|_, _, _, _, _| Ok(()));
    mocks
}

#[actix_web::test]
async fn answers() {
    let server = happy().serve();
    for (name, path) in [
        ("list_roles", list()),
        ("get_role", path()),
        ("get_built_in_role", acme_path("/roles/org-member")),
    ] {
        check(name, &server.get(&path).await);
    }
    for (name, request) in [
        ("create_role", post(&list(), &body())),
        ("update_role", patch(&path(), &body())),
        ("delete_role", delete(&path())),
    ] {
        check(name, &server.send(request).await);
    }
    let mut mocks = Mocks::default();
    let it = mocks.roles.expect_list();
    it.returning(|_, _, _, _| Ok(last(vec![])));
    check("list_roles_empty", &mocks.serve().get(&list()).await);
}

const ABSENT: Make = || Error::NotFound(Kind::Role);
const KEY_TAKEN: Make = || Refusal::RoleKeyTaken("auditor".to_owned()).into();
const TITLE_TAKEN: Make = || Refusal::RoleTitleTaken("Auditor".to_owned()).into();
const BEYOND: Make = || {
    let permission = Permission::ReadAuditEntry.key();
    Refusal::BeyondOwnRights { permission }.into()
};
const OF_WORKSPACES: Make = || {
    let reason = "a role of workspaces cannot permit read:AuditEntry; choose the organization's \
                  scope";
    Error::invalid("permissions", reason)
};
const BUILT_IN: Make = || {
    let reason = "'org-member' is a built-in role, which nobody can change or delete";
    Error::invalid("name", reason)
};
const IN_USE: Make = || Refusal::RoleInUse { holders: 2 }.into();

#[actix_web::test]
async fn refusals() {
    let get = |mocks: &mut Mocks, make: Make| {
        let it = mocks.roles.expect_get().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let create = |mocks: &mut Mocks, make: Make| {
        let it = mocks.roles.expect_create().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let update = |mocks: &mut Mocks, make: Make| {
        let it = mocks.roles.expect_update().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    let delete_one = |mocks: &mut Mocks, make: Make| {
        let it = mocks.roles.expect_delete().once();
        it.returning(move |_, _, _, _, _| Err(make()));
    };
    let creating = [
        ABSENT,
        KEY_TAKEN,
        TITLE_TAKEN,
        BEYOND,
        OF_WORKSPACES,
        REUSED,
    ];
    check_refusals(
        "role_refusals",
        &[
            (
                "organizations.roles.create",
                || post(&list(), &body()),
                create,
                &creating,
            ),
            (
                "organizations.roles.get",
                || TestRequest::get().uri(&path()),
                get,
                &[ABSENT],
            ),
            (
                "organizations.roles.update",
                || patch(&path(), &body()),
                update,
                &[ABSENT, TITLE_TAKEN, BEYOND, BUILT_IN, STALE],
            ),
            (
                "organizations.roles.delete",
                || delete(&path()),
                delete_one,
                &[ABSENT, IN_USE, BEYOND, BUILT_IN, STALE],
            ),
        ],
    )
    .await;
}
