use std::collections::BTreeSet;

use async_trait::async_trait;

use super::{DeliveryPage, DeliveryView, Outbox, REPLAY_BATCH, Replayed};
use crate::access::{self, Authentication, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::filter::Filter;
use crate::id::MessageId;
use crate::outbox::{Delivery, DeliveryState, DeliveryTest, Depth};
use crate::page::Window;
use crate::policy::Action;
use crate::port::Tx;
use crate::service::Core;
use crate::time::Timestamp;
use crate::{Error, Refusal, Result};

/// The real [`Outbox`].
#[derive(Clone)]
pub struct OutboxService {
    core: Core,
}

impl OutboxService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }

    /// [`Outbox::list`] for the operator at the command line. Never reachable over HTTP.
    pub async fn inspect(
        &self,
        filter: Filter<DeliveryTest>,
        window: Window<MessageId>,
    ) -> Result<DeliveryPage> {
        let work = move |tx: &mut dyn Tx| tx.outbox().list(&filter, &window);
        self.core.store.read(work).await
    }

    /// [`Outbox::replay`] for the operator at the command line. Never reachable over HTTP.
    pub async fn send_again(&self, id: MessageId) -> Result<Delivery> {
        let now = self.core.now();
        let work = move |tx: &mut dyn Tx| send_again(tx, &Author::SYSTEM, now, id);
        self.core.store.write(work).await
    }

    /// [`Outbox::replay_dead`] for the operator at the command line. Never reachable over HTTP.
    pub async fn send_dead_again(&self, filter: Filter<DeliveryTest>) -> Result<Replayed> {
        let now = self.core.now();
        let work = move |tx: &mut dyn Tx| send_dead_again(tx, &Author::SYSTEM, now, &filter);
        self.core.store.write(work).await
    }
}

#[async_trait]
impl Outbox for OutboxService {
    async fn list(
        &self,
        caller: Caller,
        filter: Filter<DeliveryTest>,
        window: Window<MessageId>,
    ) -> Result<DeliveryPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let authentication = enter(tx, caller, now)?;
            let page = tx.outbox().list(&filter, &window)?;
            Ok(authentication.used(page))
        };
        self.core.read(caller, work).await
    }

    async fn get(&self, caller: Caller, id: MessageId) -> Result<DeliveryView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| get(tx, caller, now, id);
        self.core.read(caller, work).await
    }

    async fn replay(&self, caller: Caller, id: MessageId) -> Result<Delivery> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let authentication = enter(tx, caller, now)?;
            let delivery = send_again(tx, &authentication.author(caller), now, id)?;
            Ok(authentication.used(delivery))
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn replay_dead(&self, caller: Caller, filter: Filter<DeliveryTest>) -> Result<Replayed> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let authentication = enter(tx, caller, now)?;
            let replayed = send_dead_again(tx, &authentication.author(caller), now, &filter)?;
            Ok(authentication.used(replayed))
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn depth(&self) -> Result<Depth> {
        self.core.store.read(|tx| tx.outbox().depth()).await
    }
}

fn enter(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Result<Authentication> {
    access::enter_platform(tx, caller, now, Action::AdministerOutbox)
}

fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: MessageId,
) -> Result<Used<DeliveryView>> {
    let authentication = enter(tx, caller, now)?;
    let view = DeliveryView {
        delivery: find(tx, id)?,
        attempts: tx.outbox().attempts(id)?,
    };
    Ok(authentication.used(view))
}

fn find(tx: &mut dyn Tx, id: MessageId) -> Result<Delivery> {
    let found = tx.outbox().find(id)?;
    found.ok_or(Error::NotFound(Kind::Message))
}

fn send_again(tx: &mut dyn Tx, author: &Author, now: Timestamp, id: MessageId) -> Result<Delivery> {
    let delivery = find(tx, id)?;
    lock(tx, std::slice::from_ref(&delivery))?;
    if !replay(tx, author, now, &delivery)? {
        return Err(Refusal::NotReplayable.into());
    }
    find(tx, id)
}

fn send_dead_again(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    filter: &Filter<DeliveryTest>,
) -> Result<Replayed> {
    let dead = Filter::Test(DeliveryTest::State(DeliveryState::Dead));
    let filter = Filter::All(vec![dead, filter.clone()]);
    let page = tx.outbox().list(&filter, &Window::first(REPLAY_BATCH))?;
    lock(tx, &page.items)?;
    let mut count = 0;
    for delivery in &page.items {
        count += u32::from(replay(tx, author, now, delivery)?);
    }
    Ok(Replayed {
        count,
        more: page.next.is_some(),
    })
}

/// Locks the organizations whose audit logs will be written, in the order of their ids, so that two
/// who replay never wait for each other in a circle.
fn lock(tx: &mut dyn Tx, deliveries: &[Delivery]) -> Result<()> {
    let organizations: BTreeSet<_> = deliveries
        .iter()
        .filter_map(|it| it.organization_id)
        .collect();
    for id in organizations {
        tx.organizations().lock(id)?;
    }
    Ok(())
}

fn replay(tx: &mut dyn Tx, author: &Author, now: Timestamp, delivery: &Delivery) -> Result<bool> {
    if !tx.outbox().replay(delivery.id, now)? {
        return Ok(false);
    }
    if let Some(organization) = delivery.organization_id {
        let deed = Deed {
            chain: Chain::Organization(organization),
            act: Act::MessageReplayed,
            target: Target::Message(delivery.id),
            changes: vec![Change::set("kind", &delivery.kind)],
        };
        audit::record(tx, author, now, &deed)?;
    }
    Ok(true)
}
