//! Service accounts of an organization, and their keys.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::id::{OrganizationId, TokenId, UserId};
use rollbook_domain::role::Permission;
use rollbook_domain::service::service_account::ServiceAccount as DomainAccount;

use super::answer::{self, Answer};
use super::etag::{self, IfMatch};
use super::list::{Listing, PageQuery};
use super::mask::Mask;
use super::once::{self, Once};
use super::path::{OrganizationPath, id_path};
use super::service_account_input::{AccountBody, key_command};
use super::service_account_wire::{Key, KeyList, ServiceAccount, ServiceAccountList};
use super::status::Refusals;
use super::token_input::TokenBody;
use super::user_input::{EtagQuery, MaskQuery};
use super::wire::Empty;
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

id_path!(
    /// The service account in the path.
    AccountPath,
    "service_account_id",
    /// The service account's id: that of its user.
    UserId
);

id_path!(
    /// The key in the path.
    KeyPath,
    "key_id",
    /// The key's id.
    TokenId
);

/// What can be asked about service accounts.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "serviceAccounts.list",
        Method::GET,
        "/api/v1/organizations/{organization_id}/serviceAccounts",
        Policy::needs(Permission::ReadServiceAccount),
        || web::to(list),
    ),
    operation(
        "serviceAccounts.create",
        Method::POST,
        "/api/v1/organizations/{organization_id}/serviceAccounts",
        Policy::needs(Permission::CreateServiceAccount),
        || web::to(create),
    ),
    operation(
        "serviceAccounts.get",
        Method::GET,
        "/api/v1/organizations/{organization_id}/serviceAccounts/{service_account_id}",
        Policy::needs(Permission::ReadServiceAccount),
        || web::to(get),
    ),
    operation(
        "serviceAccounts.update",
        Method::PATCH,
        "/api/v1/organizations/{organization_id}/serviceAccounts/{service_account_id}",
        Policy::needs(Permission::UpdateServiceAccount),
        || web::to(update),
    ),
    operation(
        "serviceAccounts.delete",
        Method::DELETE,
        "/api/v1/organizations/{organization_id}/serviceAccounts/{service_account_id}",
        Policy::needs(Permission::DeleteServiceAccount),
        || web::to(delete),
    ),
    operation(
        "serviceAccounts.keys.list",
        Method::GET,
        "/api/v1/organizations/{organization_id}/serviceAccounts/{service_account_id}/keys",
        Policy::needs(Permission::ReadServiceAccount),
        || web::to(list_keys),
    ),
    operation(
        "serviceAccounts.keys.create",
        Method::POST,
        "/api/v1/organizations/{organization_id}/serviceAccounts/{service_account_id}/keys",
        Policy::needs(Permission::UpdateServiceAccount),
        || web::to(create_key),
    ),
    operation(
        "serviceAccounts.keys.delete",
        Method::DELETE,
        "/api/v1/organizations/{organization_id}/serviceAccounts/{service_account_id}/keys/{key_id}",
        Policy::needs(Permission::UpdateServiceAccount),
        || web::to(delete_key),
    ),
];

/// List the service accounts of an organization
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/serviceAccounts",
    operation_id = "serviceAccounts.list",
    tag = "serviceAccounts",
    params(OrganizationPath, PageQuery),
    responses((status = 200, description = "A page of them", body = ServiceAccountList), Refusals)
)]
pub(super) async fn list(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let service = &state.services.service_accounts;
    let page = service
        .list(caller.who, organization, listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&ServiceAccountList::new(organization, &page, next))
}

/// Create a service account
///
/// It becomes a member with these roles and takes a seat. The caller must hold what the roles
/// permit. With an `Idempotency-Key` or a `request_id`, a repetition answers the service account
/// that the first attempt made.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/serviceAccounts",
    operation_id = "serviceAccounts.create",
    tag = "serviceAccounts",
    params(OrganizationPath, once::OnceQuery, once::IdempotencyKey),
    request_body = ServiceAccount,
    responses((status = 200, description = "The service account", body = ServiceAccount), Refusals)
)]
pub(super) async fn create(
    caller: Caller,
    path: OrganizationPath,
    once: Once,
    body: Body<AccountBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = body.value.create(path, once)?;
    let service = &state.services.service_accounts;
    let made = service.create(caller.who, path.0, command).await?;
    account(path.0, &made)
}

