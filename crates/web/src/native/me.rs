//! The caller, and the organizations that the caller belongs to.

use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::policy::Action;

use super::answer::{self, Answer};
use super::etag::IfMatch;
use super::list::{FilterQuery, Listing, PageQuery};
use super::mask::Mask;
use super::status::Refusals;
use super::user::user as user_answer;
use super::user_input::{
    DeleteUserRequest, EtagQuery, MaskQuery, RemovePasswordRequest, SetPasswordRequest, UserBody,
    VerificationRequest,
};
use super::wire::{Empty, User, UserOrganizationList};
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about the caller.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "me.organizations.list",
        Method::GET,
        "/api/v1/me/organizations",
        Policy::Caller(Action::ReadSelf),
        || web::to(list_organizations),
    ),
    operation(
        "me.get",
        Method::GET,
        "/api/v1/me",
        Policy::Caller(Action::ReadSelf),
        || web::to(get),
    ),
    operation(
        "me.update",
        Method::PATCH,
        "/api/v1/me",
        Policy::Caller(Action::ManageSelf),
        || web::to(update),
    ),
    operation(
        "me.delete",
        Method::DELETE,
        "/api/v1/me",
        Policy::Caller(Action::ManageSelf),
        || web::to(delete),
    ),
    operation(
        "me.deleteWith",
        Method::POST,
        "/api/v1/me:delete",
        Policy::Caller(Action::ManageSelf),
        || web::to(delete_with),
    ),
    operation(
        "me.sendEmailVerification",
        Method::POST,
        "/api/v1/me:sendEmailVerification",
        Policy::Caller(Action::ManageSelf),
        || web::to(send_email_verification),
    ),
    operation(
        "me.verifyEmail",
        Method::POST,
        "/api/v1/me:verifyEmail",
        Policy::Caller(Action::ManageSelf),
        || web::to(verify_email),
    ),
    operation(
        "me.setPassword",
        Method::POST,
        "/api/v1/me:setPassword",
        Policy::Caller(Action::ManageSelf),
        || web::to(set_password),
    ),
    operation(
        "me.removePassword",
        Method::POST,
        "/api/v1/me:removePassword",
        Policy::Caller(Action::ManageSelf),
        || web::to(remove_password),
    ),
];

/// Get the caller
#[utoipa::path(
    get,
    path = "/api/v1/me",
    operation_id = "me.get",
    tag = "me",
    responses((status = 200, description = "The user whose token it is", body = User), Refusals)
)]
pub(super) async fn get(caller: Caller, state: Data<State>) -> Answer {
    let user = state.services.users.me(caller.who).await?;
    user_answer(&user)
}

/// Update the caller's profile
///
/// A new address is not verified until it is shown to be the caller's. With an entity tag, in the
/// body or in `If-Match`, only if the profile is still as the caller saw it.
#[utoipa::path(
    patch,
    path = "/api/v1/me",
    operation_id = "me.update",
    tag = "me",
    params(MaskQuery, IfMatch),
    request_body = User,
    responses((status = 200, description = "The caller", body = User), Refusals)
)]
pub(super) async fn update(
    caller: Caller,
    query: Query<MaskQuery>,
    seen: IfMatch,
    body: Body<UserBody>,
    state: Data<State>,
) -> Answer {
    let mask = Mask::parse(query.update_mask.as_deref())?;
    let seen = seen.or_field(body.value.etag())?;
    let command = body.value.update(&mask, seen)?;
    let service = &state.services.users;
    user_answer(&service.update_me(caller.who, command).await?)
}

/// Delete the caller
///
/// All memberships and tokens end at once. Refused while the caller owns organizations:
/// `/me:delete` takes decisions about them.
#[utoipa::path(
    delete,
    path = "/api/v1/me",
    operation_id = "me.delete",
    tag = "me",
    params(EtagQuery, IfMatch),
    responses((status = 200, description = "The caller is deleted", body = Empty), Refusals)
)]
pub(super) async fn delete(
    caller: Caller,
    query: Query<EtagQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let command = DeleteUserRequest::default().command(seen, None)?;
    let service = &state.services.users;
    service.delete_me(caller.who, command).await?;
    answer::json(&Empty {})
}

