//! Whole answers, word for word, in `tests/golden/native`.
//!
//! After a deliberate change, write the files anew and look at the difference:
//!
//! ```sh
//! UPDATE_GOLDEN=1 cargo test -p rollbook-web --test native
//! git diff crates/web/tests/golden
//! ```

mod audit_entries;
mod domains;
mod members;
mod oauth_clients;
mod organizations;
mod roles;
mod service_accounts;
mod users;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName, RETRY_AFTER, WWW_AUTHENTICATE,
};
use actix_web::test::TestRequest;
use rollbook_domain::Refusal;
use rollbook_domain::page::Page;
use rollbook_web::native::OPERATIONS;
use serde_json::{Map, Value, json};

use super::support::{Answer, Make, Mocks};

/// Every golden file; one that is not here is not there either.
const FILES: [&str; 132] = [
    "accept_invitation",
    "activate_user",
    "add_organization_user",
    "add_workspace_user",
    "audit_entry_refusals",
    "batch_create_invitations",
    "body_too_large",
    "busy",
    "count_users",
    "create_domain",
    "create_invitation",
    "create_oauth_client",
    "create_organization",
    "create_own_oauth_client",
    "create_role",
    "create_service_account",
    "create_service_account_key",
    "create_token",
    "create_user",
    "create_webhook_endpoint",
    "deactivate_user",
    "delete_domain",
    "delete_me",
    "delete_me_with",
    "delete_oauth_client",
    "delete_oauth_grant",
    "delete_organization",
    "delete_role",
    "delete_service_account",
    "delete_service_account_key",
    "delete_token",
    "delete_user",
    "delete_user_with",
    "denied",
    "domain_refusals",
    "export_audit_entries",
    "get_built_in_role",
    "get_domain",
    "get_invitation",
    "get_oauth_client",
    "get_organization",
    "get_organization_user",
    "get_organization_with_image",
    "get_outbox_message",
    "get_preferences",
    "get_preferences_never_said",
    "get_role",
    "get_service_account",
    "get_subscription",
    "get_token",
    "get_user",
    "get_webhook_delivery",
    "get_webhook_endpoint",
    "get_workspace",
    "get_workspace_preferences",
    "get_workspace_user",
    "insufficient_scope",
    "internal_error",
    "invalid",
    "invitation_closed",
    "leave_organization",
    "list_audit_entries",
    "list_audit_entries_empty",
    "list_domains",
    "list_domains_empty",
    "list_events",
    "list_invitations",
    "list_oauth_clients",
    "list_oauth_clients_empty",
    "list_oauth_grants",
    "list_oauth_grants_empty",
    "list_organization_users",
    "list_organization_users_empty",
    "list_organizations",
    "list_outbox_messages",
    "list_own_oauth_clients",
    "list_roles",
    "list_roles_empty",
    "list_service_account_keys",
    "list_service_account_keys_empty",
    "list_service_accounts",
    "list_service_accounts_empty",
    "list_tokens",
    "list_users",
    "list_users_empty",
    "list_webhook_deliveries",
    "list_webhook_endpoints",
    "list_workspace_users",
    "list_workspaces",
    "me",
    "me_refusals",
    "me_service_account",
    "my_invitations",
    "my_organizations",
    "my_workspaces",
    "no_credential",
    "not_found",
    "oauth_client_refusals",
    "oauth_grant_refusals",
    "organization_limit",
    "organization_user_refusals",
    "preview_invitation",
    "rate_limited",
    "rate_limited_account",
    "rate_limited_recipient",
    "remove_organization_user",
    "remove_password",
    "replay_outbox_messages",
    "resend_invitation",
    "revoke_invitation",
    "role_refusals",
    "rotate_oauth_client_secret",
    "service_account_key_refusals",
    "service_account_refusals",
    "set_password",
    "sign_up",
    "undelete_organization",
    "unknown_field",
    "update_domain",
    "update_me",
    "update_organization",
    "update_organization_user",
    "update_role",
    "update_service_account",
    "user_refusals",
    "verify_audit_log",
    "verify_audit_log_broken",
    "verify_domain",
    "verify_user_email",
    "weak_password",
    "wrong_method",
    "wrong_password",
];

/// What was seen is no longer so.
const STALE: Make = || Refusal::VersionMismatch.into();
/// The request's key stands for something else.
const REUSED: Make = || Refusal::RequestKeyReused.into();

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/native")
}

/// Compares an answer with what its file says.
#[track_caller]
pub(super) fn check(name: &str, answer: &Answer) {
    compare(name, &rendered(answer));
}

/// An operation, how to ask for it, how to make its service answer an error, and which errors it
/// may answer besides those of every operation.
type Refusing<'a> = (&'a str, TestRequestOf, fn(&mut Mocks, Make), &'a [Make]);
/// Makes a request, as often as it is needed.
type TestRequestOf = fn() -> TestRequest;

/// Compares all refusals of some operations with what one file says.
async fn check_refusals(name: &str, table: &[Refusing<'_>]) {
    let mut found = Map::new();
    for (operation, request, fail, errors) in table {
        let mut known = OPERATIONS.iter().copied().flatten();
        assert!(known.any(|it| it.id == *operation), "{operation}");
        for make in *errors {
            let mut mocks = Mocks::default();
            fail(&mut mocks, *make);
            let answer = mocks.serve().send(request()).await;
            let (_, _, reason) = answer.refusal();
            let title = format!("{operation} {reason}");
            let before = found.insert(title, rendered(&answer));
            assert!(before.is_none(), "{operation} twice {reason}");
        }
    }
    compare(name, &Value::from(found));
}

fn rendered(answer: &Answer) -> Value {
    let names: [HeaderName; 8] = [
        CONTENT_TYPE,
        ETAG,
        CACHE_CONTROL,
        WWW_AUTHENTICATE,
        RETRY_AFTER,
        ALLOW,
        HeaderName::from_static("ratelimit"),
        HeaderName::from_static("ratelimit-policy"),
    ];
    let headers: Value = names
        .into_iter()
        .filter_map(|name| Some((name.to_string(), Value::from(answer.header(name)?))))
        .collect();
    let body = match answer.header(CONTENT_TYPE) {
        Some("application/jsonl") => answer.lines(),
        _ => answer.json(),
    };
    json!({"status": answer.status.as_u16(), "headers": headers, "body": body})
}

/// Compares with what the file says, which `UPDATE_GOLDEN=1` writes anew.
#[track_caller]
fn compare(name: &str, found: &Value) {
    assert!(FILES.contains(&name), "{name} is not in the list of files");
    let found = format!("{found:#}\n");
    let path = folder().join(format!("{name}.json"));
    if updating() {
        fs::write(&path, &found).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == golden, "{} should hold\n{found}", path.display());
}

#[expect(
    clippy::disallowed_methods,
    reason = "a switch for whoever runs the tests"
)]
fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

/// A page after which nothing comes.
fn last<T, K>(items: Vec<T>) -> Page<T, K> {
    Page {
        items,
        next: None,
        total: None,
    }
}

fn post(path: &str, body: &Value) -> TestRequest {
    TestRequest::post().uri(path).set_payload(body.to_string())
}

fn patch(path: &str, body: &Value) -> TestRequest {
    TestRequest::patch().uri(path).set_payload(body.to_string())
}

fn delete(path: &str) -> TestRequest {
    TestRequest::delete().uri(path)
}

#[test]
fn no_file_is_left_over() {
    let there: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> = FILES.iter().map(|name| format!("{name}.json")).collect();
    assert_eq!(there, listed);
}
