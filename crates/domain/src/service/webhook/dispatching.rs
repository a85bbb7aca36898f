//! From the audit log to the outbox: a message for each event and endpoint that wants it.
//!
//! Nothing is written twice when something happens: an entry is committed with what it tells, and
//! an endpoint's position says how far the log was read for it. Entries of one log are committed in
//! their order, since whoever writes one has locked the log's organization; so none appears behind
//! a position that was passed.

use super::sending;
use crate::Result;
use crate::audit::{Chain, Entry};
use crate::event::Event;
use crate::id::MessageId;
use crate::port::Tx;
use crate::time::Timestamp;
use crate::webhook::WebhookEndpoint;

/// How many endpoints one transaction serves.
const ENDPOINTS: u32 = 20;
/// How many entries of a log it reads for each.
const ENTRIES: u32 = 50;
/// How many messages it can make: whoever changes something in one of these organizations waits
/// for it meanwhile.
pub(super) const MOST_MESSAGES: u32 = 100 + ENTRIES;
/// How many messages may wait for an endpoint without having been tried. The rest stays in the log
/// until there are fewer, so that what is looked over for an endpoint that is slow stays short. What
/// waits to be tried again does not count: one event that fails holds up no other.
pub(super) const MOST_UNTRIED: u32 = 50;

/// What a dispatch did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dispatched {
    /// How many endpoints it took further; none: all had heard of everything.
    pub endpoints: u32,
    /// How many messages it made.
    pub messages: u32,
}

/// There are [`MOST_MESSAGES`] fresh ids, increasing.
pub(super) fn dispatch(tx: &mut dyn Tx, now: Timestamp, fresh: &[MessageId]) -> Result<Dispatched> {
    let mut done = Dispatched::default();
    let mut fresh = fresh.iter().copied();
    for endpoint in tx.webhooks().behind(MOST_UNTRIED, ENDPOINTS)? {
        if done.messages + ENTRIES > MOST_MESSAGES {
            break;
        }
        let chain = Chain::Organization(endpoint.organization_id);
        let entries = tx.audit().follow(chain, endpoint.position, ENTRIES)?;
        let Some(last) = entries.last() else {
            continue;
        };
        done.messages += tell(tx, now, &endpoint, &entries, &mut fresh)?;
        tx.webhooks().advance(&endpoint, last.sequence)?;
        done.endpoints += 1;
    }
    Ok(done)
}

fn tell(
    tx: &mut dyn Tx,
    now: Timestamp,
    endpoint: &WebhookEndpoint,
    entries: &[Entry],
    fresh: &mut impl Iterator<Item = MessageId>,
) -> Result<u32> {
    let mut messages = 0;
    let events = entries.iter().filter_map(Event::of);
    let wanted = events.filter(|event| endpoint.wants(event.kind()));
    for (event, id) in wanted.zip(fresh) {
        let sequence = Some(event.entry().sequence);
        let message = sending::message(endpoint, id, sequence, now);
        tx.outbox().add(&message)?;
        messages += 1;
    }
    Ok(messages)
}
