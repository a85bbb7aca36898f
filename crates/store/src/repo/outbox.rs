use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{MessageId, WebhookEndpointId};
use rollbook_domain::outbox::{
    Allowance, Attempt, Channel, Delivery, DeliveryState, DeliveryTest, Depth, Message, Outcome,
};
use rollbook_domain::page::{From, Page, Window};
use rollbook_domain::port::{Claimed, OutboxRepo};
use rollbook_domain::time::Timestamp;
use uuid::Uuid;

use super::CHUNK;
use super::condition::condition;
use super::outbox_claim::{claimed, open, pending};
use super::written::Condition;
use crate::row::{AttemptRow, DeliveryRow, MessageRow, NewAttempt, NewMessage};
use crate::schema::{delivery_attempts as attempts, outbox};
use crate::sql::{Key, Moment};
use crate::statement::update;
use crate::tx::{SqlTx, alter, change, change_one, each, failed, unlocked};

impl OutboxRepo for SqlTx<'_> {
    fn add(&mut self, message: &Message) -> Result<()> {
        let row = NewMessage::of(message);
        let added = change_one!(self, diesel::insert_into(outbox::table).values(row));
        added.map(drop).map_err(failed)
    }

    fn claim(
        &mut self,
        now: Timestamp,
        until: Timestamp,
        allowance: &Allowance,
    ) -> Result<Vec<Claimed>> {
        let mut due = Vec::new();
        // What may not be taken is not even looked at, however much of it waits.
        let letters = allowance.letters.min(allowance.messages);
        if letters > 0 {
            due = self.due(now, pending(Channel::Mail), letters)?;
        }
        if allowance.messages > 0 {
            due.extend(self.due(now, open(allowance), allowance.candidates())?);
        }
        due.sort_by_key(|row| (row.due_at.0, row.id.0));
        let (mut readable, mut unreadable) = (Vec::new(), Vec::new());
        for row in due {
            let id = row.id;
            match claimed(row) {
                Ok(claimed) => readable.push(claimed),
                // It would stand in the way of all others.
                Err(_) => unreadable.push(id),
            }
        }
        self.cancel(&unreadable, now)?;
        let picked = allowance.pick(readable, |it| it.message.content.endpoint_id());
        self.begin(&picked, until)?;
        Ok(picked)
    }

    fn settle(
        &mut self,
        id: MessageId,
        number: u32,
        now: Timestamp,
        outcome: &Outcome,
    ) -> Result<bool> {
        let Ok(number) = i32::try_from(number) else {
            return Ok(false);
        };
        let attempt = outbox::table
            .find(Key(id.uuid()))
            .filter(Condition::fixed("outbox.state = 'pending'"))
            .filter(outbox::begun.eq(number));
        let state = (
            outbox::state.eq(outcome.state().key()),
            outbox::last_error.eq(outcome.reason()),
        );
        let settled = match outcome {
            Outcome::Delivered | Outcome::Canceled(_) => {
                let end = (
                    outbox::finished_at.eq(Moment(now)),
                    outbox::secret.eq(None::<&str>),
                );
                change!(self, update(attempt).set((state, end)))
            }
            Outcome::Dead(_) => {
                let end = outbox::finished_at.eq(Moment(now));
                change!(self, update(attempt).set((state, end)))
            }
            Outcome::Failed(_, due_at) => {
                let due = outbox::due_at.eq(Moment(*due_at));
                change!(self, update(attempt).set((state, due)))
            }
        };
        Ok(settled.map_err(failed)? == 1)
    }

    fn note(&mut self, attempt: &Attempt) -> Result<()> {
        let row = NewAttempt::of(attempt);
        let noted = change!(
            self,
            diesel::insert_into(attempts::table)
                .values(row)
                .on_conflict_do_nothing()
        );
        noted.map(drop).map_err(failed)
    }

    fn find(&mut self, id: MessageId) -> Result<Option<Delivery>> {
        let found: Option<DeliveryRow> = each!(self, |connection| outbox::table
            .find(Key(id.uuid()))
            .select(DeliveryRow::as_select())
            .first(*connection)
            .optional())
        .map_err(failed)?;
        found.map(DeliveryRow::into_delivery).transpose()
    }

    fn attempts(&mut self, id: MessageId) -> Result<Vec<Attempt>> {
        let rows: Vec<AttemptRow> = each!(self, |connection| attempts::table
            .filter(attempts::message_id.eq(Key(id.uuid())))
            .order(attempts::number)
            .select(AttemptRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        rows.into_iter().map(AttemptRow::into_attempt).collect()
    }

    fn list(
        &mut self,
        filter: &Filter<DeliveryTest>,
        window: &Window<MessageId>,
    ) -> Result<Page<Delivery, MessageId>> {
        // No message has the highest UUID.
        let (before, skip) = match window.from {
            From::First => (Key(Uuid::max()), 0),
            From::After(id) => (Key(id.uuid()), 0),
            From::Skip(rows) => (Key(Uuid::max()), i64::from(rows)),
        };
        let rows: Vec<DeliveryRow> = each!(self, |connection| outbox::table
            .filter(outbox::id.lt(before))
            .filter(condition(filter, test))
            .order(outbox::id.desc())
            .limit(window.fetch())
            .offset(skip)
            .select(DeliveryRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        let total = if window.count {
            let count: i64 = each!(self, |connection| outbox::table
                .filter(condition(filter, test))
                .count()
                .get_result(*connection))
            .map_err(failed)?;
            Some(count.unsigned_abs())
        } else {
            None
        };
        let rows = rows.into_iter().map(DeliveryRow::into_delivery);
        let items = rows.collect::<Result<_>>()?;
        Ok(Page::cut(items, window, total, |it: &Delivery| it.id))
    }

    fn replay(&mut self, id: MessageId, now: Timestamp) -> Result<bool> {
        let row: Option<MessageRow> = each!(self, |connection| outbox::table
            .find(Key(id.uuid()))
            .filter(outbox::state.eq_any(["dead", "pending"]))
            .select(MessageRow::as_select())
            .first(*connection)
            .optional())
        .map_err(failed)?;
        if row.is_none_or(|row| claimed(row).is_err()) {
            return Ok(false);
        }
        let replayed = alter!(self, |connection| diesel::update(
            outbox::table
                .find(Key(id.uuid()))
                .filter(outbox::state.eq_any(["dead", "pending"]))
        )
        .set((
            outbox::state.eq("pending"),
            outbox::attempts.eq(0),
            outbox::due_at.eq(Moment(now)),
            outbox::finished_at.eq(None::<Moment>),
        ))
        .execute(*connection));
        Ok(replayed.map_err(failed)? == 1)
    }

    fn untried(&mut self, endpoint: WebhookEndpointId, most: u32) -> Result<u32> {
        let rows: Vec<Key> = each!(self, |connection| outbox::table
            .filter(Condition::fixed(
                "outbox.state = 'pending' AND outbox.attempts = 0"
            ))
            .filter(outbox::endpoint_id.eq(Key(endpoint.uuid())))
            .limit(most.into())
            .select(outbox::id)
            .load(*connection))
        .map_err(failed)?;
        Ok(u32::try_from(rows.len()).unwrap_or(most))
    }

    fn depth(&mut self) -> Result<Depth> {
        let mut depth = Depth::default();
        for channel in Channel::ALL {
            let (count, oldest): (i64, Option<Moment>) = each!(self, |connection| outbox::table
                .filter(pending(channel))
                .select((
                    diesel::dsl::count_star(),
                    diesel::dsl::sql::<diesel::sql_types::Nullable<crate::sql::Instant>>(
                        "min(outbox.created_at)"
                    )
                ))
                .first(*connection))
            .map_err(failed)?;
            depth.pending += count.unsigned_abs();
            depth.oldest = depth.oldest.into_iter().chain(oldest.map(|at| at.0)).min();
        }
        let dead: i64 = each!(self, |connection| outbox::table
            .filter(Condition::fixed("outbox.state = 'dead'"))
            .count()
            .get_result(*connection))
        .map_err(failed)?;
        depth.dead = dead.unsigned_abs();
        Ok(depth)
    }

    fn forget(&mut self, state: DeliveryState, before: Timestamp, limit: u32) -> Result<u32> {
        let old: Vec<Key> = unlocked!(
            self,
            outbox::table
                .filter(outbox::state.eq(state.key()))
                .filter(outbox::finished_at.lt(Moment(before)))
                .order(outbox::finished_at)
                .limit(limit.into())
                .select(outbox::id),
            |mine, connection| mine.load(*connection)
        )
        .map_err(failed)?;
        for ids in old.chunks(CHUNK) {
            alter!(self, |connection| diesel::delete(
                attempts::table.filter(attempts::message_id.eq_any(ids))
            )
            .execute(*connection))
            .map_err(failed)?;
            alter!(self, |connection| diesel::delete(
                outbox::table.filter(outbox::id.eq_any(ids))
            )
            .execute(*connection))
            .map_err(failed)?;
        }
        Ok(u32::try_from(old.len()).unwrap_or(u32::MAX))
    }
}

/// One test as SQL. Each is true or false, never NULL, which `NOT` would leave as it is.
fn test(written: &mut Condition, test: &DeliveryTest) {
    match test {
        DeliveryTest::State(state) => written.sql(match state {
            DeliveryState::Pending => "outbox.state = 'pending'",
            DeliveryState::Delivered => "outbox.state = 'delivered'",
            DeliveryState::Canceled => "outbox.state = 'canceled'",
            DeliveryState::Dead => "outbox.state = 'dead'",
        }),
        DeliveryTest::Kind(kind) => written.is("outbox.kind = ", kind),
        DeliveryTest::Organization(id) => {
            written.sql("(outbox.organization_id IS NOT NULL AND outbox.organization_id = ");
            written.id(Key(id.uuid()));
            written.sql(")");
        }
        DeliveryTest::Endpoint(id) => {
            written.sql("(outbox.endpoint_id IS NOT NULL AND outbox.endpoint_id = ");
            written.id(Key(id.uuid()));
            written.sql(")");
        }
        DeliveryTest::NotBefore(at) => {
            written.sql("outbox.created_at >= ");
            written.moment(Moment(*at));
        }
        DeliveryTest::Before(at) => {
            written.sql("outbox.created_at < ");
            written.moment(Moment(*at));
        }
    }
}
