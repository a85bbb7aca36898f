use diesel::prelude::*;
use rollbook_domain::id::{InvitationId, OrganizationId, RoleId, UserId, WorkspaceId};
use rollbook_domain::organization::Version;
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::{RoleHolder, RoleRepo};
use rollbook_domain::role::CustomRole;
use rollbook_domain::value::{RoleKey, RoleTitle};
use rollbook_domain::{Refusal, Result};

use super::start;
use crate::row::{NewRole, RoleRow};
use crate::schema::{invitation_roles, membership_roles, roles, workspace_membership_roles};
use crate::sql::Key;
use crate::statement::update;
use crate::tx::{SqlTx, change, each, failed, unless_taken};

macro_rules! roles_of {
    ($organization:expr) => {
        roles::table.filter(roles::organization_id.eq(Key($organization.uuid())))
    };
}

macro_rules! first {
    ($tx:expr, $query:expr) => {
        each!($tx, |connection| $query
            .select(RoleRow::as_select())
            .first(*connection)
            .optional())
        .map_err(failed)?
        .map(RoleRow::into_role)
        .transpose()
    };
}

impl RoleRepo for SqlTx<'_> {
    fn add(&mut self, role: &CustomRole) -> Result<bool> {
        let added = change!(
            self,
            diesel::insert_into(roles::table)
                .values(NewRole::of(role))
                .on_conflict_do_nothing()
        );
        Ok(added.map_err(failed)? == 1)
    }

    fn find(&mut self, organization: OrganizationId, id: RoleId) -> Result<Option<CustomRole>> {
        first!(
            self,
            roles_of!(organization).filter(roles::id.eq(Key(id.uuid())))
        )
    }

    fn home(&mut self, id: RoleId) -> Result<Option<OrganizationId>> {
        let home = roles::table
            .filter(roles::id.eq(Key(id.uuid())))
            .select(roles::organization_id);
        let found: Option<Key> =
            each!(self, |connection| home.first(*connection).optional()).map_err(failed)?;
        Ok(found.map(|id| OrganizationId::new(id.0)))
    }

    fn find_by_key(
        &mut self,
        organization: OrganizationId,
        key: &RoleKey,
    ) -> Result<Option<CustomRole>> {
        first!(
            self,
            roles_of!(organization).filter(roles::role_key.eq(key.as_str()))
        )
    }

    fn find_by_title(
        &mut self,
        organization: OrganizationId,
        title: &RoleTitle,
    ) -> Result<Option<CustomRole>> {
        first!(
            self,
            roles_of!(organization).filter(roles::title_key.eq(title.key()))
        )
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        window: &Window<RoleId>,
    ) -> Result<Page<CustomRole, RoleId>> {
        let (after, skip) = start(window, RoleId::uuid);
        let rows: Vec<RoleRow> = each!(self, |connection| roles_of!(organization)
            .filter(roles::id.gt(after))
            .order(roles::id)
            .limit(window.fetch())
            .offset(skip)
            .select(RoleRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        let total = if window.count {
            let count: i64 = each!(self, |connection| roles_of!(organization)
                .count()
                .get_result(*connection))
            .map_err(failed)?;
            Some(count.unsigned_abs())
        } else {
            None
        };
        let items = rows.into_iter().map(RoleRow::into_role);
        let items = items.collect::<Result<_>>()?;
        Ok(Page::cut(items, window, total, |role: &CustomRole| role.id))
    }

    fn update(&mut self, role: &CustomRole, seen: Version) -> Result<bool> {
        let key = (Key(role.organization_id.uuid()), Key(role.id.uuid()));
        let outcome = change!(
            self,
            update(
                roles::table
                    .find(key)
                    .filter(roles::version.eq(seen.number()))
            )
            .set(NewRole::of(role))
        );
        // A role's key never changes, so only the title can collide.
        let updated = unless_taken(outcome, || {
            Refusal::RoleTitleTaken(role.title.as_str().to_owned())
        })?;
        Ok(updated == 1)
    }

    fn remove(&mut self, organization: OrganizationId, id: RoleId) -> Result<bool> {
        let row = roles::table.find((Key(organization.uuid()), Key(id.uuid())));
        let removed = change!(self, diesel::delete(row));
        Ok(removed.map_err(failed)? == 1)
    }

    fn holders(&mut self, organization: OrganizationId, id: RoleId) -> Result<Vec<RoleHolder>> {
        use workspace_membership_roles as in_workspaces;
        let (organization, role) = (Key(organization.uuid()), Key(id.uuid()));
        let members: Vec<Key> = each!(self, |connection| membership_roles::table
            .filter(membership_roles::organization_id.eq(organization))
            .filter(membership_roles::role_id.eq(role))
            .select(membership_roles::user_id)
            .load(*connection))
        .map_err(failed)?;
        let workspace_members: Vec<(Key, Key)> = each!(self, |connection| in_workspaces::table
            .filter(in_workspaces::organization_id.eq(organization))
            .filter(in_workspaces::role_id.eq(role))
            .select((in_workspaces::workspace_id, in_workspaces::user_id))
            .load(*connection))
        .map_err(failed)?;
        let invitations: Vec<Key> = each!(self, |connection| invitation_roles::table
            .filter(invitation_roles::organization_id.eq(organization))
            .filter(invitation_roles::role_id.eq(role))
            .select(invitation_roles::invitation_id)
            .load(*connection))
        .map_err(failed)?;
        let members = members.iter().map(|id| UserId::new(id.0));
        let invitations = invitations.iter().map(|id| InvitationId::new(id.0));
        let workspace_members = workspace_members.iter().map(|(workspace, user)| {
            RoleHolder::WorkspaceMembership(WorkspaceId::new(workspace.0), UserId::new(user.0))
        });
        Ok(members
            .map(RoleHolder::Membership)
            .chain(workspace_members)
            .chain(invitations.map(RoleHolder::Invitation))
            .collect())
    }
}
