use async_trait::async_trait;

use super::founding::{self, FoundingIds};
use super::{
    AgePage, CreateOrganization, Heir, OrganizationPage, OrganizationStatus, Organizations,
    OwnerLimit, Succession, UpdateOrganization, changing, naming, viewing,
};
use crate::Result;
use crate::access::Caller;
use crate::filter::{Filter, TextTest};
use crate::id::{MessageId, OrganizationId, UserId};
use crate::organization::{Age, Handle, OrganizationTest, OrganizationView, Version};
use crate::page::Window;
use crate::port::Tx;
use crate::service::Core;
use crate::time::Timestamp;
use crate::value::OrganizationName;

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

    fn heir(&self, now: Timestamp, succession: Succession) -> Heir {
        let letter = || MessageId::new(self.core.ids.next(now));
        Heir {
            id: succession.owner,
            owner_limit: succession.owner_limit,
            letter: letter(),
            farewell: Some(letter()),
        }
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

    async fn find(
        &self,
        caller: Caller,
        handle: Handle,
        with_subscription: bool,
    ) -> Result<OrganizationStatus> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            viewing::find(tx, caller, now, &handle, with_subscription)
        };
        self.core.read(caller, work).await
    }

    async fn name_is_free(&self, caller: Caller, name: OrganizationName) -> Result<bool> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            naming::name_is_free(tx, caller, now, &name)
        };
        self.core.read(caller, work).await
    }

    async fn list(
        &self,
        caller: Caller,
        filter: Filter<OrganizationTest>,
        window: Window<Age>,
    ) -> Result<AgePage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            viewing::list(tx, caller, now, &filter, &window)
        };
        self.core.read(caller, work).await
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
        let now = self.core.now();
        let heir = command.succession.map(|it| self.heir(now, it));
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::update(tx, caller, now, id, &command, heir.as_ref())
        };
        self.core.write(caller, now, work).await
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
        let succession = Succession {
            owner: new_owner,
            owner_limit,
        };
        let heir = self.heir(now, succession);
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
