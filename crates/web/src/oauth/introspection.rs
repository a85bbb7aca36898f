//! What is told of a token (RFC 7662).

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{self, Data, Form};
use rollbook_domain::oauth::{Problem, Scope};
use rollbook_domain::service::oauth::Introspection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::form::given;
use super::openapi::{Outages, Refusals};
use super::presented::Basic;
use super::{Answer, answer, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// The introspection endpoint.
pub(super) static OPERATIONS: &[Operation] = &[operation(
    "introspection",
    Method::POST,
    "/oauth2/introspect",
    // The client proves who it is in the request.
    Policy::Public,
    || web::to(introspect),
)];

/// A token, and whose it may be. What kind it is said to be does not matter: it shows.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(super) struct AboutToken {
    /// The client, unless it says who it is in the header.
    #[serde(deserialize_with = "given")]
    pub(super) client_id: Option<String>,
    /// Its secret, unless it has none or says it in the header.
    #[serde(deserialize_with = "given")]
    pub(super) client_secret: Option<String>,
    /// An access token or a refresh token.
    #[serde(deserialize_with = "given")]
    pub(super) token: Option<String>,
}

/// That there is no token in a request.
pub(super) const NO_TOKEN: Problem = Problem::request("token is missing");

/// Look into a token
///
/// For confidential clients (RFC 7662). What does not work, and what is none of the client's business, is
/// not active.
#[utoipa::path(
    post,
    path = "/oauth2/introspect",
    operation_id = "introspection",
    tag = "tokens",
    request_body(content = AboutToken, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What is told of it", body = Told<'_>),
        Refusals,
        Outages
    )
)]
pub(super) async fn introspect(
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
    Ok(match service.introspect(client, token).await? {
        Ok(found) => tell(&state.settings.public_url, found.as_ref()),
        Err(problem) => answer::problem(&problem),
    })
}

/// What is told of a token (RFC 7662 §2.2).
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Introspection)]
struct Told<'a> {
    /// Whether it works; if not, nothing else is told.
    active: bool,
    /// What it permits.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    scope: Option<String>,
    /// The client that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    client_id: Option<String>,
    /// The address of the user for whom it speaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    username: Option<&'a str>,
    /// `Bearer`; a refresh token has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token_type: Option<&'static str>,
    /// When it ends, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    exp: Option<i64>,
    /// When it was issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    iat: Option<i64>,
    /// The id of the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sub: Option<String>,
    /// The issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    iss: Option<&'a str>,
    /// The only organization in which it works, if it does not work everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    organization_id: Option<String>,
}

fn tell(issuer: &str, found: Option<&Introspection>) -> HttpResponse {
    let Some(found) = found else {
        return answer::json(&Told::default());
    };
    let seconds = |at: rollbook_domain::time::Timestamp| at.millis().div_euclid(1000);
    answer::json(&Told {
        active: true,
        scope: Some(found.scopes.to_keys()),
        client_id: Some(found.client_id.to_string()),
        username: found
            .scopes
            .has(Scope::Email)
            .then(|| found.user.email.as_str()),
        token_type: (!found.is_refresh_token).then_some("Bearer"),
        exp: Some(seconds(found.expires_at)),
        iat: Some(seconds(found.issued_at)),
        sub: Some(found.user.id.to_string()),
        iss: Some(issuer),
        organization_id: found.organization_id.map(|id| id.to_string()),
    })
}
