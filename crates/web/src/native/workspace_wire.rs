//! Workspaces and their members as the native dialect sends them.

use std::collections::BTreeMap;

use rollbook_domain::id::{OrganizationId, UserId, WorkspaceId};
use rollbook_domain::page::Page;
use rollbook_domain::role::WorkspaceRole;
use rollbook_domain::workspace::{WorkspaceMemberView, WorkspaceRef, WorkspaceView};
use serde::Serialize;
use utoipa::ToSchema;

use super::etag;
use super::name::{Name, Time};
use crate::json::write_json;

/// The name of a workspace, `organizations/{organization}/workspaces/{workspace}`.
pub(super) fn name(at: WorkspaceRef) -> Name {
    Name::from(at.organization).child("workspaces", at.id)
}

/// A workspace: a part of an organization in which some of its members work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/workspaces/01980c5e-0000-7000-8000-000000000004",
    "title": "Research",
    "description": "Where we try things",
    "workspace_icon": "flask",
    "workspace_icon_color": "#3366ff",
    "creator_display_name": "Jane Smith",
    "creator_email": "jane@acme.example",
    "create_time": "2025-01-15T10:30:00Z",
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"1\""
}))]
#[expect(clippy::struct_field_names, reason = "clients know them so")]
pub(super) struct Workspace<'a> {
    /// The resource name, `organizations/{organization}/workspaces/{workspace}`.
    #[schema(read_only, value_type = String)]
    name: Name,
    /// What it is called: 1 to 256 characters. Titles may repeat.
    title: &'a str,
    /// What it is for: at most 256 characters.
    #[schema(required = false)]
    description: &'a str,
    /// The name of its picture: at most 64 characters.
    #[schema(required = false)]
    workspace_icon: &'a str,
    /// The colour of its picture: at most 64 characters.
    #[schema(required = false)]
    workspace_icon_color: &'a str,
    /// What to call whoever made it.
    #[schema(read_only)]
    creator_display_name: &'a str,
    /// The e-mail address of whoever made it.
    #[schema(read_only)]
    creator_email: &'a str,
    /// When it was made.
    #[schema(read_only, value_type = String, format = DateTime)]
    create_time: Time,
    /// When it last changed.
    #[schema(read_only, value_type = String, format = DateTime)]
    update_time: Time,
    /// Changes whenever the workspace does. Sent back with a change, here or in `If-Match`, it
    /// makes the change conditional.
    #[schema(required = false)]
    etag: String,
}

write_json!(Workspace {
    name,
    title,
    description,
    workspace_icon,
    workspace_icon_color,
    creator_display_name,
    creator_email,
    create_time,
    update_time,
    etag,
});

impl<'a> From<&'a WorkspaceView> for Workspace<'a> {
    fn from(view: &'a WorkspaceView) -> Self {
        let it = &view.workspace;
        Self {
            name: name(it.reference()),
            title: it.title.as_str(),
            description: it.description.as_ref().map_or("", |text| text.as_str()),
            workspace_icon: it.icon.as_ref().map_or("", |icon| icon.as_str()),
            workspace_icon_color: it.icon_color.as_ref().map_or("", |color| color.as_str()),
            creator_display_name: view.creator_name.as_str(),
            creator_email: view.creator_email.as_str(),
            create_time: Time(it.created_at),
            update_time: Time(it.updated_at),
            etag: etag::of(it.version),
        }
    }
}

/// A page of workspaces.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkspaceList<'a> {
    /// The workspaces, those that were made last first unless `order_by` says otherwise.
    workspaces: Vec<Workspace<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

write_json!(WorkspaceList {
    workspaces,
    next_page_token
});

impl<'a> WorkspaceList<'a> {
    pub(super) fn new<K>(page: &'a Page<WorkspaceView, K>, next_page_token: String) -> Self {
        Self {
            workspaces: page.items.iter().map(Workspace::from).collect(),
            next_page_token,
        }
    }
}

/// A page of the workspaces that the caller belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserWorkspaceList<'a> {
    /// The workspaces, in the order in which they were made.
    user_workspaces: Vec<Workspace<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

write_json!(UserWorkspaceList {
    user_workspaces,
    next_page_token
});

impl<'a> UserWorkspaceList<'a> {
    pub(super) fn new<K>(page: &'a Page<WorkspaceView, K>, next_page_token: String) -> Self {
        Self {
            user_workspaces: page.items.iter().map(Workspace::from).collect(),
            next_page_token,
        }
    }
}

