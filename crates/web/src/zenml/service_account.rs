//! Service accounts, and their keys.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::Result;
use rollbook_domain::id::{OrganizationId, TokenId, UserId};
use rollbook_domain::page::Window;
use rollbook_domain::role::Permission;
use rollbook_domain::service::service_account::{
    CreateServiceAccount, Granted, IssueKey, ServiceAccount as DomainAccount,
};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::{DisplayName, TokenName};
use uuid::Uuid;

use super::answer::{self, Answer};
use super::body::Body;
use super::input::{Form, path_uuid, segment};
use super::query::{LIMIT_MAX, Query};
use super::refuse::Refusals;
use super::report::Report;
use super::service_account_wire::{ApiKey, ApiKeyCreate, ServiceAccount, ServiceAccountCreate};
use super::{Caller, operation, organization_input};
use crate::dialect::Fault;
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about service accounts.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "organizations.serviceAccounts.list",
        Method::GET,
        "/organizations/{organization_id}/service_accounts",
        Policy::needs(Permission::ReadServiceAccount),
        || web::to(list),
    ),
    operation(
        "organizations.serviceAccounts.create",
        Method::POST,
        "/organizations/{organization_id}/service_accounts",
        Policy::needs(Permission::CreateServiceAccount),
        || web::to(create),
    ),
    operation(
        "organizations.serviceAccounts.get",
        Method::GET,
        "/organizations/{organization_id}/service_accounts/{service_account}",
        Policy::needs(Permission::ReadServiceAccount),
        || web::to(get),
    ),
    operation(
        "organizations.serviceAccounts.delete",
        Method::DELETE,
        "/organizations/{organization_id}/service_accounts/{service_account}",
        Policy::needs(Permission::DeleteServiceAccount),
        || web::to(delete),
    ),
    operation(
        "organizations.serviceAccounts.keys.list",
        Method::GET,
        "/organizations/{organization_id}/service_accounts/{service_account}/api_keys",
        Policy::needs(Permission::ReadServiceAccount),
        || web::to(list_keys),
    ),
    operation(
        "organizations.serviceAccounts.keys.create",
        Method::POST,
        "/organizations/{organization_id}/service_accounts/{service_account}/api_keys",
        Policy::needs(Permission::UpdateServiceAccount),
        || web::to(create_key),
    ),
    operation(
        "organizations.serviceAccounts.keys.delete",
        Method::DELETE,
        "/organizations/{organization_id}/service_accounts/{service_account}/api_keys/{key_id}",
        Policy::needs(Permission::UpdateServiceAccount),
        || web::to(delete_key),
    ),
];

/// The service account in the path, by its id or its name.
async fn find(
    state: &State,
    caller: Caller,
    organization: OrganizationId,
    request: &HttpRequest,
) -> Result<DomainAccount> {
    let text = segment(request, "service_account");
    let service = &state.services.service_accounts;
    if let Ok(id) = Uuid::parse_str(&text) {
        return service.get(caller.who, organization, UserId::new(id)).await;
    }
    match DisplayName::parse(&text) {
        Ok(name) => service.named(caller.who, organization, name).await,
        // No name is no service account's, and the id that nothing has finds that out.
        Err(_) => {
            service
                .get(caller.who, organization, UserId::new(Uuid::nil()))
                .await
        }
    }
}

/// List the service accounts of an organization
#[utoipa::path(
    get,
    path = "/organizations/{organization_id}/service_accounts",
    operation_id = "organizations.serviceAccounts.list",
    tag = "service accounts",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("offset" = Option<u32>, Query, description = "How many to pass over", minimum = 0),
        ("limit" = Option<u32>, Query, description = "How many to answer at the most; 100 unless given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "Some of them", body = Vec<ServiceAccount<'_>>), Refusals)
)]
pub(super) async fn list(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let (mut report, query) = (Report::default(), Query::of(&request));
    let organization = organization_input::path(&mut report, &request);
    let part = query.part(&mut report, LIMIT_MAX);
    report.done()?;
    let window = Window::skip(part.offset, part.limit);
    let service = &state.services.service_accounts;
    let page = service.list(caller.who, organization, window).await?;
    let accounts = page.items.iter();
    let all: Vec<_> = accounts
        .map(|it| ServiceAccount::new(organization, it))
        .collect();
    answer::json(&all)
}

/// Create a service account
///
/// It is a plain member; an assignment gives it another role.
#[utoipa::path(
    post,
    path = "/organizations/{organization_id}/service_accounts",
    operation_id = "organizations.serviceAccounts.create",
    tag = "service accounts",
    params(("organization_id" = String, Path, description = "The organization", format = "uuid")),
    request_body = ServiceAccountCreate,
    responses((status = 200, description = "The service account", body = ServiceAccount<'_>), Refusals)
)]
pub(super) async fn create(
    caller: Caller,
    request: HttpRequest,
    body: Body,
    state: Data<State>,
) -> Answer {
    let mut report = Report::default();
    let organization = organization_input::path(&mut report, &request);
    let mut form = Form::new(&body.0, &mut report);
    let name = form.required_value("username", Some((1, 256)), DisplayName::parse);
    let (Some(display_name), true) = (name, report.is_empty()) else {
        return Err(Fault::from(report).into());
    };
    let command = CreateServiceAccount {
        display_name,
        granted: Granted::default(),
        once: None,
    };
    let service = &state.services.service_accounts;
    let account = service.create(caller.who, organization, command).await?;
    answer::json(&ServiceAccount::new(organization, &account))
}

