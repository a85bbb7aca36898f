//! Webhook endpoints of an organization.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::id::WebhookEndpointId;
use rollbook_domain::role::Permission;

use super::answer::{self, Answer};
use super::etag::{self, IfMatch};
use super::list::{Listing, PageQuery};
use super::mask::Mask;
use super::once::{self, Once};
use super::path::{OrganizationPath, id_path};
use super::status::Refusals;
use super::user_input::{EtagQuery, MaskQuery};
use super::webhook_input::{EndpointBody, RotateBody};
use super::webhook_wire::{Receiver, WebhookDelivery, WebhookEndpoint, WebhookEndpointList};
use super::wire::Empty;
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

id_path!(
    /// The endpoint in the path.
    EndpointPath,
    "webhook_endpoint_id",
    /// The endpoint's id.
    WebhookEndpointId
);

/// What can be asked about webhook endpoints.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "webhookEndpoints.list",
        Method::GET,
        "/api/v1/organizations/{organization_id}/webhookEndpoints",
        Policy::needs(Permission::ReadWebhook),
        || web::to(list),
    ),
    operation(
        "webhookEndpoints.create",
        Method::POST,
        "/api/v1/organizations/{organization_id}/webhookEndpoints",
        Policy::needs(Permission::CreateWebhook),
        || web::to(create),
    ),
    operation(
        "webhookEndpoints.get",
        Method::GET,
        "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}",
        Policy::needs(Permission::ReadWebhook),
        || web::to(get),
    ),
    operation(
        "webhookEndpoints.update",
        Method::PATCH,
        "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}",
        Policy::needs(Permission::UpdateWebhook),
        || web::to(update),
    ),
    operation(
        "webhookEndpoints.delete",
        Method::DELETE,
        "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}",
        Policy::needs(Permission::DeleteWebhook),
        || web::to(delete),
    ),
    operation(
        "webhookEndpoints.rotateSecret",
        Method::POST,
        "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}:rotateSecret",
        Policy::needs(Permission::UpdateWebhook),
        || web::to(rotate_secret),
    ),
    operation(
        "webhookEndpoints.test",
        Method::POST,
        "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}:test",
        Policy::needs(Permission::UpdateWebhook),
        || web::to(test),
    ),
];

/// List the webhook endpoints of an organization
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/webhookEndpoints",
    operation_id = "webhookEndpoints.list",
    tag = "webhookEndpoints",
    params(OrganizationPath, PageQuery),
    responses((status = 200, description = "A page of them", body = WebhookEndpointList), Refusals)
)]
pub(super) async fn list(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let service = &state.services.webhooks;
    let page = service
        .list(caller.who, organization, listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&WebhookEndpointList::new(&page, next))
}

/// Make a webhook endpoint
///
/// It is sent what happens from then on, its own creation first. The answer has the secret, which
/// cannot be had again: a repetition with the same `Idempotency-Key` or `request_id` makes no second
/// endpoint, and is refused. What an endpoint is sent is what the audit log says, so that whoever
/// makes one needs `read:AuditEntry`, too.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/webhookEndpoints",
    operation_id = "webhookEndpoints.create",
    tag = "webhookEndpoints",
    params(OrganizationPath, once::OnceQuery, once::IdempotencyKey),
    request_body = WebhookEndpoint,
    responses(
        (status = 200, description = "The endpoint and its secret", body = WebhookEndpoint),
        Refusals,
    )
)]
pub(super) async fn create(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    once: Once,
    body: Body<EndpointBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = body.value.create(once)?;
    let service = &state.services.webhooks;
    let endpoint = service.create(caller.who, organization, command).await?;
    answer::secret(&WebhookEndpoint::issued(&endpoint))
}

/// Get a webhook endpoint
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}",
    operation_id = "webhookEndpoints.get",
    tag = "webhookEndpoints",
    params(OrganizationPath, EndpointPath),
    responses(
        (status = 200, description = "The endpoint", body = WebhookEndpoint),
        (status = 304, description = "It has not changed"),
        Refusals,
    )
)]
pub(super) async fn get(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    EndpointPath(id): EndpointPath,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let service = &state.services.webhooks;
    let endpoint = service.get(caller.who, organization, id).await?;
    if etag::is_known(&request, endpoint.version) {
        return Ok(answer::not_modified(endpoint.version));
    }
    answer::versioned(&WebhookEndpoint::from(&endpoint), endpoint.version)
}

/// Update a webhook endpoint
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}",
    operation_id = "webhookEndpoints.update",
    tag = "webhookEndpoints",
    params(OrganizationPath, EndpointPath, MaskQuery, IfMatch),
    request_body = WebhookEndpoint,
    responses((status = 200, description = "The endpoint", body = WebhookEndpoint), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    EndpointPath(id): EndpointPath,
    query: Query<MaskQuery>,
    seen: IfMatch,
    body: Body<EndpointBody>,
    state: Data<State>,
) -> Answer {
    let mask = Mask::parse(query.update_mask.as_deref())?;
    let seen = seen.or_field(body.value.etag())?;
    let command = body.value.update(&mask, seen)?;
    let service = &state.services.webhooks;
    let endpoint = service
        .update(caller.who, organization, id, command)
        .await?;
    answer::versioned(&WebhookEndpoint::from(&endpoint), endpoint.version)
}

/// Delete a webhook endpoint
///
/// What waits for it is sent no more.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}",
    operation_id = "webhookEndpoints.delete",
    tag = "webhookEndpoints",
    params(OrganizationPath, EndpointPath, EtagQuery, IfMatch),
    responses((status = 200, description = "It is deleted", body = Empty), Refusals)
)]
pub(super) async fn delete(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    EndpointPath(id): EndpointPath,
    query: Query<EtagQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let service = &state.services.webhooks;
    service.delete(caller.who, organization, id, seen).await?;
    answer::json(&Empty {})
}

/// Give a webhook endpoint another secret
///
/// The answer has it, and it cannot be had again. For a day both secrets sign, unless the present
/// one is to end at once.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}:rotateSecret",
    operation_id = "webhookEndpoints.rotateSecret",
    tag = "webhookEndpoints",
    params(OrganizationPath, EndpointPath, once::OnceQuery, once::IdempotencyKey, IfMatch),
    request_body = RotateBody,
    responses(
        (status = 200, description = "The endpoint and its secret", body = WebhookEndpoint),
        Refusals,
    )
)]
pub(super) async fn rotate_secret(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    EndpointPath(id): EndpointPath,
    once: Once,
    seen: IfMatch,
    body: Body<RotateBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let seen = seen.or_field(body.value.etag())?;
    let command = body.value.rotate(seen, once);
    let service = &state.services.webhooks;
    let endpoint = service
        .rotate_secret(caller.who, organization, id, command)
        .await?;
    answer::secret(&WebhookEndpoint::issued(&endpoint))
}

/// Send a test to a webhook endpoint
///
/// A message of type `webhook.test`, which is tried once. The answer is its delivery; ask for it
/// again to see what came of it.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}:test",
    operation_id = "webhookEndpoints.test",
    tag = "webhookEndpoints",
    params(OrganizationPath, EndpointPath),
    responses((status = 200, description = "The delivery", body = WebhookDelivery), Refusals)
)]
pub(super) async fn test(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    EndpointPath(endpoint): EndpointPath,
    state: Data<State>,
) -> Answer {
    let service = &state.services.webhooks;
    let delivery = service.test(caller.who, organization, endpoint).await?;
    let to = Receiver {
        organization,
        endpoint,
    };
    answer::json(&WebhookDelivery::new(to, &delivery))
}
