//! The audit log of an organization: the driving port and its use cases. Nobody can write into it;
//! what happens writes itself.

use async_trait::async_trait;

use super::Core;
use super::event::{self, EventPage, Start};
use crate::Result;
use crate::access::{self, Caller, Used};
use crate::audit::{Break, Chain, Entry, EntryTest, Links};
use crate::filter::Filter;
use crate::id::OrganizationId;
use crate::page::{Page, Window};
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::secret::Digest;
use crate::time::Timestamp;

/// How many entries are read at once where all of them are.
pub const CHUNK: u32 = 1000;

/// A page of entries, the latest first.
pub type EntryPage = Page<Entry, u64>;

/// What came of following a log from its beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How many entries are as they were written.
    pub entries: u64,
    /// The digest of the last of them. Whoever keeps it elsewhere can tell later that nothing
    /// before it was cut off.
    pub digest: Digest,
    /// Where the log is broken, if it is.
    pub broken: Option<Break>,
}

/// Who did what in an organization.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// The entries that pass the filter, the latest first.
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        filter: Filter<EntryTest>,
        window: Window<u64>,
    ) -> Result<EntryPage>;

    /// Follows the log from its beginning and says whether anything is missing or changed.
    async fn verify(&self, caller: Caller, organization: OrganizationId) -> Result<Verdict>;

    /// The entries behind this place (0: all) in their order, at most `limit`: an export calls it
    /// until nothing comes, and holds one piece at a time.
    async fn export(
        &self,
        caller: Caller,
        organization: OrganizationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Entry>>;

    /// The events of the organization from `start` on, at most `limit`, the oldest first: those
    /// of a type that passes the filter, whose tests are patterns of [`crate::event::matches`].
    async fn events(
        &self,
        caller: Caller,
        organization: OrganizationId,
        filter: Filter<String>,
        start: Start,
        limit: u32,
    ) -> Result<EventPage>;
}

/// The real [`AuditLog`].
#[derive(Clone)]
pub struct AuditService {
    core: Core,
}

impl AuditService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }

    /// The logs that there are behind `after`, in the store's order, for the operator; none when
    /// that was the last one. Never reachable over HTTP.
    pub async fn chains(&self, after: Option<Chain>) -> Result<Vec<Chain>> {
        let work = move |tx: &mut dyn Tx| tx.audit().chains(after, CHUNK);
        self.core.store.read_one(work).await
    }

    /// Follows any log, for the operator at the command line. Never reachable over HTTP. Tells
    /// `progress` how many entries it has seen, now and then.
    pub async fn inspect(&self, chain: Chain, progress: impl Fn(u64)) -> Result<Verdict> {
        let mut walk = Walk::default();
        loop {
            let after = walk.links.count();
            let work = move |tx: &mut dyn Tx| tx.audit().follow(chain, after, CHUNK);
            let chunk = self.core.store.read_one(work).await?;
            if let Some(verdict) = walk.take(&chunk) {
                return Ok(verdict);
            }
            progress(walk.links.count());
        }
    }
}

#[async_trait]
impl AuditLog for AuditService {
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        filter: Filter<EntryTest>,
        window: Window<u64>,
    ) -> Result<EntryPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            list(tx, caller, now, organization, &filter, &window)
        };
        self.core.read(caller, work).await
    }

    async fn verify(&self, caller: Caller, organization: OrganizationId) -> Result<Verdict> {
        let mut walk = Walk::default();
        loop {
            // A transaction a chunk: none of them is open for as long as the log is long.
            let after = walk.links.count();
            let chunk = self.export(caller, organization, after, CHUNK).await?;
            if let Some(verdict) = walk.take(&chunk) {
                return Ok(verdict);
            }
        }
    }

    async fn export(
        &self,
        caller: Caller,
        organization: OrganizationId,
        after: u64,
        limit: u32,
    ) -> Result<Vec<Entry>> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            follow(tx, caller, now, organization, after, limit)
        };
        self.core.read(caller, work).await
    }

    async fn events(
        &self,
        caller: Caller,
        organization: OrganizationId,
        filter: Filter<String>,
        start: Start,
        limit: u32,
    ) -> Result<EventPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            event::events(tx, caller, now, organization, &filter, start, limit)
        };
        self.core.read(caller, work).await
    }
}

fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    filter: &Filter<EntryTest>,
    window: &Window<u64>,
) -> Result<Used<EntryPage>> {
    let action = Action::Use(Permission::ReadAuditEntry);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let chain = Chain::Organization(organization);
    let page = tx.audit().list(chain, filter, window)?;
    Ok(authentication.used(page))
}

fn follow(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    after: u64,
    limit: u32,
) -> Result<Used<Vec<Entry>>> {
    let action = Action::Use(Permission::ReadAuditEntry);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let chain = Chain::Organization(organization);
    let entries = tx.audit().follow(chain, after, limit)?;
    Ok(authentication.used(entries))
}

/// A walk along a log.
#[derive(Default)]
struct Walk {
    links: Links,
}

impl Walk {
    /// Takes the next entries. Answers the verdict when there are none left, or at a break.
    fn take(&mut self, chunk: &[Entry]) -> Option<Verdict> {
        let broken = chunk
            .iter()
            .find_map(|entry| self.links.follow(entry).err());
        let over = chunk.is_empty() || broken.is_some();
        over.then(|| Verdict {
            entries: self.links.count(),
            digest: self.links.digest(),
            broken,
        })
    }
}
