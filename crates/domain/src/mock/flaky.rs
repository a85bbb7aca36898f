use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::port::{Access, Output, Store, Work};
use crate::{Error, Result};

/// What becomes of a transaction whose work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is committed.
    Commit,
    /// The commit fails: everything is rolled back, and the caller is told [`Error::Busy`].
    Fail,
}

/// A store as bad as stores are allowed to be, around any other: it runs every use case twice,
/// rolling the first attempt back, as a real one does after a serialization failure; and it fails
/// the commits that it is told to fail.
pub struct FlakyStore {
    inner: Arc<dyn Store>,
    schedule: Arc<Mutex<VecDeque<Fate>>>,
}

impl FlakyStore {
    /// Around `inner`, with no failing commits for now.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            schedule: Arc::default(),
        }
    }

    /// Fails the next `count` commits. Only writing transactions whose work succeeds get so far.
    pub fn fail_next_commits(&self, count: usize) {
        self.plan(&vec![Fate::Fail; count]);
    }

    /// Appends to what becomes of the next commits; those without a plan succeed.
    pub fn plan(&self, fates: &[Fate]) {
        lock(&self.schedule).extend(fates);
    }

    /// Runs the work and undoes it. What comes of it does not matter; the second run tells.
    async fn rehearse(&self, access: Access, work: &Arc<Mutex<Work>>) {
        let work = Arc::clone(work);
        let rehearsal: Work = Box::new(move |tx| {
            lock(&work)(tx)?;
            Err(Error::storage("rolled back: this was the first attempt"))
        });
        let _ = self.inner.run(access, rehearsal).await;
    }

    async fn perform(&self, access: Access, work: Arc<Mutex<Work>>) -> Result<Output> {
        let schedule = Arc::clone(&self.schedule);
        // Drawn once, since the inner store may run the work again, too.
        let mut fate = None;
        let performance: Work = Box::new(move |tx| {
            let output = lock(&work)(tx)?;
            if access != Access::Write {
                return Ok(output);
            }
            match *fate.get_or_insert_with(|| lock(&schedule).pop_front()) {
                Some(Fate::Fail) => Err(Error::Busy),
                Some(Fate::Commit) | None => Ok(output),
            }
        });
        self.inner.run(access, performance).await
    }
}

#[async_trait]
impl Store for FlakyStore {
    async fn run(&self, access: Access, work: Work) -> Result<Output> {
        let work = Arc::new(Mutex::new(work));
        self.rehearse(access, &work).await;
        self.perform(access, work).await
    }
}

/// A use case that panicked is simply run again.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
