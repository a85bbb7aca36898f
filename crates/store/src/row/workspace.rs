use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use rollbook_domain::Result;
use rollbook_domain::id::{OrganizationId, RoleId, UserId, WorkspaceId};
use rollbook_domain::organization::Version;
use rollbook_domain::role::{AssignedRole, WorkspaceRoles};
use rollbook_domain::value::{Description, DisplayName, Email, IconName, RoleKey, WorkspaceTitle};
use rollbook_domain::workspace::{
    Workspace, WorkspaceMemberView, WorkspaceMembership, WorkspaceView,
};
use uuid::Uuid;

use super::{OwnerRow, unknown};
use crate::schema::{workspace_memberships, workspaces};
use crate::sql::{Key, Moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = workspaces)]
pub(crate) struct WorkspaceRow {
    id: Key,
    organization_id: Key,
    title: String,
    description: Option<String>,
    icon: Option<String>,
    icon_color: Option<String>,
    creator_id: Key,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
    deleted_at: Option<Moment>,
}

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = workspaces, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(primary_key(organization_id, id))]
pub(crate) struct NewWorkspace<'a> {
    id: Key,
    organization_id: Key,
    title: &'a str,
    title_key: String,
    description: Option<&'a str>,
    icon: Option<&'a str>,
    icon_color: Option<&'a str>,
    creator_id: Key,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
    deleted_at: Option<Moment>,
}

impl<'a> NewWorkspace<'a> {
    pub(crate) fn of(workspace: &'a Workspace) -> Self {
        Self {
            id: Key(workspace.id.uuid()),
            organization_id: Key(workspace.organization_id.uuid()),
            title: workspace.title.as_str(),
            title_key: workspace.title.key(),
            description: workspace.description.as_ref().map(Description::as_str),
            icon: workspace.icon.as_ref().map(IconName::as_str),
            icon_color: workspace.icon_color.as_ref().map(IconName::as_str),
            creator_id: Key(workspace.creator_id.uuid()),
            version: workspace.version.number(),
            created_at: Moment(workspace.created_at),
            updated_at: Moment(workspace.updated_at),
            deleted_at: workspace.deleted_at.map(Moment),
        }
    }
}

impl WorkspaceRow {
    pub(crate) fn into_view(self, creator: OwnerRow) -> WorkspaceView {
        WorkspaceView {
            workspace: self.into_workspace(),
            creator_name: DisplayName::from_stored(creator.display_name),
            creator_email: Email::from_stored(creator.email),
        }
    }

    fn into_workspace(self) -> Workspace {
        Workspace {
            id: WorkspaceId::new(self.id.0),
            organization_id: OrganizationId::new(self.organization_id.0),
            title: WorkspaceTitle::from_stored(self.title),
            description: self.description.map(Description::from_stored),
            icon: self.icon.map(IconName::from_stored),
            icon_color: self.icon_color.map(IconName::from_stored),
            creator_id: UserId::new(self.creator_id.0),
            version: Version::new(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            deleted_at: self.deleted_at.map(|at| at.0),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = workspace_memberships)]
pub(crate) struct WorkspaceMembershipRow {
    organization_id: Key,
    workspace_id: Key,
    user_id: Key,
    roles: String,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
}

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = workspace_memberships)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(primary_key(organization_id, workspace_id, user_id))]
pub(crate) struct NewWorkspaceMembership {
    organization_id: Key,
    workspace_id: Key,
    user_id: Key,
    roles: String,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
}

impl NewWorkspaceMembership {
    pub(crate) fn of(membership: &WorkspaceMembership) -> Self {
        Self {
            organization_id: Key(membership.organization_id.uuid()),
            workspace_id: Key(membership.workspace_id.uuid()),
            user_id: Key(membership.user_id.uuid()),
            roles: membership.roles.to_keys(),
            version: membership.version.number(),
            created_at: Moment(membership.created_at),
            updated_at: Moment(membership.updated_at),
        }
    }
}

impl WorkspaceMembershipRow {
    /// `custom` is what `repo::assigned` selects.
    pub(crate) fn into_view(
        self,
        member: OwnerRow,
        custom: Option<&str>,
    ) -> Result<WorkspaceMemberView> {
        Ok(WorkspaceMemberView {
            membership: WorkspaceMembership {
                organization_id: OrganizationId::new(self.organization_id.0),
                workspace_id: WorkspaceId::new(self.workspace_id.0),
                user_id: UserId::new(self.user_id.0),
                roles: workspace_roles(&self.roles)?,
                custom_roles: assigned_roles(custom)?,
                version: Version::new(self.version),
                created_at: self.created_at.0,
                updated_at: self.updated_at.0,
            },
            display_name: DisplayName::from_stored(member.display_name),
            email: Email::from_stored(member.email),
        })
    }
}

/// The built-in roles in a workspace.
pub(crate) fn workspace_roles(keys: &str) -> Result<WorkspaceRoles> {
    WorkspaceRoles::from_keys(keys).ok_or_else(|| unknown("role", keys))
}

/// Reads pairs of id and key, joined by commas, in whatever order the database found them.
pub(crate) fn assigned_roles(pairs: Option<&str>) -> Result<Vec<AssignedRole>> {
    let pairs = pairs.into_iter().flat_map(|pairs| pairs.split(','));
    let mut roles: Vec<_> = pairs.map(assigned_role).collect::<Result<_>>()?;
    roles.sort_unstable();
    Ok(roles)
}

pub(crate) fn assigned_role(pair: &str) -> Result<AssignedRole> {
    let parts = pair.split_once(' ');
    let parsed = parts.and_then(|(id, key)| Some((Uuid::try_parse(id).ok()?, key)));
    let (id, key) = parsed.ok_or_else(|| unknown("role", pair))?;
    Ok(AssignedRole {
        id: RoleId::new(id),
        key: RoleKey::from_stored(key.to_owned()),
    })
}
