use std::collections::HashMap;

use diesel::dsl::count_star;
use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::filter::{Filter, TextTest};
use rollbook_domain::id::{OrganizationId, UserId, WorkspaceId};
use rollbook_domain::membership::Direction;
use rollbook_domain::organization::Version;
use rollbook_domain::page::{From, Page, Window};
use rollbook_domain::port::WorkspaceRepo;
use rollbook_domain::role::Permissions;
use rollbook_domain::workspace::{
    Workspace, WorkspaceField, WorkspaceKey, WorkspaceMemberView, WorkspaceMembership,
    WorkspaceView,
};

use super::assigned::diff;
use super::condition::text_condition;
use super::start;
use super::workspace_order::{behind, order};
use super::workspace_roles::{AssignedPermissions, AssignedRoles};
use crate::row::{
    NewWorkspace, NewWorkspaceMembership, OwnerRow, WorkspaceMembershipRow, WorkspaceRow,
    custom as custom_permissions, workspace_roles,
};
use crate::schema::{
    organizations, users, workspace_membership_roles as assigned, workspace_memberships, workspaces,
};
use crate::sql::{Key, Moment};
use crate::statement::update;
use crate::tx::{SqlTx, change, each, failed};

/// How many keys are asked for at once.
const CHUNK: usize = 500;

/// The live workspaces of an organization that match a filter.
macro_rules! live {
    ($organization:expr, $filter:expr) => {
        workspaces::table
            .filter(workspaces::organization_id.eq(Key($organization.uuid())))
            .filter(workspaces::deleted_at.is_null())
            .filter(text_condition($filter, "workspaces.title_key"))
    };
}

/// The live workspaces of an organization that a member belongs to.
macro_rules! live_of {
    ($organization:expr, $user:expr) => {
        workspace_memberships::table
            .inner_join(
                workspaces::table.on(workspaces::organization_id
                    .eq(workspace_memberships::organization_id)
                    .and(workspaces::id.eq(workspace_memberships::workspace_id))),
            )
            .filter(workspace_memberships::organization_id.eq(Key($organization.uuid())))
            .filter(workspace_memberships::user_id.eq(Key($user.uuid())))
            .filter(workspaces::deleted_at.is_null())
    };
}

/// The memberships of a workspace.
macro_rules! members_of {
    ($organization:expr, $workspace:expr) => {
        workspace_memberships::table
            .filter(workspace_memberships::organization_id.eq(Key($organization.uuid())))
            .filter(workspace_memberships::workspace_id.eq(Key($workspace.uuid())))
    };
}

/// The members of a workspace as reads answer them.
macro_rules! seen {
    ($members:expr) => {
        $members
            .inner_join(users::table.on(users::id.eq(workspace_memberships::user_id)))
            .select((
                WorkspaceMembershipRow::as_select(),
                OwnerRow::as_select(),
                AssignedRoles,
            ))
    };
}

type MemberRow = (WorkspaceMembershipRow, OwnerRow, Option<String>);

