//! The end of a token (RFC 7009).

use actix_web::http::{Method, StatusCode};
use actix_web::web::{self, Data, Form};

use super::introspection::{AboutToken, NO_TOKEN};
use super::openapi::{Outages, Refusals};
use super::presented::Basic;
use super::{Answer, Caller, answer, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// The revocation endpoint.
pub(super) static OPERATIONS: &[Operation] = &[operation(
    "revocation",
    Method::POST,
    "/oauth2/revoke",
    // The client proves who it is in the request.
    Policy::Public,
    || web::to(revoke),
)];

/// End a token
///
/// A refresh token ends with all that the client was allowed with it, an access token alone (RFC 7009). What
/// is no token of anybody's is as good as ended.
#[utoipa::path(
    post,
    path = "/oauth2/revoke",
    operation_id = "revocation",
    tag = "tokens",
    request_body(content = AboutToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "It is ended"),
        Refusals,
        Outages
    )
)]
pub(super) async fn revoke(
    caller: Caller,
    basic: Basic,
    Form(form): Form<AboutToken>,
    state: Data<State>,
) -> Answer {
    let client = match basic.and(form.client_id, form.client_secret) {
        Ok(client) => client,
        Err(problem) => return Ok(answer::problem(&problem)),
    };
    let Some(token) = form.token else {
        return Ok(answer::problem(&NO_TOKEN));
    };
    let service = &state.services.authorization;
    Ok(
        match service.revoke(caller.who.origin, client, token).await? {
            Ok(()) => answer::unkept(StatusCode::OK).finish(),
            Err(problem) => answer::problem(&problem),
        },
    )
}