/// Somebody who belongs to a workspace, and as what.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/workspaces/01980c5e-0000-7000-8000-000000000004/users/01980c5e-0000-7000-8000-000000000001",
    "user": {
        "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/users/01980c5e-0000-7000-8000-000000000001",
        "display_name": "Jane Smith",
        "email": "jane@acme.example"
    },
    "roles": [{"name": "workspace-admin", "role_scope": "ROLE_SCOPE_WORKSPACE"}],
    "create_time": "2025-01-15T10:30:00Z",
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"1\""
}))]
pub(super) struct WorkspaceUser<'a> {
    /// The resource name,
    /// `organizations/{organization}/workspaces/{workspace}/users/{user}`.
    #[schema(value_type = String)]
    name: Name,
    /// Who.
    user: WorkspaceUserInfo<'a>,
    /// As what, in this workspace.
    roles: Vec<WorkspaceUserRole<'a>>,
    /// When the user came into the workspace.
    #[schema(value_type = String, format = DateTime)]
    create_time: Time,
    /// When the roles last changed.
    #[schema(value_type = String, format = DateTime)]
    update_time: Time,
    /// Changes whenever the roles do. Sent back with a change, in the body or in `If-Match`, it
    /// makes the change conditional.
    etag: String,
}

/// A user as the members of the organization see them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkspaceUserInfo<'a> {
    /// The resource name, `organizations/{organization}/users/{user}`.
    #[schema(value_type = String)]
    name: Name,
    /// What to call the user.
    display_name: &'a str,
    /// The e-mail address.
    email: &'a str,
}

/// A role in a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkspaceUserRole<'a> {
    /// The role's key, such as `workspace-admin`.
    name: &'a str,
    /// What the role is about: here always a workspace.
    role_scope: &'static str,
}

impl<'a> WorkspaceUserRole<'a> {
    const fn new(name: &'a str) -> Self {
        Self {
            name,
            role_scope: "ROLE_SCOPE_WORKSPACE",
        }
    }
}

impl<'a> From<&'a WorkspaceMemberView> for WorkspaceUser<'a> {
    fn from(view: &'a WorkspaceMemberView) -> Self {
        let it = &view.membership;
        let at = WorkspaceRef {
            organization: it.organization_id,
            id: it.workspace_id,
        };
        let built_in = it.roles.iter().map(WorkspaceRole::public_key);
        let mut roles: Vec<_> = built_in.map(WorkspaceUserRole::new).collect();
        let custom = it.custom_roles.iter().map(|role| role.key.as_str());
        roles.extend(custom.map(WorkspaceUserRole::new));
        Self {
            name: name(at).child("users", it.user_id),
            user: WorkspaceUserInfo {
                name: Name::from(it.organization_id).child("users", it.user_id),
                display_name: view.display_name.as_str(),
                email: view.email.as_str(),
            },
            roles,
            create_time: Time(it.created_at),
            update_time: Time(it.updated_at),
            etag: etag::of(it.version),
        }
    }
}

/// A page of the members of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct WorkspaceUserList<'a> {
    /// The members, in the order of their ids.
    users: Vec<WorkspaceUser<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> WorkspaceUserList<'a> {
    pub(super) fn new(page: &'a Page<WorkspaceMemberView, UserId>, next: String) -> Self {
        Self {
            users: page.items.iter().map(WorkspaceUser::from).collect(),
            next_page_token: next,
        }
    }
}

/// How many users workspaces have.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "workspace_user_counts": {"01980c5e-0000-7000-8000-000000000004": 3}
}))]
pub(super) struct UserCounts {
    /// The number of users by the workspace's id. Workspaces that do not exist or that the caller
    /// may not see are left out.
    workspace_user_counts: BTreeMap<String, u64>,
}

impl From<Vec<(WorkspaceId, u64)>> for UserCounts {
    fn from(counts: Vec<(WorkspaceId, u64)>) -> Self {
        let counts = counts.into_iter();
        Self {
            workspace_user_counts: counts.map(|(id, count)| (id.to_string(), count)).collect(),
        }
    }
}

/// The role that a text in a body names: its key, or its resource name in this organization.
pub(super) fn role_key(organization: OrganizationId, text: &str) -> Option<&str> {
    match text.strip_prefix("organizations/") {
        None => Some(text).filter(|key| !key.contains('/')),
        Some(rest) => {
            let (id, key) = rest.split_once("/roles/")?;
            (OrganizationId::parse(id) == Some(organization)).then_some(key)
        }
    }
}
