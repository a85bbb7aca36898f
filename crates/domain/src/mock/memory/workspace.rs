use std::cmp::Ordering;

use super::MemoryTx;
use super::state::{State, absent, cut, cut_by, number};
use crate::Result;
use crate::filter::{Filter, TextTest};
use crate::id::{OrganizationId, UserId, WorkspaceId};
use crate::membership::Direction;
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::port::WorkspaceRepo;
use crate::role::Permissions;
use crate::workspace::{
    Workspace, WorkspaceField, WorkspaceKey, WorkspaceMemberView, WorkspaceMembership,
    WorkspaceView,
};

impl WorkspaceRepo for MemoryTx {
    fn add(&mut self, workspace: &Workspace) -> Result<bool> {
        let state = self.writing()?;
        state.organization(workspace.organization_id)?;
        state.user(workspace.creator_id)?;
        let id = (workspace.organization_id, workspace.id);
        let free = !state.workspaces.contains_key(&id);
        if free {
            state.workspaces.insert(id, workspace.clone());
        }
        Ok(free)
    }

    fn find(
        &mut self,
        organization: OrganizationId,
        id: WorkspaceId,
    ) -> Result<Option<WorkspaceView>> {
        let state = self.reading()?;
        let found = state.workspaces.get(&(organization, id));
        found.map(|workspace| view(state, workspace)).transpose()
    }

    fn homes(&mut self, id: WorkspaceId) -> Result<Vec<OrganizationId>> {
        let state = self.reading()?;
        let mut homes = Vec::new();
        for ((home, workspace), row) in &state.workspaces {
            if *workspace == id && row.is_live() && state.organization(*home)?.is_live() {
                homes.push(*home);
            }
        }
        homes.sort_unstable();
        Ok(homes)
    }

    fn update(&mut self, workspace: &Workspace, seen: Version) -> Result<bool> {
        let state = self.writing()?;
        let id = (workspace.organization_id, workspace.id);
        let kept = state.workspaces.get(&id);
        if kept.is_none_or(|kept| kept.version != seen) {
            return Ok(false);
        }
        state.user(workspace.creator_id)?;
        state.workspaces.insert(id, workspace.clone());
        Ok(true)
    }

    fn count(&mut self, organization: OrganizationId) -> Result<u32> {
        let live = live(self.reading()?, organization);
        Ok(number(live))
    }

    fn live(
        &mut self,
        organization: OrganizationId,
        ids: &[WorkspaceId],
    ) -> Result<Vec<WorkspaceId>> {
        let live = live(self.reading()?, organization).map(|workspace| workspace.id);
        Ok(live.filter(|id| ids.contains(id)).collect())
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        filter: &Filter<TextTest>,
        field: WorkspaceField,
        direction: Direction,
        window: &Window<WorkspaceKey>,
    ) -> Result<Page<WorkspaceView, WorkspaceKey>> {
        let state = self.reading()?;
        let passes = |w: &Workspace| filter.holds(&|test| test.passes(&w.title.key()));
        let mut rows = live(state, organization)
            .filter(|workspace| passes(workspace))
            .map(|workspace| view(state, workspace))
            .collect::<Result<Vec<_>>>()?;
        let key = |row: &WorkspaceView| WorkspaceKey::of(field, &row.workspace);
        let compare = |one: &WorkspaceKey, other: &WorkspaceKey| -> Ordering {
            direction.turned(one.cmp(other))
        };
        rows.sort_by(|one, other| compare(&key(one), &key(other)));
        Ok(cut_by(rows, window, key, compare))
    }

    fn list_of_member(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        window: &Window<WorkspaceId>,
    ) -> Result<Page<WorkspaceView, WorkspaceId>> {
        let state = self.reading()?;
        let belongs = |w: &Workspace| {
            let key = (organization, w.id, user);
            state.workspace_memberships.contains_key(&key)
        };
        let rows = live(state, organization)
            .filter(|workspace| belongs(workspace))
            .map(|workspace| view(state, workspace))
            .collect::<Result<Vec<_>>>()?;
        Ok(cut(rows, window, |row| row.workspace.id))
    }

