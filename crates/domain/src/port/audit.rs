use crate::Result;
use crate::audit::{Chain, Entry, EntryTest, Head};
use crate::filter::Filter;
use crate::page::{Page, Window};

/// Keeps the audit log. There is no way to change or remove an entry.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait AuditRepo {
    /// The last entry of a log; `None`: there is none yet.
    fn head(&mut self, chain: Chain) -> Result<Option<Head>>;

    /// Adds an entry behind the last one.
    fn add(&mut self, entry: &Entry) -> Result<()>;

    /// The entries of a log that pass the filter, the latest first, by sequence.
    fn list(
        &mut self,
        chain: Chain,
        filter: &Filter<EntryTest>,
        window: &Window<u64>,
    ) -> Result<Page<Entry, u64>>;

    /// The entries of a log behind this place, in their order, at most `limit`.
    fn follow(&mut self, chain: Chain, after: u64, limit: u32) -> Result<Vec<Entry>>;

    /// The logs with an entry, those of deleted organizations and users too, in an order of the
    /// store's own: at most `limit` behind `after`.
    fn chains(&mut self, after: Option<Chain>, limit: u32) -> Result<Vec<Chain>>;
}
