//! When tokens were last used, at minute resolution, without a write for every request: uses are
//! noted in memory and written in batches. A crash loses at most the uses since the last batch.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::Result;
use crate::id::TokenId;
use crate::port::Store;
use crate::time::Timestamp;

/// The uses that are not yet in the store.
#[derive(Debug, Default)]
pub struct Usage {
    noted: Mutex<HashMap<TokenId, Timestamp>>,
}

impl Usage {
    /// Notes a use at `now`, unless the store or an earlier note has this minute already.
    pub fn note(&self, token: TokenId, known: Option<Timestamp>, now: Timestamp) {
        if known.is_none_or(|known| known.minute() < now.minute()) {
            self.lock().entry(token).or_insert(now);
        }
    }

    /// Writes what is noted in one transaction. After a failure the notes are kept for the next
    /// time. Answers how many tokens were marked.
    pub async fn flush(&self, store: &dyn Store) -> Result<usize> {
        let noted = std::mem::take(&mut *self.lock());
        if noted.is_empty() {
            return Ok(0);
        }
        // In the order of ids, so that two replicas never wait for each other in a circle.
        let mut batch: Vec<_> = noted.into_iter().collect();
        batch.sort_unstable();
        let written = batch.clone();
        let outcome = store
            .write(move |tx| {
                written
                    .iter()
                    .try_for_each(|(id, at)| tx.tokens().mark_used(*id, *at))
            })
            .await;
        if let Err(error) = outcome {
            let mut noted = self.lock();
            for (id, at) in batch {
                noted.entry(id).or_insert(at);
            }
            return Err(error);
        }
        Ok(batch.len())
    }

    /// A panic elsewhere cannot leave the map half changed.
    fn lock(&self) -> MutexGuard<'_, HashMap<TokenId, Timestamp>> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
