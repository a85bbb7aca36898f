//! OAuth clients, of an organization and of the installation.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::id::ClientId;
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;

use super::answer::{self, Answer};
use super::etag::{self, IfMatch};
use super::list::{Listing, PageQuery};
use super::oauth_client_input::{ClientBody, NewClient, RotateBody};
use super::oauth_client_wire::{ClientList, OAuthClient};
use super::once::{self, Once};
use super::path::{OrganizationPath, id_path};
use super::status::Refusals;
use super::user_input::EtagQuery;
use super::wire::Empty;
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

id_path!(
    /// The client in the path.
    ClientPath,
    "oauth_client_id",
    /// The client's id.
    ClientId
);

/// What can be asked about clients.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "oauthClients.list",
        Method::GET,
        "/api/v1/organizations/{organization_id}/oauthClients",
        Policy::needs(Permission::ReadOAuthClient),
        || web::to(list),
    ),
    operation(
        "oauthClients.create",
        Method::POST,
        "/api/v1/organizations/{organization_id}/oauthClients",
        Policy::needs(Permission::CreateOAuthClient),
        || web::to(create),
    ),
    operation(
        "oauthClients.get",
        Method::GET,
        "/api/v1/organizations/{organization_id}/oauthClients/{oauth_client_id}",
        Policy::needs(Permission::ReadOAuthClient),
        || web::to(get),
    ),
    operation(
        "oauthClients.delete",
        Method::DELETE,
        "/api/v1/organizations/{organization_id}/oauthClients/{oauth_client_id}",
        Policy::needs(Permission::DeleteOAuthClient),
        || web::to(delete),
    ),
    operation(
        "oauthClients.rotateSecret",
        Method::POST,
        "/api/v1/organizations/{organization_id}/oauthClients/{oauth_client_id}:rotateSecret",
        Policy::needs(Permission::UpdateOAuthClient),
        || web::to(rotate_secret),
    ),
    operation(
        "installation.oauthClients.list",
        Method::GET,
        "/api/v1/oauthClients",
        Policy::Caller(Action::AdministerClients),
        || web::to(list_own),
    ),
    operation(
        "installation.oauthClients.create",
        Method::POST,
        "/api/v1/oauthClients",
        Policy::Caller(Action::AdministerClients),
        || web::to(create_own),
    ),
    operation(
        "installation.oauthClients.get",
        Method::GET,
        "/api/v1/oauthClients/{oauth_client_id}",
        Policy::Caller(Action::AdministerClients),
        || web::to(get_own),
    ),
    operation(
        "installation.oauthClients.delete",
        Method::DELETE,
        "/api/v1/oauthClients/{oauth_client_id}",
        Policy::Caller(Action::AdministerClients),
        || web::to(delete_own),
    ),
    operation(
        "installation.oauthClients.rotateSecret",
        Method::POST,
        "/api/v1/oauthClients/{oauth_client_id}:rotateSecret",
        Policy::Caller(Action::AdministerClients),
        || web::to(rotate_own_secret),
    ),
];

/// List the OAuth clients of an organization
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/oauthClients",
    operation_id = "oauthClients.list",
    tag = "oauthClients",
    params(OrganizationPath, PageQuery),
    responses((status = 200, description = "A page of them", body = ClientList), Refusals)
)]
pub(super) async fn list(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let service = &state.services.oauth_clients;
    let page = service
        .list(caller.who, Some(organization), listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&ClientList::new(&page, next))
}

/// Create an OAuth client of an organization
///
/// A confidential one is made with a secret, which cannot be had again, and with a service account if it may act by itself. What it is given works in its organization only.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/oauthClients",
    operation_id = "oauthClients.create",
    tag = "oauthClients",
    params(OrganizationPath, once::OnceQuery, once::IdempotencyKey),
    request_body = NewClient,
    responses((status = 200, description = "The client and its secret", body = OAuthClient), Refusals)
)]
pub(super) async fn create(
    caller: Caller,
    path: OrganizationPath,
    once: Once,
    body: Body<ClientBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = body.value.create(Some(path), once)?;
    let service = &state.services.oauth_clients;
    let made = service.create(caller.who, Some(path.0), command).await?;
    answer::secret(&OAuthClient::issued(&made))
}

/// Get an OAuth client of an organization
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/oauthClients/{oauth_client_id}",
    operation_id = "oauthClients.get",
    tag = "oauthClients",
    params(OrganizationPath, ClientPath),
    responses(
        (status = 200, description = "The client", body = OAuthClient),
        (status = 304, description = "It has not changed"),
        Refusals,
    )
)]
pub(super) async fn get(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    ClientPath(id): ClientPath,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let service = &state.services.oauth_clients;
    let view = service.get(caller.who, Some(organization), id).await?;
    if etag::is_known(&request, view.client.version) {
        return Ok(answer::not_modified(view.client.version));
    }
    answer::versioned(&OAuthClient::viewed(&view), view.client.version)
}

