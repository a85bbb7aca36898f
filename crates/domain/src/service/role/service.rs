use async_trait::async_trait;

use super::{CreateRole, CustomRoles, RolePage, UpdateRole, changing, deleting, reading};
use crate::Result;
use crate::access::Caller;
use crate::id::{OrganizationId, RoleId};
use crate::organization::Version;
use crate::page::Window;
use crate::port::Tx;
use crate::role::{CustomRole, RoleRef, RoleScope, RoleView};
use crate::service::Core;

/// The real [`CustomRoles`].
#[derive(Clone)]
pub struct CustomRoleService {
    core: Core,
}

impl CustomRoleService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl CustomRoles for CustomRoleService {
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        scope: Option<RoleScope>,
        window: Window<RoleRef>,
    ) -> Result<RolePage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            reading::list(tx, caller, now, organization, scope, &window)
        };
        self.core.read(caller, work).await
    }

    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        key: String,
    ) -> Result<RoleView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            reading::get(tx, caller, now, organization, &key)
        };
        self.core.read(caller, work).await
    }

    async fn locate(&self, caller: Caller, id: RoleId) -> Result<CustomRole> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| reading::locate(tx, caller, now, id);
        self.core.read(caller, work).await
    }

    async fn create(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: CreateRole,
    ) -> Result<CustomRole> {
        let now = self.core.now();
        let fresh = RoleId::new(self.core.ids.next(now));
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::create(tx, caller, now, organization, fresh, &command)
        };
        self.core.write(caller, now, work).await
    }

    async fn update(
        &self,
        caller: Caller,
        organization: OrganizationId,
        key: String,
        command: UpdateRole,
    ) -> Result<CustomRole> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::update(tx, caller, now, organization, &key, &command)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn delete(
        &self,
        caller: Caller,
        organization: OrganizationId,
        key: String,
        replacement: Option<String>,
        seen: Option<Version>,
    ) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let replacement = replacement.as_deref();
            deleting::delete(tx, caller, now, organization, &key, replacement, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }
}
