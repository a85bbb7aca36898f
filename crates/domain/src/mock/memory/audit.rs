use std::cmp::Reverse;

use super::MemoryTx;
use super::state::{State, cut_by, duplicate};
use crate::Result;
use crate::audit::{Chain, Entry, EntryTest, Head};
use crate::filter::Filter;
use crate::page::{Page, Window};
use crate::port::AuditRepo;

impl AuditRepo for MemoryTx {
    fn head(&mut self, chain: Chain) -> Result<Option<Head>> {
        let last = of(self.reading()?, chain).next_back();
        Ok(last.map(|entry| Head {
            sequence: entry.sequence,
            digest: entry.digest,
        }))
    }

    fn add(&mut self, entry: &Entry) -> Result<()> {
        let entries = &mut self.writing()?.entries;
        match entries.insert((entry.chain, entry.sequence), entry.clone()) {
            Some(_) => Err(duplicate("the entry")),
            None => Ok(()),
        }
    }

    fn list(
        &mut self,
        chain: Chain,
        filter: &Filter<EntryTest>,
        window: &Window<u64>,
    ) -> Result<Page<Entry, u64>> {
        let entries = of(self.reading()?, chain).rev();
        let rows = entries.filter(|entry| filter.holds(&|test| passes(test, entry)));
        let rows = rows.cloned().collect();
        Ok(cut_by(
            rows,
            window,
            |entry| entry.sequence,
            |one, other| Reverse(one).cmp(&Reverse(other)),
        ))
    }

    fn follow(&mut self, chain: Chain, after: u64, limit: u32) -> Result<Vec<Entry>> {
        let entries = of(self.reading()?, chain).filter(|entry| entry.sequence > after);
        Ok(entries.take(limit as usize).cloned().collect())
    }

    fn chains(&mut self, after: Option<Chain>, limit: u32) -> Result<Vec<Chain>> {
        let mut chains: Vec<_> = self.reading()?.entries.keys().map(|key| key.0).collect();
        chains.dedup();
        let behind = chains.into_iter().filter(|chain| Some(*chain) > after);
        Ok(behind.take(limit as usize).collect())
    }
}

/// The entries of a log, in their order.
fn of(state: &State, chain: Chain) -> impl DoubleEndedIterator<Item = &Entry> {
    let range = (chain, 0)..=(chain, u64::MAX);
    state.entries.range(range).map(|(_, entry)| entry)
}

fn passes(test: &EntryTest, entry: &Entry) -> bool {
    match test {
        EntryTest::Act(key) => entry.act == *key,
        EntryTest::Actor(user) => entry.actor_id == Some(*user),
        EntryTest::TargetKind(key) => entry.target_kind == *key,
        EntryTest::Target(id) => entry.target_id == *id,
        EntryTest::NotBefore(moment) => entry.at >= *moment,
        EntryTest::Before(moment) => entry.at < *moment,
    }
}
