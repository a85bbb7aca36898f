//! The events of an organization, for those who come and ask. There is nothing to subscribe to and
//! nothing is kept of the readers: the log is read on from the place that a reader remembers.

use crate::access::{self, Caller, Used};
use crate::audit::{Chain, Entry};
use crate::event;
use crate::filter::Filter;
use crate::id::OrganizationId;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::time::Timestamp;
use crate::{Error, Result};

/// How many entries one call looks at, at the most, when it does not want all of them.
pub const MOST_READ: u32 = 1000;

/// Where a reader begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the first event.
    First,
    /// Behind the place that a page ended at.
    After(u64),
    /// With the first event at this moment or later.
    At(Timestamp),
}

/// A page of events, the oldest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPage {
    /// The entries of the log that they are.
    pub entries: Vec<Entry>,
    /// Where the next page begins ([`Start::After`]), now or when more has happened. It is behind
    /// all that was looked at, wanted or not.
    pub position: u64,
}

/// At most `limit` events of a type that passes the filter, whose tests are patterns of
/// [`event::matches`].
///
/// Nothing is missed and nothing comes twice: whoever writes into a log holds the lock of its
/// organization until the end of the transaction, so no entry appears before another that a reader
/// has seen.
pub(super) fn events(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    filter: &Filter<String>,
    start: Start,
    limit: u32,
) -> Result<Used<EventPage>> {
    let action = Action::Use(Permission::ReadAuditEntry);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let chain = Chain::Organization(organization);
    let position = match start {
        Start::First => 0,
        Start::After(position) => position,
        Start::At(moment) => place_before(tx, chain, moment)?,
    };
    let look = if filter.is_everything() {
        limit
    } else {
        MOST_READ.max(limit)
    };
    // With the entry at the place itself: it shows that this is the log that the place is in.
    let entries = tx
        .audit()
        .follow(chain, position.saturating_sub(1), look.saturating_add(1))?;
    let mut behind = entries.into_iter().peekable();
    if position > 0 && behind.next_if(|entry| entry.sequence == position).is_none() {
        let reason = "the log has no such place, so an older copy of it must have been restored; \
                      start without a token";
        return Err(Error::invalid("page_token", reason));
    }
    let mut page = EventPage {
        entries: Vec::new(),
        position,
    };
    for entry in behind.take(look as usize) {
        if page.entries.len() == limit as usize {
            break;
        }
        page.position = entry.sequence;
        if filter.holds(&|pattern| event::matches(pattern, &entry.act)) {
            page.entries.push(entry);
        }
    }
    Ok(authentication.used(page))
}

/// The place of the last entry before this moment, 0 if there is none. It halves the log until it
/// is found, since the moments of a log increase as far as the clocks of the replicas agree.
fn place_before(tx: &mut dyn Tx, chain: Chain, moment: Timestamp) -> Result<u64> {
    let (mut before, mut end) = (0, tx.audit().head(chain)?.map_or(0, |head| head.sequence));
    while before < end {
        let middle = end - (end - before) / 2;
        let entry = tx.audit().follow(chain, middle - 1, 1)?.pop();
        if entry.is_some_and(|entry| entry.at < moment) {
            before = middle;
        } else {
            end = middle - 1;
        }
    }
    Ok(before)
}
