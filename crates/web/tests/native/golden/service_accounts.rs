//! Service accounts and their keys.

use actix_web::test::TestRequest;
use rollbook_domain::error::Kind;
use rollbook_domain::id::TokenId;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Version;
use rollbook_domain::page::Page;
use rollbook_domain::role::{AssignedRole, Permission, Role, Roles};
use rollbook_domain::service::service_account::ServiceAccount;
use rollbook_domain::service::token::IssuedToken;
use rollbook_domain::time::Span;
use rollbook_domain::token::Token;
use rollbook_domain::user::User;
use rollbook_domain::{Error, Refusal};
use serde_json::{Value, json};

use super::{REUSED, STALE, check, check_refusals, delete, last, patch, post};
use crate::native::support::{Make, Mocks, acme, acme_path, jane};

fn robot() -> ServiceAccount {
    let organization = acme().organization;
    let auditor = sample::role(&organization, "auditor", &[]);
    ServiceAccount {
        user: sample::service_account_of(&organization, "robot"),
        roles: Roles::of(&[Role::Viewer, Role::Billing]),
        custom_roles: vec![AssignedRole::from(&auditor)],
    }
}

/// One that was removed from the members and deactivated.
fn idle() -> ServiceAccount {
    ServiceAccount {
        user: User {
            active: false,
            version: Version::new(3),
            updated_at: FixedClock::START.plus(Span::days(1)),
            ..sample::service_account_of(&acme().organization, "idle")
        },
        roles: Roles::NONE,
        custom_roles: Vec::new(),
    }
}

fn issued() -> IssuedToken {
    IssuedToken {
        token: sample::key("ci", &acme().organization, &robot().user, &jane()),
        secret: sample::key_secret("ci"),
    }
}

/// A key with everything filled in.
fn used() -> Token {
    Token {
        expires_at: Some(FixedClock::START.plus(Span::days(90))),
        last_used_at: Some(FixedClock::START.plus(Span::days(1))),
        ..issued().token
    }
}

fn list() -> String {
    acme_path("/serviceAccounts")
}

fn path() -> String {
    format!("{}/{}", list(), robot().user.id)
}

fn keys() -> String {
    format!("{}/keys", path())
}

fn key() -> String {
    format!("{}/{}", keys(), issued().token.id)
}

fn account() -> Value {
    json!({"display_name": "robot", "roles": ["org-viewer"]})
}

fn label() -> Value {
    json!({"display_name": "ci"})
}

fn happy() -> Mocks {
    let mut mocks = Mocks::default();
    let it = &mut mocks.service_accounts;
    it.expect_list().returning(|_, _, _| {
        let page = last(vec![robot(), idle()]);
        let next = Some(idle().user.id);
        Ok(Page { next, ..page })
    });
    it.expect_get().returning(|_, _, _| Ok(robot()));
    it.expect_create().returning(|_, _, _| Ok(robot()));
    it.expect_update().returning(|_, _, _, _| Ok(idle()));
    it.expect_delete().returning(|_, _, _, _| Ok(()));
    it.expect_list_keys().returning(|_, _, _, _| {
        let page = last(vec![issued().token, used()]);
        let next = Some(TokenId::new(sample::uuid("last")));
        Ok(Page { next, ..page })
    });
    it.expect_issue_key().returning(|_, _, _, _| Ok(issued()));
    it.expect_revoke_key().returning(|_, _, _, _| Ok(()));
    mocks
}

#[actix_web::test]
async fn answers() {
    let server = happy().serve();
    for (name, path) in [
        ("list_service_accounts", list()),
        ("get_service_account", path()),
        ("list_service_account_keys", keys()),
    ] {
        check(name, &server.get(&path).await);
    }
    for (name, request) in [
        ("create_service_account", post(&list(), &account())),
        ("update_service_account", patch(&path(), &account())),
        ("delete_service_account", delete(&path())),
        ("create_service_account_key", post(&keys(), &label())),
        ("delete_service_account_key", delete(&key())),
    ] {
        check(name, &server.send(request).await);
    }
    let mut mocks = Mocks::default();
    let it = &mut mocks.service_accounts;
    it.expect_list().returning(|_, _, _| Ok(last(vec![])));
    it.expect_list_keys()
        .returning(|_, _, _, _| Ok(last(vec![])));
    let server = mocks.serve();
    check("list_service_accounts_empty", &server.get(&list()).await);
    check(
        "list_service_account_keys_empty",
        &server.get(&keys()).await,
    );
}

const ABSENT: Make = || Error::NotFound(Kind::ServiceAccount);
const NO_ROLE: Make = || Error::NotFound(Kind::Role);
const NO_KEY: Make = || Error::NotFound(Kind::Token);
const FULL: Make = || Refusal::SeatLimit { limit: 5 }.into();
const OUTRANKED: Make = || Refusal::Outranked.into();
const BEYOND: Make = || {
    let permission = Permission::DeleteRole.key();
    Refusal::BeyondOwnRights { permission }.into()
};
const ENOUGH_KEYS: Make = || Refusal::TokenLimit { limit: 50 }.into();
const SHOWN: Make = || {
    let id = issued().token.id.to_string();
    Refusal::SecretShown { id }.into()
};
const PAST: Make = || Error::invalid("expire_time", "the expiry must lie in the future");

#[actix_web::test]
async fn refusals() {
    let get = |mocks: &mut Mocks, make: Make| {
        let it = mocks.service_accounts.expect_get().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let create = |mocks: &mut Mocks, make: Make| {
        let it = mocks.service_accounts.expect_create().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let update = |mocks: &mut Mocks, make: Make| {
        let it = mocks.service_accounts.expect_update().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    let delete_one = |mocks: &mut Mocks, make: Make| {
        let it = mocks.service_accounts.expect_delete().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    check_refusals(
        "service_account_refusals",
        &[
            (
                "serviceAccounts.create",
                || post(&list(), &account()),
                create,
                &[ABSENT, NO_ROLE, FULL, BEYOND, REUSED],
            ),
            (
                "serviceAccounts.get",
                || TestRequest::get().uri(&path()),
                get,
                &[ABSENT],
            ),
            (
                "serviceAccounts.update",
                || patch(&path(), &account()),
                update,
                &[ABSENT, NO_ROLE, FULL, BEYOND, OUTRANKED, STALE],
            ),
            (
                "serviceAccounts.delete",
                || delete(&path()),
                delete_one,
                &[ABSENT, OUTRANKED, STALE],
            ),
        ],
    )
    .await;
}

#[actix_web::test]
async fn refusals_about_keys() {
    let list_keys = |mocks: &mut Mocks, make: Make| {
        let it = mocks.service_accounts.expect_list_keys().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    let issue = |mocks: &mut Mocks, make: Make| {
        let it = mocks.service_accounts.expect_issue_key().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    let revoke = |mocks: &mut Mocks, make: Make| {
        let it = mocks.service_accounts.expect_revoke_key().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    check_refusals(
        "service_account_key_refusals",
        &[
            (
                "serviceAccounts.keys.list",
                || TestRequest::get().uri(&keys()),
                list_keys,
                &[ABSENT],
            ),
            (
                "serviceAccounts.keys.create",
                || post(&keys(), &label()),
                issue,
                &[ABSENT, ENOUGH_KEYS, SHOWN, PAST, OUTRANKED, REUSED],
            ),
            (
                "serviceAccounts.keys.delete",
                || delete(&key()),
                revoke,
                &[ABSENT, NO_KEY],
            ),
        ],
    )
    .await;
}
