//! The caller's personal access tokens.

use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::id::TokenId;
use rollbook_domain::policy::Action;

use super::answer::{self, Answer};
use super::list::{Listing, PageQuery};
use super::once::{self, Once};
use super::path::id_path;
use super::status::Refusals;
use super::token_input::TokenBody;
use super::wire::{Empty, Token, TokenList};
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

id_path!(
    /// The token in the path.
    TokenPath,
    "token_id",
    /// The token's id.
    TokenId
);

/// What can be asked about the caller's tokens.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "me.tokens.list",
        Method::GET,
        "/api/v1/me/tokens",
        Policy::Caller(Action::ManageSelf),
        || web::to(list),
    ),
    operation(
        "me.tokens.create",
        Method::POST,
        "/api/v1/me/tokens",
        Policy::Caller(Action::ManageSelf),
        || web::to(create),
    ),
    operation(
        "me.tokens.get",
        Method::GET,
        "/api/v1/me/tokens/{token_id}",
        Policy::Caller(Action::ManageSelf),
        || web::to(get),
    ),
    operation(
        "me.tokens.delete",
        Method::DELETE,
        "/api/v1/me/tokens/{token_id}",
        Policy::Caller(Action::ManageSelf),
        || web::to(delete),
    ),
];

/// List the caller's personal access tokens
#[utoipa::path(
    get,
    path = "/api/v1/me/tokens",
    operation_id = "me.tokens.list",
    tag = "tokens",
    params(PageQuery),
    responses((status = 200, description = "A page of them", body = TokenList), Refusals)
)]
pub(super) async fn list(caller: Caller, listing: Listing, state: Data<State>) -> Answer {
    let service = &state.services.tokens;
    let page = service.list(caller.who, listing.window()?).await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&TokenList::new(&page, next))
}

/// Issue a personal access token to the caller
///
/// The answer has the token's secret, which cannot be had again: a repetition with the same
/// `Idempotency-Key` or `request_id` issues no second token, and is refused.
#[utoipa::path(
    post,
    path = "/api/v1/me/tokens",
    operation_id = "me.tokens.create",
    tag = "tokens",
    params(once::OnceQuery, once::IdempotencyKey),
    request_body = TokenBody,
    responses((status = 200, description = "The token and its secret", body = Token), Refusals)
)]
pub(super) async fn create(
    caller: Caller,
    once: Once,
    body: Body<TokenBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = body.value.issue(state.services.clock.now(), once)?;
    let issued = state.services.tokens.issue(caller.who, command).await?;
    answer::secret(&Token::from(&issued))
}

/// Get one of the caller's personal access tokens
#[utoipa::path(
    get,
    path = "/api/v1/me/tokens/{token_id}",
    operation_id = "me.tokens.get",
    tag = "tokens",
    params(TokenPath),
    responses((status = 200, description = "The token", body = Token), Refusals)
)]
pub(super) async fn get(caller: Caller, TokenPath(id): TokenPath, state: Data<State>) -> Answer {
    let token = state.services.tokens.get(caller.who, id).await?;
    answer::json(&Token::from(&token))
}

/// Revoke one of the caller's personal access tokens
///
/// It stops working at once, also when it is the one that the caller presents.
#[utoipa::path(
    delete,
    path = "/api/v1/me/tokens/{token_id}",
    operation_id = "me.tokens.delete",
    tag = "tokens",
    params(TokenPath),
    responses((status = 200, description = "It is revoked", body = Empty), Refusals)
)]
pub(super) async fn delete(caller: Caller, TokenPath(id): TokenPath, state: Data<State>) -> Answer {
    state.services.tokens.revoke(caller.who, id).await?;
    answer::json(&Empty {})
}
