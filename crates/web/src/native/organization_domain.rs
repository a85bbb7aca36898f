//! Domains of an organization.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::domain::OrganizationDomain as Domain;
use rollbook_domain::id::DomainId;
use rollbook_domain::role::Permission;

use super::answer::{self, Answer};
use super::domain_wire::{DomainBody, OrganizationDomain, OrganizationDomainList};
use super::etag::{self, IfMatch};
use super::list::{Listing, PageQuery};
use super::mask::Mask;
use super::once::{self, Once};
use super::path::{OrganizationPath, id_path};
use super::status::Refusals;
use super::user_input::{EtagQuery, MaskQuery};
use super::wire::Empty;
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

id_path!(
    /// The domain in the path.
    DomainPath,
    "domain_id",
    /// The domain's id.
    DomainId
);

/// What can be asked about domains.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "domains.list",
        Method::GET,
        "/api/v1/organizations/{organization_id}/domains",
        Policy::needs(Permission::ReadDomain),
        || web::to(list),
    ),
    operation(
        "domains.create",
        Method::POST,
        "/api/v1/organizations/{organization_id}/domains",
        Policy::needs(Permission::CreateDomain),
        || web::to(create),
    ),
    operation(
        "domains.get",
        Method::GET,
        "/api/v1/organizations/{organization_id}/domains/{domain_id}",
        Policy::needs(Permission::ReadDomain),
        || web::to(get),
    ),
    operation(
        "domains.update",
        Method::PATCH,
        "/api/v1/organizations/{organization_id}/domains/{domain_id}",
        Policy::needs(Permission::UpdateDomain),
        || web::to(update),
    ),
    operation(
        "domains.delete",
        Method::DELETE,
        "/api/v1/organizations/{organization_id}/domains/{domain_id}",
        Policy::needs(Permission::DeleteDomain),
        || web::to(delete),
    ),
    operation(
        "domains.verify",
        Method::POST,
        "/api/v1/organizations/{organization_id}/domains/{domain_id}:verify",
        Policy::needs(Permission::UpdateDomain),
        || web::to(verify),
    ),
];

/// List the domains of an organization
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/domains",
    operation_id = "domains.list",
    tag = "domains",
    params(OrganizationPath, PageQuery),
    responses(
        (status = 200, description = "A page of them", body = OrganizationDomainList),
        Refusals,
    )
)]
pub(super) async fn list(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let service = &state.services.domains;
    let page = service
        .list(caller.who, organization, listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&OrganizationDomainList::new(&page, next))
}

/// Add a domain
///
/// The answer says which TXT record proves it. With an `Idempotency-Key` or a `request_id`, a
/// repetition answers the domain that the first attempt added.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/domains",
    operation_id = "domains.create",
    tag = "domains",
    params(OrganizationPath, once::OnceQuery, once::IdempotencyKey),
    request_body = OrganizationDomain,
    responses((status = 200, description = "The domain", body = OrganizationDomain), Refusals)
)]
pub(super) async fn create(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    once: Once,
    body: Body<DomainBody>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = body.value.add(once)?;
    let service = &state.services.domains;
    domain(&service.add(caller.who, organization, command).await?)
}

/// Get a domain
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/domains/{domain_id}",
    operation_id = "domains.get",
    tag = "domains",
    params(OrganizationPath, DomainPath),
    responses(
        (status = 200, description = "The domain", body = OrganizationDomain),
        (status = 304, description = "It has not changed"),
        Refusals,
    )
)]
pub(super) async fn get(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    DomainPath(id): DomainPath,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let service = &state.services.domains;
    let found = service.get(caller.who, organization, id).await?;
    if etag::is_known(&request, found.version) {
        return Ok(answer::not_modified(found.version));
    }
    domain(&found)
}

/// Update a domain
///
/// Only a verified domain can be the primary one, or let people in.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization_id}/domains/{domain_id}",
    operation_id = "domains.update",
    tag = "domains",
    params(OrganizationPath, DomainPath, MaskQuery, IfMatch),
    request_body = OrganizationDomain,
    responses((status = 200, description = "The domain", body = OrganizationDomain), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    DomainPath(id): DomainPath,
    query: Query<MaskQuery>,
    seen: IfMatch,
    body: Body<DomainBody>,
    state: Data<State>,
) -> Answer {
    let mask = Mask::parse(query.update_mask.as_deref())?;
    let seen = seen.or_field(body.value.etag())?;
    let command = body.value.update(&mask, seen)?;
    let service = &state.services.domains;
    domain(
        &service
            .update(caller.who, organization, id, command)
            .await?,
    )
}

/// Remove a domain
///
/// Who got in by it stays.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization_id}/domains/{domain_id}",
    operation_id = "domains.delete",
    tag = "domains",
    params(OrganizationPath, DomainPath, EtagQuery, IfMatch),
    responses((status = 200, description = "It is removed", body = Empty), Refusals)
)]
pub(super) async fn delete(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    DomainPath(id): DomainPath,
    query: Query<EtagQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let service = &state.services.domains;
    service.remove(caller.who, organization, id, seen).await?;
    answer::json(&Empty {})
}

/// Verify a domain
///
/// Looks for the challenge in the DNS.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/domains/{domain_id}:verify",
    operation_id = "domains.verify",
    tag = "domains",
    params(OrganizationPath, DomainPath),
    responses((status = 200, description = "The domain", body = OrganizationDomain), Refusals)
)]
pub(super) async fn verify(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    DomainPath(id): DomainPath,
    state: Data<State>,
) -> Answer {
    let service = &state.services.domains;
    domain(&service.verify(caller.who, organization, id).await?)
}

/// A domain with its entity tag.
fn domain(domain: &Domain) -> Answer {
    answer::versioned(&OrganizationDomain::from(domain), domain.version)
}
