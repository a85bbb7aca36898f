//! The users of an organization: its members.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::Error;
use rollbook_domain::id::UserId;
use rollbook_domain::membership::{MemberOrder, MemberView};
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::{self, Answer};
use super::etag::{self, IfMatch};
use super::list::{Listing, PageQuery};
use super::mask::Mask;
use super::member_input::{AddUserRequest, FILTERS, MemberMask, ORDERS, UpdateUserRequest};
use super::member_wire::{Member, OrganizationUserList};
use super::once::{self, Once};
use super::path::{OrganizationPath, id_path};
use super::status::Refusals;
use super::wire::Empty;
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

id_path!(
    /// The user in the path.
    MemberPath,
    "user_id",
    /// The user's id.
    UserId
);

/// What can be asked about the users of an organization.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "organizations.users.list",
        Method::GET,
        "/api/v1/organizations/{organization_id}/users",
        Policy::needs(Permission::ReadMembership),
        || web::to(list),
    ),
    operation(
        "organizations.users.add",
        Method::POST,
        "/api/v1/organizations/{organization_id}/users",
        Policy::needs(Permission::CreateMembership),
        || web::to(add),
    ),
    operation(
        "organizations.users.get",
        Method::GET,
        "/api/v1/organizations/{organization_id}/users/{user_id}",
        Policy::needs(Permission::ReadMembership),
        || web::to(get),
    ),
    operation(
        "organizations.users.update",
        Method::PATCH,
        "/api/v1/organizations/{organization_id}/users/{user_id}",
        Policy::needs(Permission::UpdateMembership),
        || web::to(update),
    ),
    operation(
        "organizations.users.remove",
        Method::DELETE,
        "/api/v1/organizations/{organization_id}/users/{user_id}",
        Policy::needs(Permission::DeleteMembership),
        || web::to(remove),
    ),
    operation(
        "organizations.leave",
        Method::POST,
        "/api/v1/organizations/{organization_id}:leave",
        Policy::Caller(Action::LeaveOrganization),
        || web::to(leave),
    ),
];

/// Which users to list, and in which order.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only described")]
pub(super) struct MemberQuery {
    /// Which users to answer (AIP-160): `role` compared with `=` or `!=` to the title or key of a
    /// role, `role_scope` to `organization` or `workspace`, and `search:` for a part of the display
    /// name or the address, combined with `AND`, `OR`, `NOT` and parentheses. Case does not matter.
    #[param(example = "role = \"Organization Admin\" AND search:\"jane\"")]
    filter: Option<String>,
    /// In which order (AIP-132): `display_name`, `email`, `created_time`, `updated_time`, each with
    /// ` desc` behind it or not; `created_time desc` unless given.
    #[param(example = "display_name,created_time desc")]
    order_by: Option<String>,
}

/// The query of changing a user's roles.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct UpdateMemberQuery {
    /// `roles`, `*` or nothing: there is nothing else to change (AIP-134).
    #[serde(alias = "updateMask")]
    #[param(example = "roles")]
    update_mask: Option<String>,
}

/// The query of removing a user.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RemoveMemberQuery {
    /// The entity tag of the user as the caller saw it (AIP-154).
    etag: Option<String>,
}

fn member(view: &MemberView) -> Answer {
    answer::versioned(&Member::from(view), view.membership.version)
}

/// List the users of an organization
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/users",
    operation_id = "organizations.users.list",
    tag = "users",
    params(OrganizationPath, PageQuery, MemberQuery),
    responses((status = 200, description = "A page of them", body = OrganizationUserList), Refusals)
)]
pub(super) async fn list(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let filter = listing.filter(FILTERS)?;
    let twice = || Error::invalid("order_by", "a field comes twice");
    let order = MemberOrder::new(listing.order(ORDERS)?).ok_or_else(twice)?;
    let service = &state.services.memberships;
    let page = service
        .list(caller.who, id, filter, order, listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    Ok(answer::list(&OrganizationUserList::new(&page, next)))
}

/// Take a user into an organization
///
/// Without asking them; to ask, invite them. The caller can give no role that permits more than
/// they may. With an `Idempotency-Key` or a `request_id`, a repetition answers what the first
/// attempt made.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/users",
    operation_id = "organizations.users.add",
    tag = "users",
    params(OrganizationPath, once::OnceQuery, once::IdempotencyKey),
    request_body = AddUserRequest,
    responses((status = 200, description = "The user", body = Member), Refusals)
)]
pub(super) async fn add(
    caller: Caller,
    path: OrganizationPath,
    once: Once,
    body: Body<AddUserRequest>,
    state: Data<State>,
) -> Answer {
    let once = once.claim(&body, body.value.request_id())?;
    let command = body.value.add(path, once)?;
    let service = &state.services.memberships;
    member(&service.add(caller.who, path.0, command).await?)
}

