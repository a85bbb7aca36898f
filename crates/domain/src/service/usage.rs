//! When tokens were last used, at minute resolution, without a write for every request: uses are
//! noted in memory and written in batches. A crash loses at most the uses since the last batch.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Result;
use crate::id::TokenId;
use crate::port::{Store, Tx};
use crate::time::Timestamp;

/// How many tokens are marked in one transaction.
const TOGETHER: usize = 100;

/// The uses that are not yet in the store.
#[derive(Debug, Default)]
pub struct Usage {
    noted: Mutex<HashMap<TokenId, Timestamp>>,
}

impl Usage {
    /// Notes a use at `now`, unless the store has this minute already.
    pub fn note(&self, token: TokenId, known: Option<Timestamp>, now: Timestamp) {
        if known.is_none_or(|known| known.minute() < now.minute()) {
            let mut noted = self.lock();
            let latest = noted.entry(token).or_insert(now);
            *latest = now.max(*latest);
        }
    }

    /// Writes what is noted, a few in each transaction: whoever comes with one of these tokens waits
    /// for the end of its transaction. What is not written, because of a failure or since nobody
    /// waited for it, stays noted for the next time. Answers how many tokens were marked.
    pub async fn flush(&self, store: &dyn Store) -> Result<usize> {
        let mut batch: Vec<_> = self.lock().iter().map(|(id, at)| (*id, *at)).collect();
        batch.sort_unstable_by_key(|(id, at)| (at.minute(), *id));
        let minutes = batch.chunk_by(|one, other| one.1.minute() == other.1.minute());
        for some in minutes.flat_map(|minute| minute.chunks(TOGETHER)) {
            let Some(last) = some.iter().map(|(_, at)| *at).max() else {
                continue;
            };
            let ids: Vec<_> = some.iter().map(|(id, _)| *id).collect();
            // More than the minute is not promised, so one moment does for all; the last one, since
            // none was used before it was made.
            let work = move |tx: &mut dyn Tx| tx.tokens().mark_used(&ids, last);
            store.write(work).await?;
            self.forget(some);
        }
        Ok(batch.len())
    }

    /// Forgets uses that are written, unless there was another in a later minute.
    fn forget(&self, written: &[(TokenId, Timestamp)]) {
        let mut noted = self.lock();
        for (id, at) in written {
            if noted
                .get(id)
                .is_some_and(|latest| latest.minute() == at.minute())
            {
                noted.remove(id);
            }
        }
    }

    /// A panic elsewhere cannot leave the map half changed.
    fn lock(&self) -> MutexGuard<'_, HashMap<TokenId, Timestamp>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
