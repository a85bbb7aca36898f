//! The users of an organization.

use actix_web::test::TestRequest;
use rollbook_domain::error::Kind;
use rollbook_domain::membership::{MemberOrder, MemberView};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Version;
use rollbook_domain::page::Page;
use rollbook_domain::role::{AssignedRole, Permission, Role, WorkspaceRole, WorkspaceRoles};
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal};
use serde_json::{Value, json};

use super::{REUSED, STALE, check, check_refusals, delete, last, patch, post};
use crate::native::support::{Make, Mocks, acme, acme_path, jane};

fn member() -> MemberView {
    let organization = acme().organization;
    let mut view = sample::member_view(&organization, &jane(), &[Role::Admin]);
    let custom = |name| AssignedRole::from(&sample::role(&organization, name, &[]));
    view.membership.custom_roles = vec![custom("auditor")];
    view.workspace_roles = WorkspaceRoles::of(&[WorkspaceRole::Editor]);
    view.custom_workspace_roles = vec![custom("author")];
    view.membership.version = Version::new(2);
    view.membership.updated_at = FixedClock::START.plus(Span::days(1));
    view
}

fn robot() -> MemberView {
    let organization = acme().organization;
    let robot = sample::service_account_of(&organization, "robot");
    sample::member_view(&organization, &robot, &[Role::Member])
}

fn list() -> String {
    acme_path("/users")
}

fn path() -> String {
    acme_path(&format!("/users/{}", jane().id))
}

fn newcomer() -> Value {
    json!({"user": format!("users/{}", jane().id), "roles": ["org-admin"]})
}

fn roles() -> Value {
    json!({"roles": ["org-viewer"]})
}

fn happy() -> Mocks {
    let mut mocks = Mocks::default();
    let it = &mut mocks.memberships;
    it.expect_list()
        .returning(|_, _, _, order: MemberOrder, _| {
            let next = Some(order.key(&robot()));
            let page = last(vec![member(), robot()]);
            Ok(Page { next, ..page })
        });
    it.expect_get().returning(|_, _, _| Ok(member()));
    it.expect_add().returning(|_, _, _| Ok(member()));
    it.expect_set_roles().returning(|_, _, _, _, _| Ok(robot()));
    it.expect_remove().returning(|_, _, _, _| Ok(()));
    it.expect_leave().returning(|_, _| Ok(()));
    mocks
}

#[actix_web::test]
async fn answers() {
    let server = happy().serve();
    for (name, path) in [
        ("list_organization_users", list()),
        ("get_organization_user", path()),
    ] {
        check(name, &server.get(&path).await);
    }
    let leave = acme_path(":leave");
    for (name, request) in [
        ("add_organization_user", post(&list(), &newcomer())),
        ("update_organization_user", patch(&path(), &roles())),
        ("remove_organization_user", delete(&path())),
        ("leave_organization", post(&leave, &json!({}))),
    ] {
        check(name, &server.send(request).await);
    }
    let mut mocks = Mocks::default();
    let it = mocks.memberships.expect_list();
    it.returning(|_, _, _, _, _| Ok(last(vec![])));
    let answer = mocks.serve().get(&list()).await;
    check("list_organization_users_empty", &answer);
}

const ABSENT: Make = || Error::NotFound(Kind::Membership);
const NO_USER: Make = || Error::NotFound(Kind::User);
const UNVERIFIED: Make = || Refusal::EmailNotVerified.into();
const ALREADY: Make = || Refusal::AlreadyMember.into();
const FULL: Make = || Refusal::SeatLimit { limit: 5 }.into();
const OUTRANKED: Make = || Refusal::Outranked.into();
const OWNER: Make = || Refusal::OwnerMustStay.into();
const BEYOND: Make = || {
    let permission = Permission::DeleteRole.key();
    Refusal::BeyondOwnRights { permission }.into()
};
const NO_ROLE: Make = || Error::invalid("roles", "there is no role 'auditor'");

#[actix_web::test]
async fn refusals() {
    let get = |mocks: &mut Mocks, make: Make| {
        let it = mocks.memberships.expect_get().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let add = |mocks: &mut Mocks, make: Make| {
        let it = mocks.memberships.expect_add().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let update = |mocks: &mut Mocks, make: Make| {
        let it = mocks.memberships.expect_set_roles().once();
        it.returning(move |_, _, _, _, _| Err(make()));
    };
    let remove = |mocks: &mut Mocks, make: Make| {
        let it = mocks.memberships.expect_remove().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    let leave = |mocks: &mut Mocks, make: Make| {
        let it = mocks.memberships.expect_leave().once();
        it.returning(move |_, _| Err(make()));
    };
    let adding = [
        ABSENT, NO_USER, UNVERIFIED, ALREADY, FULL, BEYOND, NO_ROLE, REUSED,
    ];
    check_refusals(
        "organization_user_refusals",
        &[
            (
                "organizations.users.add",
                || post(&list(), &newcomer()),
                add,
                &adding,
            ),
            (
                "organizations.users.get",
                || TestRequest::get().uri(&path()),
                get,
                &[ABSENT],
            ),
            (
                "organizations.users.update",
                || patch(&path(), &roles()),
                update,
                &[ABSENT, OUTRANKED, OWNER, BEYOND, NO_ROLE, STALE],
            ),
            (
                "organizations.users.remove",
                || delete(&path()),
                remove,
                &[ABSENT, OUTRANKED, OWNER, STALE],
            ),
            (
                "organizations.leave",
                || post(&acme_path(":leave"), &json!({})),
                leave,
                &[ABSENT, OWNER],
            ),
        ],
    )
    .await;
}
