//! Who belongs to a workspace.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::id::UserId;
use rollbook_domain::role::Permission;
use rollbook_domain::workspace::WorkspaceMemberView;

use super::answer::{self, Answer};
use super::etag::{self, IfMatch};
use super::list::{Listing, PageQuery};
use super::mask::Mask;
use super::once::{self, Once};
use super::path::id_path;
use super::status::Refusals;
use super::wire::Empty;
use super::workspace::{SeenQuery, UpdateWorkspaceQuery, WorkspacePath};
use super::workspace_input::{AddWorkspaceUserRequest, MemberField, UpdateWorkspaceUserRequest};
use super::workspace_wire::{WorkspaceUser, WorkspaceUserList};
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

id_path!(
    /// The user in the path.
    WorkspaceUserPath,
    "user_id",
    /// The user's id.
    UserId
);

/// What can be asked about who belongs to a workspace.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "workspaces.users.list",
        Method::GET,
        "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/users",
        Policy::needs(Permission::ReadWorkspaceMembership),
        || web::to(list),
    ),
    operation(
        "workspaces.users.add",
        Method::POST,
        "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/users",
        Policy::needs(Permission::CreateWorkspaceMembership),
        || web::to(add),
    ),
    operation(
        "workspaces.users.get",
        Method::GET,
        "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/users/{user_id}",
        Policy::needs(Permission::ReadWorkspaceMembership),
        || web::to(get),
    ),
    operation(
        "workspaces.users.update",
        Method::PATCH,
        "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/users/{user_id}",
        Policy::needs(Permission::UpdateWorkspaceMembership),
        || web::to(update),
    ),
    operation(
        "workspaces.users.remove",
        Method::DELETE,
        "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/users/{user_id}",
        Policy::needs(Permission::DeleteWorkspaceMembership),
        || web::to(remove),
    ),
    operation(
        "workspaces.leave",
        Method::POST,
        "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}:leave",
        Policy::needs(Permission::ReadOrganization),
        || web::to(leave),
    ),
];

fn member(view: &WorkspaceMemberView) -> Answer {
    answer::versioned(&WorkspaceUser::from(view), view.membership.version)
}

/// List the users of a workspace
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/users",
    operation_id = "workspaces.users.list",
    tag = "workspaces",
    params(WorkspacePath, PageQuery),
    responses((status = 200, description = "A page of them", body = WorkspaceUserList), Refusals)
)]
pub(super) async fn list(
    caller: Caller,
    path: WorkspacePath,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let service = &state.services.workspaces;
    let page = service
        .list_members(caller.who, path.at(), listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&WorkspaceUserList::new(&page, next))
}

/// Take a member of the organization into a workspace
///
/// The caller can give no role that permits more than they may in the workspace. With an
/// `Idempotency-Key` or a `request_id`, a repetition answers what the first attempt made.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/users",
    operation_id = "workspaces.users.add",
    tag = "workspaces",
    params(WorkspacePath, once::OnceQuery, once::IdempotencyKey),
    request_body = AddWorkspaceUserRequest,
    responses((status = 200, description = "The member of the workspace", body = WorkspaceUser), Refusals)
)]
pub(super) async fn add(
    caller: Caller,
    path: WorkspacePath,
    once: Once,
    body: Body<AddWorkspaceUserRequest>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = body.value.add(path.at(), once)?;
    let service = &state.services.workspaces;
    member(&service.add_member(caller.who, path.at(), command).await?)
}

/// Get a user of a workspace
///
/// With `If-None-Match` and the current entity tag the answer is 304, without a body.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/users/{user_id}",
    operation_id = "workspaces.users.get",
    tag = "workspaces",
    params(
        WorkspacePath,
        WorkspaceUserPath,
        ("If-None-Match" = Option<String>, Header, description = "The entity tag that the caller has"),
    ),
    responses(
        (status = 200, description = "The member of the workspace", body = WorkspaceUser),
        (status = 304, description = "It has not changed"),
        Refusals,
    )
)]
pub(super) async fn get(
    caller: Caller,
    path: WorkspacePath,
    WorkspaceUserPath(user): WorkspaceUserPath,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let service = &state.services.workspaces;
    let view = service.get_member(caller.who, path.at(), user).await?;
    if etag::is_known(&request, view.membership.version) {
        return Ok(answer::not_modified(view.membership.version));
    }
    member(&view)
}

/// Replace the roles of a user in a workspace
///
/// With an entity tag, in the body or in `If-Match`, only if they are still as the caller saw them.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/users/{user_id}",
    operation_id = "workspaces.users.update",
    tag = "workspaces",
    params(WorkspacePath, WorkspaceUserPath, UpdateWorkspaceQuery, IfMatch),
    request_body = UpdateWorkspaceUserRequest,
    responses((status = 200, description = "The member of the workspace", body = WorkspaceUser), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    path: WorkspacePath,
    WorkspaceUserPath(user): WorkspaceUserPath,
    query: Query<UpdateWorkspaceQuery>,
    seen: IfMatch,
    body: Body<UpdateWorkspaceUserRequest>,
    state: Data<State>,
) -> Answer {
    // There is nothing but the roles that a mask could select; it is read for its faults.
    Mask::<MemberField>::parse(query.mask())?;
    let at = path.at();
    let seen = seen.or_field(body.value.etag())?;
    let roles = body.value.roles(at.organization)?;
    let service = &state.services.workspaces;
    member(&service.set_roles(caller.who, at, user, roles, seen).await?)
}

/// Remove a user from a workspace
///
/// The user stays a member of the organization.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}/users/{user_id}",
    operation_id = "workspaces.users.remove",
    tag = "workspaces",
    params(WorkspacePath, WorkspaceUserPath, SeenQuery, IfMatch),
    responses((status = 200, description = "The user is removed", body = Empty), Refusals)
)]
pub(super) async fn remove(
    caller: Caller,
    path: WorkspacePath,
    WorkspaceUserPath(user): WorkspaceUserPath,
    query: Query<SeenQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let service = &state.services.workspaces;
    service
        .remove_member(caller.who, path.at(), user, seen)
        .await?;
    answer::json(&Empty {})
}

/// Leave a workspace
///
/// Whoever belongs to a workspace may.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}:leave",
    operation_id = "workspaces.leave",
    tag = "workspaces",
    params(WorkspacePath),
    responses((status = 200, description = "The caller has left", body = Empty), Refusals)
)]
pub(super) async fn leave(caller: Caller, path: WorkspacePath, state: Data<State>) -> Answer {
    let service = &state.services.workspaces;
    service.leave(caller.who, path.at()).await?;
    answer::json(&Empty {})
}