impl WorkspaceRepo for SqlTx<'_> {
    fn add(&mut self, workspace: &Workspace) -> Result<bool> {
        let added = change!(
            self,
            diesel::insert_into(workspaces::table)
                .values(NewWorkspace::of(workspace))
                .on_conflict((workspaces::organization_id, workspaces::id))
                .do_nothing()
        );
        Ok(added.map_err(failed)? == 1)
    }

    fn find(
        &mut self,
        organization: OrganizationId,
        id: WorkspaceId,
    ) -> Result<Option<WorkspaceView>> {
        let found = each!(self, |connection| workspaces::table
            .inner_join(users::table.on(users::id.eq(workspaces::creator_id)))
            .filter(workspaces::organization_id.eq(Key(organization.uuid())))
            .filter(workspaces::id.eq(Key(id.uuid())))
            .select((WorkspaceRow::as_select(), OwnerRow::as_select()))
            .first(*connection)
            .optional());
        Ok(found.map_err(failed)?.map(view))
    }

    fn homes(&mut self, id: WorkspaceId) -> Result<Vec<OrganizationId>> {
        let homes = workspaces::table
            .inner_join(organizations::table)
            .filter(workspaces::id.eq(Key(id.uuid())))
            .filter(workspaces::deleted_at.is_null())
            .filter(organizations::deleted_at.is_null())
            .order(workspaces::organization_id)
            .select(workspaces::organization_id);
        let ids: Vec<Key> = each!(self, |connection| homes.load(*connection)).map_err(failed)?;
        Ok(ids
            .into_iter()
            .map(|id| OrganizationId::new(id.0))
            .collect())
    }

    fn update(&mut self, workspace: &Workspace, seen: Version) -> Result<bool> {
        let key = (
            Key(workspace.organization_id.uuid()),
            Key(workspace.id.uuid()),
        );
        let updated = change!(
            self,
            update(
                workspaces::table
                    .find(key)
                    .filter(workspaces::version.eq(seen.number()))
            )
            .set(NewWorkspace::of(workspace))
        );
        Ok(updated.map_err(failed)? == 1)
    }

    fn count(&mut self, organization: OrganizationId) -> Result<u32> {
        let count: i64 = each!(self, |connection| workspaces::table
            .filter(workspaces::organization_id.eq(Key(organization.uuid())))
            .filter(workspaces::deleted_at.is_null())
            .count()
            .get_result(*connection))
        .map_err(failed)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn live(
        &mut self,
        organization: OrganizationId,
        ids: &[WorkspaceId],
    ) -> Result<Vec<WorkspaceId>> {
        let mut live = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let keys: Vec<Key> = chunk.iter().map(|id| Key(id.uuid())).collect();
            let found: Vec<Key> = each!(self, |connection| workspaces::table
                .filter(workspaces::organization_id.eq(Key(organization.uuid())))
                .filter(workspaces::id.eq_any(&keys))
                .filter(workspaces::deleted_at.is_null())
                .select(workspaces::id)
                .load(*connection))
            .map_err(failed)?;
            live.extend(found.into_iter().map(|id| WorkspaceId::new(id.0)));
        }
        live.sort_unstable();
        live.dedup();
        Ok(live)
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        filter: &Filter<TextTest>,
        field: WorkspaceField,
        direction: Direction,
        window: &Window<WorkspaceKey>,
    ) -> Result<Page<WorkspaceView, WorkspaceKey>> {
        let skip = match &window.from {
            From::Skip(rows) => i64::from(*rows),
            From::First | From::After(_) => 0,
        };
        let rows: Vec<(WorkspaceRow, OwnerRow)> =
            each!(self, |connection| live!(organization, filter)
                .filter(behind(field, direction, &window.from))
                .inner_join(users::table.on(users::id.eq(workspaces::creator_id)))
                .order(order(field, direction))
                .limit(window.fetch())
                .offset(skip)
                .select((WorkspaceRow::as_select(), OwnerRow::as_select()))
                .load(*connection))
            .map_err(failed)?;
        let total = if window.count {
            let count: i64 = each!(self, |connection| live!(organization, filter)
                .count()
                .get_result(*connection))
            .map_err(failed)?;
            Some(count.unsigned_abs())
        } else {
            None
        };
        let views = rows.into_iter().map(view).collect();
        Ok(Page::cut(views, window, total, |view: &WorkspaceView| {
            WorkspaceKey::of(field, &view.workspace)
        }))
    }

    fn list_of_member(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        window: &Window<WorkspaceId>,
    ) -> Result<Page<WorkspaceView, WorkspaceId>> {
        let (after, skip) = start(window, WorkspaceId::uuid);
        let rows: Vec<(WorkspaceRow, OwnerRow)> =
            each!(self, |connection| live_of!(organization, user)
                .inner_join(users::table.on(users::id.eq(workspaces::creator_id)))
                .filter(workspace_memberships::workspace_id.gt(after))
                .order(workspace_memberships::workspace_id)
                .limit(window.fetch())
                .offset(skip)
                .select((WorkspaceRow::as_select(), OwnerRow::as_select()))
                .load(*connection))
            .map_err(failed)?;
        let total = if window.count {
            let count: i64 = each!(self, |connection| live_of!(organization, user)
                .count()
                .get_result(*connection))
            .map_err(failed)?;
            Some(count.unsigned_abs())
        } else {
            None
        };
        let views = rows.into_iter().map(view).collect();
        Ok(Page::cut(views, window, total, |view: &WorkspaceView| {
            view.workspace.id
        }))
    }

    fn add_member(&mut self, membership: &WorkspaceMembership) -> Result<bool> {
        let added = change!(
            self,
            diesel::insert_into(workspace_memberships::table)
                .values(NewWorkspaceMembership::of(membership))
                .on_conflict((
                    workspace_memberships::organization_id,
                    workspace_memberships::workspace_id,
                    workspace_memberships::user_id,
                ))
                .do_nothing()
        );
        if added.map_err(failed)? == 0 {
            return Ok(false);
        }
        let (_, roles) = diff(&[], &membership.custom_roles);
        self.assign_in_workspace(membership, &roles)?;
        Ok(true)
    }

    fn find_member(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Option<WorkspaceMemberView>> {
        let found = each!(self, |connection| seen!(
            members_of!(organization, workspace)
                .filter(workspace_memberships::user_id.eq(Key(user.uuid())))
        )
        .first::<MemberRow>(*connection)
        .optional());
        found.map_err(failed)?.map(member).transpose()
    }

    fn granted(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<Permissions> {
        let found: Option<(String, Option<String>)> =
            each!(self, |connection| members_of!(organization, workspace)
                .filter(workspace_memberships::user_id.eq(Key(user.uuid())))
                .select((workspace_memberships::roles, AssignedPermissions))
                .first(*connection)
                .optional())
            .map_err(failed)?;
        let Some((built_in, custom)) = found else {
            return Ok(Permissions::NONE);
        };
        let custom = custom_permissions(custom.as_deref())?;
        Ok(workspace_roles(&built_in)?.permissions().or(custom))
    }

    fn list_members(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        window: &Window<UserId>,
    ) -> Result<Page<WorkspaceMemberView, UserId>> {
        let (after, skip) = start(window, UserId::uuid);
        let rows: Vec<MemberRow> = each!(self, |connection| seen!(
            members_of!(organization, workspace)
                .filter(workspace_memberships::user_id.gt(after))
                .order(workspace_memberships::user_id)
                .limit(window.fetch())
                .offset(skip)
        )
        .load(*connection))
        .map_err(failed)?;
        let total = if window.count {
            let count: i64 = each!(self, |connection| members_of!(organization, workspace)
                .count()
                .get_result(*connection))
            .map_err(failed)?;
            Some(count.unsigned_abs())
        } else {
            None
        };
        let members = rows.into_iter().map(member).collect::<Result<_>>()?;
        Ok(Page::cut(
            members,
            window,
            total,
            |member: &WorkspaceMemberView| member.membership.user_id,
        ))
    }

    fn update_member(&mut self, membership: &WorkspaceMembership, seen: Version) -> Result<bool> {
        let updated = change!(
            self,
            update(
                workspace_memberships::table
                    .find(key(membership))
                    .filter(workspace_memberships::version.eq(seen.number()))
            )
            .set((
                workspace_memberships::roles.eq(membership.roles.to_keys()),
                workspace_memberships::version.eq(membership.version.number()),
                workspace_memberships::updated_at.eq(Moment(membership.updated_at)),
            ))
        );
        if updated.map_err(failed)? == 0 {
            return Ok(false);
        }
        let (organization, workspace, user) = key(membership);
        let kept: Vec<Key> = each!(self, |connection| assigned::table
            .filter(assigned::organization_id.eq(organization))
            .filter(assigned::workspace_id.eq(workspace))
            .filter(assigned::user_id.eq(user))
            .select(assigned::role_id)
            .load(*connection))
        .map_err(failed)?;
        let (surplus, missing) = diff(&kept, &membership.custom_roles);
        for role in surplus {
            let row = assigned::table.find((organization, workspace, user, role));
            change!(self, diesel::delete(row)).map_err(failed)?;
        }
        self.assign_in_workspace(membership, &missing)?;
        Ok(true)
    }

    fn remove_member(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
        user: UserId,
    ) -> Result<bool> {
        let key = (
            Key(organization.uuid()),
            Key(workspace.uuid()),
            Key(user.uuid()),
        );
        let removed = change!(self, diesel::delete(workspace_memberships::table.find(key)));
        Ok(removed.map_err(failed)? == 1)
    }

    fn count_members(
        &mut self,
        organization: OrganizationId,
        workspaces: &[WorkspaceId],
    ) -> Result<Vec<u64>> {
        let mut counts = HashMap::with_capacity(workspaces.len());
        for chunk in workspaces.chunks(CHUNK) {
            let ids: Vec<Key> = chunk.iter().map(|id| Key(id.uuid())).collect();
            let found: Vec<(Key, i64)> = each!(self, |connection| workspace_memberships::table
                .filter(workspace_memberships::organization_id.eq(Key(organization.uuid())))
                .filter(workspace_memberships::workspace_id.eq_any(&ids))
                .group_by(workspace_memberships::workspace_id)
                .select((workspace_memberships::workspace_id, count_star()))
                .load(*connection))
            .map_err(failed)?;
            counts.extend(found.into_iter().map(|(id, count)| (id.0, count)));
        }
        let count = |id: &WorkspaceId| counts.get(&id.uuid()).map_or(0, |it| it.unsigned_abs());
        Ok(workspaces.iter().map(count).collect())
    }
}

impl SqlTx<'_> {
    /// Gives a member of a workspace custom roles that they do not have there.
    fn assign_in_workspace(
        &mut self,
        membership: &WorkspaceMembership,
        roles: &[Key],
    ) -> Result<()> {
        let (organization, workspace, user) = key(membership);
        for role in roles {
            let row = (
                assigned::organization_id.eq(organization),
                assigned::workspace_id.eq(workspace),
                assigned::user_id.eq(user),
                assigned::role_id.eq(*role),
            );
            change!(self, diesel::insert_into(assigned::table).values(row)).map_err(failed)?;
        }
        Ok(())
    }
}

fn key(membership: &WorkspaceMembership) -> (Key, Key, Key) {
    (
        Key(membership.organization_id.uuid()),
        Key(membership.workspace_id.uuid()),
        Key(membership.user_id.uuid()),
    )
}

fn view((workspace, creator): (WorkspaceRow, OwnerRow)) -> WorkspaceView {
    workspace.into_view(creator)
}

fn member((membership, user, custom): MemberRow) -> Result<WorkspaceMemberView> {
    membership.into_view(user, custom.as_deref())
}
