use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::audit::{Chain, Entry, EntryTest, Head};
use rollbook_domain::filter::Filter;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::page::{From, Page, Window};
use rollbook_domain::port::AuditRepo;
use uuid::Uuid;

use super::condition::condition;
use super::end_of_log::EntryIsHeard;
use super::webhook::listening;
use super::written::Condition;
use crate::row::{EntryRow, NewEntry, chain_columns, chain_of, head, place};
use crate::schema::{audit_entries as entries, webhook_endpoints as endpoints};
use crate::sql::{Key, Moment};
use crate::statement::update;
use crate::tx::{SqlTx, Trail, change_both, change_one, each, failed};

/// The entries of a log.
macro_rules! entries_of {
    ($chain:expr) => {{
        let (kind, id) = chain_columns($chain);
        entries::table
            .filter(entries::chain_id.eq(id))
            .filter(entries::chain_kind.eq(kind))
    }};
}

impl AuditRepo for SqlTx<'_> {
    fn head(&mut self, chain: Chain) -> Result<Option<Head>> {
        if let Some(trail) = self.trail_of(chain) {
            return Ok(trail.head);
        }
        let found: Option<(i64, Vec<u8>, bool)> = each!(self, |connection| entries_of!(chain)
            .order(entries::sequence.desc())
            .select((entries::sequence, entries::digest, EntryIsHeard))
            .first(*connection)
            .optional())
        .map_err(failed)?;
        let Some((sequence, digest, is_heard)) = found else {
            return Ok(None);
        };
        let head = Some(head(sequence, digest)?);
        // Others may still write into a log that is not locked.
        if matches!(chain, Chain::Organization(id) if self.held == Some(id)) {
            self.trail = Some(Trail {
                chain,
                head,
                is_heard,
            });
        }
        Ok(head)
    }

    fn add(&mut self, entry: &Entry) -> Result<()> {
        let chain = entry.chain;
        let may_be_heard = self.trail_of(chain).is_none_or(|trail| trail.is_heard);
        let entries = diesel::insert_into(entries::table);
        let added = match chain {
            // Those who listen know at once that the log goes on; nobody has to look for it.
            Chain::Organization(id) if may_be_heard => change_both!(
                self,
                update(listening!(id)).set(endpoints::head.eq(place(entry.sequence))),
                entries.values(NewEntry::of(entry))
            )
            .map(drop),
            Chain::Organization(_) | Chain::User(_) => {
                change_one!(self, entries.values(NewEntry::of(entry))).map(drop)
            }
        };
        added.map_err(failed)?;
        self.trail = Some(Trail {
            chain,
            head: Some(Head {
                sequence: entry.sequence,
                digest: entry.digest,
            }),
            is_heard: may_be_heard,
        });
        Ok(())
    }

    fn list(
        &mut self,
        chain: Chain,
        filter: &Filter<EntryTest>,
        window: &Window<u64>,
    ) -> Result<Page<Entry, u64>> {
        let (before, skip) = match window.from {
            From::First => (i64::MAX, 0),
            From::After(sequence) => (place(sequence), 0),
            From::Skip(rows) => (i64::MAX, i64::from(rows)),
        };
        let rows: Vec<EntryRow> = each!(self, |connection| entries_of!(chain)
            .filter(entries::sequence.lt(before))
            .filter(condition(filter, test))
            .order(entries::sequence.desc())
            .limit(window.fetch())
            .offset(skip)
            .select(EntryRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        let total = if window.count {
            let count: i64 = each!(self, |connection| entries_of!(chain)
                .filter(condition(filter, test))
                .count()
                .get_result(*connection))
            .map_err(failed)?;
            Some(count.unsigned_abs())
        } else {
            None
        };
        let rows = rows.into_iter().map(EntryRow::into_entry);
        let items = rows.collect::<Result<_>>()?;
        Ok(Page::cut(items, window, total, |entry: &Entry| {
            entry.sequence
        }))
    }

    fn follow(&mut self, chain: Chain, after: u64, limit: u32) -> Result<Vec<Entry>> {
        let rows: Vec<EntryRow> = each!(self, |connection| entries_of!(chain)
            .filter(entries::sequence.gt(place(after)))
            .order(entries::sequence)
            .limit(limit.into())
            .select(EntryRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        rows.into_iter().map(EntryRow::into_entry).collect()
    }

    fn chains(&mut self, after: Option<Chain>, limit: u32) -> Result<Vec<Chain>> {
        // No id is below the nil one, and no kind below the empty one.
        let (kind, id) = after.map_or(("", Key(Uuid::nil())), chain_columns);
        let rows: Vec<(String, Key)> = each!(self, |connection| entries::table
            .filter(entries::chain_id.ge(id))
            .filter(entries::chain_id.gt(id).or(entries::chain_kind.gt(kind)))
            .select((entries::chain_kind, entries::chain_id))
            .distinct()
            .order((entries::chain_id, entries::chain_kind))
            .limit(limit.into())
            .load(*connection))
        .map_err(failed)?;
        let chains = rows.iter().map(|(kind, id)| chain_of(kind, id.0));
        chains.collect()
    }
}

impl SqlTx<'_> {
    /// What is known of a log, if anything is.
    fn trail_of(&self, chain: Chain) -> Option<Trail> {
        self.trail.filter(|trail| trail.chain == chain)
    }

    /// Keeps the end of the log of an organization that is locked; nothing where there is none.
    pub(super) fn begin_trail(
        &mut self,
        organization: OrganizationId,
        end: Option<(i64, Vec<u8>)>,
        is_heard: bool,
    ) -> Result<()> {
        if let Some((sequence, digest)) = end {
            self.trail = Some(Trail {
                chain: Chain::Organization(organization),
                head: Some(head(sequence, digest)?),
                is_heard,
            });
        }
        Ok(())
    }
}

/// One test as SQL. Each is true or false, never NULL, which `NOT` would leave as it is.
fn test(written: &mut Condition, test: &EntryTest) {
    match test {
        EntryTest::Act(key) => written.is("audit_entries.act = ", key),
        EntryTest::TargetKind(key) => written.is("audit_entries.target_kind = ", key),
        EntryTest::Actor(id) => {
            written.sql("(audit_entries.actor_id IS NOT NULL AND audit_entries.actor_id = ");
            written.id(Key(id.uuid()));
            written.sql(")");
        }
        EntryTest::Target(id) => {
            written.sql("audit_entries.target_id = ");
            written.id(Key(*id));
        }
        EntryTest::NotBefore(at) => {
            written.sql("audit_entries.at >= ");
            written.moment(Moment(*at));
        }
        EntryTest::Before(at) => {
            written.sql("audit_entries.at < ");
            written.moment(Moment(*at));
        }
    }
}
