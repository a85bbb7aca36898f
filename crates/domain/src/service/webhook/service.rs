use std::sync::Arc;

use async_trait::async_trait;

use super::changing::Mint;
use super::dispatching::{self, Dispatched, MOST_MESSAGES, MOST_UNTRIED};
use super::{
    CreateEndpoint, DeliveryPage, DeliveryView, EndpointPage, MOST_WAITING, Replayed, RotateSecret,
    Stretch, UpdateEndpoint, WebhookTerms, Webhooks, changing, reading, sending,
};
use crate::Result;
use crate::access::Caller;
use crate::filter::Filter;
use crate::id::{MessageId, OrganizationId, WebhookEndpointId};
use crate::organization::Version;
use crate::outbox::{Delivery, DeliveryTest};
use crate::page::Window;
use crate::port::Tx;
use crate::secret::Secret;
use crate::service::Core;
use crate::time::Timestamp;
use crate::webhook::WebhookEndpoint;

/// The real [`Webhooks`].
#[derive(Clone)]
pub struct WebhookService {
    core: Core,
    terms: Arc<WebhookTerms>,
}

impl WebhookService {
    /// Over these ports.
    #[must_use]
    pub fn new(core: Core, terms: WebhookTerms) -> Self {
        Self {
            core,
            terms: Arc::new(terms),
        }
    }

    /// Makes messages of some of the events that endpoints have not heard of. Call it again until it
    /// answers that there was none; any number of callers at once make none twice. Never reachable
    /// over HTTP.
    pub async fn dispatch(&self) -> Result<Dispatched> {
        // Where nothing has happened nothing is written.
        let look = |tx: &mut dyn Tx| tx.webhooks().is_any_behind(MOST_UNTRIED);
        if !self.core.store.read_one(look).await? {
            return Ok(Dispatched::default());
        }
        let now = self.core.now();
        let fresh = self.message_ids(now, MOST_MESSAGES);
        let work = move |tx: &mut dyn Tx| dispatching::dispatch(tx, now, &fresh);
        self.core.store.write(work).await
    }

    fn message_id(&self, now: Timestamp) -> MessageId {
        MessageId::new(self.core.ids.next(now))
    }

    fn message_ids(&self, now: Timestamp, count: u32) -> Vec<MessageId> {
        (0..count).map(|_| self.message_id(now)).collect()
    }
}

#[async_trait]
impl Webhooks for WebhookService {
    async fn create(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: CreateEndpoint,
    ) -> Result<WebhookEndpoint> {
        let now = self.core.now();
        let mint = Mint::new(&self.core, now);
        let terms = Arc::clone(&self.terms);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::create(tx, caller, now, (organization, &terms), &mint, &command)
        };
        self.core.write(caller, now, work).await
    }

    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        window: Window<WebhookEndpointId>,
    ) -> Result<EndpointPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            reading::list(tx, caller, now, organization, &window)
        };
        self.core.read(caller, work).await
    }

    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<WebhookEndpoint> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            reading::get(tx, caller, now, organization, id)
        };
        self.core.read(caller, work).await
    }

    async fn update(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        command: UpdateEndpoint,
    ) -> Result<WebhookEndpoint> {
        let terms = Arc::clone(&self.terms);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::update(tx, caller, now, (organization, &terms), id, &command)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn rotate_secret(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        command: RotateSecret,
    ) -> Result<WebhookEndpoint> {
        let secret = Secret::webhook(&self.core.random.entropy());
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::rotate_secret(tx, caller, now, (organization, id), &secret, &command)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn delete(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        seen: Option<Version>,
    ) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::delete(tx, caller, now, organization, id, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn test(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<Delivery> {
        let now = self.core.now();
        let fresh = self.message_id(now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            sending::test(tx, caller, now, (organization, id), fresh)
        };
        self.core.write(caller, now, work).await
    }

    async fn list_deliveries(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        filter: Filter<DeliveryTest>,
        window: Window<MessageId>,
    ) -> Result<DeliveryPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            reading::list_deliveries(tx, caller, now, (organization, id), &filter, &window)
        };
        self.core.read(caller, work).await
    }

    async fn get_delivery(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        delivery: MessageId,
    ) -> Result<DeliveryView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            reading::get_delivery(tx, caller, now, (organization, id), delivery)
        };
        self.core.read(caller, work).await
    }

    async fn replay(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        delivery: MessageId,
    ) -> Result<Delivery> {
        let now = self.core.now();
        let fresh = self.message_id(now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            sending::replay(tx, caller, now, (organization, id), delivery, fresh)
        };
        self.core.write(caller, now, work).await
    }

    async fn replay_events(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        stretch: Stretch,
        mut window: Window<u64>,
    ) -> Result<Replayed<u64>> {
        let now = self.core.now();
        window.limit = window.limit.min(MOST_WAITING);
        let fresh = self.message_ids(now, window.limit);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let piece = (stretch, &window);
            sending::replay_events(tx, caller, now, (organization, id), piece, &fresh)
        };
        self.core.write(caller, now, work).await
    }

    async fn replay_failed(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: WebhookEndpointId,
        stretch: Stretch,
        mut window: Window<MessageId>,
    ) -> Result<Replayed<MessageId>> {
        let now = self.core.now();
        window.limit = window.limit.min(MOST_WAITING);
        let fresh = self.message_ids(now, window.limit);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let piece = (stretch, &window);
            sending::replay_failed(tx, caller, now, (organization, id), piece, &fresh)
        };
        self.core.write(caller, now, work).await
    }
}