/// Mail the caller a secret that verifies their address
///
/// It works for a day; the one before is dead. Nothing is mailed when the address is verified
/// already, as the answer says.
#[utoipa::path(
    post,
    path = "/api/v1/me:sendEmailVerification",
    operation_id = "me.sendEmailVerification",
    tag = "me",
    responses((status = 200, description = "The caller", body = User), Refusals)
)]
pub(super) async fn send_email_verification(caller: Caller, state: Data<State>) -> Answer {
    let service = &state.services.users;
    user_answer(&service.send_email_verification(caller.who).await?)
}

/// Verify the caller's address by the secret that was mailed there
///
/// An organization that has verified the address's domain may take the caller in, or invite them.
/// Verifying twice is verifying once.
#[utoipa::path(
    post,
    path = "/api/v1/me:verifyEmail",
    operation_id = "me.verifyEmail",
    tag = "me",
    request_body = VerificationRequest,
    responses((status = 200, description = "The caller", body = User), Refusals)
)]
pub(super) async fn verify_email(
    caller: Caller,
    body: Body<VerificationRequest>,
    state: Data<State>,
) -> Answer {
    let service = &state.services.users;
    let secret = body.value.presented();
    user_answer(&service.verify_my_email(caller.who, secret).await?)
}

/// Set the caller's password
///
/// The current one is needed if there is one. All browser sessions of the caller end; tokens go on.
/// Passwords are for browsers: the API takes tokens.
#[utoipa::path(
    post,
    path = "/api/v1/me:setPassword",
    operation_id = "me.setPassword",
    tag = "me",
    request_body = SetPasswordRequest,
    responses((status = 200, description = "The password is set", body = Empty), Refusals)
)]
pub(super) async fn set_password(
    caller: Caller,
    body: Body<SetPasswordRequest>,
    state: Data<State>,
) -> Answer {
    let command = body.value.command()?;
    state.services.passwords.set(caller.who, command).await?;
    answer::json(&Empty {})
}

/// Remove the caller's password
///
/// It has to be given. All browser sessions of the caller end; tokens go on.
#[utoipa::path(
    post,
    path = "/api/v1/me:removePassword",
    operation_id = "me.removePassword",
    tag = "me",
    request_body = RemovePasswordRequest,
    responses((status = 200, description = "There is no password", body = Empty), Refusals)
)]
pub(super) async fn remove_password(
    caller: Caller,
    body: Body<RemovePasswordRequest>,
    state: Data<State>,
) -> Answer {
    let current = body.value.presented();
    state.services.passwords.remove(caller.who, current).await?;
    answer::json(&Empty {})
}

/// Delete the caller and decide about what they own
///
/// Each organization that the caller owns is deleted or gets another owner, in one step with the
/// deletion.
#[utoipa::path(
    post,
    path = "/api/v1/me:delete",
    operation_id = "me.deleteWith",
    tag = "me",
    params(IfMatch),
    request_body = DeleteUserRequest,
    responses((status = 200, description = "The caller is deleted", body = Empty), Refusals)
)]
pub(super) async fn delete_with(
    caller: Caller,
    seen: IfMatch,
    body: Body<DeleteUserRequest>,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(body.value.etag())?;
    let limit = state.settings.native.owner_limit;
    let command = body.value.command(seen, limit)?;
    let service = &state.services.users;
    service.delete_me(caller.who, command).await?;
    answer::json(&Empty {})
}

/// List the organizations that the caller belongs to
#[utoipa::path(
    get,
    path = "/api/v1/me/organizations",
    operation_id = "me.organizations.list",
    tag = "me",
    params(PageQuery, FilterQuery),
    responses((status = 200, description = "A page of them", body = UserOrganizationList), Refusals)
)]
pub(super) async fn list_organizations(
    caller: Caller,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let service = &state.services.organizations;
    let page = service
        .list_mine(caller.who, listing.titles()?, listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    Ok(answer::list(&UserOrganizationList::new(&page, next)))
}
