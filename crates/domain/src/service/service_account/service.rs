use async_trait::async_trait;

use super::accounts::{self, AccountIds};
use super::keys::{self, KeyMint};
use super::{
    CreateServiceAccount, IssueKey, ServiceAccount, ServiceAccountPage, ServiceAccounts,
    UpdateServiceAccount,
};
use crate::Result;
use crate::access::Caller;
use crate::id::{OrganizationId, TokenId, UserId};
use crate::organization::Version;
use crate::page::Window;
use crate::port::Tx;
use crate::service::Core;
use crate::service::token::{IssuedToken, TokenPage};
use crate::value::DisplayName;

/// The real [`ServiceAccounts`].
#[derive(Clone)]
pub struct ServiceAccountService {
    core: Core,
}

impl ServiceAccountService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl ServiceAccounts for ServiceAccountService {
    async fn create(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: CreateServiceAccount,
    ) -> Result<ServiceAccount> {
        let now = self.core.now();
        let fresh = AccountIds::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            accounts::create(tx, caller, now, organization, fresh, &command)
        };
        self.core.write(caller, now, work).await
    }

    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: UserId,
    ) -> Result<ServiceAccount> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            accounts::get(tx, caller, now, organization, id)
        };
        self.core.read(caller, work).await
    }

    async fn named(
        &self,
        caller: Caller,
        organization: OrganizationId,
        name: DisplayName,
    ) -> Result<ServiceAccount> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            accounts::named(tx, caller, now, organization, &name)
        };
        self.core.read(caller, work).await
    }

    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        window: Window<UserId>,
    ) -> Result<ServiceAccountPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            accounts::list(tx, caller, now, organization, &window)
        };
        self.core.read(caller, work).await
    }

    async fn update(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: UserId,
        command: UpdateServiceAccount,
    ) -> Result<ServiceAccount> {
        let now = self.core.now();
        let fresh = AccountIds::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            accounts::update(tx, caller, now, (organization, id), fresh, &command)
        };
        self.core.write(caller, now, work).await
    }

    async fn delete(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: UserId,
        seen: Option<Version>,
    ) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            accounts::delete(tx, caller, now, organization, id, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn issue_key(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: UserId,
        command: IssueKey,
    ) -> Result<IssuedToken> {
        let now = self.core.now();
        let mint = KeyMint::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            keys::issue(tx, caller, now, (organization, id), &mint, &command)
        };
        self.core.write(caller, now, work).await
    }

    async fn list_keys(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: UserId,
        window: Window<TokenId>,
    ) -> Result<TokenPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            keys::list(tx, caller, now, organization, id, &window)
        };
        self.core.read(caller, work).await
    }

    async fn revoke_key(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: UserId,
        key: TokenId,
    ) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            keys::revoke(tx, caller, now, organization, id, key)
        };
        self.core.write(caller, self.core.now(), work).await
    }
}
