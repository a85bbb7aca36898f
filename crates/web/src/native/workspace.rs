//! Workspaces.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::Error;
use rollbook_domain::id::WorkspaceId;
use rollbook_domain::role::Permission;
use rollbook_domain::workspace::{WorkspaceField, WorkspaceOrder, WorkspaceRef, WorkspaceView};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::answer::{self, Answer};
use super::etag::{self, IfMatch};
use super::list::{FilterQuery, Listing, PageQuery};
use super::mask::Mask;
use super::once::{self, Once};
use super::path::{OrganizationPath, segment};
use super::status::Refusals;
use super::wire::Empty;
use super::workspace_input::{CountUsersRequest, WorkspaceBody};
use super::workspace_wire::{UserCounts, UserWorkspaceList, Workspace, WorkspaceList};
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about workspaces.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "workspaces.get",
        Method::GET,
        "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}",
        Policy::needs(Permission::ReadWorkspace),
        || web::to(get),
    ),
    operation(
        "workspaces.list",
        Method::GET,
        "/api/v1/organizations/{organization_id}/workspaces",
        Policy::needs(Permission::ReadWorkspace),
        || web::to(list),
    ),
    operation(
        "me.organizations.workspaces.list",
        Method::GET,
        "/api/v1/me/organizations/{organization_id}/workspaces",
        Policy::needs(Permission::ReadWorkspace),
        || web::to(list_mine),
    ),
    operation(
        "workspaces.create",
        Method::POST,
        "/api/v1/organizations/{organization_id}/workspaces",
        Policy::needs(Permission::CreateWorkspace),
        || web::to(create),
    ),
    operation(
        "workspaces.update",
        Method::PATCH,
        "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}",
        Policy::needs(Permission::UpdateWorkspace),
        || web::to(update),
    ),
    operation(
        "workspaces.delete",
        Method::DELETE,
        "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}",
        Policy::needs(Permission::DeleteWorkspace),
        || web::to(delete),
    ),
    operation(
        "workspaces.undelete",
        Method::POST,
        "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}:undelete",
        Policy::needs(Permission::DeleteWorkspace),
        || web::to(undelete),
    ),
    operation(
        "workspaces.countUsers",
        Method::POST,
        "/api/v1/organizations/{organization_id}/workspaces:countUsers",
        Policy::needs(Permission::ReadWorkspaceMembership),
        || web::to(count_users),
    ),
];

/// The workspace in the path, with its organization. Texts that are no ids become nil ids, as with
/// [`OrganizationPath`].
#[derive(Clone, Copy, Debug, IntoParams)]
#[into_params(names("organization_id", "workspace_id"), parameter_in = Path)]
pub(super) struct WorkspacePath(
    /// The organization's id.
    #[param(value_type = String, format = "uuid")]
    OrganizationPath,
    /// The workspace's id.
    #[param(value_type = String, format = "uuid")]
    WorkspaceId,
);

impl WorkspacePath {
    /// Which workspace it is.
    pub(super) fn at(self) -> WorkspaceRef {
        WorkspaceRef {
            organization: self.0.0,
            id: self.1,
        }
    }
}

impl actix_web::FromRequest for WorkspacePath {
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        let organization = OrganizationPath::new(segment(request, "organization_id"));
        let id = WorkspaceId::parse(segment(request, "workspace_id"));
        let id = id.unwrap_or(WorkspaceId::new(Uuid::nil()));
        std::future::ready(Ok(Self(organization, id)))
    }
}

/// The query of creating a workspace.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CreateWorkspaceQuery {
    /// The id that the workspace shall have; otherwise one is made (AIP-133).
    #[serde(alias = "workspaceId")]
    #[param(format = "uuid")]
    workspace_id: Option<String>,
}

impl CreateWorkspaceQuery {
    fn id(&self) -> Result<Option<WorkspaceId>, Error> {
        let text = self.workspace_id.as_deref();
        text.map(|text| {
            let reason = "it must be a UUID in lower case with hyphens";
            WorkspaceId::parse(text).ok_or_else(|| Error::invalid("workspace_id", reason))
        })
        .transpose()
    }
}

/// The query of updating a workspace.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UpdateWorkspaceQuery {
    /// Which fields to change, with commas in between; those that the body has unless given, and
    /// all with `*` (AIP-134).
    #[serde(alias = "updateMask")]
    #[param(example = "title,workspace_icon")]
    update_mask: Option<String>,
}

impl UpdateWorkspaceQuery {
    /// The mask.
    pub(super) fn mask(&self) -> Option<&str> {
        self.update_mask.as_deref()
    }
}

/// The query of deleting something that has an entity tag.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct SeenQuery {
    /// The entity tag as the caller saw it (AIP-154).
    pub(super) etag: Option<String>,
}

/// The query that sorts workspaces.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only described")]
pub(super) struct WorkspaceOrderQuery {
    /// By which field to sort (AIP-132): `title`, `create_time` or `update_time`, with ` desc`
    /// behind it for the other direction. Those that were made last come first unless given.
    #[param(example = "title")]
    order_by: Option<String>,
}

/// What a list of workspaces can be sorted by.
const ORDER: [(&str, WorkspaceField); 5] = [
    ("title", WorkspaceField::Title),
    ("create_time", WorkspaceField::Created),
    ("created_time", WorkspaceField::Created),
    ("update_time", WorkspaceField::Updated),
    ("updated_time", WorkspaceField::Updated),
];

