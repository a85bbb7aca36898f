//! What the caller has allowed OAuth clients.

use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::id::GrantId;
use rollbook_domain::policy::Action;

use super::answer::{self, Answer};
use super::list::{Listing, PageQuery};
use super::oauth_client_wire::GrantList;
use super::path::id_path;
use super::status::Refusals;
use super::wire::Empty;
use super::{Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

id_path!(
    /// The grant in the path.
    GrantPath,
    "oauth_grant_id",
    /// The grant's id.
    GrantId
);

/// What can be asked about what the caller has allowed.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "me.oauthGrants.list",
        Method::GET,
        "/api/v1/me/oauthGrants",
        Policy::Caller(Action::ManageSelf),
        || web::to(list),
    ),
    operation(
        "me.oauthGrants.delete",
        Method::DELETE,
        "/api/v1/me/oauthGrants/{oauth_grant_id}",
        Policy::Caller(Action::ManageSelf),
        || web::to(delete),
    ),
];

/// List what the caller has allowed OAuth clients
///
/// Each time that a client was allowed something is a grant of its own.
#[utoipa::path(
    get,
    path = "/api/v1/me/oauthGrants",
    operation_id = "me.oauthGrants.list",
    tag = "oauthGrants",
    params(PageQuery),
    responses((status = 200, description = "A page of them", body = GrantList), Refusals)
)]
pub(super) async fn list(caller: Caller, listing: Listing, state: Data<State>) -> Answer {
    let service = &state.services.authorization;
    let page = service.list_grants(caller.who, listing.window()?).await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&GrantList::new(&page, next))
}

/// End what the caller has allowed an OAuth client
///
/// All that the caller has allowed the same client for the same organization (or for none) ends with
/// it, so that the client has to ask again. All tokens that came of it stop working at once.
#[utoipa::path(
    delete,
    path = "/api/v1/me/oauthGrants/{oauth_grant_id}",
    operation_id = "me.oauthGrants.delete",
    tag = "oauthGrants",
    params(GrantPath),
    responses((status = 200, description = "It is ended", body = Empty), Refusals)
)]
pub(super) async fn delete(caller: Caller, GrantPath(id): GrantPath, state: Data<State>) -> Answer {
    let service = &state.services.authorization;
    service.revoke_grant(caller.who, id).await?;
    answer::json(&Empty {})
}
