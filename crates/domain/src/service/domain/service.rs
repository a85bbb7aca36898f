use std::fmt::Write as _;
use std::sync::Arc;

use async_trait::async_trait;

use super::changing::Fresh;
use super::{AddDomain, DomainPage, Domains, UpdateDomain, changing, verifying};
use crate::Result;
use crate::access::Caller;
use crate::domain::OrganizationDomain;
use crate::id::{DomainId, MessageId, OrganizationId};
use crate::organization::Version;
use crate::page::Window;
use crate::port::{DnsTxt, Tx};
use crate::role::Permission;
use crate::service::Core;

/// The real [`Domains`].
#[derive(Clone)]
pub struct DomainService {
    core: Core,
    dns: Arc<dyn DnsTxt>,
}

impl DomainService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core, dns: Arc<dyn DnsTxt>) -> Self {
        Self { core, dns }
    }

    async fn look(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: DomainId,
        permission: Permission,
    ) -> Result<OrganizationDomain> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::get(tx, caller, now, organization, id, permission)
        };
        self.core.read(caller, work).await
    }

    fn challenge(&self) -> String {
        let mut challenge = OrganizationDomain::CHALLENGE_PREFIX.to_owned();
        for byte in self.core.random.entropy() {
            // Writing to a string cannot fail.
            let _ = write!(challenge, "{byte:02x}");
        }
        challenge
    }
}

#[async_trait]
impl Domains for DomainService {
    async fn add(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: AddDomain,
    ) -> Result<OrganizationDomain> {
        let now = self.core.now();
        let fresh = Fresh {
            id: DomainId::new(self.core.ids.next(now)),
            challenge: self.challenge(),
            letter: MessageId::new(self.core.ids.next(now)),
        };
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::add(tx, caller, now, organization, &fresh, &command)
        };
        self.core.write(caller, now, work).await
    }

    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        window: Window<DomainId>,
    ) -> Result<DomainPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::list(tx, caller, now, organization, &window)
        };
        self.core.read(caller, work).await
    }

    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: DomainId,
    ) -> Result<OrganizationDomain> {
        let permission = Permission::ReadDomain;
        self.look(caller, organization, id, permission).await
    }

    async fn verify(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: DomainId,
    ) -> Result<OrganizationDomain> {
        let permission = Permission::UpdateDomain;
        let domain = self.look(caller, organization, id, permission).await?;
        if domain.verified_at.is_some() {
            return Ok(domain);
        }
        // No transaction is open while others are waited for.
        let texts = self.dns.txt(&domain.record_name()).await?;
        verifying::check(&domain, &texts)?;
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            verifying::verify(tx, caller, now, (organization, id), &texts)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn update(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: DomainId,
        command: UpdateDomain,
    ) -> Result<OrganizationDomain> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::update(tx, caller, now, (organization, id), command)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn remove(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: DomainId,
        seen: Option<Version>,
    ) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::remove(tx, caller, now, organization, id, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }
}
