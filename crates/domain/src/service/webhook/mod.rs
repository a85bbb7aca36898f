//! Webhooks of organizations: the driving port with its commands, here, and the use cases behind
//! it. An event is an entry of the audit log; [`WebhookService::dispatch`] makes messages of it,
//! one an endpoint, which the outbox sends.

mod changing;
mod dispatching;
mod prepare;
mod reading;
mod rules;
mod sending;
mod service;

use async_trait::async_trait;

use crate::access::Caller;
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::filter::Filter;
use crate::id::{MessageId, OrganizationId, WebhookEndpointId};
use crate::idempotency::Once;
use crate::organization::Version;
use crate::outbox::{Delivery, DeliveryTest};
use crate::page::{Page, Window};
use crate::port::Tx;
pub use crate::service::outbox::{DeliveryPage, DeliveryView};
use crate::time::Timestamp;
use crate::value::{Description, Url};
use crate::webhook::{Destinations, WebhookEndpoint};
use crate::{Error, Refusal, Result};

pub use dispatching::Dispatched;
pub(crate) use prepare::{judge, prepare};
pub use service::WebhookService;

/// How many messages may wait for an endpoint without having been tried: so many can be asked for by
/// tests and replays.
pub const MOST_WAITING: u32 = 500;

/// A page of endpoints.
pub type EndpointPage = Page<WebhookEndpoint, WebhookEndpointId>;

/// What the operator allows of webhooks.
#[derive(Clone, Debug, Default)]
pub struct WebhookTerms {
    /// Whether an endpoint's URL may begin with `http:`.
    pub allow_http: bool,
    /// To which addresses they may go.
    pub destinations: Destinations,
}

/// What a new endpoint shall be.
#[derive(Clone, Debug)]
pub struct CreateEndpoint {
    /// Where to.
    pub url: Url,
    /// What it is for.
    pub description: Description,
    /// Which types of event it wants, or prefixes of them (`invitation.*`); none: all.
    pub event_types: Vec<String>,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// What shall change in an endpoint.
#[derive(Clone, Debug, Default)]
pub struct UpdateEndpoint {
    /// Where to, from now on.
    pub url: Option<Url>,
    /// What it is for.
    pub description: Option<Description>,
    /// Which types of event it wants.
    pub event_types: Option<Vec<String>>,
    /// Whether it shall be sent anything. Enabled again, it is sent what happens from then on.
    pub enabled: Option<bool>,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
}

/// How the secret of an endpoint shall be changed.
#[derive(Clone, Debug, Default)]
pub struct RotateSecret {
    /// Whether the present secret ends at once, and does not sign beside the new one for a while.
    pub end_present: bool,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// A stretch of time: from a moment on, until before another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The first moment.
    pub from: Timestamp,
    /// The moment behind the last; `None`: it has no end.
    pub until: Option<Timestamp>,
}

/// What a piece of a replay did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replayed<K> {
    /// How many messages were written.
    pub messages: u32,
    /// Where the next piece continues; `None`: this was the last one.
    pub next: Option<K>,
}

