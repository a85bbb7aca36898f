//! What was sent to the webhook endpoints of an organization, and sending it again.

use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::id::MessageId;
use rollbook_domain::outbox::{DeliveryState, DeliveryTest};
use rollbook_domain::role::Permission;
use utoipa::IntoParams;

use super::answer::{self, Answer};
use super::filter::{Field, Kind};
use super::list::{Listing, PageQuery};
use super::path::{OrganizationPath, id_path};
use super::status::Refusals;
use super::webhook_endpoint::EndpointPath;
use super::webhook_input::ReplayBody;
use super::webhook_wire::{Receiver, Replay, STATE, WebhookDelivery, WebhookDeliveryList};
use super::{Body, Caller, operation, words};
use crate::operation::{Operation, Policy};
use crate::state::State;

id_path!(
    /// The delivery in the path.
    DeliveryPath,
    "delivery_id",
    /// The delivery's id.
    MessageId
);

/// What can be asked about deliveries.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "webhookEndpoints.deliveries.list",
        Method::GET,
        "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}/deliveries",
        Policy::needs(Permission::ReadWebhook),
        || web::to(list),
    ),
    operation(
        "webhookEndpoints.deliveries.get",
        Method::GET,
        "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}/deliveries/{delivery_id}",
        Policy::needs(Permission::ReadWebhook),
        || web::to(get),
    ),
    operation(
        "webhookEndpoints.deliveries.replay",
        Method::POST,
        "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}/deliveries/{delivery_id}:replay",
        Policy::needs(Permission::UpdateWebhook),
        || web::to(replay),
    ),
    operation(
        "webhookEndpoints.replay",
        Method::POST,
        "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}:replay",
        Policy::needs(Permission::UpdateWebhook),
        || web::to(replay_all),
    ),
];

/// What deliveries can be filtered by.
const FIELDS: &[Field<DeliveryTest>] = &[
    Field {
        name: "state",
        kind: Kind::Word(|word| {
            let key = words::key(STATE, word)?;
            DeliveryState::from_key(&key).map(DeliveryTest::State)
        }),
    },
    Field {
        name: "create_time",
        kind: Kind::Time {
            not_before: DeliveryTest::NotBefore,
            before: DeliveryTest::Before,
        },
    },
];

/// The query of a list of deliveries that can be filtered.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only described")]
pub(super) struct DeliveryFilterQuery {
    /// Which deliveries to answer (AIP-160): `state` compared with `=` or `!=`, `create_time` with
    /// any comparison of order, and `AND`, `OR`, `NOT` and parentheses.
    #[param(example = "state = DELIVERY_STATE_DEAD AND create_time >= \"2026-01-01T00:00:00Z\"")]
    filter: Option<String>,
}

/// List what was sent to a webhook endpoint
///
/// The latest deliveries come first. They are kept for some days after their end.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}/deliveries",
    operation_id = "webhookEndpoints.deliveries.list",
    tag = "webhookEndpoints",
    params(OrganizationPath, EndpointPath, PageQuery, DeliveryFilterQuery),
    responses((status = 200, description = "A page of it", body = WebhookDeliveryList), Refusals)
)]
pub(super) async fn list(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    EndpointPath(endpoint): EndpointPath,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let (filter, window) = (listing.filter(FIELDS)?, listing.window()?);
    let service = &state.services.webhooks;
    let page = service
        .list_deliveries(caller.who, organization, endpoint, filter, window)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    let to = Receiver {
        organization,
        endpoint,
    };
    answer::json(&WebhookDeliveryList::new(to, &page, next))
}

/// Get a delivery with its attempts
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}/deliveries/{delivery_id}",
    operation_id = "webhookEndpoints.deliveries.get",
    tag = "webhookEndpoints",
    params(OrganizationPath, EndpointPath, DeliveryPath),
    responses((status = 200, description = "The delivery", body = WebhookDelivery), Refusals)
)]
pub(super) async fn get(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    EndpointPath(endpoint): EndpointPath,
    DeliveryPath(id): DeliveryPath,
    state: Data<State>,
) -> Answer {
    let service = &state.services.webhooks;
    let view = service
        .get_delivery(caller.who, organization, endpoint, id)
        .await?;
    let to = Receiver {
        organization,
        endpoint,
    };
    answer::json(&WebhookDelivery::whole(to, &view))
}

/// Send the event of a delivery again
///
/// The answer is a new delivery with the same `webhook_id`.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}/deliveries/{delivery_id}:replay",
    operation_id = "webhookEndpoints.deliveries.replay",
    tag = "webhookEndpoints",
    params(OrganizationPath, EndpointPath, DeliveryPath),
    responses((status = 200, description = "The delivery", body = WebhookDelivery), Refusals)
)]
pub(super) async fn replay(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    EndpointPath(endpoint): EndpointPath,
    DeliveryPath(id): DeliveryPath,
    state: Data<State>,
) -> Answer {
    let service = &state.services.webhooks;
    let delivery = service
        .replay(caller.who, organization, endpoint, id)
        .await?;
    let to = Receiver {
        organization,
        endpoint,
    };
    answer::json(&WebhookDelivery::new(to, &delivery))
}

/// Send the events of a stretch of time again
///
/// Those that the endpoint wants, whether they were delivered or not; or only those whose delivery
/// was given up. One call looks at `page_size` events, the latest first; repeat it with the
/// `next_page_token` of the answer, and the same body, until that is empty.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/webhookEndpoints/{webhook_endpoint_id}:replay",
    operation_id = "webhookEndpoints.replay",
    tag = "webhookEndpoints",
    params(OrganizationPath, EndpointPath, PageQuery),
    request_body = ReplayBody,
    responses((status = 200, description = "What was written", body = Replay), Refusals)
)]
pub(super) async fn replay_all(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    EndpointPath(endpoint): EndpointPath,
    listing: Listing,
    body: Body<ReplayBody>,
    state: Data<State>,
) -> Answer {
    let stretch = body.value.stretch()?;
    let listing = listing.with("replay", &body.value.condition());
    let (service, who) = (&state.services.webhooks, caller.who);
    if body.value.failed_only {
        let window = listing.window()?;
        let replayed = service
            .replay_failed(who, organization, endpoint, stretch, window)
            .await?;
        let next = listing.next_page_token(replayed.next.as_ref());
        return answer::json(&Replay::new(&replayed, next));
    }
    let window = listing.window()?;
    let replayed = service
        .replay_events(who, organization, endpoint, stretch, window)
        .await?;
    let next = listing.next_page_token(replayed.next.as_ref());
    answer::json(&Replay::new(&replayed, next))
}
