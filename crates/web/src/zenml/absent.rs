//! What ZenML Pro has and Rollbook has not: the answer is 501, `NotImplementedError`, for whoever
//! could ask for it otherwise.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;

use super::answer::Answer;
use super::refuse::{Failure, Refusals};
use super::{Caller, operation, organization_input};
use crate::dialect::Fault;
use crate::operation::{Operation, Policy};
use crate::state::State;

const TEAMS: &str = "Teams";
const RESOURCES: &str = "Permissions for the resources of ZenML servers";
const USAGE: &str = "Usage events";

/// Declares operations that there are not.
macro_rules! absent {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $method:ident $verb:ident $path:literal $params:tt, $what:ident;)+) => {
        /// What cannot be asked.
        pub(super) static OPERATIONS: &[Operation] = &[
            operation(
                "organizations.teams.list",
                Method::GET,
                "/organizations/{organization_id}/teams",
                Policy::needs(Permission::ReadOrganization),
                || web::to(list_teams),
            ),
            $(operation(
                $id,
                Method::$method,
                $path,
                Policy::Caller(Action::ReadSelf),
                || web::to($name),
            ),)+
        ];

        $(
            $(#[$doc])*
            #[utoipa::path(
                $verb,
                path = $path,
                operation_id = $id,
                tag = "not implemented",
                params $params,
                responses((status = 501, description = "Not implemented", body = Failure), Refusals)
            )]
            pub(super) async fn $name(caller: Caller, state: Data<State>) -> Answer {
                state.services.users.me(caller.who).await?;
                Err(Fault::Unsupported { what: $what }.into())
            }
        )+
    };
}

absent! {
    /// Create a team
    create_team = "teams.create", POST post "/teams" (), TEAMS;
    /// Get a team
    get_team = "teams.get", GET get "/teams/{team_id}" (("team_id" = String, Path, description = "The team", format = "uuid")), TEAMS;
    /// Update a team
    update_team = "teams.update", PATCH patch "/teams/{team_id}" (("team_id" = String, Path, description = "The team", format = "uuid")), TEAMS;
    /// Delete a team
    delete_team = "teams.delete", DELETE delete "/teams/{team_id}" (("team_id" = String, Path, description = "The team", format = "uuid")), TEAMS;
    /// List the members of a team
    list_team_members = "teams.members.list", GET get "/teams/{team_id}/members" (("team_id" = String, Path, description = "The team", format = "uuid")), TEAMS;
    /// Add a member to a team
    add_team_member = "teams.members.add", POST post "/teams/{team_id}/members" (("team_id" = String, Path, description = "The team", format = "uuid")), TEAMS;
    /// Remove a member from a team
    remove_team_member = "teams.members.remove", DELETE delete "/teams/{team_id}/members" (("team_id" = String, Path, description = "The team", format = "uuid")), TEAMS;
    /// Check permissions for resources
    check_permissions = "rbac.checkPermissions", GET get "/rbac/check_permissions" (), RESOURCES;
    /// Check permissions for resources
    post_check_permissions = "rbac.postCheckPermissions", POST post "/rbac/check_permissions" (), RESOURCES;
    /// List the resources that somebody may use
    allowed_resource_ids = "rbac.allowedResourceIds", GET get "/rbac/allowed_resource_ids" (), RESOURCES;
    /// Share a resource
    share_resource = "rbac.shareResource", POST post "/rbac/resource_members" (), RESOURCES;
    /// Share a resource
    update_resource_members = "rbac.updateResourceMembers", PATCH patch "/rbac/resource_members" (), RESOURCES;
    /// Forget resources
    delete_resources = "rbac.deleteResources", DELETE delete "/rbac/resources" (), RESOURCES;
    /// Report the use of a feature
    usage_event = "usage.event", POST post "/usage-event" (), USAGE;
    /// Report the use of features
    usage_batch = "usage.batch", POST post "/usage-batch" (), USAGE;
}

/// List the teams of an organization
#[utoipa::path(
    get,
    path = "/organizations/{organization_id}/teams",
    operation_id = "organizations.teams.list",
    tag = "not implemented",
    params(("organization_id" = String, Path, description = "The organization", format = "uuid")),
    responses((status = 501, description = "Not implemented", body = Failure), Refusals)
)]
pub(super) async fn list_teams(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let organization = organization_input::only_path(&request)?;
    // Strangers are told what they are always told.
    let service = &state.services.organizations;
    service.get(caller.who, organization).await?;
    Err(Fault::Unsupported { what: TEAMS }.into())
}
