//! Organizations.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::Error;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::{self, Answer};
use super::etag::{self, IfMatch};
use super::input::{OrganizationBody, TransferRequest};
use super::list::{FilterQuery, Listing, PageQuery};
use super::mask::Mask;
use super::once::{self, Once};
use super::path::OrganizationPath;
use super::status::Refusals;
use super::wire::{Empty, Organization, OrganizationList};
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about organizations.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "organizations.get",
        Method::GET,
        "/api/v1/organizations/{organization_id}",
        Policy::needs(Permission::ReadOrganization),
        || web::to(get),
    ),
    operation(
        "organizations.update",
        Method::PATCH,
        "/api/v1/organizations/{organization_id}",
        Policy::needs(Permission::UpdateOrganization),
        || web::to(update),
    ),
    operation(
        "organizations.delete",
        Method::DELETE,
        "/api/v1/organizations/{organization_id}",
        Policy::Caller(Action::DeleteOrganization),
        || web::to(delete),
    ),
    operation(
        "organizations.list",
        Method::GET,
        "/api/v1/organizations",
        Policy::Caller(Action::ListAllOrganizations),
        || web::to(list),
    ),
    operation(
        "organizations.create",
        Method::POST,
        "/api/v1/organizations",
        Policy::Caller(Action::CreateOrganization),
        || web::to(create),
    ),
    operation(
        "organizations.undelete",
        Method::POST,
        "/api/v1/organizations/{organization_id}:undelete",
        Policy::Caller(Action::RestoreOrganization),
        || web::to(undelete),
    ),
    operation(
        "organizations.transferOwnership",
        Method::POST,
        "/api/v1/organizations/{organization_id}:transferOwnership",
        Policy::Caller(Action::TransferOrganization),
        || web::to(transfer_ownership),
    ),
];

/// The query of creating an organization.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct CreateQuery {
    /// The id that the organization shall have; otherwise one is made (AIP-133).
    #[serde(alias = "organizationId")]
    #[param(format = "uuid")]
    organization_id: Option<String>,
}

impl CreateQuery {
    fn id(&self) -> Result<Option<OrganizationId>, Error> {
        let text = self.organization_id.as_deref();
        text.map(|text| {
            let reason = "it must be a UUID in lower case with hyphens";
            OrganizationId::parse(text).ok_or_else(|| Error::invalid("organization_id", reason))
        })
        .transpose()
    }
}

/// The query of updating an organization.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UpdateQuery {
    /// Which fields to change, with commas in between; those that the body has unless given, and
    /// all with `*` (AIP-134).
    #[serde(alias = "updateMask")]
    #[param(example = "title,description")]
    update_mask: Option<String>,
}

/// The query of deleting an organization.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteQuery {
    /// The entity tag of the organization as the caller saw it (AIP-154).
    etag: Option<String>,
}

/// Get an organization
///
/// With `If-None-Match` and the current entity tag the answer is 304, without a body.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}",
    operation_id = "organizations.get",
    tag = "organizations",
    params(
        OrganizationPath,
        ("If-None-Match" = Option<String>, Header, description = "The entity tag that the caller has"),
    ),
    responses(
        (status = 200, description = "The organization", body = Organization),
        (status = 304, description = "It has not changed"),
        Refusals,
    )
)]
pub(super) async fn get(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let view = state.services.organizations.get(caller.who, id).await?;
    if etag::is_known(&request, view.organization.version) {
        return Ok(answer::not_modified(view.organization.version));
    }
    answer::organization(&view)
}