/// Get a service account
#[utoipa::path(
    get,
    path = "/organizations/{organization_id}/service_accounts/{service_account}",
    operation_id = "organizations.serviceAccounts.get",
    tag = "service accounts",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("service_account" = String, Path, description = "The id or the name"),
    ),
    responses((status = 200, description = "The service account", body = ServiceAccount<'_>), Refusals)
)]
pub(super) async fn get(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let organization = organization_input::only_path(&request)?;
    let account = find(&state, caller, organization, &request).await?;
    answer::json(&ServiceAccount::new(organization, &account))
}

/// Delete a service account
///
/// Its keys end with it. The answer is `null`.
#[utoipa::path(
    delete,
    path = "/organizations/{organization_id}/service_accounts/{service_account}",
    operation_id = "organizations.serviceAccounts.delete",
    tag = "service accounts",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("service_account" = String, Path, description = "The id or the name"),
    ),
    responses((status = 200, description = "It is deleted", body = Option<bool>), Refusals)
)]
pub(super) async fn delete(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let organization = organization_input::only_path(&request)?;
    let account = find(&state, caller, organization, &request).await?;
    let service = &state.services.service_accounts;
    service
        .delete(caller.who, organization, account.user.id, None)
        .await?;
    answer::nothing()
}

/// List the keys of a service account
#[utoipa::path(
    get,
    path = "/organizations/{organization_id}/service_accounts/{service_account}/api_keys",
    operation_id = "organizations.serviceAccounts.keys.list",
    tag = "service accounts",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("service_account" = String, Path, description = "The id or the name"),
        ("offset" = Option<u32>, Query, description = "How many to pass over", minimum = 0),
        ("limit" = Option<u32>, Query, description = "How many to answer at the most; 100 unless given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "Some of them, without the keys themselves", body = Vec<ApiKey<'_>>), Refusals)
)]
pub(super) async fn list_keys(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let (mut report, query) = (Report::default(), Query::of(&request));
    let organization = organization_input::path(&mut report, &request);
    let part = query.part(&mut report, LIMIT_MAX);
    report.done()?;
    let account = find(&state, caller, organization, &request).await?;
    let window = Window::skip(part.offset, part.limit);
    let service = &state.services.service_accounts;
    let page = service
        .list_keys(caller.who, organization, account.user.id, window)
        .await?;
    let all: Vec<_> = page.items.iter().map(ApiKey::from).collect();
    answer::json(&all)
}

/// Issue a key to a service account
///
/// The answer has the key, which cannot be had again.
#[utoipa::path(
    post,
    path = "/organizations/{organization_id}/service_accounts/{service_account}/api_keys",
    operation_id = "organizations.serviceAccounts.keys.create",
    tag = "service accounts",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("service_account" = String, Path, description = "The id or the name"),
    ),
    request_body = ApiKeyCreate,
    responses((status = 200, description = "The key", body = ApiKey<'_>), Refusals)
)]
pub(super) async fn create_key(
    caller: Caller,
    request: HttpRequest,
    body: Body,
    state: Data<State>,
) -> Answer {
    let now = state.services.clock.now();
    let (organization, command) = new_key(&request, &body, now)?;
    let account = find(&state, caller, organization, &request).await?;
    let service = &state.services.service_accounts;
    let issued = service
        .issue_key(caller.who, organization, account.user.id, command)
        .await?;
    answer::secret(&ApiKey::from(&issued))
}

fn new_key(
    request: &HttpRequest,
    body: &Body,
    now: Timestamp,
) -> std::result::Result<(OrganizationId, IssueKey), Fault> {
    let mut report = Report::default();
    let organization = organization_input::path(&mut report, request);
    let mut form = Form::new(&body.0, &mut report);
    let name = form.required_value("name", Some((1, 100)), TokenName::parse);
    let minutes = form.positive("expires_in_minutes");
    match (name, report.is_empty()) {
        (Some(name), true) => {
            let life = minutes.map(|it| Span::from_millis(it.min(LONGEST) * 60_000));
            Ok((
                organization,
                IssueKey {
                    name,
                    expires_at: life.map(|life| now.plus(life)),
                    once: None,
                },
            ))
        }
        _ => Err(report.into()),
    }
}

/// A thousand years, in minutes: a life that is as good as without end, and can be written down.
const LONGEST: i64 = 1000 * 365 * 24 * 60;

/// Revoke a key of a service account
///
/// The answer is `null`.
#[utoipa::path(
    delete,
    path = "/organizations/{organization_id}/service_accounts/{service_account}/api_keys/{key_id}",
    operation_id = "organizations.serviceAccounts.keys.delete",
    tag = "service accounts",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("service_account" = String, Path, description = "The id or the name"),
        ("key_id" = String, Path, description = "The key", format = "uuid"),
    ),
    responses((status = 200, description = "It is revoked", body = Option<bool>), Refusals)
)]
pub(super) async fn delete_key(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let mut report = Report::default();
    let organization = organization_input::path(&mut report, &request);
    let key = TokenId::new(path_uuid(&mut report, &request, "key_id"));
    report.done()?;
    let account = find(&state, caller, organization, &request).await?;
    let service = &state.services.service_accounts;
    service
        .revoke_key(caller.who, organization, account.user.id, key)
        .await?;
    answer::nothing()
}
