use super::{DeliveryPage, DeliveryView, EndpointPage, find};
use crate::access::{self, Authentication, Caller, Used};
use crate::error::Kind;
use crate::filter::Filter;
use crate::id::{MessageId, OrganizationId, WebhookEndpointId};
use crate::outbox::{Delivery, DeliveryTest};
use crate::page::Window;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::time::Timestamp;
use crate::webhook::WebhookEndpoint;
use crate::{Error, Result};

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    window: &Window<WebhookEndpointId>,
) -> Result<Used<EndpointPage>> {
    let authentication = enter(tx, caller, now, organization)?;
    let page = tx.webhooks().list(organization, window)?;
    Ok(authentication.used(page))
}

pub(super) fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    id: WebhookEndpointId,
) -> Result<Used<WebhookEndpoint>> {
    let authentication = enter(tx, caller, now, organization)?;
    let endpoint = find(tx, organization, id)?;
    Ok(authentication.used(endpoint))
}

pub(super) fn list_deliveries(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (OrganizationId, WebhookEndpointId),
    filter: &Filter<DeliveryTest>,
    window: &Window<MessageId>,
) -> Result<Used<DeliveryPage>> {
    let authentication = enter(tx, caller, now, organization)?;
    let endpoint = find(tx, organization, id)?;
    let filter = of(&endpoint, filter.clone());
    let page = tx.outbox().list(&filter, window)?;
    Ok(authentication.used(page))
}

pub(super) fn get_delivery(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (OrganizationId, WebhookEndpointId),
    delivery: MessageId,
) -> Result<Used<DeliveryView>> {
    let authentication = enter(tx, caller, now, organization)?;
    let endpoint = find(tx, organization, id)?;
    let delivery = find_delivery(tx, &endpoint, delivery)?;
    let attempts = tx.outbox().attempts(delivery.id)?;
    Ok(authentication.used(DeliveryView { delivery, attempts }))
}

fn enter(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
) -> Result<Authentication> {
    let action = Action::Use(Permission::ReadWebhook);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    Ok(authentication)
}

/// Those of the endpoint's deliveries that pass the filter.
pub(super) fn of(endpoint: &WebhookEndpoint, filter: Filter<DeliveryTest>) -> Filter<DeliveryTest> {
    let endpoint = Filter::Test(DeliveryTest::Endpoint(endpoint.id));
    if filter.is_everything() {
        return endpoint;
    }
    Filter::All(vec![endpoint, filter])
}

/// A delivery to this endpoint; to another one it is none.
pub(super) fn find_delivery(
    tx: &mut dyn Tx,
    endpoint: &WebhookEndpoint,
    id: MessageId,
) -> Result<Delivery> {
    let found = tx.outbox().find(id)?;
    let ours = found.filter(|it| {
        it.endpoint_id == Some(endpoint.id) && it.organization_id == Some(endpoint.organization_id)
    });
    ours.ok_or(Error::NotFound(Kind::Delivery))
}
