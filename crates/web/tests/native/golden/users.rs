//! Users as superusers administer them, and as they keep their own profiles.

use actix_web::test::TestRequest;
use rollbook_domain::error::Kind;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Version;
use rollbook_domain::page::Page;
use rollbook_domain::time::Span;
use rollbook_domain::user::User;
use rollbook_domain::{Error, Refusal};
use serde_json::{Value, json};

use super::{REUSED, STALE, check, check_refusals, delete, last, patch, post};
use crate::native::support::{Make, Mocks, acme, jane};

const LIST: &str = "/api/v1/users";

fn path(rest: &str) -> String {
    format!("{LIST}/{}{rest}", jane().id)
}

/// Somebody of whom nothing is as with [`jane`].
fn root() -> User {
    User {
        active: false,
        email_verified_at: None,
        version: Version::new(4),
        updated_at: FixedClock::START.plus(Span::days(1)),
        ..sample::superuser("root")
    }
}

fn person() -> Value {
    json!({"email": "jane@example.com", "display_name": "jane"})
}

fn decisions() -> Value {
    let name = format!("organizations/{}", acme().organization.id);
    json!({"decisions": [{"organization": name, "delete": true}]})
}

fn happy() -> Mocks {
    let mut mocks = Mocks::default();
    let it = &mut mocks.users;
    it.expect_update_me().returning(|_, _| Ok(jane()));
    it.expect_delete_me().returning(|_, _| Ok(()));
    it.expect_list().returning(|_, _| {
        let robot = sample::service_account("robot");
        let page = last(vec![jane(), root(), robot]);
        let next = Some(jane().id);
        Ok(Page { next, ..page })
    });
    it.expect_get().returning(|_, _| Ok(root()));
    it.expect_create().returning(|_, _| Ok(jane()));
    it.expect_verify_email().returning(|_, _| Ok(jane()));
    it.expect_deactivate().returning(|_, _, _| Ok(root()));
    it.expect_activate().returning(|_, _, _| Ok(jane()));
    it.expect_delete().returning(|_, _, _| Ok(()));
    mocks
}

#[actix_web::test]
async fn answers() {
    let server = happy().serve();
    for (name, path) in [("list_users", LIST), ("get_user", &path(""))] {
        check(name, &server.get(path).await);
    }
    let nothing = json!({});
    for (name, request) in [
        ("create_user", post(LIST, &person())),
        ("delete_user", delete(&path(""))),
        ("delete_user_with", post(&path(":delete"), &decisions())),
        ("verify_user_email", post(&path(":verifyEmail"), &nothing)),
        ("deactivate_user", post(&path(":deactivate"), &nothing)),
        ("activate_user", post(&path(":activate"), &nothing)),
        ("update_me", patch("/api/v1/me", &person())),
        ("delete_me", delete("/api/v1/me")),
        ("delete_me_with", post("/api/v1/me:delete", &decisions())),
    ] {
        check(name, &server.send(request).await);
    }
    let mut mocks = Mocks::default();
    mocks.users.expect_list().returning(|_, _| Ok(last(vec![])));
    check("list_users_empty", &mocks.serve().get(LIST).await);
}

const ABSENT: Make = || Error::NotFound(Kind::User);
const EMAIL_TAKEN: Make = || Refusal::EmailTaken.into();
const RESERVED: Make = || {
    let reason = "addresses in .invalid belong to nobody (RFC 2606)";
    Error::invalid("email", reason)
};
const STILL_OWNER: Make = || {
    let other = OrganizationId::new(sample::uuid("other"));
    let organizations = vec![acme().organization.id, other];
    Refusal::StillOwner { organizations }.into()
};
const NOT_OWNED: Make = || {
    let id = acme().organization.id;
    let reason = format!("the user does not own organization {id}");
    Error::invalid("bequests", reason)
};
const UNSUITABLE: Make = || Refusal::UnsuitableOwner.into();
const TOO_MANY: Make = || Refusal::OrganizationLimit { limit: 3 }.into();

#[actix_web::test]
async fn refusals() {
    let create = |mocks: &mut Mocks, make: Make| {
        let it = mocks.users.expect_create().once();
        it.returning(move |_, _| Err(make()));
    };
    let get = |mocks: &mut Mocks, make: Make| {
        let it = mocks.users.expect_get().once();
        it.returning(move |_, _| Err(make()));
    };
    let delete_one = |mocks: &mut Mocks, make: Make| {
        let it = mocks.users.expect_delete().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let verify = |mocks: &mut Mocks, make: Make| {
        let it = mocks.users.expect_verify_email().once();
        it.returning(move |_, _| Err(make()));
    };
    let deactivate = |mocks: &mut Mocks, make: Make| {
        let it = mocks.users.expect_deactivate().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let activate = |mocks: &mut Mocks, make: Make| {
        let it = mocks.users.expect_activate().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let decided = [ABSENT, STILL_OWNER, NOT_OWNED, UNSUITABLE, TOO_MANY, STALE];
    check_refusals(
        "user_refusals",
        &[
            (
                "users.create",
                || post(LIST, &person()),
                create,
                &[EMAIL_TAKEN, RESERVED, REUSED],
            ),
            (
                "users.get",
                || TestRequest::get().uri(&path("")),
                get,
                &[ABSENT],
            ),
            (
                "users.delete",
                || delete(&path("")),
                delete_one,
                &[ABSENT, STILL_OWNER, STALE],
            ),
            (
                "users.deleteWith",
                || post(&path(":delete"), &decisions()),
                delete_one,
                &decided,
            ),
            (
                "users.verifyEmail",
                || post(&path(":verifyEmail"), &json!({})),
                verify,
                &[ABSENT, STALE],
            ),
            (
                "users.deactivate",
                || post(&path(":deactivate"), &json!({})),
                deactivate,
                &[ABSENT, STILL_OWNER, STALE],
            ),
            (
                "users.activate",
                || post(&path(":activate"), &json!({})),
                activate,
                &[ABSENT, STALE],
            ),
        ],
    )
    .await;
}

#[actix_web::test]
async fn refusals_about_the_caller() {
    let update = |mocks: &mut Mocks, make: Make| {
        let it = mocks.users.expect_update_me().once();
        it.returning(move |_, _| Err(make()));
    };
    let delete_me = |mocks: &mut Mocks, make: Make| {
        let it = mocks.users.expect_delete_me().once();
        it.returning(move |_, _| Err(make()));
    };
    check_refusals(
        "me_refusals",
        &[
            (
                "me.update",
                || patch("/api/v1/me", &person()),
                update,
                &[EMAIL_TAKEN, RESERVED, STALE],
            ),
            (
                "me.delete",
                || delete("/api/v1/me"),
                delete_me,
                &[STILL_OWNER, STALE],
            ),
            (
                "me.deleteWith",
                || post("/api/v1/me:delete", &decisions()),
                delete_me,
                &[STILL_OWNER, NOT_OWNED, UNSUITABLE, TOO_MANY, STALE],
            ),
        ],
    )
    .await;
}
