//! The beginning of a device's wait (RFC 8628 §3.1).

use actix_web::http::Method;
use actix_web::web::{self, Data, Form};
use rollbook_domain::oauth::DEVICE_CODE_LIFETIME;
use rollbook_domain::service::oauth::IssuedDevice;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::ErrorBody;
use super::form::given;
use super::openapi::{Outages, Refusals};
use super::presented::Basic;
use super::target::audience;
use super::{Answer, Caller, answer, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// The device authorization endpoint.
pub(super) static OPERATIONS: &[Operation] = &[operation(
    "deviceAuthorization",
    Method::POST,
    "/oauth2/device_authorization",
    // The client proves who it is in the request.
    Policy::Public,
    || web::to(begin),
)];

/// As which client a device waits, and for what.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = DeviceAuthorizationRequest)]
pub(super) struct DeviceForm {
    /// The client, unless it says who it is in the header.
    #[serde(deserialize_with = "given")]
    client_id: Option<String>,
    /// Its secret, unless it has none or says it in the header.
    #[serde(deserialize_with = "given")]
    client_secret: Option<String>,
    /// What it wants to be allowed; without it, all that it is registered for.
    #[serde(deserialize_with = "given")]
    scope: Option<String>,
    /// In which organization only.
    #[serde(deserialize_with = "given")]
    organization_id: Option<String>,
    /// The same as the URL of the organization (RFC 8707).
    #[serde(deserialize_with = "given")]
    resource: Option<String>,
}

/// What a device is told (RFC 8628 §3.2).
#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceBody<'a> {
    /// What to ask for tokens with.
    device_code: &'a str,
    /// What to show the user.
    user_code: String,
    /// Where they type it.
    verification_uri: String,
    /// The same as a link that has the code in it.
    verification_uri_complete: String,
    /// How many seconds both codes work.
    expires_in: i64,
    /// How many seconds to wait between two questions.
    interval: i64,
}

/// Wait for a user
///
/// For devices without a browser (RFC 8628). How often is limited for each address.
#[utoipa::path(
    post,
    path = "/oauth2/device_authorization",
    operation_id = "deviceAuthorization",
    tag = "tokens",
    request_body(content = DeviceForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What to show the user", body = DeviceBody<'_>),
        (status = 429, description = "Too often; try again after `Retry-After` seconds (`temporarily_unavailable`)", body = ErrorBody<'_>),
        Refusals,
        Outages
    )
)]
pub(super) async fn begin(
    caller: Caller,
    basic: Basic,
    Form(form): Form<DeviceForm>,
    state: Data<State>,
) -> Answer {
    let client = match basic.and(form.client_id, form.client_secret) {
        Ok(client) => client,
        Err(problem) => return Ok(answer::problem(&problem)),
    };
    let home = &state.settings.public_url;
    let (organization, resource) = (form.organization_id.as_deref(), form.resource.as_deref());
    let audience = audience(home, organization, resource);
    let service = &state.services.authorization;
    let issued = service
        .authorize_device(caller.who.origin, client, form.scope, audience)
        .await?;
    let issued = match issued {
        Ok(issued) => issued,
        Err(problem) => return Ok(answer::problem(&problem)),
    };
    Ok(answer::json(&DeviceBody::of(home, &issued)))
}

impl<'a> DeviceBody<'a> {
    /// What it is told at a Rollbook that the world reaches at this URL.
    pub(crate) fn of(home: &str, issued: &'a IssuedDevice) -> Self {
        let user_code = issued.user_code.show();
        let verification_uri = format!("{home}/oauth2/device");
        Self {
            device_code: issued.device_code.reveal(),
            verification_uri_complete: format!("{verification_uri}?user_code={user_code}"),
            verification_uri,
            user_code,
            expires_in: DEVICE_CODE_LIFETIME.ceil_seconds(),
            interval: issued.device.interval.ceil_seconds(),
        }
    }
}
