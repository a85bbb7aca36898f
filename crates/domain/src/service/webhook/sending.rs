use std::collections::BTreeSet;

use super::{MOST_WAITING, Replayed, Stretch, find, reading, rules};
use crate::access::{self, Authentication, Caller, Used};
use crate::audit::{Chain, EntryTest};
use crate::filter::Filter;
use crate::id::{MessageId, OrganizationId, WebhookEndpointId};
use crate::outbox::{Content, Delivery, DeliveryState, DeliveryTest, Message};
use crate::page::Window;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::time::Timestamp;
use crate::webhook::WebhookEndpoint;
use crate::{Refusal, Result};

pub(super) fn test(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (OrganizationId, WebhookEndpointId),
    fresh: MessageId,
) -> Result<Used<Delivery>> {
    let (authentication, endpoint) = enter(tx, caller, now, organization, id)?;
    room(tx, &endpoint)?;
    let delivery = send(tx, now, &endpoint, fresh, None)?;
    Ok(authentication.used(delivery))
}

pub(super) fn replay(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (OrganizationId, WebhookEndpointId),
    delivery: MessageId,
    fresh: MessageId,
) -> Result<Used<Delivery>> {
    let (authentication, endpoint) = enter(tx, caller, now, organization, id)?;
    let before = reading::find_delivery(tx, &endpoint, delivery)?;
    room(tx, &endpoint)?;
    let delivery = send(tx, now, &endpoint, fresh, before.sequence)?;
    Ok(authentication.used(delivery))
}

/// There are as many fresh ids as the window can have events.
pub(super) fn replay_events(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (OrganizationId, WebhookEndpointId),
    (stretch, window): (Stretch, &Window<u64>),
    fresh: &[MessageId],
) -> Result<Used<Replayed<u64>>> {
    let (authentication, endpoint) = enter(tx, caller, now, organization, id)?;
    let mut tests = vec![Filter::Test(EntryTest::NotBefore(stretch.from))];
    tests.extend(stretch.until.map(|it| Filter::Test(EntryTest::Before(it))));
    let chain = Chain::Organization(organization);
    let window = fitting(window, room(tx, &endpoint)?);
    let page = tx.audit().list(chain, &Filter::All(tests), &window)?;
    let wanted = page.items.iter().filter(|it| endpoint.wants(&it.act));
    let places: BTreeSet<u64> = wanted.map(|entry| entry.sequence).collect();
    let messages = send_all(tx, now, &endpoint, fresh, &places)?;
    let next = page.next;
    Ok(authentication.used(Replayed { messages, next }))
}

/// There are as many fresh ids as the window can have deliveries.
pub(super) fn replay_failed(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (OrganizationId, WebhookEndpointId),
    (stretch, window): (Stretch, &Window<MessageId>),
    fresh: &[MessageId],
) -> Result<Used<Replayed<MessageId>>> {
    let (authentication, endpoint) = enter(tx, caller, now, organization, id)?;
    let mut tests = vec![
        Filter::Test(DeliveryTest::State(DeliveryState::Dead)),
        Filter::Test(DeliveryTest::NotBefore(stretch.from)),
    ];
    tests.extend(
        stretch
            .until
            .map(|it| Filter::Test(DeliveryTest::Before(it))),
    );
    let filter = reading::of(&endpoint, Filter::All(tests));
    let window = fitting(window, room(tx, &endpoint)?);
    let page = tx.outbox().list(&filter, &window)?;
    // Tests are not worth it, and an event that was given up twice is sent once.
    let places: BTreeSet<u64> = page.items.iter().filter_map(|it| it.sequence).collect();
    let messages = send_all(tx, now, &endpoint, fresh, &places)?;
    let next = page.next;
    Ok(authentication.used(Replayed { messages, next }))
}

/// Lets a caller in who may send to the endpoint, if it is sent anything at all.
fn enter(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    id: WebhookEndpointId,
) -> Result<(Authentication, WebhookEndpoint)> {
    let action = Action::Use(Permission::UpdateWebhook);
    let (authentication, _) = access::enter_locked(tx, caller, now, organization, action)?;
    let endpoint = find(tx, organization, id)?;
    rules::check_enabled(&endpoint)?;
    Ok((authentication, endpoint))
}

/// How many more messages may wait for the endpoint; refuses when it is none.
fn room(tx: &mut dyn Tx, endpoint: &WebhookEndpoint) -> Result<u32> {
    let waiting = tx.outbox().untried(endpoint.id, MOST_WAITING)?;
    match MOST_WAITING.saturating_sub(waiting) {
        0 => Err(Refusal::DeliveryLimit {
            limit: MOST_WAITING,
        }
        .into()),
        room => Ok(room),
    }
}

/// The window, cut so that what is found in it has room.
fn fitting<K: Clone>(window: &Window<K>, room: u32) -> Window<K> {
    let mut window = window.clone();
    window.limit = window.limit.min(room);
    window
}

/// Writes a message for each of these events, in their order; answers how many.
fn send_all(
    tx: &mut dyn Tx,
    now: Timestamp,
    endpoint: &WebhookEndpoint,
    fresh: &[MessageId],
    places: &BTreeSet<u64>,
) -> Result<u32> {
    let mut messages = 0;
    for (sequence, id) in places.iter().zip(fresh) {
        send(tx, now, endpoint, *id, Some(*sequence))?;
        messages += 1;
    }
    Ok(messages)
}

fn send(
    tx: &mut dyn Tx,
    now: Timestamp,
    endpoint: &WebhookEndpoint,
    id: MessageId,
    sequence: Option<u64>,
) -> Result<Delivery> {
    let message = message(endpoint, id, sequence, now);
    tx.outbox().add(&message)?;
    Ok(Delivery {
        id,
        kind: message.content.key().to_owned(),
        organization_id: Some(endpoint.organization_id),
        recipient: None,
        endpoint_id: Some(endpoint.id),
        sequence,
        state: DeliveryState::Pending,
        attempts: 0,
        due_at: now,
        last_error: None,
        created_at: now,
        finished_at: None,
    })
}

/// The message that tells an endpoint of an event, or is a test.
pub(super) fn message(
    endpoint: &WebhookEndpoint,
    id: MessageId,
    sequence: Option<u64>,
    now: Timestamp,
) -> Message {
    Message {
        id,
        content: Content::Event {
            organization_id: endpoint.organization_id,
            endpoint_id: endpoint.id,
            sequence,
        },
        created_at: now,
    }
}