/// Get a service account
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/serviceAccounts/{service_account_id}",
    operation_id = "serviceAccounts.get",
    tag = "serviceAccounts",
    params(OrganizationPath, AccountPath),
    responses(
        (status = 200, description = "The service account", body = ServiceAccount),
        (status = 304, description = "It has not changed"),
        Refusals,
    )
)]
pub(super) async fn get(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    AccountPath(id): AccountPath,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let service = &state.services.service_accounts;
    let found = service.get(caller.who, organization, id).await?;
    if etag::is_known(&request, found.user.version) {
        return Ok(answer::not_modified(found.user.version));
    }
    account(organization, &found)
}

/// Update a service account
///
/// Roles are replaced as a whole. The caller must hold what the account may before and after.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization_id}/serviceAccounts/{service_account_id}",
    operation_id = "serviceAccounts.update",
    tag = "serviceAccounts",
    params(OrganizationPath, AccountPath, MaskQuery, IfMatch),
    request_body = ServiceAccount,
    responses((status = 200, description = "The service account", body = ServiceAccount), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    path: OrganizationPath,
    AccountPath(id): AccountPath,
    query: Query<MaskQuery>,
    seen: IfMatch,
    body: Body<AccountBody>,
    state: Data<State>,
) -> Answer {
    let mask = Mask::parse(query.update_mask.as_deref())?;
    let seen = seen.or_field(body.value.etag())?;
    let command = body.value.update(path, &mask, seen)?;
    let service = &state.services.service_accounts;
    let changed = service.update(caller.who, path.0, id, command).await?;
    account(path.0, &changed)
}

/// Delete a service account
///
/// Its keys stop working at once.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization_id}/serviceAccounts/{service_account_id}",
    operation_id = "serviceAccounts.delete",
    tag = "serviceAccounts",
    params(OrganizationPath, AccountPath, EtagQuery, IfMatch),
    responses((status = 200, description = "It is deleted", body = Empty), Refusals)
)]
pub(super) async fn delete(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    AccountPath(id): AccountPath,
    query: Query<EtagQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let service = &state.services.service_accounts;
    service.delete(caller.who, organization, id, seen).await?;
    answer::json(&Empty {})
}

/// List the keys of a service account
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/serviceAccounts/{service_account_id}/keys",
    operation_id = "serviceAccounts.keys.list",
    tag = "serviceAccounts",
    params(OrganizationPath, AccountPath, PageQuery),
    responses((status = 200, description = "A page of them", body = KeyList), Refusals)
)]
pub(super) async fn list_keys(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    AccountPath(id): AccountPath,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let service = &state.services.service_accounts;
    let page = service
        .list_keys(caller.who, organization, id, listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&KeyList::new(organization, &page, next))
}

/// Issue a key to a service account
///
/// The answer has the key's secret, which cannot be had again. The key works in this organization
/// only, and permits no more than the caller may at the time of its use.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/serviceAccounts/{service_account_id}/keys",
    operation_id = "serviceAccounts.keys.create",
    tag = "serviceAccounts",
    params(OrganizationPath, AccountPath, once::OnceQuery, once::IdempotencyKey),
    request_body = TokenBody,
    responses((status = 200, description = "The key and its secret", body = Key), Refusals)
)]
pub(super) async fn create_key(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    AccountPath(id): AccountPath,
    once: Once,
    body: Body<TokenBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = key_command(body.value.issue(state.services.clock.now(), once)?)?;
    let service = &state.services.service_accounts;
    let issued = service
        .issue_key(caller.who, organization, id, command)
        .await?;
    answer::secret(&Key::issued(organization, &issued))
}

/// Revoke a key of a service account
///
/// It stops working at once.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization_id}/serviceAccounts/{service_account_id}/keys/{key_id}",
    operation_id = "serviceAccounts.keys.delete",
    tag = "serviceAccounts",
    params(OrganizationPath, AccountPath, KeyPath),
    responses((status = 200, description = "It is revoked", body = Empty), Refusals)
)]
pub(super) async fn delete_key(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    AccountPath(id): AccountPath,
    KeyPath(key): KeyPath,
    state: Data<State>,
) -> Answer {
    let service = &state.services.service_accounts;
    service
        .revoke_key(caller.who, organization, id, key)
        .await?;
    answer::json(&Empty {})
}

fn account(organization: OrganizationId, account: &DomainAccount) -> Answer {
    let wire = ServiceAccount::new(organization, account);
    answer::versioned(&wire, account.user.version)
}
