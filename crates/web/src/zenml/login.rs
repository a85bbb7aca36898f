//! The token endpoints that clients of ZenML Pro know, over the services behind `/oauth2`. An error
//! is told in both ways at once: ZenML's device login reads `error`, its other calls read `detail`.

use actix_web::http::Method;
use actix_web::http::header::LOCATION;
use actix_web::web::{self, Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use rollbook_domain::access::{self, Credential, Origin};
use rollbook_domain::oauth::{GrantType, Problem};
use rollbook_domain::password::Password;
use rollbook_domain::service::oauth::{Audience, Presented};
use rollbook_domain::token::SESSION_IDLE;
use rollbook_domain::value::Email;
use rollbook_domain::{Error, Result};
use serde::Deserialize;
use utoipa::ToSchema;

use super::answer::Answer;
use super::login_wire::{Login, Trouble, problem, wrong};
use super::refuse::Refusals;
use super::{Caller, answer, operation};
use crate::oauth::{Basic, DeviceBody, TokenForm, given};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// How clients come by tokens.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "auth.login",
        Method::POST,
        "/auth/login",
        // The request has the credential.
        Policy::Public,
        || web::to(login),
    ),
    operation(
        "auth.deviceAuthorization",
        Method::POST,
        "/auth/device_authorization",
        // A device has no credential yet.
        Policy::Public,
        || web::to(begin),
    ),
    operation(
        "auth.authorize",
        Method::GET,
        "/auth/authorize",
        // The page behind it asks who is there.
        Policy::Public,
        || web::to(authorize),
    ),
];

/// How a client shows who it is, or for whom it speaks.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = LoginRequest)]
pub(super) struct LoginForm {
    /// `password` (which is also meant where there is none), `client_credentials`,
    /// `urn:ietf:params:oauth:grant-type:device_code`, `authorization_code` or `refresh_token`.
    #[serde(deserialize_with = "given")]
    grant_type: Option<String>,
    /// The address of a person.
    #[serde(deserialize_with = "given")]
    username: Option<String>,
    /// Their password; without `username`, a personal access token or the key of a service account.
    #[serde(deserialize_with = "given")]
    password: Option<String>,
    /// The client, where the grant is one of OAuth.
    #[serde(deserialize_with = "given")]
    client_id: Option<String>,
    /// Its secret, if it has one.
    #[serde(deserialize_with = "given")]
    client_secret: Option<String>,
    /// What the device was given.
    #[serde(deserialize_with = "given")]
    device_code: Option<String>,
    /// What the browser brought back.
    #[serde(deserialize_with = "given")]
    code: Option<String>,
    /// Where it brought it.
    #[serde(deserialize_with = "given")]
    redirect_uri: Option<String>,
    /// The other half of the challenge (RFC 7636).
    #[serde(deserialize_with = "given")]
    code_verifier: Option<String>,
    /// What the last answer of this kind brought.
    #[serde(deserialize_with = "given")]
    refresh_token: Option<String>,
    /// What the token shall permit, if less than it may.
    #[serde(deserialize_with = "given")]
    scope: Option<String>,
}

/// Get an access token
///
/// A personal access token and the key of a service account are their own access tokens.
#[utoipa::path(
    post,
    path = "/auth/login",
    operation_id = "auth.login",
    tag = "auth",
    security(()),
    request_body(content = LoginForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "An access token", body = Login<'_>),
        (status = 400, description = "Not yet, or not in this way", body = Trouble<'_>),
        Refusals
    )
)]
pub(super) async fn login(
    caller: Caller,
    basic: Basic,
    Form(form): Form<LoginForm>,
    state: Data<State>,
) -> Answer {
    let origin = caller.who.origin;
    match (form.grant_type.as_deref(), &form.username, &form.password) {
        (None | Some("password"), Some(email), Some(password)) => {
            told(by_password(&state, origin, email, password).await)
        }
        (None | Some("password"), None, Some(token)) => told(by_token(&state, origin, token).await),
        (None | Some("password"), ..) => Ok(problem(&Problem::request("password is missing"))),
        (Some(_), ..) => by_grant(origin, basic, form, &state).await,
    }
}

/// The session that a person opens with address and password, for a program.
async fn by_password(
    state: &State,
    origin: Origin,
    email: &str,
    password: &str,
) -> Result<HttpResponse> {
    // Nobody has what is no address, which is no secret.
    let Ok(email) = Email::parse(email) else {
        return Ok(wrong());
    };
    let password = Password::presented(password);
    let service = &state.services.sessions;
    let signed_in = service
        .sign_in_with_password(origin, email, password)
        .await?;
    let (secret, lasts) = (signed_in.session.secret, SESSION_IDLE.ceil_seconds());
    Ok(Login::new(secret.reveal(), Some(lasts)).respond())
}

