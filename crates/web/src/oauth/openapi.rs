//! The description of the authorization server's endpoints for machines.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoResponses, Modify, OpenApi};

use super::answer::ErrorBody;
use super::{device_authorization, introspection, metadata, revocation, token, userinfo};

/// The description of the authorization server's endpoints for machines (`OpenAPI` 3.1). What people see
/// of it in browsers is not among them.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Description::openapi()
}

/// The refusals that the endpoints share which take something.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub(super) enum Refusals {
    /// The request is not in order, or cannot be granted; `error` says why (RFC 6749 §5.2).
    #[response(status = 400)]
    Bad(ErrorBody<'static>),
    /// The client has not proved who it is (`invalid_client`), or the access token does not work
    /// (`invalid_token`).
    #[response(status = 401)]
    Unauthenticated(ErrorBody<'static>),
}

/// What can always happen.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only described")]
pub(super) enum Outages {
    /// Something went wrong inside (`server_error`); the log knows what.
    #[response(status = 500)]
    Internal(ErrorBody<'static>),
    /// Busy; try again after `Retry-After` seconds (`temporarily_unavailable`).
    #[response(status = 503)]
    Unavailable(ErrorBody<'static>),
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rollbook's authorization server",
        description = "OAuth 2.0 and OpenID Connect: what programs ask. Browsers are led to /oauth2/authorize and /oauth2/device, which are pages. Unknown parameters are ignored, and what has no value counts as left out; no parameter comes twice.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    paths(
        token::token,
        device_authorization::begin,
        introspection::introspect,
        revocation::revoke,
        userinfo::get,
        userinfo::post,
        metadata::jwks,
        metadata::of_oauth,
        metadata::of_openid,
    ),
    // The shared refusals are not found by themselves.
    components(schemas(ErrorBody)),
    tags(
        (name = "tokens", description = "How clients come by tokens, and how these end"),
        (name = "users", description = "Who the user is"),
        (name = "metadata", description = "What everybody may know of the server"),
    ),
    security(("Basic" = []), ()),
    modifiers(&Schemes)
)]
struct Description;

struct Schemes;

impl Modify for Schemes {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        for (name, scheme, description) in [
            (
                "Basic",
                HttpAuthScheme::Basic,
                "Id and secret of the client, each encoded as forms are. They may come as `client_id` and `client_secret` instead; a public client has its id only.",
            ),
            ("Bearer", HttpAuthScheme::Bearer, "An access token"),
        ] {
            let mut http = Http::new(scheme);
            http.description = Some(description.to_owned());
            components.add_security_scheme(name, SecurityScheme::Http(http));
        }
    }
}
