use async_trait::async_trait;

use super::founding::{self, FoundingIds};
use super::{
    CreateOrganization, Heir, OrganizationPage, Organizations, OwnerLimit, UpdateOrganization,
    changing, viewing,
};
use crate::Result;
use crate::access::Caller;
use crate::filter::{Filter, TextTest};
use crate::id::{MessageId, OrganizationId, UserId};
use crate::organization::{OrganizationView, Version};
use crate::page::Window;
use crate::port::Tx;
use crate::service::Core;

/// The real [`Organizations`].
#[derive(Clone)]
pub struct OrganizationService {
    core: Core,
}

impl OrganizationService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Organizations for OrganizationService {
    async fn create(
        &self,
        caller: Caller,
        command: CreateOrganization,
    ) -> Result<OrganizationView> {
        let now = self.core.now();
        let fresh = FoundingIds::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            founding::create(tx, caller, now, fresh, &command)
        };
        self.core.write(caller, now, work).await
    }

    async fn get(&self, caller: Caller, id: OrganizationId) -> Result<OrganizationView> {
        self.core
            .read_one(caller, move |tx, caller, now| {
                viewing::get(tx, caller, now, id)
            })
            .await
    }

    async fn list_mine(
        &self,
        caller: Caller,
        filter: Filter<TextTest>,
        window: Window<OrganizationId>,
    ) -> Result<OrganizationPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            viewing::list_mine(tx, caller, now, &filter, &window)
        };
        self.core.read(caller, work).await
    }

    async fn list_all(
        &self,
        caller: Caller,
        filter: Filter<TextTest>,
        window: Window<OrganizationId>,
    ) -> Result<OrganizationPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            viewing::list_all(tx, caller, now, &filter, &window)
        };
        self.core.read(caller, work).await
    }

    async fn update(
        &self,
        caller: Caller,
        id: OrganizationId,
        command: UpdateOrganization,
    ) -> Result<OrganizationView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::update(tx, caller, now, id, &command)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn transfer(
        &self,
        caller: Caller,
        id: OrganizationId,
        new_owner: UserId,
        seen: Option<Version>,
        owner_limit: OwnerLimit,
    ) -> Result<OrganizationView> {
        let now = self.core.now();
        let letter = || MessageId::new(self.core.ids.next(now));
        let heir = Heir {
            id: new_owner,
            owner_limit,
            letter: letter(),
            farewell: Some(letter()),
        };
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::transfer(tx, caller, now, id, &heir, seen)
        };
        self.core.write(caller, now, work).await
    }

    async fn delete(
        &self,
        caller: Caller,
        id: OrganizationId,
        seen: Option<Version>,
    ) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::delete(tx, caller, now, id, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn restore(
        &self,
        caller: Caller,
        id: OrganizationId,
        owner_limit: OwnerLimit,
    ) -> Result<OrganizationView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::restore(tx, caller, now, id, owner_limit)
        };
        self.core.write(caller, self.core.now(), work).await
    }
}