/// The token itself, if it works.
async fn by_token(state: &State, origin: Origin, token: &str) -> Result<HttpResponse> {
    let credential = Credential::bearer(token);
    let caller = access::Caller { credential, origin };
    state.services.users.me(caller).await?;
    Ok(Login::new(token, None).respond())
}

/// What a way in came to; that it is none is told so that both kinds of readers understand it.
fn told(outcome: Result<HttpResponse>) -> Answer {
    match outcome {
        Ok(response) => Ok(response),
        Err(Error::Unauthenticated(_)) => Ok(wrong()),
        Err(other) => Err(other.into()),
    }
}

async fn by_grant(origin: Origin, basic: Basic, form: LoginForm, state: &State) -> Answer {
    let form = TokenForm {
        client_id: known_as(state, form.grant_type.as_deref(), form.client_id),
        grant_type: form.grant_type,
        client_secret: form.client_secret,
        code: form.code,
        redirect_uri: form.redirect_uri,
        code_verifier: form.code_verifier,
        refresh_token: form.refresh_token,
        device_code: form.device_code,
        scope: form.scope,
    };
    let (client, request) = match form.read(basic) {
        Ok(read) => read,
        Err(it) => return Ok(problem(&it)),
    };
    let service = &state.services.authorization;
    Ok(match service.token(origin, client, request).await? {
        Ok(issued) => Login::of(&issued).respond(),
        Err(it) => problem(&it),
    })
}

/// Which client is meant. ZenML's own programs say a number that they made up: whoever runs
/// Rollbook says in `zenml.client_id` as which client their devices wait.
fn known_as(state: &State, grant_type: Option<&str>, said: Option<String>) -> Option<String> {
    let ours = state.settings.zenml.client_id.clone();
    match grant_type {
        Some(DEVICE_CODE) => ours.or(said),
        _ => said,
    }
}

const DEVICE_CODE: &str = GrantType::DeviceCode.key();

/// As which program a device waits.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = DeviceAuthorizationRequest)]
pub(super) struct DeviceForm {
    /// The program.
    #[serde(deserialize_with = "given")]
    client_id: Option<String>,
    /// The device, if it has waited before. It is ignored.
    #[serde(deserialize_with = "given")]
    device_id: Option<String>,
}

/// Wait for a person
///
/// Who has another device with a browser allows it there (RFC 8628).
#[utoipa::path(
    post,
    path = "/auth/device_authorization",
    operation_id = "auth.deviceAuthorization",
    tag = "auth",
    security(()),
    request_body(content = DeviceForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What to show the person", body = DeviceBody<'_>),
        (status = 400, description = "Not in this way", body = Trouble<'_>),
        Refusals
    )
)]
pub(super) async fn begin(
    caller: Caller,
    Form(form): Form<DeviceForm>,
    state: Data<State>,
) -> Answer {
    let client = Presented {
        id: known_as(&state, Some(DEVICE_CODE), form.client_id),
        secret: None,
    };
    let service = &state.services.authorization;
    let origin = caller.who.origin;
    let begun = service.authorize_device(origin, client, None, Audience::Anywhere);
    match begun.await? {
        Ok(issued) => answer::secret(&DeviceBody::of(&state.settings.public_url, &issued)),
        Err(it) => Ok(problem(&it)),
    }
}

/// Ask a person in their browser
///
/// Leads to the page that asks, with all parameters.
#[utoipa::path(
    get,
    path = "/auth/authorize",
    operation_id = "auth.authorize",
    tag = "auth",
    security(()),
    params(
        ("client_id" = String, Query, description = "The client"),
        ("redirect_uri" = String, Query, description = "Where to lead the browser afterwards, with `code` and `state`"),
        ("response_type" = String, Query, description = "`code`"),
        ("code_challenge" = String, Query, description = "RFC 7636"),
        ("code_challenge_method" = String, Query, description = "`S256`"),
        ("state" = Option<String>, Query, description = "What to bring back"),
        ("scope" = Option<String>, Query, description = "What the client wants to be allowed"),
    ),
    responses((status = 302, description = "On to the page that asks"))
)]
pub(super) async fn authorize(request: HttpRequest) -> HttpResponse {
    let query = request.query_string();
    HttpResponse::Found()
        .insert_header((LOCATION, format!("/oauth2/authorize?{query}")))
        .finish()
}
