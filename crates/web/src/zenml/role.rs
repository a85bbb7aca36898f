//! Roles.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::page::Window;
use rollbook_domain::role::{Permission, RoleScope, RoleView};
use rollbook_domain::value::fold;

use super::answer::{self, Answer};
use super::body::Body;
use super::organization_input;
use super::query::{Query, UNPAGED_MAX};
use super::refuse::Refusals;
use super::report::Report;
use super::role_wire::{LEVELS, Role, RoleCreate, RoleUpdate};
use super::{Caller, operation, role_id, role_input as input};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about roles.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "organizations.roles.list",
        Method::GET,
        "/organizations/{organization_id}/roles",
        Policy::needs(Permission::ReadRole),
        || web::to(list),
    ),
    operation(
        "roles.create",
        Method::POST,
        "/roles",
        Policy::needs(Permission::CreateRole),
        || web::to(create),
    ),
    operation(
        "roles.get",
        Method::GET,
        "/roles/{role_id}",
        Policy::needs(Permission::ReadRole),
        || web::to(get),
    ),
    operation(
        "roles.update",
        Method::PATCH,
        "/roles/{role_id}",
        Policy::needs(Permission::UpdateRole),
        || web::to(update),
    ),
    operation(
        "roles.delete",
        Method::DELETE,
        "/roles/{role_id}",
        Policy::needs(Permission::DeleteRole),
        || web::to(delete),
    ),
];

/// List the roles of an organization
///
/// The built-in ones first, then its own.
#[utoipa::path(
    get,
    path = "/organizations/{organization_id}/roles",
    operation_id = "organizations.roles.list",
    tag = "roles",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("level" = Option<String>, Query, description = "Only those of this level: organization, workspace or project"),
        ("name" = Option<String>, Query, description = "Only the one of this name, whatever its case"),
        ("offset" = Option<u32>, Query, description = "How many to pass over", minimum = 0),
        ("limit" = Option<u32>, Query, description = "How many to answer at the most; 1000 unless given", minimum = 1, maximum = 1000),
    ),
    responses((status = 200, description = "Some of them", body = Vec<Role<'_>>), Refusals)
)]
pub(super) async fn list(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let (mut report, query) = (Report::default(), Query::of(&request));
    let organization = organization_input::path(&mut report, &request);
    let level = query.word(&mut report, "level", &LEVELS);
    let part = query.part(&mut report, UNPAGED_MAX);
    let name = query.text("name").map(fold);
    report.done()?;
    let scope = match level {
        Some(0) => Some(RoleScope::Organization),
        Some(_) => Some(RoleScope::Workspace),
        None => None,
    };
    let window = Window::skip(part.offset, part.limit);
    let service = &state.services.roles;
    let page = service
        .list(caller.who, organization, scope, window)
        .await?;
    let wanted = |role: &&RoleView| {
        let named = name.as_ref().is_none_or(|name| fold(role.title()) == *name);
        named && level != Some(2)
    };
    let roles = page.items.iter().filter(wanted);
    let all: Vec<_> = roles.map(|role| Role::new(organization, role)).collect();
    answer::json(&all)
}

/// Create a role
#[utoipa::path(
    post,
    path = "/roles",
    operation_id = "roles.create",
    tag = "roles",
    request_body = RoleCreate,
    responses((status = 200, description = "The role", body = Role<'_>), Refusals)
)]
pub(super) async fn create(caller: Caller, body: Body, state: Data<State>) -> Answer {
    let (organization, command) = input::create(&body)?;
    let service = &state.services.roles;
    let role = service.create(caller.who, organization, command).await?;
    answer::json(&Role::new(organization, &RoleView::Custom(role)))
}

/// Get a role
#[utoipa::path(
    get,
    path = "/roles/{role_id}",
    operation_id = "roles.get",
    tag = "roles",
    params(("role_id" = String, Path, description = "The role", format = "uuid")),
    responses((status = 200, description = "The role", body = Role<'_>), Refusals)
)]
pub(super) async fn get(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let id = input::only_path(&request)?;
    let found = role_id::anywhere(&state, caller.who, id).await?;
    answer::json(&Role::new(found.organization, &found.role))
}

/// Update a role
///
/// Built-in roles cannot change.
#[utoipa::path(
    patch,
    path = "/roles/{role_id}",
    operation_id = "roles.update",
    tag = "roles",
    params(("role_id" = String, Path, description = "The role", format = "uuid")),
    request_body = RoleUpdate,
    responses((status = 200, description = "The role", body = Role<'_>), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    request: HttpRequest,
    body: Body,
    state: Data<State>,
) -> Answer {
    let (id, command) = input::update(&request, &body)?;
    let found = role_id::anywhere(&state, caller.who, id).await?;
    let (organization, key) = (found.organization, found.role.key().to_owned());
    let service = &state.services.roles;
    let role = service
        .update(caller.who, organization, key, command)
        .await?;
    answer::json(&Role::new(organization, &RoleView::Custom(role)))
}

/// Delete a role
///
/// One that somebody has cannot be deleted. The answer is `null`.
#[utoipa::path(
    delete,
    path = "/roles/{role_id}",
    operation_id = "roles.delete",
    tag = "roles",
    params(("role_id" = String, Path, description = "The role", format = "uuid")),
    responses((status = 200, description = "It is deleted", body = Option<bool>), Refusals)
)]
pub(super) async fn delete(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let id = input::only_path(&request)?;
    let found = role_id::anywhere(&state, caller.who, id).await?;
    let key = found.role.key().to_owned();
    let service = &state.services.roles;
    service
        .delete(caller.who, found.organization, key, None, None)
        .await?;
    answer::nothing()
}
