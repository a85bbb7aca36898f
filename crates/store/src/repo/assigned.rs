use std::collections::HashMap;

use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::membership::MemberView;
use rollbook_domain::role::{AssignedRole, WorkspaceRoles};
use rollbook_domain::value::{DisplayName, Email};
use uuid::Uuid;

use crate::row::{AssignedRow, MembershipRow, PersonRow, kind_of, unknown};
use crate::schema::{membership_roles, roles, workspace_membership_roles, workspace_memberships};
use crate::sql::Key;
use crate::tx::{SqlTx, each, failed};

/// The roles of the members of one page, by user: two statements, however many members there are.
#[derive(Default)]
struct PageRoles {
    custom: HashMap<Uuid, Vec<AssignedRole>>,
    workspaces: HashMap<Uuid, (WorkspaceRoles, Vec<AssignedRole>)>,
}

impl SqlTx<'_> {
    /// Members with their roles.
    pub(super) fn member_views(
        &mut self,
        organization: OrganizationId,
        rows: Vec<(MembershipRow, PersonRow)>,
    ) -> Result<Vec<MemberView>> {
        let users: Vec<_> = rows.iter().map(|(member, _)| member.user_id).collect();
        let mut roles = self.page_roles(Key(organization.uuid()), &users)?;
        let views = rows.into_iter().map(|row| view(row, &mut roles));
        views.collect()
    }

    fn page_roles(&mut self, organization: Key, users: &[Key]) -> Result<PageRoles> {
        let mut page = PageRoles::default();
        if users.is_empty() {
            return Ok(page);
        }
        for (user, role) in self.custom_roles(organization, users)? {
            let theirs = page.custom.entry(user.0).or_default();
            theirs.push(role.into_assigned());
        }
        for (user, built_in, custom) in self.workspace_roles(organization, users)? {
            let (roles, assigned) = page.workspaces.entry(user.0).or_default();
            let built_in =
                WorkspaceRoles::from_keys(&built_in).ok_or_else(|| unknown("role", &built_in))?;
            *roles = roles.or(built_in);
            assigned.extend(custom.map(AssignedRow::into_assigned));
        }
        for (_, assigned) in page.workspaces.values_mut() {
            assigned.sort_unstable();
            assigned.dedup();
        }
        Ok(page)
    }

    fn custom_roles(
        &mut self,
        organization: Key,
        users: &[Key],
    ) -> Result<Vec<(Key, AssignedRow)>> {
        each!(self, |connection| membership_roles::table
            .inner_join(
                roles::table.on(roles::organization_id
                    .eq(membership_roles::organization_id)
                    .and(roles::id.eq(membership_roles::role_id)))
            )
            .filter(membership_roles::organization_id.eq(organization))
            .filter(membership_roles::user_id.eq_any(users))
            .order(membership_roles::role_id)
            .select((membership_roles::user_id, AssignedRow::as_select()))
            .load(*connection))
        .map_err(failed)
    }

    fn workspace_roles(
        &mut self,
        organization: Key,
        users: &[Key],
    ) -> Result<Vec<(Key, String, Option<AssignedRow>)>> {
        use workspace_membership_roles as custom;
        use workspace_memberships as members;
        each!(self, |connection| members::table
            .left_join(
                custom::table.on(custom::organization_id
                    .eq(members::organization_id)
                    .and(custom::workspace_id.eq(members::workspace_id))
                    .and(custom::user_id.eq(members::user_id)))
            )
            .left_join(
                roles::table.on(roles::organization_id
                    .eq(members::organization_id)
                    .and(roles::id.nullable().eq(custom::role_id.nullable())))
            )
            .filter(members::organization_id.eq(organization))
            .filter(members::user_id.eq_any(users))
            .distinct()
            .select((
                members::user_id,
                members::roles,
                Option::<AssignedRow>::as_select(),
            ))
            .load(*connection))
        .map_err(failed)
    }
}

fn view((member, person): (MembershipRow, PersonRow), roles: &mut PageRoles) -> Result<MemberView> {
    let user = member.user_id.0;
    let custom = roles.custom.remove(&user).unwrap_or_default();
    let (workspace_roles, custom_workspace_roles) =
        roles.workspaces.remove(&user).unwrap_or_default();
    Ok(MemberView {
        membership: member.into_membership(custom)?,
        kind: kind_of(&person.kind)?,
        display_name: DisplayName::from_stored(person.display_name),
        email: Email::from_stored(person.email),
        workspace_roles,
        custom_workspace_roles,
    })
}
