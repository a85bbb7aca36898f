use std::sync::Arc;

use super::password::PasswordTools;
use super::usage::Usage;
use crate::access::{Caller, Used};
use crate::idempotency::{self, FORGET_BATCH};
use crate::limit::{Allowance, Limits};
use crate::oauth::CONSENT_MEMORY;
use crate::port::{Clock, IdSource, Random, Store, Tx};
use crate::time::{Span, Timestamp};
use crate::{Refusal, Result};

/// What every service needs: the store and the sources of time, ids and randomness. Cheap to
/// clone.
#[derive(Clone)]
pub struct Core {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) ids: Arc<dyn IdSource>,
    pub(super) random: Arc<dyn Random>,
    pub(super) limits: Arc<Limits>,
    passwords: Option<PasswordTools>,
    usage: Arc<Usage>,
}

impl Core {
    /// Wires the ports. Nothing is limited, and nobody has a password.
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
            limits: Arc::default(),
            passwords: None,
            usage: Arc::default(),
        }
    }

    /// The same with these limits on how often something is done. All services of a process have
    /// the same ones.
    #[must_use]
    pub fn with_limits(self, limits: Arc<Limits>) -> Self {
        Self { limits, ..self }
    }

    /// The same with passwords: people can have one, and sign in with it.
    #[must_use]
    pub fn with_passwords(self, tools: PasswordTools) -> Self {
        Self {
            passwords: Some(tools),
            ..self
        }
    }

    /// What makes passwords; [`Refusal::PasswordsOff`] where nobody has one.
    pub(super) fn passwords(&self) -> Result<&PasswordTools> {
        let tools = self.passwords.as_ref();
        tools.ok_or_else(|| Refusal::PasswordsOff.into())
    }

    /// The limits on how often something is done.
    #[must_use]
    pub const fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Writes the noted uses of tokens to the store, a few in each transaction; call it every few
    /// seconds and once before the end. What cannot be written is kept for the next call. Answers how many
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

    /// Forgets what OAuth clients were given and whose end has come, a few in each transaction; call
    /// it now and then. Answers how many there were, at the least.
    pub async fn forget_grants(&self) -> Result<u32> {
        let now = self.now();
        // A day longer than they work: whoever uses a code twice gives themselves away.
        let (noticed, remembered) = (now.minus(Span::days(1)), now.minus(CONSENT_MEMORY));
        let mut forgotten = 0;
        loop {
            let work = move |tx: &mut dyn Tx| {
                let repo = tx.oauth_grants();
                repo.forget(now, noticed, remembered, FORGET_BATCH)
            };
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

    /// Runs a use case that writes for anybody, and notes the use of the credential of those it
    /// knows, at this moment.
    pub(super) async fn write_and_note<T, F>(
        &self,
        caller: Caller,
        now: Timestamp,
        work: F,
    ) -> Result<T>
    where
        F: FnMut(&mut dyn Tx, &Caller, Timestamp) -> Result<(T, Option<Used<()>>)> + Send + 'static,
        T: Send + 'static,
    {
        let (value, used) = self.store.write(at(caller, now, work)).await?;
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

    /// Runs a use case that writes and takes of the limits, for a caller at this moment. When it
    /// fails it has taken nothing, and when it is run again it takes anew.
    pub(super) async fn write_within<T, F>(
        &self,
        caller: Caller,
        now: Timestamp,
        mut work: F,
    ) -> Result<T>
    where
        F: FnMut(&mut dyn Tx, &Caller, Timestamp, &Allowance) -> Result<Used<T>> + Send + 'static,
        T: Send + 'static,
    {
        let work = move |tx: &mut dyn Tx, allowance: &Allowance| work(tx, &caller, now, allowance);
        let used = self.write_for_anybody(now, work).await?;
        Ok(self.note(used, now))
    }

    /// Like [`Core::write_within`], for a use case that asks nobody who they are.
    pub(super) async fn write_for_anybody<T, F>(&self, now: Timestamp, mut work: F) -> Result<T>
    where
        F: FnMut(&mut dyn Tx, &Allowance) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let allowance = Allowance::new(Arc::clone(&self.limits), now);
        let attempts = allowance.clone();
        let work = move |tx: &mut dyn Tx| {
            attempts.give_back();
            work(tx, &attempts)
        };
        let outcome = self.store.write(work).await;
        if outcome.is_err() {
            allowance.give_back();
        }
        outcome
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
