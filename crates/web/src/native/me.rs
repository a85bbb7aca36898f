//! The caller, and the organizations that the caller belongs to.

use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::policy::Action;

use super::answer::{self, Answer};
use super::list::{FilterQuery, Listing, PageQuery};
use super::status::Refusals;
use super::wire::{User, UserOrganizationList};
use super::{Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about the caller.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "me.organizations.list",
        Method::GET,
        "/api/v1/me/organizations",
        Policy::Caller(Action::ReadSelf),
        || web::to(list_organizations),
    ),
    operation(
        "me.get",
        Method::GET,
        "/api/v1/me",
        Policy::Caller(Action::ReadSelf),
        || web::to(get),
    ),
];

/// Get the caller
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "me.get",
    tag = "me",
    responses((status = 200, description = "The user whose token it is", body = User), Refusals)
)]
pub(super) async fn get(caller: Caller, state: Data<State>) -> Answer {
    let user = state.services.users.me(caller.who).await?;
    answer::json(&User::from(&user))
}

/// List the organizations that the caller belongs to
#[utoipa::path(
    get,
    path = "/api/v1/me/organizations",
    operation_id = "me.organizations.list",
    tag = "me",
    params(PageQuery, FilterQuery),
    responses((status = 200, description = "A page of them", body = UserOrganizationList), Refusals)
)]
pub(super) async fn list_organizations(
    caller: Caller,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let service = &state.services.organizations;
    let page = service
        .list_mine(caller.who, listing.titles()?, listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    Ok(answer::list(&UserOrganizationList::new(&page, next)))
}