/// The addresses to which an organization's events are posted, and what was posted.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Webhooks: Send + Sync {
    /// Makes an endpoint. It is sent what happens from then on, its own creation first. The answer
    /// is the only one whose secret may be shown.
    async fn create(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: CreateEndpoint,
    ) -> Result<WebhookEndpoint>;

    /// The endpoints, in the order of their making.
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        window: Window<WebhookEndpointId>,
    ) -> Result<EndpointPage>;

    /// One endpoint.
    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpoint>;

    /// Changes an endpoint.
    async fn update(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        command: UpdateEndpoint,
    ) -> Result<WebhookEndpoint>;

    /// Gives an endpoint another secret, which may be shown.
    async fn rotate_secret(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        command: RotateSecret,
    ) -> Result<WebhookEndpoint>;

    /// Deletes an endpoint. What waits for it is sent no more.
    async fn delete(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        seen: Option<Version>,
    ) -> Result<()>;

    /// Sends a test, which is tried once. [`Refusal::DeliveryLimit`] while [`MOST_WAITING`] messages
    /// wait for the endpoint, as for all that sends again.
    async fn test(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<Delivery>;

    /// What was sent to an endpoint or shall be, the latest first.
    async fn list_deliveries(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        filter: Filter<DeliveryTest>,
        window: Window<MessageId>,
    ) -> Result<DeliveryPage>;

    /// One of these, with all attempts.
    async fn get_delivery(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        delivery: MessageId,
    ) -> Result<DeliveryView>;

    /// Sends one of these again: a new delivery, of the same event.
    async fn replay(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        delivery: MessageId,
    ) -> Result<Delivery>;

    /// Sends all events that happened in this stretch and that the endpoint wants: a piece of them,
    /// the latest piece first.
    async fn replay_events(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        stretch: Stretch,
        window: Window<u64>,
    ) -> Result<Replayed<u64>>;

    /// Sends all events again whose delivery was given up and had been written in this stretch: a
    /// piece of them, the latest piece first.
    async fn replay_failed(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        stretch: Stretch,
        window: Window<MessageId>,
    ) -> Result<Replayed<MessageId>>;
}

fn find(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    id: WebhookEndpointId,
) -> Result<WebhookEndpoint> {
    let found = tx.webhooks().find(organization, id)?;
    found.ok_or(Error::NotFound(Kind::WebhookEndpoint))
}

/// An endpoint that is to be changed: locked before it is read, since whoever dispatches moves its
/// position on. The organization is locked first.
fn find_locked(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    id: WebhookEndpointId,
) -> Result<WebhookEndpoint> {
    let found = tx.webhooks().find_locked(organization, id)?;
    found.ok_or(Error::NotFound(Kind::WebhookEndpoint))
}

fn write(tx: &mut dyn Tx, endpoint: &WebhookEndpoint, before: Version) -> Result<()> {
    if tx.webhooks().update(endpoint, before)? {
        Ok(())
    } else {
        Err(Refusal::VersionMismatch.into())
    }
}

/// The present end of the organization's log, which is locked: what is recorded next is behind it.
fn head(tx: &mut dyn Tx, organization: OrganizationId) -> Result<u64> {
    let head = tx.audit().head(Chain::Organization(organization))?;
    Ok(head.map_or(0, |head| head.sequence))
}

/// Records what happened to an endpoint.
fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    endpoint: &WebhookEndpoint,
    act: Act,
    changes: Vec<Change>,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::Organization(endpoint.organization_id),
        act,
        target: Target::Webhook(endpoint.id),
        changes,
    };
    audit::record(tx, author, now, &deed)
}

/// What of an endpoint changed. Of the URL only the origin: behind it there may be a secret, and
/// the log goes to other endpoints, too.
fn differences(before: Option<&WebhookEndpoint>, after: &WebhookEndpoint) -> Vec<Change> {
    let fields = |endpoint: &WebhookEndpoint| {
        [
            (
                "url",
                endpoint.url.as_str().to_owned(),
                endpoint.url.origin(),
            ),
            same("description", endpoint.description.as_str()),
            same("event_types", &endpoint.event_types.join(" ")),
            same("status", endpoint.status.key()),
        ]
    };
    let Some(before) = before else {
        let set = fields(after).into_iter().filter(|it| !it.2.is_empty());
        return set
            .map(|(field, _, shown)| Change::set(field, &shown))
            .collect();
    };
    let pairs = fields(before).into_iter().zip(fields(after));
    pairs
        .filter(|(old, new)| old.1 != new.1)
        .map(|(old, new)| Change::new(old.0, Some(&old.2), Some(&new.2)))
        .collect()
}

/// A field that is recorded as it is.
fn same(field: &'static str, value: &str) -> (&'static str, String, String) {
    (field, value.to_owned(), value.to_owned())
}
