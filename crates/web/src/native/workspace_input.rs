//! Workspaces and their members as the native dialect takes them, and how they become commands of
//! the domain.

use rollbook_domain::id::{OrganizationId, UserId, WorkspaceId};
use rollbook_domain::idempotency::Once;
use rollbook_domain::organization::{Patch, Version};
use rollbook_domain::role::WorkspaceRole;
use rollbook_domain::service::workspace::{
    AddWorkspaceMember, ChosenWorkspaceRoles, CreateWorkspace, UpdateWorkspace,
};
use rollbook_domain::value::{Description, IconName, Malformed, RoleKey, WorkspaceTitle};
use rollbook_domain::workspace::WorkspaceRef;
use rollbook_domain::{Error, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::ToSchema;

use super::given::{Faults, Given, malformed};
use super::mask::{Mask, Maskable};
use super::workspace_wire::role_key;

/// What of a workspace can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// `title`
    Title,
    /// `description`
    Description,
    /// `workspace_icon`
    Icon,
    /// `workspace_icon_color`
    IconColor,
}

impl Maskable for Field {
    const PATHS: &'static [(&'static str, Self)] = &[
        ("title", Self::Title),
        ("description", Self::Description),
        ("workspace_icon", Self::Icon),
        ("workspaceIcon", Self::Icon),
        ("workspace_icon_color", Self::IconColor),
        ("workspaceIconColor", Self::IconColor),
    ];

    const FIXED: &'static [(&'static str, Option<&'static str>)] = &[
        ("name", None),
        ("create_time", None),
        ("createTime", None),
        ("update_time", None),
        ("updateTime", None),
        ("etag", None),
        ("creator_display_name", None),
        ("creatorDisplayName", None),
        ("creator_email", None),
        ("creatorEmail", None),
    ];
}

/// A workspace in a body. What only answers say is taken and ignored (AIP-203); anything unknown
/// is refused.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct WorkspaceBody {
    name: Given<String>,
    title: Given<String>,
    description: Given<String>,
    #[serde(alias = "workspaceIcon")]
    workspace_icon: Given<String>,
    #[serde(alias = "workspaceIconColor")]
    workspace_icon_color: Given<String>,
    etag: Given<String>,
    #[serde(alias = "requestId")]
    request_id: Given<String>,
    #[serde(rename = "creator_display_name", alias = "creatorDisplayName")]
    _creator_display_name: IgnoredAny,
    #[serde(rename = "creator_email", alias = "creatorEmail")]
    _creator_email: IgnoredAny,
    #[serde(rename = "create_time", alias = "createTime")]
    _create_time: IgnoredAny,
    #[serde(rename = "update_time", alias = "updateTime")]
    _update_time: IgnoredAny,
}

impl WorkspaceBody {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.text()
    }

    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.text()
    }

    /// The new workspace that the body describes.
    pub(super) fn create(
        &self,
        id: Option<WorkspaceId>,
        once: Option<Once>,
    ) -> Result<CreateWorkspace> {
        let mut faults = Faults::default();
        let title = self.title.text().unwrap_or_default();
        let title = faults.check("title", WorkspaceTitle::parse(title));
        let all = Mask::Everything;
        let description = set(self.description(&all, &mut faults));
        let icon = set(self.icon(&all, &mut faults));
        let icon_color = set(self.icon_color(&all, &mut faults));
        let (Some(title), true) = (title, faults.is_empty()) else {
            return Err(faults.into());
        };
        Ok(CreateWorkspace {
            id,
            title,
            description,
            icon,
            icon_color,
            once,
        })
    }

    /// The changes that the body describes, as far as the mask selects them.
    pub(super) fn update(
        &self,
        at: WorkspaceRef,
        mask: &Mask<Field>,
        seen: Option<Version>,
    ) -> Result<UpdateWorkspace> {
        let mut faults = Faults::default();
        faults.check("name", self.check_name(at));
        let command = UpdateWorkspace {
            title: self.title(mask, &mut faults),
            description: self.description(mask, &mut faults),
            icon: self.icon(mask, &mut faults),
            icon_color: self.icon_color(mask, &mut faults),
            seen,
        };
        if faults.is_empty() {
            Ok(command)
        } else {
            Err(faults.into())
        }
    }

    fn check_name(&self, at: WorkspaceRef) -> std::result::Result<(), Malformed> {
        let own = format!("organizations/{}/workspaces/{}", at.organization, at.id);
        match self.name.text() {
            Some(name) if name != own => {
                malformed("the name in the body is not the one in the path")
            }
            _ => Ok(()),
        }
    }

    fn title(&self, mask: &Mask<Field>, faults: &mut Faults) -> Option<WorkspaceTitle> {
        if !mask.selects(Field::Title, &self.title) {
            return None;
        }
        let title = self.title.text().unwrap_or_default();
        faults.check("title", WorkspaceTitle::parse(title))
    }

    fn description(&self, mask: &Mask<Field>, faults: &mut Faults) -> Patch<Description> {
        if !mask.selects(Field::Description, &self.description) {
            return Patch::Keep;
        }
        let description = self.description.text().map(Description::parse);
        patch("description", description, faults)
    }

    fn icon(&self, mask: &Mask<Field>, faults: &mut Faults) -> Patch<IconName> {
        if !mask.selects(Field::Icon, &self.workspace_icon) {
            return Patch::Keep;
        }
        let icon = self.workspace_icon.text().map(IconName::parse);
        patch("workspace_icon", icon, faults)
    }

    fn icon_color(&self, mask: &Mask<Field>, faults: &mut Faults) -> Patch<IconName> {
        if !mask.selects(Field::IconColor, &self.workspace_icon_color) {
            return Patch::Keep;
        }
        let color = self.workspace_icon_color.text().map(IconName::parse);
        patch("workspace_icon_color", color, faults)
    }
}

