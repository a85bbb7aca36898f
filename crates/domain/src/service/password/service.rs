use async_trait::async_trait;

use super::own::{self, Seen};
use super::resetting::{self, Fresh};
use super::{MyPassword, OpenedReset, Passwords, ResetSecret, SetPassword};
use crate::access::{Caller, Origin};
use crate::limit::{Allowance, Attempt};
use crate::password::{Password, Verdict};
use crate::port::Tx;
use crate::service::Core;
use crate::service::domain::Newcomer;
use crate::time::Timestamp;
use crate::user::User;
use crate::value::Email;
use crate::{Refusal, Result};

/// The real [`Passwords`].
#[derive(Clone)]
pub struct PasswordService {
    core: Core,
}

impl PasswordService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }

    /// Refuses a caller who does not know the password that they have. Whoever found a browser
    /// unlocked has no more tries than anybody else.
    async fn check(
        &self,
        caller: &Caller,
        now: Timestamp,
        seen: &Seen,
        current: Option<Password>,
    ) -> Result<()> {
        let Some(kept) = &seen.kept else {
            return Ok(());
        };
        let current = current.ok_or(Refusal::WrongPassword)?;
        let (limits, email) = (self.core.limits(), &seen.user.email);
        let attempt = Attempt::begin(limits, email, caller.origin.address, now)?;
        let tools = self.core.passwords()?;
        match tools.verify(current, Some(kept.hash.clone())).await {
            Ok(Verdict::Right | Verdict::Outdated) => {
                attempt.forgive();
                Ok(())
            }
            Ok(Verdict::Wrong) => Err(Refusal::WrongPassword.into()),
            Err(error) => {
                attempt.forgive();
                Err(error)
            }
        }
    }
}

#[async_trait]
impl Passwords for PasswordService {
    async fn mine(&self, caller: Caller) -> Result<MyPassword> {
        let work = |tx: &mut dyn Tx, caller: &Caller, now| own::mine(tx, caller, now);
        self.core.read(caller, work).await
    }

    async fn set(&self, caller: Caller, command: SetPassword) -> Result<()> {
        let (tools, now) = (self.core.passwords()?, self.core.now());
        let work = |tx: &mut dyn Tx, caller: &Caller, now| own::look(tx, caller, now);
        let seen = self.core.read(caller, work).await?;
        self.check(&caller, now, &seen, command.current).await?;
        let hash = tools.seal(command.new, seen.words).await?;
        let kept = seen.kept;
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            own::set(tx, caller, now, kept.as_ref(), &hash)
        };
        self.core.write(caller, now, work).await
    }

    async fn remove(&self, caller: Caller, current: Password) -> Result<()> {
        self.core.passwords()?;
        let now = self.core.now();
        let work = |tx: &mut dyn Tx, caller: &Caller, now| own::look(tx, caller, now);
        let seen = self.core.read(caller, work).await?;
        self.check(&caller, now, &seen, Some(current)).await?;
        let kept = seen.kept;
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            own::remove(tx, caller, now, kept.as_ref())
        };
        self.core.write(caller, now, work).await
    }

    async fn request_reset(&self, origin: Origin, email: Email) -> Result<()> {
        self.core.passwords()?;
        let now = self.core.now();
        Attempt::ask(self.core.limits(), origin.address, now)?;
        let fresh = Fresh::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, allowance: &Allowance| {
            resetting::request(tx, origin, now, &fresh, &email, allowance)
        };
        self.core.write_for_anybody(now, work).await
    }

    async fn open_reset(&self, secret: ResetSecret) -> Result<OpenedReset> {
        self.core.passwords()?;
        let now = self.core.now();
        let work = move |tx: &mut dyn Tx| resetting::open(tx, now, secret);
        self.core.store.read(work).await
    }

    async fn reset(&self, origin: Origin, secret: ResetSecret, new: Password) -> Result<User> {
        let (tools, now) = (self.core.passwords()?, self.core.now());
        let work = move |tx: &mut dyn Tx| resetting::words(tx, now, secret);
        let words = self.core.store.read(work).await?;
        let hash = tools.seal(new, words).await?;
        let newcomer = Newcomer::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, allowance: &Allowance| {
            let with = (&newcomer, allowance);
            resetting::reset(tx, origin, now, secret, &hash, with)
        };
        let user = self.core.write_for_anybody(now, work).await?;
        Attempt::welcome(self.core.limits(), &user.email, origin.address);
        Ok(user)
    }
}
