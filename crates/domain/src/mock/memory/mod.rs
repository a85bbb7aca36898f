//! A store in memory that keeps every promise of the ports but durability.

mod access;
mod audit;
mod domain;
mod installation;
mod invitation;
mod membership;
mod oauth;
mod organization;
mod outbox;
mod password;
mod plan;
mod preferences;
mod request;
mod role;
mod state;
mod token;
mod user;
mod verification;
mod webhook;
mod workspace;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use self::state::State;
use crate::outbox::Message;
use crate::port::{
    Access, AccessRepo, AuditRepo, DomainRepo, InstallationRepo, InvitationRepo, MembershipRepo,
    OAuthClientRepo, OAuthDeviceRepo, OAuthGrantRepo, OrganizationRepo, OutboxRepo, Output,
    PasswordRepo, PasswordResetRepo, PlanRepo, PreferencesRepo, Probe, RequestRepo, RoleRepo,
    Store, TokenRepo, Tx, UserRepo, VerificationRepo, WebhookRepo, Work, WorkspaceRepo,
};
use crate::{Error, Result};

/// A store in memory: one transaction at a time, undone when the work fails or panics. It is
/// stricter than a database where a mistake would show only on some: a second repository call in
/// [`Access::ReadOne`], and a write or a lock in a reading transaction, are storage errors.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The messages of the outbox, by id, whatever became of them, each as it was written. A test
    /// that runs over any store takes a message's secret from [`super::SequentialRandom::last`]
    /// instead.
    #[must_use]
    pub fn messages(&self) -> Vec<Message> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.outbox.values().map(|it| it.message.clone()).collect()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn run(&self, access: Access, mut work: Work) -> Result<Output> {
        let mut kept = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tx = MemoryTx {
            state: kept.clone(),
            access,
            calls: 0,
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&mut tx)))
            .unwrap_or_else(|_| Err(Error::storage("the use case panicked")));
        if outcome.is_ok() {
            *kept = tx.state;
        }
        outcome
    }
}

#[async_trait]
impl Probe for MemoryStore {
    async fn ready(&self) -> Result<()> {
        Ok(())
    }
}

/// One transaction: a copy of the state, which becomes the state when the work succeeds.
struct MemoryTx {
    state: State,
    access: Access,
    calls: u32,
}

impl MemoryTx {
    /// Every repository call that reads starts here.
    fn reading(&mut self) -> Result<&State> {
        self.count()?;
        Ok(&self.state)
    }

    /// Every repository call that writes or locks starts here.
    fn writing(&mut self) -> Result<&mut State> {
        self.count()?;
        if self.access == Access::Write {
            Ok(&mut self.state)
        } else {
            Err(Error::storage("a write in a reading transaction"))
        }
    }

    fn count(&mut self) -> Result<()> {
        self.calls += 1;
        if self.access == Access::ReadOne && self.calls > 1 {
            return Err(Error::storage(
                "a second repository call in a transaction that promised one",
            ));
        }
        Ok(())
    }
}

impl Tx for MemoryTx {
    fn access(&mut self) -> &mut dyn AccessRepo {
        self
    }

    fn organizations(&mut self) -> &mut dyn OrganizationRepo {
        self
    }

    fn memberships(&mut self) -> &mut dyn MembershipRepo {
        self
    }

    fn users(&mut self) -> &mut dyn UserRepo {
        self
    }
    fn verifications(&mut self) -> &mut dyn VerificationRepo {
        self
    }

    fn passwords(&mut self) -> &mut dyn PasswordRepo {
        self
    }

    fn password_resets(&mut self) -> &mut dyn PasswordResetRepo {
        self
    }

    fn tokens(&mut self) -> &mut dyn TokenRepo {
        self
    }

    fn oauth_clients(&mut self) -> &mut dyn OAuthClientRepo {
        self
    }

    fn oauth_grants(&mut self) -> &mut dyn OAuthGrantRepo {
        self
    }

    fn oauth_devices(&mut self) -> &mut dyn OAuthDeviceRepo {
        self
    }

    fn roles(&mut self) -> &mut dyn RoleRepo {
        self
    }

    fn invitations(&mut self) -> &mut dyn InvitationRepo {
        self
    }

    fn workspaces(&mut self) -> &mut dyn WorkspaceRepo {
        self
    }

    fn preferences(&mut self) -> &mut dyn PreferencesRepo {
        self
    }

    fn plans(&mut self) -> &mut dyn PlanRepo {
        self
    }

    fn domains(&mut self) -> &mut dyn DomainRepo {
        self
    }

    fn audit(&mut self) -> &mut dyn AuditRepo {
        self
    }

    fn requests(&mut self) -> &mut dyn RequestRepo {
        self
    }

    fn outbox(&mut self) -> &mut dyn OutboxRepo {
        self
    }

    fn webhooks(&mut self) -> &mut dyn WebhookRepo {
        self
    }

    fn installation(&mut self) -> &mut dyn InstallationRepo {
        self
    }
}