/// What becomes of a field that is selected: a fault keeps it.
fn patch<T>(
    field: &'static str,
    value: Option<std::result::Result<T, Malformed>>,
    faults: &mut Faults,
) -> Patch<T> {
    match value {
        None => Patch::Clear,
        Some(value) => faults.check(field, value).map_or(Patch::Keep, Patch::Set),
    }
}

fn set<T>(patch: Patch<T>) -> Option<T> {
    match patch {
        Patch::Set(value) => Some(value),
        Patch::Keep | Patch::Clear => None,
    }
}

/// Who shall come into a workspace, and as what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "user": "users/01980c5e-0000-7000-8000-000000000003",
    "roles": ["workspace-editor"]
}))]
pub(super) struct AddWorkspaceUserRequest {
    /// The resource name of a member of the organization, `users/{user}` or
    /// `organizations/{organization}/users/{user}`.
    user: String,
    /// The roles that the user shall have in the workspace, at least one: keys such as
    /// `workspace-editor`, or resource names such as `organizations/{organization}/roles/{role}`.
    roles: Vec<String>,
    /// What the client calls the request, as in the `Idempotency-Key` header.
    #[serde(alias = "requestId")]
    request_id: Option<String>,
}

impl AddWorkspaceUserRequest {
    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// The command to take them in.
    pub(super) fn add(&self, at: WorkspaceRef, once: Option<Once>) -> Result<AddWorkspaceMember> {
        let within = format!("organizations/{}/", at.organization);
        let name = self.user.strip_prefix(&within).unwrap_or(&self.user);
        let user = name.strip_prefix("users/").and_then(UserId::parse);
        let user = user.ok_or_else(|| {
            let reason = "it must be users/{user} or organizations/{organization}/users/{user} of this organization";
            Error::invalid("user", reason)
        })?;
        let roles = chosen(at.organization, self.roles.iter().map(String::as_str))?;
        Ok(AddWorkspaceMember { user, roles, once })
    }
}

/// The roles that somebody shall have in a workspace. What only answers say is ignored.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"roles": ["workspace-viewer"], "etag": "\"1\""}))]
pub(super) struct UpdateWorkspaceUserRequest {
    /// The new roles instead of the old ones, at least one: keys or resource names, or roles as
    /// answers have them.
    #[schema(value_type = Vec<String>)]
    roles: Vec<RoleSpelling>,
    /// The entity tag of the membership as the caller saw it.
    etag: Option<String>,
    #[serde(rename = "name")]
    #[schema(ignore)]
    _name: Option<IgnoredAny>,
    #[serde(rename = "user")]
    #[schema(ignore)]
    _user: Option<IgnoredAny>,
    #[serde(rename = "create_time", alias = "createTime")]
    #[schema(ignore)]
    _create_time: Option<IgnoredAny>,
    #[serde(rename = "update_time", alias = "updateTime")]
    #[schema(ignore)]
    _update_time: Option<IgnoredAny>,
}

/// A role as answers have it, or only its name.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum RoleSpelling {
    /// Its key or resource name.
    Name(String),
    /// As answers have it.
    Answered { name: String },
}

impl UpdateWorkspaceUserRequest {
    /// The entity tag that the body bears.
    pub(super) fn etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// The roles.
    pub(super) fn roles(&self, organization: OrganizationId) -> Result<ChosenWorkspaceRoles> {
        let names = self.roles.iter().map(|role| match role {
            RoleSpelling::Name(name) | RoleSpelling::Answered { name } => name.as_str(),
        });
        chosen(organization, names)
    }
}

/// What of a membership can be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberField {
    /// `roles`
    Roles,
}

impl Maskable for MemberField {
    const PATHS: &'static [(&'static str, Self)] = &[("roles", Self::Roles)];

    const FIXED: &'static [(&'static str, Option<&'static str>)] = &[
        ("name", None),
        ("user", None),
        ("create_time", None),
        ("createTime", None),
        ("update_time", None),
        ("updateTime", None),
        ("etag", None),
    ];
}

fn chosen<'a>(
    organization: OrganizationId,
    names: impl Iterator<Item = &'a str>,
) -> Result<ChosenWorkspaceRoles> {
    let mut chosen = ChosenWorkspaceRoles::default();
    for name in names {
        let key = role_key(organization, name);
        if let Some(role) = key.and_then(WorkspaceRole::from_public_key) {
            chosen.built_in = chosen.built_in.with(role);
            continue;
        }
        let key = key.and_then(|key| RoleKey::parse(key).ok());
        let reason = || format!("'{name}' is no role for workspaces of this organization");
        chosen
            .custom
            .push(key.ok_or_else(|| Error::invalid("roles", reason()))?);
    }
    Ok(chosen)
}

/// Of which workspaces to count the users.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"workspace_ids": ["01980c5e-0000-7000-8000-000000000004"]}))]
pub(super) struct CountUsersRequest {
    /// The ids of the workspaces, at most 100.
    #[serde(alias = "workspaceIds")]
    workspace_ids: Vec<String>,
}

impl CountUsersRequest {
    /// The ids; a text that is none stands for no workspace.
    pub(super) fn ids(&self) -> Vec<WorkspaceId> {
        let texts = self.workspace_ids.iter();
        texts.filter_map(|text| WorkspaceId::parse(text)).collect()
    }
}