/// Delete an OAuth client of an organization
///
/// All that it was given stops working at once.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization_id}/oauthClients/{oauth_client_id}",
    operation_id = "oauthClients.delete",
    tag = "oauthClients",
    params(OrganizationPath, ClientPath, EtagQuery, IfMatch),
    responses((status = 200, description = "It is deleted", body = Empty), Refusals)
)]
pub(super) async fn delete(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    ClientPath(id): ClientPath,
    query: Query<EtagQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let service = &state.services.oauth_clients;
    service
        .delete(caller.who, Some(organization), id, seen)
        .await?;
    answer::json(&Empty {})
}

/// Give an OAuth client of an organization another secret
///
/// The newest of its other secrets works for another day, unless they shall end at once.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/oauthClients/{oauth_client_id}:rotateSecret",
    operation_id = "oauthClients.rotateSecret",
    tag = "oauthClients",
    params(OrganizationPath, ClientPath, once::OnceQuery, once::IdempotencyKey),
    request_body = RotateBody,
    responses((status = 200, description = "The client and its new secret", body = OAuthClient), Refusals)
)]
pub(super) async fn rotate_secret(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    ClientPath(id): ClientPath,
    once: Once,
    body: Body<RotateBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = body.value.command(once);
    let service = &state.services.oauth_clients;
    let turned = service
        .rotate_secret(caller.who, Some(organization), id, command)
        .await?;
    answer::secret(&OAuthClient::issued(&turned))
}

/// List the OAuth clients of the installation
///
/// For superusers.
#[utoipa::path(
    get,
    path = "/api/v1/oauthClients",
    operation_id = "installation.oauthClients.list",
    tag = "oauthClients",
    params(PageQuery),
    responses((status = 200, description = "A page of them", body = ClientList), Refusals)
)]
pub(super) async fn list_own(caller: Caller, listing: Listing, state: Data<State>) -> Answer {
    let service = &state.services.oauth_clients;
    let page = service.list(caller.who, None, listing.window()?).await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&ClientList::new(&page, next))
}

/// Create an OAuth client of the installation
///
/// A confidential one is made with a secret, which cannot be had again. Users can allow it something everywhere, or in one organization only. For superusers.
#[utoipa::path(
    post,
    path = "/api/v1/oauthClients",
    operation_id = "installation.oauthClients.create",
    tag = "oauthClients",
    params(once::OnceQuery, once::IdempotencyKey),
    request_body = NewClient,
    responses((status = 200, description = "The client and its secret", body = OAuthClient), Refusals)
)]
pub(super) async fn create_own(
    caller: Caller,
    once: Once,
    body: Body<ClientBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = body.value.create(None, once)?;
    let service = &state.services.oauth_clients;
    let made = service.create(caller.who, None, command).await?;
    answer::secret(&OAuthClient::issued(&made))
}

/// Get an OAuth client of the installation
///
/// For superusers.
#[utoipa::path(
    get,
    path = "/api/v1/oauthClients/{oauth_client_id}",
    operation_id = "installation.oauthClients.get",
    tag = "oauthClients",
    params(ClientPath),
    responses(
        (status = 200, description = "The client", body = OAuthClient),
        (status = 304, description = "It has not changed"),
        Refusals,
    )
)]
pub(super) async fn get_own(
    caller: Caller,
    ClientPath(id): ClientPath,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let service = &state.services.oauth_clients;
    let view = service.get(caller.who, None, id).await?;
    if etag::is_known(&request, view.client.version) {
        return Ok(answer::not_modified(view.client.version));
    }
    answer::versioned(&OAuthClient::viewed(&view), view.client.version)
}

/// Delete an OAuth client of the installation
///
/// All that it was given stops working at once. For superusers.
#[utoipa::path(
    delete,
    path = "/api/v1/oauthClients/{oauth_client_id}",
    operation_id = "installation.oauthClients.delete",
    tag = "oauthClients",
    params(ClientPath, EtagQuery, IfMatch),
    responses((status = 200, description = "It is deleted", body = Empty), Refusals)
)]
pub(super) async fn delete_own(
    caller: Caller,
    ClientPath(id): ClientPath,
    query: Query<EtagQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let service = &state.services.oauth_clients;
    service.delete(caller.who, None, id, seen).await?;
    answer::json(&Empty {})
}

/// Give an OAuth client of the installation another secret
///
/// The newest of its other secrets works for another day, unless they shall end at once. For superusers.
#[utoipa::path(
    post,
    path = "/api/v1/oauthClients/{oauth_client_id}:rotateSecret",
    operation_id = "installation.oauthClients.rotateSecret",
    tag = "oauthClients",
    params(ClientPath, once::OnceQuery, once::IdempotencyKey),
    request_body = RotateBody,
    responses((status = 200, description = "The client and its new secret", body = OAuthClient), Refusals)
)]
pub(super) async fn rotate_own_secret(
    caller: Caller,
    ClientPath(id): ClientPath,
    once: Once,
    body: Body<RotateBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = body.value.command(once);
    let service = &state.services.oauth_clients;
    let turned = service.rotate_secret(caller.who, None, id, command).await?;
    answer::secret(&OAuthClient::issued(&turned))
}
