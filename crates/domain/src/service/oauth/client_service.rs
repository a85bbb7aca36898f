use async_trait::async_trait;

use super::clients::{self, Fresh};
use super::{ClientPage, ClientView, CreateClient, IssuedClient, OAuthClients, RotateSecret};
use crate::Result;
use crate::access::Caller;
use crate::id::{ClientId, OrganizationId};
use crate::organization::Version;
use crate::page::Window;
use crate::port::Tx;
use crate::service::Core;

/// The real [`OAuthClients`].
#[derive(Clone)]
pub struct OAuthClientService {
    core: Core,
}

impl OAuthClientService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl OAuthClients for OAuthClientService {
    async fn create(
        &self,
        caller: Caller,
        organization: Option<OrganizationId>,
        command: CreateClient,
    ) -> Result<IssuedClient> {
        let now = self.core.now();
        let fresh = Fresh::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            clients::create(tx, caller, now, organization, &fresh, &command)
        };
        self.core.write(caller, now, work).await
    }

    async fn get(
        &self,
        caller: Caller,
        organization: Option<OrganizationId>,
        id: ClientId,
    ) -> Result<ClientView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            clients::get(tx, caller, now, organization, id)
        };
        self.core.read(caller, work).await
    }

    async fn list(
        &self,
        caller: Caller,
        organization: Option<OrganizationId>,
        window: Window<ClientId>,
    ) -> Result<ClientPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            clients::list(tx, caller, now, organization, &window)
        };
        self.core.read(caller, work).await
    }

    async fn rotate_secret(
        &self,
        caller: Caller,
        organization: Option<OrganizationId>,
        id: ClientId,
        command: RotateSecret,
    ) -> Result<IssuedClient> {
        let now = self.core.now();
        let fresh = Fresh::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            clients::rotate(tx, caller, now, (organization, id), &fresh, &command)
        };
        self.core.write(caller, now, work).await
    }

    async fn delete(
        &self,
        caller: Caller,
        organization: Option<OrganizationId>,
        id: ClientId,
        seen: Option<Version>,
    ) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            clients::delete(tx, caller, now, organization, id, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }
}
