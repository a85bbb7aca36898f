use std::sync::Arc;

use super::usage::Usage;
use crate::Result;
use crate::access::{Caller, Used};
use crate::idempotency::{self, FORGET_BATCH};
use crate::port::{Clock, IdSource, Random, Store, Tx};
use crate::time::Timestamp;

/// What every service needs: the store and the sources of time, ids and randomness. Cheap to
/// clone.
#[derive(Clone)]
pub struct Core {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
    pub(super) random: Arc<dyn Random>,
    usage: Arc<Usage>,
}

impl Core {
    /// Wires the ports.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn IdSource>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            store,
            clock,
            ids,
            random,
            usage: Arc::default(),
        }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Writes the noted uses of tokens to the store, in one transaction; call it every few seconds
    /// and once before the end. What cannot be written is kept for the next call. Answers how many
    /// were written.
    pub async fn flush_usage(&self) -> Result<usize> {
        self.usage.flush(&*self.store).await
    }

    /// Forgets the requests that were to have their effect only once and no longer count, a few in
    /// each transaction; call it now and then. Answers how many there were.
    pub async fn forget_requests(&self) -> Result<u32> {
        let now = self.now();
        let mut forgotten = 0;
        loop {
            let work = move |tx: &mut dyn Tx| idempotency::forget(tx, now);
            let batch = self.store.write(work).await?;
            forgotten += batch;
            if batch < FORGET_BATCH {
                return Ok(forgotten);
            }
        }
    }

    /// Forgets browser sessions whose end has come, a few in each transaction; call it now and then.
    /// Answers how many there were.
    pub async fn forget_sessions(&self) -> Result<u32> {
        let now = self.now();
        let mut forgotten = 0;
        loop {
            let work = move |tx: &mut dyn Tx| tx.tokens().forget_sessions(now, FORGET_BATCH);
            let batch = self.store.write(work).await?;
            forgotten += batch;
            if batch < FORGET_BATCH {
                return Ok(forgotten);
            }
        }
    }

    /// Runs a use case that makes one reading call, for a caller at this moment.
    pub(super) async fn read_one<T, F>(&self, caller: Caller, work: F) -> Result<T>
    where
        F: FnMut(&mut dyn Tx, &Caller, Timestamp) -> Result<Used<T>> + Send + 'static,
        T: Send + 'static,
    {
        let now = self.now();
        let used = self.store.read_one(at(caller, now, work)).await?;
        Ok(self.note(used, now))
    }

    /// Runs a use case that reads, for a caller at this moment.
    pub(super) async fn read<T, F>(&self, caller: Caller, work: F) -> Result<T>
    where
        F: FnMut(&mut dyn Tx, &Caller, Timestamp) -> Result<Used<T>> + Send + 'static,
        T: Send + 'static,
    {
        let now = self.now();
        let used = self.store.read(at(caller, now, work)).await?;
        Ok(self.note(used, now))
    }

    /// Runs a use case that reads for anybody, and knows some of them, at this moment.
    pub(super) async fn read_for_anybody<T, F>(&self, caller: Caller, work: F) -> Result<T>
    where
        F: FnMut(&mut dyn Tx, &Caller, Timestamp) -> Result<(T, Option<Used<()>>)> + Send + 'static,
        T: Send + 'static,
    {
        let now = self.now();
        let (value, used) = self.store.read(at(caller, now, work)).await?;
        if let Some(used) = used {
            self.note(used, now);
        }
        Ok(value)
    }

    /// Runs a use case that writes, for a caller at this moment.
    pub(super) async fn write<T, F>(&self, caller: Caller, now: Timestamp, work: F) -> Result<T>
    where
        F: FnMut(&mut dyn Tx, &Caller, Timestamp) -> Result<Used<T>> + Send + 'static,
        T: Send + 'static,
    {
        let used = self.store.write(at(caller, now, work)).await?;
        Ok(self.note(used, now))
    }

    fn note<T>(&self, used: Used<T>, now: Timestamp) -> T {
        self.usage.note(used.token, used.last_used_at, now);
        used.value
    }
}

/// Binds the caller and the moment to a use case.
fn at<T>(
    caller: Caller,
    now: Timestamp,
    mut work: impl FnMut(&mut dyn Tx, &Caller, Timestamp) -> Result<T> + Send + 'static,
) -> impl FnMut(&mut dyn Tx) -> Result<T> + Send + 'static {
    move |tx| work(tx, &caller, now)
}