/// Get a user of an organization
///
/// With `If-None-Match` and the current entity tag the answer is 304, without a body.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/users/{user_id}",
    operation_id = "organizations.users.get",
    tag = "users",
    params(
        OrganizationPath,
        MemberPath,
        ("If-None-Match" = Option<String>, Header, description = "The entity tag that the caller has"),
    ),
    responses(
        (status = 200, description = "The user", body = Member),
        (status = 304, description = "Neither the roles nor the user have changed"),
        Refusals,
    )
)]
pub(super) async fn get(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    MemberPath(user): MemberPath,
    request: HttpRequest,
    state: Data<State>,
) -> Answer {
    let service = &state.services.memberships;
    let view = service.get(caller.who, id, user).await?;
    if etag::is_known(&request, view.membership.version) {
        return Ok(answer::not_modified(view.membership.version));
    }
    member(&view)
}

/// Replace the roles of a user in an organization
///
/// The user keeps those in workspaces. Nobody can give a role that permits more than they may, nor
/// change a user who may more than they; the owner stays an administrator. With an entity tag, in
/// the body or in `If-Match`, only if the roles are still as the caller saw them.
#[utoipa::path(
    patch,
    path = "/api/v1/organizations/{organization_id}/users/{user_id}",
    operation_id = "organizations.users.update",
    tag = "users",
    params(OrganizationPath, MemberPath, UpdateMemberQuery, IfMatch),
    request_body = UpdateUserRequest,
    responses((status = 200, description = "The user", body = Member), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    path: OrganizationPath,
    MemberPath(user): MemberPath,
    query: Query<UpdateMemberQuery>,
    seen: IfMatch,
    body: Body<UpdateUserRequest>,
    state: Data<State>,
) -> Answer {
    // There is nothing but the roles that a mask could select; it is read for its faults.
    Mask::<MemberMask>::parse(query.update_mask.as_deref())?;
    let seen = seen.or_field(body.value.etag())?;
    let roles = body.value.roles(path)?;
    let service = &state.services.memberships;
    let view = service
        .set_roles(caller.who, path.0, user, roles, seen)
        .await?;
    member(&view)
}

/// Remove a user from an organization
///
/// With everything that belonging to it gave them: their next request there fails.
#[utoipa::path(
    delete,
    path = "/api/v1/organizations/{organization_id}/users/{user_id}",
    operation_id = "organizations.users.remove",
    tag = "users",
    params(OrganizationPath, MemberPath, RemoveMemberQuery, IfMatch),
    responses((status = 200, description = "The user is removed", body = Empty), Refusals)
)]
pub(super) async fn remove(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    MemberPath(user): MemberPath,
    query: Query<RemoveMemberQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let service = &state.services.memberships;
    service.remove(caller.who, id, user, seen).await?;
    answer::json(&Empty {})
}

/// Leave an organization
///
/// Whoever belongs to it may, but its owner, who has to hand it over first.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}:leave",
    operation_id = "organizations.leave",
    tag = "users",
    params(OrganizationPath),
    responses((status = 200, description = "The caller has left", body = Empty), Refusals)
)]
pub(super) async fn leave(
    caller: Caller,
    OrganizationPath(id): OrganizationPath,
    state: Data<State>,
) -> Answer {
    state.services.memberships.leave(caller.who, id).await?;
    answer::json(&Empty {})
}