fn order(listing: &Listing) -> Result<WorkspaceOrder, Error> {
    match listing.order(&ORDER)?.as_slice() {
        [] => Ok(WorkspaceOrder::default()),
        [(field, direction)] => Ok(WorkspaceOrder {
            field: *field,
            direction: *direction,
        }),
        _ => Err(Error::invalid("order_by", "sort by one field")),
    }
}

fn workspace(view: &WorkspaceView) -> Answer {
    answer::versioned(&Workspace::from(view), view.workspace.version)
}

/// Get a workspace
///
/// With `If-None-Match` and the current entity tag the answer is 304, without a body.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}",
    operation_id = "workspaces.get",
    tag = "workspaces",
    params(
        WorkspacePath,
        ("If-None-Match" = Option<String>, Header, description = "The entity tag that the caller has"),
    ),
    responses(
        (status = 200, description = "The workspace", body = Workspace),
        (status = 304, description = "It has not changed"),
        Refusals,
    )
)]
pub(super) async fn get(
    caller: Caller,
    path: WorkspacePath,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let view = state.services.workspaces.get(caller.who, path.at()).await?;
    if etag::is_known(&request, view.workspace.version) {
        return Ok(answer::not_modified(view.workspace.version));
    }
    workspace(&view)
}

/// List the workspaces of an organization
///
/// All of them for those who may read all, otherwise those that the caller belongs to.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/workspaces",
    operation_id = "workspaces.list",
    tag = "workspaces",
    params(OrganizationPath, PageQuery, FilterQuery, WorkspaceOrderQuery),
    responses((status = 200, description = "A page of them", body = WorkspaceList), Refusals)
)]
pub(super) async fn list(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let (filter, order, window) = (listing.titles()?, order(&listing)?, listing.window()?);
    let service = &state.services.workspaces;
    let page = service
        .list(caller.who, organization, filter, order, window)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    Ok(answer::list(&WorkspaceList::new(&page, next)))
}

/// List the workspaces of an organization that the caller belongs to
#[utoipa::path(
    get,
    path = "/api/v1/me/organizations/{organization_id}/workspaces",
    operation_id = "me.organizations.workspaces.list",
    tag = "me",
    params(OrganizationPath, PageQuery),
    responses((status = 200, description = "A page of them", body = UserWorkspaceList), Refusals)
)]
pub(super) async fn list_mine(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let service = &state.services.workspaces;
    let page = service
        .list_mine(caller.who, organization, listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    Ok(answer::list(&UserWorkspaceList::new(&page, next)))
}

/// Create a workspace
///
/// The caller runs it. With an `Idempotency-Key` or a `request_id`, a repetition answers the
/// workspace that the first attempt made.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/workspaces",
    operation_id = "workspaces.create",
    tag = "workspaces",
    params(OrganizationPath, CreateWorkspaceQuery, once::OnceQuery, once::IdempotencyKey),
    request_body = Workspace,
    responses((status = 200, description = "The workspace", body = Workspace), Refusals)
)]
pub(super) async fn create(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    query: Query<CreateWorkspaceQuery>,
    once: Once,
    body: Body<WorkspaceBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = body.value.create(query.id()?, once)?;
    let service = &state.services.workspaces;
    workspace(&service.create(caller.who, organization, command).await?)
}

/// Update a workspace
///
/// With an entity tag, in the body or in `If-Match`, only if it is still as the caller saw it.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}",
    operation_id = "workspaces.update",
    tag = "workspaces",
    params(WorkspacePath, UpdateWorkspaceQuery, IfMatch),
    request_body = Workspace,
    responses((status = 200, description = "The workspace", body = Workspace), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    path: WorkspacePath,
    query: Query<UpdateWorkspaceQuery>,
    seen: IfMatch,
    body: Body<WorkspaceBody>,
    state: Data<State>,
) -> Answer {
    let mask = Mask::parse(query.mask())?;
    let seen = seen.or_field(body.value.etag())?;
    let command = body.value.update(path.at(), &mask, seen)?;
    let service = &state.services.workspaces;
    workspace(&service.update(caller.who, path.at(), command).await?)
}

/// Delete a workspace
///
/// It is invisible at once, and can be restored for thirty days.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}",
    operation_id = "workspaces.delete",
    tag = "workspaces",
    params(WorkspacePath, SeenQuery, IfMatch),
    responses((status = 200, description = "It is deleted", body = Empty), Refusals)
)]
pub(super) async fn delete(
    caller: Caller,
    path: WorkspacePath,
    query: Query<SeenQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let service = &state.services.workspaces;
    service.delete(caller.who, path.at(), seen).await?;
    answer::json(&Empty {})
}

/// Restore a deleted workspace
///
/// Its members and preferences come back with it.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/workspaces/{workspace_id}:undelete",
    operation_id = "workspaces.undelete",
    tag = "workspaces",
    params(WorkspacePath),
    responses((status = 200, description = "The workspace", body = Workspace), Refusals)
)]
pub(super) async fn undelete(caller: Caller, path: WorkspacePath, state: Data<State>) -> Answer {
    let service = &state.services.workspaces;
    workspace(&service.undelete(caller.who, path.at()).await?)
}

/// Count the users of workspaces
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/workspaces:countUsers",
    operation_id = "workspaces.countUsers",
    tag = "workspaces",
    params(OrganizationPath),
    request_body = CountUsersRequest,
    responses((status = 200, description = "How many each of them has", body = UserCounts), Refusals)
)]
pub(super) async fn count_users(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    body: Body<CountUsersRequest>,
    state: Data<State>,
) -> Answer {
    let service = &state.services.workspaces;
    let counts = service
        .count_members(caller.who, organization, body.value.ids())
        .await?;
    answer::json(&UserCounts::from(counts))
}
