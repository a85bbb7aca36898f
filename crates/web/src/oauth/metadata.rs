//! What clients can find out about the server: RFC 8414, `OpenID` Connect Discovery, and the keys
//! that verify ID tokens (RFC 7517).

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{self, Data};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rollbook_domain::oauth::{GrantType, Scope, SigningKey};
use serde::Serialize;
use utoipa::ToSchema;

use super::openapi::Outages;
use super::{Answer, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What is told to everybody.
pub(super) static OPERATIONS: &[Operation] = &[
    operation("jwks", Method::GET, "/oauth2/jwks", Policy::Public, || {
        web::to(jwks)
    }),
    operation(
        "metadata.oauth",
        Method::GET,
        "/.well-known/oauth-authorization-server",
        Policy::Public,
        || web::to(of_oauth),
    ),
    operation(
        "metadata.openid",
        Method::GET,
        "/.well-known/openid-configuration",
        Policy::Public,
        || web::to(of_openid),
    ),
];

/// How long others may keep what seldom changes. A key that is new is asked for anew (RFC 7517 says
/// nothing, and libraries do).
const FOR_A_WHILE: &str = "public, max-age=300";

const SECRETS: &[&str] = &["client_secret_basic", "client_secret_post"];
const ALL_METHODS: &[&str] = &["client_secret_basic", "client_secret_post", "none"];

/// Where everything is, and what can be asked there (RFC 8414 §2, `OpenID` Connect Discovery §3).
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "the RFCs have it so")]
struct Metadata<'a> {
    issuer: &'a str,
    authorization_endpoint: String,
    token_endpoint: String,
    device_authorization_endpoint: String,
    revocation_endpoint: String,
    introspection_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    service_documentation: String,
    scopes_supported: [&'static str; Scope::ALL.len()],
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: [&'static str; GrantType::ALL.len()],
    token_endpoint_auth_methods_supported: &'static [&'static str],
    revocation_endpoint_auth_methods_supported: &'static [&'static str],
    introspection_endpoint_auth_methods_supported: &'static [&'static str],
    code_challenge_methods_supported: [&'static str; 1],
    authorization_response_iss_parameter_supported: bool,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: [&'static str; 1],
    prompt_values_supported: [&'static str; 4],
    claims_supported: &'static [&'static str],
    claims_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
}

/// See what the server can do
///
/// RFC 8414.
#[utoipa::path(
    get,
    path = "/.well-known/oauth-authorization-server",
    operation_id = "metadata.oauth",
    tag = "metadata",
    security(()),
    responses(
        (status = 200, description = "Where everything is", body = Metadata<'_>),
        Outages
    )
)]
pub(super) async fn of_oauth(state: Data<State>) -> HttpResponse {
    metadata(&state)
}

/// See what the server can do, as a provider of identities
///
/// The same (`OpenID` Connect Discovery).
#[utoipa::path(
    get,
    path = "/.well-known/openid-configuration",
    operation_id = "metadata.openid",
    tag = "metadata",
    security(()),
    responses(
        (status = 200, description = "Where everything is", body = Metadata<'_>),
        Outages
    )
)]
pub(super) async fn of_openid(state: Data<State>) -> HttpResponse {
    metadata(&state)
}

fn metadata(state: &State) -> HttpResponse {
    let issuer = state.settings.public_url.as_str();
    let at = |path: &str| format!("{issuer}{path}");
    told(&Metadata {
        issuer,
        authorization_endpoint: at("/oauth2/authorize"),
        token_endpoint: at("/oauth2/token"),
        device_authorization_endpoint: at("/oauth2/device_authorization"),
        revocation_endpoint: at("/oauth2/revoke"),
        introspection_endpoint: at("/oauth2/introspect"),
        userinfo_endpoint: at("/oauth2/userinfo"),
        jwks_uri: at("/oauth2/jwks"),
        service_documentation: at("/docs"),
        scopes_supported: Scope::ALL.map(Scope::key),
        response_types_supported: ["code"],
        response_modes_supported: ["query"],
        grant_types_supported: GrantType::ALL.map(GrantType::key),
        token_endpoint_auth_methods_supported: ALL_METHODS,
        revocation_endpoint_auth_methods_supported: ALL_METHODS,
        introspection_endpoint_auth_methods_supported: SECRETS,
        code_challenge_methods_supported: ["S256"],
        authorization_response_iss_parameter_supported: true,
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["ES256"],
        prompt_values_supported: ["none", "login", "consent", "select_account"],
        claims_supported: &[
            "iss",
            "sub",
            "aud",
            "exp",
            "iat",
            "auth_time",
            "nonce",
            "name",
            "email",
            "email_verified",
        ],
        claims_parameter_supported: false,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
    })
}

/// A public key on P-256 (RFC 7518 §6.2.1).
#[derive(Debug, Serialize, ToSchema)]
struct Jwk {
    kty: &'static str,
    crv: &'static str,
    alg: &'static str,
    #[serde(rename = "use")]
    purpose: &'static str,
    kid: String,
    x: String,
    y: String,
}

/// Keys (RFC 7517 §5).
#[derive(Debug, Serialize, ToSchema)]
struct Jwks {
    /// Each of them.
    keys: Vec<Jwk>,
}

/// Get the keys that verify ID tokens
///
/// RFC 7517. Whoever meets a key that they do not know asks again: a new one signs at once, and the one
/// before is shown for two hours more.
#[utoipa::path(
    get,
    path = "/oauth2/jwks",
    operation_id = "jwks",
    tag = "metadata",
    security(()),
    responses(
        (status = 200, description = "The keys", body = Jwks),
        Outages
    )
)]
pub(super) async fn jwks(state: Data<State>) -> Answer {
    let keys = state.services.authorization.keys().await?;
    Ok(told(&Jwks {
        keys: keys.iter().filter_map(jwk).collect(),
    }))
}

fn jwk(key: &SigningKey) -> Option<Jwk> {
    // An uncompressed point: 4, and the coordinates.
    let point = key.pair.public.strip_prefix(&[4])?;
    let (x, y) = point.split_at_checked(32)?;
    Some(Jwk {
        kty: "EC",
        crv: "P-256",
        alg: "ES256",
        purpose: "sig",
        kid: key.id.to_string(),
        x: URL_SAFE_NO_PAD.encode(x),
        y: URL_SAFE_NO_PAD.encode(y),
    })
}

/// What everybody may know.
fn told(value: &impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, FOR_A_WHILE))
        .json(value)
}
