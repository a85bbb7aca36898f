//! Tokens, for a code, a refresh token, a device code or a client's own secret.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::{self, Data, Form};
use rollbook_domain::oauth::{Answer as Protocol, GrantType, Problem, ProblemKind};
use rollbook_domain::secret::Secret;
use rollbook_domain::service::oauth::{IssuedTokens, Presented, TokenRequest};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::form::given;
use super::openapi::{Outages, Refusals};
use super::presented::Basic;
use super::{Answer, Caller, answer, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// The token endpoint.
pub(super) static OPERATIONS: &[Operation] = &[operation(
    "token",
    Method::POST,
    "/oauth2/token",
    // The client proves who it is in the request.
    Policy::Public,
    || web::to(token),
)];

/// What is asked of it.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = TokenRequest)]
pub(crate) struct TokenForm {
    /// `authorization_code`, `refresh_token`, `client_credentials` or
    /// `urn:ietf:params:oauth:grant-type:device_code`.
    #[serde(deserialize_with = "given")]
    pub(crate) grant_type: Option<String>,
    /// The client, unless it says who it is in the header.
    #[serde(deserialize_with = "given")]
    pub(crate) client_id: Option<String>,
    /// Its secret, unless it has none or says it in the header.
    #[serde(deserialize_with = "given")]
    pub(crate) client_secret: Option<String>,
    /// What the browser brought back (`authorization_code`).
    #[serde(deserialize_with = "given")]
    pub(crate) code: Option<String>,
    /// Where it brought it.
    #[serde(deserialize_with = "given")]
    pub(crate) redirect_uri: Option<String>,
    /// The other half of the challenge (RFC 7636).
    #[serde(deserialize_with = "given")]
    pub(crate) code_verifier: Option<String>,
    /// What the last answer of this kind brought (`refresh_token`). It works once.
    #[serde(deserialize_with = "given")]
    pub(crate) refresh_token: Option<String>,
    /// What the device was given.
    #[serde(deserialize_with = "given")]
    pub(crate) device_code: Option<String>,
    /// What the token shall permit, if less than it may (`refresh_token`, `client_credentials`).
    #[serde(deserialize_with = "given")]
    pub(crate) scope: Option<String>,
}

/// Get tokens
///
/// For a code, a refresh token, a device code or the client's own secret. While the user of a device has
/// not answered, the error is `authorization_pending` or `slow_down` (RFC 8628 §3.5).
#[utoipa::path(
    post,
    path = "/oauth2/token",
    operation_id = "token",
    tag = "tokens",
    request_body(content = TokenForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The tokens", body = TokenBody<'_>),
        Refusals,
        Outages
    )
)]
pub(super) async fn token(
    caller: Caller,
    basic: Basic,
    Form(form): Form<TokenForm>,
    state: Data<State>,
) -> Answer {
    let (client, request) = match form.read(basic) {
        Ok(read) => read,
        Err(problem) => return Ok(answer::problem(&problem)),
    };
    let service = &state.services.authorization;
    let issued = service.token(caller.who.origin, client, request).await?;
    Ok(tokens(&issued))
}

impl TokenForm {
    /// Who asks, and for what.
    pub(crate) fn read(mut self, basic: Basic) -> Protocol<(Presented, TokenRequest)> {
        let client = basic.and(self.client_id.take(), self.client_secret.take())?;
        Ok((client, self.request()?))
    }

    fn request(self) -> Protocol<TokenRequest> {
        let missing = |what| move || Problem::request(what);
        let Some(grant_type) = &self.grant_type else {
            return Err(Problem::request("grant_type is missing"));
        };
        match GrantType::from_key(grant_type) {
            Some(GrantType::AuthorizationCode) => Ok(TokenRequest::Code {
                code: self.code.ok_or_else(missing("code is missing"))?,
                redirect_uri: self.redirect_uri,
                verifier: self.code_verifier,
            }),
            Some(GrantType::RefreshToken) => Ok(TokenRequest::Refresh {
                refresh_token: self
                    .refresh_token
                    .ok_or_else(missing("refresh_token is missing"))?,
                scope: self.scope,
            }),
            Some(GrantType::ClientCredentials) => {
                Ok(TokenRequest::ClientCredentials { scope: self.scope })
            }
            Some(GrantType::DeviceCode) => Ok(TokenRequest::Device {
                device_code: self
                    .device_code
                    .ok_or_else(missing("device_code is missing"))?,
            }),
            None => Err(Problem::new(
                ProblemKind::UnsupportedGrantType,
                "there is no such grant_type here",
            )),
        }
    }
}

/// Tokens (RFC 6749 §5.1).
#[derive(Serialize, ToSchema)]
#[schema(as = Tokens)]
struct TokenBody<'a> {
    /// The access token.
    access_token: &'a str,
    /// `Bearer`
    token_type: &'static str,
    /// How many seconds it works.
    expires_in: i64,
    /// What to exchange for others, if the client may; the one before is used up.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refresh_token: Option<&'a str>,
    /// What the access token permits.
    scope: String,
    /// Who the user is, if that may be known: a JWT (`OpenID` Connect Core §2).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id_token: Option<&'a str>,
    /// The only organization in which it works, if it does not work everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    organization_id: Option<String>,
}

fn tokens(issued: &Protocol<IssuedTokens>) -> HttpResponse {
    let issued = match issued {
        Ok(issued) => issued,
        Err(problem) => return answer::problem(problem),
    };
    answer::json(&TokenBody {
        access_token: issued.access_token.reveal(),
        token_type: "Bearer",
        expires_in: issued.expires_in.ceil_seconds(),
        refresh_token: issued.refresh_token.as_ref().map(Secret::reveal),
        scope: issued.scopes.to_keys(),
        id_token: issued.id_token.as_deref(),
        organization_id: issued.organization_id.map(|id| id.to_string()),
    })
}
