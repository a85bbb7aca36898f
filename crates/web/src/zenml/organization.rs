//! Organizations.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;

use super::answer::{self, Answer};
use super::body::Body;
use super::input::segment;
use super::organization_input as input;
use super::organization_wire::{Organization, OrganizationCreate, OrganizationUpdate};
use super::refuse::Refusals;
use super::{Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about organizations.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "organizations.list",
        Method::GET,
        "/organizations",
        Policy::Caller(Action::ReadSelf),
        || web::to(list),
    ),
    operation(
        "organizations.create",
        Method::POST,
        "/organizations",
        Policy::Caller(Action::CreateOrganization),
        || web::to(create),
    ),
    operation(
        "organizations.validateName",
        Method::GET,
        "/organizations/validation/name/{organization_name}",
        Policy::Caller(Action::ReadSelf),
        || web::to(validate_name),
    ),
    operation(
        "organizations.get",
        Method::GET,
        "/organizations/{organization_id_or_name}",
        Policy::needs(Permission::ReadOrganization),
        || web::to(get),
    ),
    operation(
        "organizations.update",
        Method::PATCH,
        "/organizations/{organization_id}",
        Policy::needs(Permission::UpdateOrganization),
        || web::to(update),
    ),
    operation(
        "organizations.delete",
        Method::DELETE,
        "/organizations/{organization_id}",
        Policy::Caller(Action::DeleteOrganization),
        || web::to(delete),
    ),
];

/// List organizations
///
/// Those that the caller belongs to, or all for superusers; the oldest first.
#[utoipa::path(
    get,
    path = "/organizations",
    operation_id = "organizations.list",
    tag = "organizations",
    params(
        ("name" = Option<String>, Query, description = "Only those of this name, whatever its case"),
        ("offset" = Option<u32>, Query, description = "How many to pass over", minimum = 0),
        ("limit" = Option<u32>, Query, description = "How many to answer at the most; 100 unless given", minimum = 1, maximum = 100),
        ("owner_id" = Option<String>, Query, description = "Only those of this owner", format = "uuid"),
        ("owner_username" = Option<String>, Query, description = "Only those of the owner with this address"),
    ),
    responses((status = 200, description = "Some of them", body = Vec<Organization<'_>>), Refusals)
)]
pub(super) async fn list(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let (filter, window) = input::list(&request)?;
    let service = &state.services.organizations;
    let page = service.list(caller.who, filter, window).await?;
    let all: Vec<_> = page.items.iter().map(Organization::from).collect();
    answer::json(&all)
}

/// Create an organization
///
/// The caller owns it. One may own as many as the operator allows: one, unless they say otherwise.
#[utoipa::path(
    post,
    path = "/organizations",
    operation_id = "organizations.create",
    tag = "organizations",
    request_body = OrganizationCreate,
    responses((status = 200, description = "The organization", body = Organization<'_>), Refusals)
)]
pub(super) async fn create(caller: Caller, body: Body, state: Data<State>) -> Answer {
    let command = input::create(&body, &state.settings.zenml)?;
    let service = &state.services.organizations;
    let view = service.create(caller.who, command).await?;
    answer::json(&Organization::from(&view))
}

/// Tell whether a name can be used
///
/// `true` when it is well formed and no organization bears it.
#[utoipa::path(
    get,
    path = "/organizations/validation/name/{organization_name}",
    operation_id = "organizations.validateName",
    tag = "organizations",
    params(("organization_name" = String, Path, description = "The name")),
    responses((status = 200, description = "Whether it can be used", body = bool), Refusals)
)]
pub(super) async fn validate_name(
    caller: Caller,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let text = segment(&request, "organization_name");
    let Some(name) = input::usable_name(&text) else {
        state.services.users.me(caller.who).await?;
        return answer::json(&false);
    };
    let service = &state.services.organizations;
    answer::json(&service.name_is_free(caller.who, name).await?)
}

/// Get an organization
///
/// By its id, or by its name among those that the caller may see.
#[utoipa::path(
    get,
    path = "/organizations/{organization_id_or_name}",
    operation_id = "organizations.get",
    tag = "organizations",
    params(
        ("organization_id_or_name" = String, Path, description = "The id or the name"),
        ("include_subscription_status" = Option<bool>, Query, description = "Whether to tell how its subscription stands"),
    ),
    responses((status = 200, description = "The organization", body = Organization<'_>), Refusals)
)]
pub(super) async fn get(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let (handle, with_status) = input::get(&request)?;
    let service = &state.services.organizations;
    let found = service.find(caller.who, handle, with_status).await?;
    answer::json(&Organization::from(&found))
}

/// Update an organization
///
/// What is absent or null stays as it is. With `owner_id`, the owner hands it over.
#[utoipa::path(
    patch,
    path = "/organizations/{organization_id}",
    operation_id = "organizations.update",
    tag = "organizations",
    params(("organization_id" = String, Path, description = "The id", format = "uuid")),
    request_body = OrganizationUpdate,
    responses((status = 200, description = "The organization", body = Organization<'_>), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    request: HttpRequest,
    body: Body,
    state: Data<State>,
) -> Answer {
    let (id, command) = input::update(&request, &body, &state.settings.zenml)?;
    let service = &state.services.organizations;
    let view = service.update(caller.who, id, command).await?;
    answer::json(&Organization::from(&view))
}

/// Delete an organization
///
/// Its owner can, and nobody else. The answer is `null`.
#[utoipa::path(
    delete,
    path = "/organizations/{organization_id}",
    operation_id = "organizations.delete",
    tag = "organizations",
    params(("organization_id" = String, Path, description = "The id", format = "uuid")),
    responses((status = 200, description = "It is deleted", body = Option<bool>), Refusals)
)]
pub(super) async fn delete(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let id = input::only_path(&request)?;
    let service = &state.services.organizations;
    service.delete(caller.who, id, None).await?;
    answer::nothing()
}