/// List all organizations
///
/// For superusers.
#[utoipa::path(
    get,
    path = "/api/v1/organizations",
    operation_id = "organizations.list",
    tag = "organizations",
    params(PageQuery, FilterQuery),
    responses((status = 200, description = "A page of them", body = OrganizationList), Refusals)
)]
pub(super) async fn list(caller: Caller, listing: Listing, state: Data<State>) -> Answer {
    let service = &state.services.organizations;
    let page = service
        .list_all(caller.who, listing.titles()?, listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    Ok(answer::list(&OrganizationList::new(&page, next)))
}

/// Create an organization
///
/// The caller owns it, as its first member and administrator. With an `Idempotency-Key` or a
/// `request_id`, a repetition answers the organization that the first attempt made.
#[utoipa::path(
    post,
    path = "/api/v1/organizations",
    operation_id = "organizations.create",
    tag = "organizations",
    params(CreateQuery, once::OnceQuery, once::IdempotencyKey),
    request_body = Organization,
    responses((status = 200, description = "The organization", body = Organization), Refusals)
)]
pub(super) async fn create(
    caller: Caller,
    query: Query<CreateQuery>,
    once: Once,
    body: Body<OrganizationBody>,
    state: Data<State>,
) -> Answer {
    let limit = state.settings.native.owner_limit;
    let once = once.claim(&body, body.value.request_id())?;
    let mut command = body.value.create(query.id()?, limit, once)?;
    command.terms = state.settings.native.terms;
    let service = &state.services.organizations;
    answer::organization(&service.create(caller.who, command).await?)
}

/// Update an organization
///
/// With an entity tag, in the body or in `If-Match`, only if it is still as the caller saw it.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization_id}",
    operation_id = "organizations.update",
    tag = "organizations",
    params(OrganizationPath, UpdateQuery, IfMatch),
    request_body = Organization,
    responses((status = 200, description = "The organization", body = Organization), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    path: OrganizationPath,
    query: Query<UpdateQuery>,
    seen: IfMatch,
    body: Body<OrganizationBody>,
    state: Data<State>,
) -> Answer {
    let mask = Mask::parse(query.update_mask.as_deref())?;
    let seen = seen.or_field(body.value.etag())?;
    let command = body.value.update(path, &mask, seen)?;
    let service = &state.services.organizations;
    answer::organization(&service.update(caller.who, path.0, command).await?)
}

/// Delete an organization
///
/// It is invisible at once, and can be restored for thirty days.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization_id}",
    operation_id = "organizations.delete",
    tag = "organizations",
    params(OrganizationPath, DeleteQuery, IfMatch),
    responses((status = 200, description = "It is deleted", body = Empty), Refusals)
)]
pub(super) async fn delete(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    query: Query<DeleteQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let service = &state.services.organizations;
    service.delete(caller.who, id, seen).await?;
    answer::json(&Empty {})
}

/// Restore a deleted organization
///
/// It gets a numbered slug if its own is taken by now.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}:undelete",
    operation_id = "organizations.undelete",
    tag = "organizations",
    params(OrganizationPath),
    responses((status = 200, description = "The organization", body = Organization), Refusals)
)]
pub(super) async fn undelete(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    state: Data<State>,
) -> Answer {
    let limit = state.settings.native.owner_limit;
    let service = &state.services.organizations;
    answer::organization(&service.restore(caller.who, id, limit).await?)
}

/// Hand an organization over to another owner
///
/// The new owner becomes an administrator, the old one stays one.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}:transferOwnership",
    operation_id = "organizations.transferOwnership",
    tag = "organizations",
    params(OrganizationPath, IfMatch),
    request_body = TransferRequest,
    responses((status = 200, description = "The organization", body = Organization), Refusals)
)]
pub(super) async fn transfer_ownership(
    caller: Caller,
    path: OrganizationPath,
    seen: IfMatch,
    body: Body<TransferRequest>,
    state: Data<State>,
) -> Answer {
    let heir = body.value.new_owner(path)?;
    let seen = seen.or_field(body.value.etag())?;
    let limit = state.settings.native.owner_limit;
    let service = &state.services.organizations;
    let view = service
        .transfer(caller.who, path.0, heir, seen, limit)
        .await?;
    answer::organization(&view)
}
