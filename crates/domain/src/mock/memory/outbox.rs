use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::MemoryTx;
use super::state::{State, cut_by, duplicate, number};
use crate::filter::Filter;
use crate::id::{MessageId, WebhookEndpointId};
use crate::outbox::{
    Allowance, Attempt, Delivery, DeliveryState, DeliveryTest, Depth, Message, Outcome,
};
use crate::page::{Page, Window};
use crate::port::{Claimed, OutboxRepo};
use crate::time::Timestamp;
use crate::{Error, Result};

/// A message as a store keeps it: with what became of it and how often it was begun.
#[derive(Clone, Debug)]
pub(super) struct KeptMessage {
    pub(super) message: Message,
    pub(super) delivery: Delivery,
    /// How often sending it was begun, ever.
    begun: u32,
    log: BTreeMap<u32, Attempt>,
}

impl KeptMessage {
    fn new(message: &Message) -> Self {
        let content = &message.content;
        Self {
            delivery: Delivery {
                id: message.id,
                kind: content.key().to_owned(),
                organization_id: content.organization_id(),
                recipient: content.recipient().cloned(),
                endpoint_id: content.endpoint_id(),
                sequence: content.sequence(),
                state: DeliveryState::Pending,
                attempts: 0,
                due_at: message.created_at,
                last_error: None,
                created_at: message.created_at,
                finished_at: None,
            },
            message: message.clone(),
            begun: 0,
            log: BTreeMap::new(),
        }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.delivery.state == DeliveryState::Pending && self.delivery.due_at <= now
    }

    fn claim(&mut self, until: Timestamp) -> Claimed {
        self.begun += 1;
        self.delivery.attempts += 1;
        self.delivery.due_at = until;
        Claimed {
            message: self.message.clone(),
            attempt: self.delivery.attempts,
            number: self.begun,
        }
    }

    fn settle(&mut self, now: Timestamp, outcome: &Outcome) {
        self.delivery.state = outcome.state();
        self.delivery.last_error = outcome.reason().map(str::to_owned);
        match outcome {
            Outcome::Failed(_, due_at) => self.delivery.due_at = *due_at,
            _ => self.delivery.finished_at = Some(now),
        }
    }
}

impl OutboxRepo for MemoryTx {
    fn add(&mut self, message: &Message) -> Result<()> {
        let state = self.writing()?;
        if let Some(organization) = message.content.organization_id() {
            state.organization(organization)?;
        }
        let kept = KeptMessage::new(message);
        match state.outbox.insert(message.id, kept) {
            Some(_) => Err(duplicate("the message")),
            None => Ok(()),
        }
    }

    fn claim(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        allowance: &Allowance,
    ) -> Result<Vec<Claimed>> {
        let outbox = &mut self.writing()?.outbox;
        let mut due: Vec<_> = outbox.values_mut().filter(|it| it.is_due(now)).collect();
        due.sort_unstable_by_key(|it| (it.delivery.due_at, it.delivery.id));
        let picked = allowance.pick(due, |it| it.delivery.endpoint_id);
        Ok(picked.into_iter().map(|it| it.claim(until)).collect())
    }

    fn settle(
        &mut self,
        id: MessageId,
        number: u32,
        now: Timestamp,
        outcome: &Outcome,
    ) -> Result<bool> {
        let kept = self.writing()?.outbox.get_mut(&id);
        let is_it = |it: &&mut KeptMessage| {
            it.begun == number && it.delivery.state == DeliveryState::Pending
        };
        let found = kept.filter(is_it).map(|it| it.settle(now, outcome));
        Ok(found.is_some())
    }

    fn note(&mut self, attempt: &Attempt) -> Result<()> {
        let kept = self.writing()?.outbox.get_mut(&attempt.message_id);
        let kept = kept.ok_or_else(|| Error::storage("there is no such message"))?;
        let number = attempt.number;
        kept.log.entry(number).or_insert_with(|| attempt.clone());
        Ok(())
    }

    fn find(&mut self, id: MessageId) -> Result<Option<Delivery>> {
        let kept = self.reading()?.outbox.get(&id);
        Ok(kept.map(|it| it.delivery.clone()))
    }

    fn attempts(&mut self, id: MessageId) -> Result<Vec<Attempt>> {
        let kept = self.reading()?.outbox.get(&id);
        Ok(kept.map_or_else(Vec::new, |it| it.log.values().cloned().collect()))
    }

    fn list(
        &mut self,
        filter: &Filter<DeliveryTest>,
        window: &Window<MessageId>,
    ) -> Result<Page<Delivery, MessageId>> {
        let all = self.reading()?.outbox.values().rev();
        let rows = all.map(|it| &it.delivery);
        let rows = rows.filter(|it| filter.holds(&|test| passes(test, it)));
        Ok(cut_by(
            rows.cloned().collect(),
            window,
            |it| it.id,
            |one, other| Reverse(one).cmp(&Reverse(other)),
        ))
    }

    fn replay(&mut self, id: MessageId, now: Timestamp) -> Result<bool> {
        let kept = self.writing()?.outbox.get_mut(&id);
        let open = [DeliveryState::Dead, DeliveryState::Pending];
        let Some(kept) = kept.filter(|it| open.contains(&it.delivery.state)) else {
            return Ok(false);
        };
        kept.delivery.state = DeliveryState::Pending;
        kept.delivery.attempts = 0;
        kept.delivery.due_at = now;
        kept.delivery.finished_at = None;
        Ok(true)
    }

    fn untried(&mut self, endpoint: WebhookEndpointId, most: u32) -> Result<u32> {
        Ok(number(untried(self.reading()?, endpoint)).min(most))
    }

    fn depth(&mut self) -> Result<Depth> {
        let state = self.reading()?;
        Ok(Depth {
            pending: of(state, DeliveryState::Pending).count() as u64,
            dead: of(state, DeliveryState::Dead).count() as u64,
            oldest: of(state, DeliveryState::Pending)
                .map(|it| it.created_at)
                .min(),
        })
    }

    fn forget(&mut self, state: DeliveryState, before: Timestamp, limit: u32) -> Result<u32> {
        let tables = self.writing()?;
        let old = of(tables, state).filter(|it| it.finished_at.is_some_and(|at| at < before));
        let ids: Vec<_> = old.map(|it| it.id).take(limit as usize).collect();
        for id in &ids {
            tables.outbox.remove(id);
        }
        Ok(number(ids.iter()))
    }
}

fn of(tables: &State, state: DeliveryState) -> impl Iterator<Item = &Delivery> {
    let all = tables.outbox.values().map(|it| &it.delivery);
    all.filter(move |it| it.state == state)
}

/// What waits for an endpoint and was never tried.
pub(super) fn untried(
    tables: &State,
    endpoint: WebhookEndpointId,
) -> impl Iterator<Item = &Delivery> {
    let pending = of(tables, DeliveryState::Pending);
    pending.filter(move |it| it.endpoint_id == Some(endpoint) && it.attempts == 0)
}

fn passes(test: &DeliveryTest, delivery: &Delivery) -> bool {
    match test {
        DeliveryTest::State(state) => delivery.state == *state,
        DeliveryTest::Kind(kind) => delivery.kind == *kind,
        DeliveryTest::Organization(id) => delivery.organization_id == Some(*id),
        DeliveryTest::Endpoint(id) => delivery.endpoint_id == Some(*id),
        DeliveryTest::NotBefore(at) => delivery.created_at >= *at,
        DeliveryTest::Before(at) => delivery.created_at < *at,
    }
}
