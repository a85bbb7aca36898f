//! Who the user is (`OpenID` Connect Core §5.3).

use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::oauth::Scope;
use rollbook_domain::policy::Action;
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::ErrorBody;
use super::openapi::{Outages, Refusals};
use super::{Answer, Caller, answer, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// The userinfo endpoint.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "userinfo.get",
        Method::GET,
        "/oauth2/userinfo",
        Policy::Caller(Action::ReadSelf),
        || web::to(get),
    ),
    operation(
        "userinfo.post",
        Method::POST,
        "/oauth2/userinfo",
        Policy::Caller(Action::ReadSelf),
        || web::to(post),
    ),
];

/// What is told of a user.
#[derive(Debug, Serialize, ToSchema)]
struct Claims<'a> {
    /// The id, which is never given to anybody else.
    sub: String,
    /// The name (scope `profile`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<&'a str>,
    /// When it last changed, in seconds since 1970 (scope `profile`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    updated_at: Option<i64>,
    /// The address (scope `email`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email: Option<&'a str>,
    /// Whether somebody has shown that it is theirs (scope `email`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    email_verified: Option<bool>,
}

/// See who the user is
///
/// What the scopes of the access token permit to know (`OpenID` Connect Core §5.3).
#[utoipa::path(
    get,
    path = "/oauth2/userinfo",
    operation_id = "userinfo.get",
    tag = "users",
    security(("Bearer" = [])),
    responses(
        (status = 200, description = "The user", body = Claims<'_>),
        (status = 403, description = "The token lacks the scope `openid` (`insufficient_scope`)", body = ErrorBody<'_>),
        Refusals,
        Outages
    )
)]
pub(super) async fn get(caller: Caller, state: Data<State>) -> Answer {
    userinfo(&caller, &state).await
}

/// See who the user is, with POST
///
/// The same.
#[utoipa::path(
    post,
    path = "/oauth2/userinfo",
    operation_id = "userinfo.post",
    tag = "users",
    security(("Bearer" = [])),
    responses(
        (status = 200, description = "The user", body = Claims<'_>),
        (status = 403, description = "The token lacks the scope `openid` (`insufficient_scope`)", body = ErrorBody<'_>),
        Refusals,
        Outages
    )
)]
pub(super) async fn post(caller: Caller, state: Data<State>) -> Answer {
    userinfo(&caller, &state).await
}

async fn userinfo(caller: &Caller, state: &State) -> Answer {
    let service = &state.services.authorization;
    let info = service.user_info(caller.who).await?;
    let (user, profile) = (&info.user, info.scopes.has(Scope::Profile));
    let email = info.scopes.has(Scope::Email);
    Ok(answer::json(&Claims {
        sub: user.id.to_string(),
        name: profile.then(|| user.display_name.as_str()),
        updated_at: profile.then(|| user.updated_at.millis().div_euclid(1000)),
        email: email.then(|| user.email.as_str()),
        email_verified: email.then(|| user.has_verified_email()),
    }))
}