    fn add_member(&mut self, membership: &WorkspaceMembership) -> Result<bool> {
        let state = self.writing()?;
        let (organization, user) = (membership.organization_id, membership.user_id);
        state.workspace(organization, membership.workspace_id)?;
        if state.membership(organization, user).is_none() {
            return Err(absent("member", user));
        }
        let key = key(membership);
        if state.workspace_memberships.contains_key(&key) {
            return Ok(false);
        }
        let kept = WorkspaceMembership {
            custom_roles: state.assigned(organization, &membership.custom_roles)?,
            ..membership.clone()
        };
        state.workspace_memberships.insert(key, kept);
        Ok(true)
    }

    fn find_member(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Option<WorkspaceMemberView>> {
        let state = self.reading()?;
        let key = (organization, workspace, user);
        let found = state.workspace_memberships.get(&key);
        found
            .map(|membership| member(state, membership))
            .transpose()
    }

    fn granted(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Permissions> {
        let state = self.reading()?;
        let key = (organization, workspace, user);
        let found = state.workspace_memberships.get(&key);
        Ok(found.map_or(Permissions::NONE, |membership| {
            let custom = state.permissions(organization, &membership.custom_roles);
            membership.roles.permissions().or(custom)
        }))
    }

    fn list_members(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        window: &Window<UserId>,
    ) -> Result<Page<WorkspaceMemberView, UserId>> {
        let state = self.reading()?;
        let rows = members(state, organization, workspace)
            .map(|membership| member(state, membership))
            .collect::<Result<Vec<_>>>()?;
        Ok(cut(rows, window, |row| row.membership.user_id))
    }

    fn update_member(&mut self, membership: &WorkspaceMembership, seen: Version) -> Result<bool> {
        let state = self.writing()?;
        let key = key(membership);
        let kept = state.workspace_memberships.get(&key);
        if kept.is_none_or(|kept| kept.version != seen) {
            return Ok(false);
        }
        let custom_roles = state.assigned(membership.organization_id, &membership.custom_roles)?;
        if let Some(kept) = state.workspace_memberships.get_mut(&key) {
            kept.roles = membership.roles;
            kept.custom_roles = custom_roles;
            kept.version = membership.version;
            kept.updated_at = membership.updated_at;
        }
        Ok(true)
    }

    fn remove_member(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<bool> {
        let members = &mut self.writing()?.workspace_memberships;
        Ok(members.remove(&(organization, workspace, user)).is_some())
    }

    fn count_members(
        &mut self,
        organization: OrganizationId,
        workspaces: &[WorkspaceId],
    ) -> Result<Vec<u64>> {
        let state = self.reading()?;
        let count = |id: &WorkspaceId| members(state, organization, *id).count() as u64;
        Ok(workspaces.iter().map(count).collect())
    }
}

fn key(membership: &WorkspaceMembership) -> (OrganizationId, WorkspaceId, UserId) {
    (
        membership.organization_id,
        membership.workspace_id,
        membership.user_id,
    )
}

/// The live workspaces of an organization, by id.
fn live(state: &State, organization: OrganizationId) -> impl Iterator<Item = &Workspace> {
    let all = state.workspaces.values();
    all.filter(move |w| w.organization_id == organization && w.is_live())
}

/// Who belongs to a workspace, by user id.
fn members(
    state: &State,
    organization: OrganizationId,
    workspace: WorkspaceId,
) -> impl Iterator<Item = &WorkspaceMembership> {
    let all = state.workspace_memberships.values();
    all.filter(move |m| (m.organization_id, m.workspace_id) == (organization, workspace))
}

fn view(state: &State, workspace: &Workspace) -> Result<WorkspaceView> {
    let creator = state.user(workspace.creator_id)?;
    Ok(WorkspaceView {
        workspace: workspace.clone(),
        creator_name: creator.display_name.clone(),
        creator_email: creator.email.clone(),
    })
}

fn member(state: &State, membership: &WorkspaceMembership) -> Result<WorkspaceMemberView> {
    let user = state.user(membership.user_id)?;
    Ok(WorkspaceMemberView {
        membership: membership.clone(),
        display_name: user.display_name.clone(),
        email: user.email.clone(),
    })
}
