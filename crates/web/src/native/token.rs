//! The caller's personal access tokens.

use actix_web::web::Data;
use rollbook_domain::id::TokenId;

use super::answer::{self, Answer};
use super::list::{Listing, PageQuery};
use super::path::TokenPath;
use super::status::Refusals;
use super::token_input::TokenBody;
use super::wire::{Empty, Token, TokenList};
use super::{Body, Caller};
use crate::state::State;

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
    let window = listing.window(TokenId::new);
    let page = state.services.tokens.list(caller.who, window).await?;
    let next = listing.next_page_token(page.next.map(TokenId::uuid));
    answer::json(&TokenList::new(&page, next))
}

/// Issue a personal access token to the caller
///
/// The answer has the token's secret, which cannot be had again.
#[utoipa::path(
    post,
    path = "/api/v1/me/tokens",
    operation_id = "me.tokens.create",
    tag = "tokens",
    request_body = TokenBody,
    responses((status = 200, description = "The token and its secret", body = Token), Refusals)
)]
pub(super) async fn create(caller: Caller, body: Body<TokenBody>, state: Data<State>) -> Answer {
    let command = body.value.issue(state.services.clock.now())?;
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
