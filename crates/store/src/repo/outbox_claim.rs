//! Taking messages from the outbox.

use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::outbox::{Allowance, Channel, Content, DeliveryState};
use rollbook_domain::port::Claimed;
use rollbook_domain::time::Timestamp;

use super::CHUNK;
use super::written::Condition;
use crate::row::MessageRow;
use crate::schema::outbox;
use crate::sql::{Key, Moment};
use crate::tx::{SqlTx, alter, failed, unlocked};

/// Why a message is not sent of which nobody knows any more what it says.
const UNREADABLE: &str = "what it says is gone or cannot be read";

impl SqlTx<'_> {
    /// Those of the messages that are due, and that no newer program wrote; the first ones first.
    pub(super) fn due(
        &mut self,
        now: Timestamp,
        which: Condition,
        limit: u32,
    ) -> Result<Vec<MessageRow>> {
        unlocked!(
            self,
            outbox::table
                .filter(which)
                .filter(outbox::due_at.le(Moment(now)))
                .filter(known())
                .order((outbox::due_at, outbox::id))
                .limit(limit.into())
                .select(MessageRow::as_select()),
            |mine, connection| mine.load(*connection)
        )
        .map_err(failed)
    }

    /// Counts an attempt for each.
    pub(super) fn begin(&mut self, messages: &[Claimed], until: Timestamp) -> Result<()> {
        for messages in messages.chunks(CHUNK) {
            let ids: Vec<_> = messages
                .iter()
                .map(|it| Key(it.message.id.uuid()))
                .collect();
            alter!(self, |connection| diesel::update(
                outbox::table.filter(outbox::id.eq_any(ids))
            )
            .set((
                outbox::attempts.eq(outbox::attempts + 1),
                outbox::begun.eq(outbox::begun + 1),
                outbox::due_at.eq(Moment(until)),
            ))
            .execute(*connection))
            .map_err(failed)?;
        }
        Ok(())
    }

    /// Cancels what cannot be read.
    pub(super) fn cancel(&mut self, messages: &[Key], now: Timestamp) -> Result<()> {
        for ids in messages.chunks(CHUNK) {
            alter!(self, |connection| diesel::update(
                outbox::table.filter(outbox::id.eq_any(ids))
            )
            .set((
                outbox::state.eq(DeliveryState::Canceled.key()),
                outbox::last_error.eq(UNREADABLE),
                outbox::finished_at.eq(Moment(now)),
            ))
            .execute(*connection))
            .map_err(failed)?;
        }
        Ok(())
    }
}

/// The message of a row that was read before the attempt was counted.
pub(super) fn claimed(row: MessageRow) -> Result<Claimed> {
    Ok(Claimed {
        attempt: row.attempts.unsigned_abs() + 1,
        number: row.begun.unsigned_abs() + 1,
        message: row.into_message()?,
    })
}

/// What waits to travel this way. Each way has an index of its own. Written out, since a partial
/// index does not serve a bound value.
pub(super) fn pending(channel: Channel) -> Condition {
    Condition::fixed(match channel {
        Channel::Mail => "outbox.state = 'pending' AND outbox.endpoint_id IS NULL",
        Channel::Webhook => "outbox.state = 'pending' AND outbox.endpoint_id IS NOT NULL",
    })
}

/// What waits for endpoints that may be sent something more just now.
pub(super) fn open(allowance: &Allowance) -> Condition {
    let mut written = pending(Channel::Webhook);
    let full: Vec<_> = allowance.full().collect();
    if !full.is_empty() {
        written.do_not_keep();
        written.sql(" AND outbox.endpoint_id NOT IN ");
        written.join(full, ", ", "NULL", |written, id| written.id(Key(id.uuid())));
    }
    written
}

/// That its kind is not one of a newer program's.
fn known() -> Condition {
    let mut written = Condition::fixed("outbox.kind IN ");
    written.join(Content::KINDS, ", ", "NULL", |written, kind| {
        for part in ["'", kind, "'"] {
            written.sql(part);
        }
    });
    written
}
