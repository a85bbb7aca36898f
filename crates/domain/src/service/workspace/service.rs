use async_trait::async_trait;

use super::{
    AddWorkspaceMember, ChosenWorkspaceRoles, CreateWorkspace, ListHoused, MyWorkspacePage,
    UpdateWorkspace, WorkspaceMemberPage, WorkspacePage, Workspaces, changing, housed, members,
    one_role, viewing,
};
use crate::Result;
use crate::access::Caller;
use crate::filter::{Filter, TextTest};
use crate::id::{OrganizationId, UserId, WorkspaceId};
use crate::organization::Version;
use crate::page::Window;
use crate::port::Tx;
use crate::service::Core;
use crate::workspace::{
    HousedWorkspace, WorkspaceKey, WorkspaceMemberView, WorkspaceOrder, WorkspaceRef, WorkspaceView,
};

/// The real [`Workspaces`].
#[derive(Clone)]
pub struct WorkspaceService {
    core: Core,
}

impl WorkspaceService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Workspaces for WorkspaceService {
    async fn create(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: CreateWorkspace,
    ) -> Result<WorkspaceView> {
        let now = self.core.now();
        let fresh = WorkspaceId::new(self.core.ids.next(now));
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::create(tx, caller, now, fresh, organization, &command)
        };
        self.core.write(caller, now, work).await
    }

    async fn get(&self, caller: Caller, at: WorkspaceRef) -> Result<WorkspaceView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| viewing::get(tx, caller, now, at);
        self.core.read(caller, work).await
    }

    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        filter: Filter<TextTest>,
        order: WorkspaceOrder,
        window: Window<WorkspaceKey>,
    ) -> Result<WorkspacePage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            viewing::list(tx, caller, now, organization, &filter, order, &window)
        };
        self.core.read(caller, work).await
    }

    async fn list_mine(
        &self,
        caller: Caller,
        organization: OrganizationId,
        window: Window<WorkspaceId>,
    ) -> Result<MyWorkspacePage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            viewing::list_mine(tx, caller, now, organization, &window)
        };
        self.core.read(caller, work).await
    }

    async fn locate(&self, caller: Caller, id: WorkspaceId) -> Result<HousedWorkspace> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| housed::locate(tx, caller, now, id);
        self.core.read(caller, work).await
    }

    async fn list_housed(&self, caller: Caller, query: ListHoused) -> Result<Vec<HousedWorkspace>> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| housed::list(tx, caller, now, &query);
        self.core.read(caller, work).await
    }

    async fn grant(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        user: UserId,
        role: String,
    ) -> Result<WorkspaceMemberView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            one_role::grant(tx, caller, now, at, user, &role)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn withdraw(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        user: UserId,
        role: String,
    ) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            one_role::withdraw(tx, caller, now, at, user, &role)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn update(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        command: UpdateWorkspace,
    ) -> Result<WorkspaceView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::update(tx, caller, now, at, &command)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn delete(&self, caller: Caller, at: WorkspaceRef, seen: Option<Version>) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            changing::delete(tx, caller, now, at, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn undelete(&self, caller: Caller, at: WorkspaceRef) -> Result<WorkspaceView> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| changing::undelete(tx, caller, now, at);
        self.core.write(caller, self.core.now(), work).await
    }

    async fn list_members(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        window: Window<UserId>,
    ) -> Result<WorkspaceMemberPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            members::list(tx, caller, now, at, &window)
        };
        self.core.read(caller, work).await
    }

    async fn get_member(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        user: UserId,
    ) -> Result<WorkspaceMemberView> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| members::get(tx, caller, now, at, user);
        self.core.read(caller, work).await
    }

    async fn add_member(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        command: AddWorkspaceMember,
    ) -> Result<WorkspaceMemberView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            members::add(tx, caller, now, at, &command)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn set_roles(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        user: UserId,
        roles: ChosenWorkspaceRoles,
        seen: Option<Version>,
    ) -> Result<WorkspaceMemberView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            members::set_roles(tx, caller, now, at, user, &roles, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn remove_member(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        user: UserId,
        seen: Option<Version>,
    ) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            members::remove(tx, caller, now, at, user, seen)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn leave(&self, caller: Caller, at: WorkspaceRef) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| members::leave(tx, caller, now, at);
        self.core.write(caller, self.core.now(), work).await
    }

    async fn count_members(
        &self,
        caller: Caller,
        organization: OrganizationId,
        workspaces: Vec<WorkspaceId>,
    ) -> Result<Vec<(WorkspaceId, u64)>> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            viewing::count_members(tx, caller, now, organization, &workspaces)
        };
        self.core.read(caller, work).await
    }
}
