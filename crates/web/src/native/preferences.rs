//! Preferences of organizations and workspaces.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::role::Permission;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::{self, Answer};
use super::etag::{self, IfMatch};
use super::mask::Mask;
use super::path::OrganizationPath;
use super::preferences_input::PreferencesBody;
use super::preferences_wire::{OrganizationPreferences, WorkspacePreferences};
use super::status::Refusals;
use super::workspace::WorkspacePath;
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about preferences.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "organizations.getPreferences",
        Method::GET,
        "/api/v1/organizations/{organization_id}/preferences",
        Policy::needs(Permission::ReadPreferences),
        || web::to(get),
    ),
    operation(
        "organizations.updatePreferences",
        Method::PATCH,
        "/api/v1/organizations/{organization_id}/preferences",
        Policy::needs(Permission::UpdatePreferences),
        || web::to(update),
    ),
    operation(
        "workspaces.getPreferences",
        Method::GET,
        "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/preferences",
        Policy::needs(Permission::ReadPreferences),
        || web::to(get_of_workspace),
    ),
    operation(
        "workspaces.updatePreferences",
        Method::PATCH,
        "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/preferences",
        Policy::needs(Permission::UpdatePreferences),
        || web::to(update_of_workspace),
    ),
];

/// The query of updating preferences.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UpdatePreferencesQuery {
    /// Which fields to change, with commas in between; those that the body has unless given, and
    /// all with `*` (AIP-134). `general` stands for everything in it.
    #[serde(alias = "updateMask")]
    #[param(example = "support_team_access,general.time_zone")]
    update_mask: Option<String>,
}

/// Get the preferences of an organization
///
/// With `If-None-Match` and the current entity tag the answer is 304, without a body.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/preferences",
    operation_id = "organizations.getPreferences",
    tag = "preferences",
    params(
        OrganizationPath,
        ("If-None-Match" = Option<String>, Header, description = "The entity tag that the caller has"),
    ),
    responses(
        (status = 200, description = "The preferences", body = OrganizationPreferences),
        (status = 304, description = "They have not changed"),
        Refusals,
    )
)]
pub(super) async fn get(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let service = &state.services.preferences;
    let it = service.of_organization(caller.who, organization).await?;
    if etag::is_known(&request, it.version) {
        return Ok(answer::not_modified(it.version));
    }
    answer::versioned(&OrganizationPreferences::from(&it), it.version)
}

/// Update the preferences of an organization
///
/// With an entity tag, in the body or in `If-Match`, only if they are still as the caller saw them.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization_id}/preferences",
    operation_id = "organizations.updatePreferences",
    tag = "preferences",
    params(OrganizationPath, UpdatePreferencesQuery, IfMatch),
    request_body = OrganizationPreferences,
    responses((status = 200, description = "The preferences", body = OrganizationPreferences), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    query: Query<UpdatePreferencesQuery>,
    seen: IfMatch,
    body: Body<PreferencesBody>,
    state: Data<State>,
) -> Answer {
    let mask = Mask::parse(query.update_mask.as_deref())?;
    let seen = seen.or_field(body.value.etag())?;
    let command = body.value.of_organization(&mask, seen)?;
    let service = &state.services.preferences;
    let it = service
        .update_organization(caller.who, organization, command)
        .await?;
    answer::versioned(&OrganizationPreferences::from(&it), it.version)
}

/// Get the preferences of a workspace
///
/// What holds there may change without a change of the entity tag, when the organization's
/// preferences do.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/preferences",
    operation_id = "workspaces.getPreferences",
    tag = "preferences",
    params(WorkspacePath),
    responses((status = 200, description = "The preferences", body = WorkspacePreferences), Refusals)
)]
pub(super) async fn get_of_workspace(
    caller: Caller,
    path: WorkspacePath,
    state: Data<State>,
) -> Answer {
    let service = &state.services.preferences;
    let view = service.of_workspace(caller.who, path.at()).await?;
    answer::versioned(&WorkspacePreferences::from(&view), view.own.version)
}

/// Update the preferences of a workspace
///
/// With an entity tag, in the body or in `If-Match`, only if they are still as the caller saw them.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/preferences",
    operation_id = "workspaces.updatePreferences",
    tag = "preferences",
    params(WorkspacePath, UpdatePreferencesQuery, IfMatch),
    request_body = WorkspacePreferences,
    responses((status = 200, description = "The preferences", body = WorkspacePreferences), Refusals)
)]
pub(super) async fn update_of_workspace(
    caller: Caller,
    path: WorkspacePath,
    query: Query<UpdatePreferencesQuery>,
    seen: IfMatch,
    body: Body<PreferencesBody>,
    state: Data<State>,
) -> Answer {
    let mask = Mask::parse(query.update_mask.as_deref())?;
    let seen = seen.or_field(body.value.etag())?;
    let command = body.value.of_workspace(&mask, seen)?;
    let service = &state.services.preferences;
    let view = service
        .update_workspace(caller.who, path.at(), command)
        .await?;
    answer::versioned(&WorkspacePreferences::from(&view), view.own.version)
}
