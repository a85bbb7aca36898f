//! Roles.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use actix_web::{FromRequest, HttpRequest};
use rollbook_domain::role::{CustomRole, Permission, RoleScope, RoleView};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::{self, Answer};
use super::etag::{self, IfMatch};
use super::list::{Listing, PageQuery};
use super::mask::Mask;
use super::once::{self, Once};
use super::path::{OrganizationPath, segment};
use super::role_input::{RoleBody, role_key};
use super::role_wire::{Role, RoleList};
use super::status::Refusals;
use super::wire::Empty;
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about roles.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "organizations.roles.list",
        Method::GET,
        "/api/v1/organizations/{organization_id}/roles",
        Policy::needs(Permission::ReadRole),
        || web::to(list),
    ),
    operation(
        "organizations.roles.create",
        Method::POST,
        "/api/v1/organizations/{organization_id}/roles",
        Policy::needs(Permission::CreateRole),
        || web::to(create),
    ),
    operation(
        "organizations.roles.get",
        Method::GET,
        "/api/v1/organizations/{organization_id}/roles/{role_id}",
        Policy::needs(Permission::ReadRole),
        || web::to(get),
    ),
    operation(
        "organizations.roles.update",
        Method::PATCH,
        "/api/v1/organizations/{organization_id}/roles/{role_id}",
        Policy::needs(Permission::UpdateRole),
        || web::to(update),
    ),
    operation(
        "organizations.roles.delete",
        Method::DELETE,
        "/api/v1/organizations/{organization_id}/roles/{role_id}",
        Policy::needs(Permission::DeleteRole),
        || web::to(delete),
    ),
];

/// The role in the path.
#[derive(Clone, Debug, IntoParams)]
#[into_params(names("role_id"), parameter_in = Path)]
pub(super) struct RolePath(
    /// The role's key, such as `org-admin`: the last part of its name.
    String,
);

impl FromRequest for RolePath {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(segment(request, "role_id").to_owned())))
    }
}

/// The query of making a role.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CreateRoleQuery {
    /// The key that the role shall have: 1 to 63 characters of a-z, 0-9 and hyphen. Made from the
    /// title unless it is given (AIP-133).
    #[serde(alias = "roleId")]
    #[param(example = "auditor")]
    role_id: Option<String>,
}

/// The query of updating a role.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UpdateRoleQuery {
    /// Which fields to change, with commas in between; those that the body has unless given, and
    /// all with `*` (AIP-134).
    #[serde(alias = "updateMask")]
    #[param(example = "title,permissions")]
    update_mask: Option<String>,
}

/// The query of deleting a role.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteRoleQuery {
    /// The name or key of a role of the same scope, which everybody gets who has the deleted one,
    /// or is invited as that. Without it a role that somebody has is not deleted.
    #[serde(alias = "replacementRole")]
    #[param(example = "org-member")]
    replacement_role: Option<String>,
    /// The entity tag of the role as the caller saw it (AIP-154).
    etag: Option<String>,
}

fn custom(role: &CustomRole) -> Answer {
    answer::versioned(&Role::from(role), role.version)
}

/// List the roles of an organization
///
/// Those of its workspaces are not among them.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/roles",
    operation_id = "organizations.roles.list",
    tag = "roles",
    params(OrganizationPath, PageQuery),
    responses((status = 200, description = "A page of them", body = RoleList), Refusals)
)]
pub(super) async fn list(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let service = &state.services.roles;
    let scope = Some(RoleScope::Organization);
    let page = service
        .list(caller.who, id, scope, listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&RoleList::new(id, &page, next))
}

/// Make a role
///
/// It can permit nothing that the caller may not do. With an `Idempotency-Key` or a `request_id`, a
/// repetition answers the role that the first attempt made.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/roles",
    operation_id = "organizations.roles.create",
    tag = "roles",
    params(OrganizationPath, CreateRoleQuery, once::OnceQuery, once::IdempotencyKey),
    request_body = Role,
    responses((status = 200, description = "The role", body = Role), Refusals)
)]
pub(super) async fn create(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    query: Query<CreateRoleQuery>,
    once: Once,
    body: Body<RoleBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let key = query.role_id.as_deref().filter(|key| !key.is_empty());
    let command = body.value.create(key, once)?;
    let service = &state.services.roles;
    custom(&service.create(caller.who, id, command).await?)
}

/// Get a role
///
/// Built in or made by the organization, also one of its workspaces.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/roles/{role_id}",
    operation_id = "organizations.roles.get",
    tag = "roles",
    params(
        OrganizationPath,
        RolePath,
        ("If-None-Match" = Option<String>, Header, description = "The entity tag that the caller has"),
    ),
    responses(
        (status = 200, description = "The role", body = Role),
        (status = 304, description = "It has not changed"),
        Refusals,
    )
)]
pub(super) async fn get(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    RolePath(key): RolePath,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    match state.services.roles.get(caller.who, id, key).await? {
        RoleView::Custom(role) if etag::is_known(&request, role.version) => {
            Ok(answer::not_modified(role.version))
        }
        RoleView::Custom(role) => custom(&role),
        built_in => answer::json(&Role::new(id, &built_in)),
    }
}

/// Change a role
///
/// Whoever has it may at once what it permits then. It can permit, before and after, nothing that
/// the caller may not do. With an entity tag, in the body or in `If-Match`, only if it is still as
/// the caller saw it.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization_id}/roles/{role_id}",
    operation_id = "organizations.roles.update",
    tag = "roles",
    params(OrganizationPath, RolePath, UpdateRoleQuery, IfMatch),
    request_body = Role,
    responses((status = 200, description = "The role", body = Role), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    path: OrganizationPath,
    RolePath(key): RolePath,
    query: Query<UpdateRoleQuery>,
    seen: IfMatch,
    body: Body<RoleBody>,
    state: Data<State>,
) -> Answer {
    let mask = Mask::parse(query.update_mask.as_deref())?;
    let seen = seen.or_field(body.value.etag())?;
    let command = body.value.update(path, &key, &mask, seen)?;
    let service = &state.services.roles;
    custom(&service.update(caller.who, path.0, key, command).await?)
}

/// Delete a role
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization_id}/roles/{role_id}",
    operation_id = "organizations.roles.delete",
    tag = "roles",
    params(OrganizationPath, RolePath, DeleteRoleQuery, IfMatch),
    responses((status = 200, description = "It is deleted", body = Empty), Refusals)
)]
pub(super) async fn delete(
    caller: Caller,
    path: OrganizationPath,
    RolePath(key): RolePath,
    query: Query<DeleteRoleQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let replacement = query.replacement_role.as_deref();
    let replacement = replacement
        .filter(|name| !name.is_empty())
        .map(|name| role_key(path, name).map(str::to_owned))
        .transpose()
        .map_err(|why| why.in_field("replacement_role"))?;
    let service = &state.services.roles;
    service
        .delete(caller.who, path.0, key, replacement, seen)
        .await?;
    answer::json(&Empty {})
}
