use async_trait::async_trait;

use super::{AddMember, MemberPage, Memberships, admitting, changing, reading};
use crate::Result;
use crate::access::Caller;
use crate::filter::Filter;
use crate::id::{MembershipId, OrganizationId, UserId};
use crate::membership::{MemberCondition, MemberKey, MemberOrder, MemberView};
use crate::organization::Version;
use crate::page::Window;
use crate::port::Tx;
use crate::service::Core;

/// The real [`Memberships`].
#[derive(Clone)]
pub struct MembershipService {
    core: Core,
}

impl MembershipService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Memberships for MembershipService {
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        filter: Filter<MemberCondition>,
        order: MemberOrder,
        window: Window<MemberKey>,
    ) -> Result<MemberPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            reading::list(tx, caller, now, organization, &filter, &order, &window)
        };
        self.core.read(caller, work).await
    }

    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<MemberView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            reading::get(tx, caller, now, organization, user)
        };
        self.core.read(caller, work).await
    }

    async fn add(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: AddMember,
    ) -> Result<MemberView> {
        let now = self.core.now();
        let fresh = MembershipId::new(self.core.ids.next(now));
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            admitting::add(tx, caller, now, organization, fresh, &command)
        };
        self.core.write(caller, now, work).await
    }

    async fn set_roles(
        &self,
        caller: Caller,
        organization: OrganizationId,
        user: UserId,
        roles: Vec<String>,
        seen: Option<Version>,
    ) -> Result<MemberView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::set_roles(tx, caller, now, organization, user, &roles, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn grant(
        &self,
        caller: Caller,
        organization: OrganizationId,
        user: UserId,
        role: String,
    ) -> Result<MemberView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::grant(tx, caller, now, organization, user, &role)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn withdraw(
        &self,
        caller: Caller,
        organization: OrganizationId,
        user: UserId,
        role: String,
    ) -> Result<MemberView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::withdraw(tx, caller, now, organization, user, &role)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn remove(
        &self,
        caller: Caller,
        organization: OrganizationId,
        user: UserId,
        seen: Option<Version>,
    ) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::remove(tx, caller, now, organization, user, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn leave(&self, caller: Caller, organization: OrganizationId) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::leave(tx, caller, now, organization)
        };
        self.core.write(caller, self.core.now(), work).await
    }
}
