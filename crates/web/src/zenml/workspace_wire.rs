//! Workspaces as the ZenML dialect sends and takes them. Rollbook runs no ZenML servers: a
//! workspace that is there is available, and has no server.

use rollbook_domain::id::WorkspaceId;
use rollbook_domain::organization::OrganizationView;
use rollbook_domain::value::Description;
use rollbook_domain::workspace::{HousedWorkspace, WorkspaceView};
use serde::Serialize;
use utoipa::ToSchema;

use super::organization_wire::Organization;
use super::user_wire::{Id, Time};

/// The states of workspaces.
pub(super) const STATES: [&str; 6] = [
    "not_initialized",
    "pending",
    "available",
    "failed",
    "deactivated",
    "deleted",
];

/// The place of the state that all workspaces are in.
pub(super) const AVAILABLE: usize = 2;

/// A workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkspaceRead)]
pub(super) struct Workspace<'a> {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: Id<WorkspaceId>,
    /// What it is called.
    name: &'a str,
    /// The same.
    display_name: &'a str,
    /// What it is for.
    description: Option<&'a str>,
    /// The organization that it is a part of.
    organization: Organization<'a>,
    /// Always `available`.
    #[schema(value_type = String)]
    desired_state: &'static str,
    /// Always empty.
    #[schema(value_type = String)]
    state_reason: &'static str,
    /// Always `available`.
    #[schema(value_type = String)]
    status: &'static str,
    /// The ZenML server, of which there is none.
    zenml_service: ZenmlService,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated: Time,
}

/// The ZenML server of a workspace.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = ZenMLServiceRead)]
struct ZenmlService {
    /// Always null.
    #[schema(value_type = Option<Object>)]
    configuration: Option<bool>,
    /// Always null.
    #[schema(value_type = Option<Object>)]
    status: Option<bool>,
}

impl<'a> Workspace<'a> {
    pub(super) fn new(organization: &'a OrganizationView, view: &'a WorkspaceView) -> Self {
        let workspace = &view.workspace;
        Self {
            id: Id(workspace.id),
            name: workspace.title.as_str(),
            display_name: workspace.title.as_str(),
            description: workspace.description.as_ref().map(Description::as_str),
            organization: Organization::from(organization),
            desired_state: STATES[AVAILABLE],
            state_reason: "",
            status: STATES[AVAILABLE],
            zenml_service: ZenmlService::default(),
            created: Time(workspace.created_at),
            updated: Time(workspace.updated_at),
        }
    }
}

impl<'a> From<&'a HousedWorkspace> for Workspace<'a> {
    fn from(housed: &'a HousedWorkspace) -> Self {
        Self::new(&housed.organization, &housed.workspace)
    }
}

/// A new workspace.
#[derive(ToSchema)]
#[schema(as = WorkspaceCreate)]
#[expect(dead_code, reason = "only described")]
pub(super) struct WorkspaceCreate {
    /// The organization that it shall be a part of.
    #[schema(format = "uuid")]
    organization_id: String,
    /// What it is called.
    #[schema(min_length = 1, max_length = 50)]
    name: String,
    /// What it is for.
    #[schema(max_length = 256)]
    description: Option<String>,
}

/// What shall change in a workspace. What is absent or null stays as it is.
#[derive(ToSchema)]
#[schema(as = WorkspaceUpdate)]
#[expect(dead_code, reason = "only described")]
pub(super) struct WorkspaceUpdate {
    /// What it is called.
    #[schema(min_length = 1, max_length = 50)]
    name: Option<String>,
    /// What it is for.
    #[schema(max_length = 256)]
    description: Option<String>,
}
