//! What the plan of an organization allows.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::role::Permission;

use super::answer::{self, Answer};
use super::input::segment;
use super::refuse::Refusals;
use super::{Caller, operation, organization_input};
use crate::dialect::Fault;
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about plans.
pub(super) static OPERATIONS: &[Operation] = &[operation(
    "organizations.entitlement",
    Method::GET,
    "/organizations/{organization_id}/entitlement/{feature}",
    Policy::needs(Permission::ReadOrganization),
    || web::to(check),
)];

/// Tell whether a feature may be used
///
/// 200 with `null` when the plan of the organization allows it, 402 when not. Rollbook knows no
/// features: a plan allows all or nothing.
#[utoipa::path(
    get,
    path = "/organizations/{organization_id}/entitlement/{feature}",
    operation_id = "organizations.entitlement",
    tag = "entitlement",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("feature" = String, Path, description = "The feature"),
    ),
    responses((status = 200, description = "It may be used", body = Option<bool>), Refusals)
)]
pub(super) async fn check(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let organization = organization_input::only_path(&request)?;
    let service = &state.services.subscriptions;
    if service.entitled(caller.who, organization).await? {
        return answer::nothing();
    }
    let feature = segment(&request, "feature");
    Err(Fault::Upgrade { feature }.into())
}
