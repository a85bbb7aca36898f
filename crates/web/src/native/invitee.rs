//! Invitations for those who are invited.

use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::policy::Action;
use rollbook_domain::service::invitation::Handle;

use super::answer::{self, Answer};
use super::invitation::InvitationPath;
use super::invitation_input::{InvitationSecret, SignUpRequest};
use super::invitation_wire::{Invitation, InvitationList, SignUpResponse};
use super::list::{Listing, PageQuery};
use super::status::Refusals;
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What invitees can ask.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "me.invitations.list",
        Method::GET,
        "/api/v1/me/invitations",
        Policy::Caller(Action::ManageSelf),
        || web::to(list),
    ),
    operation(
        "me.invitations.accept",
        Method::POST,
        "/api/v1/me/invitations/{invitation_id}:accept",
        Policy::Caller(Action::ManageSelf),
        || web::to(accept_mine),
    ),
    operation(
        "me.invitations.decline",
        Method::POST,
        "/api/v1/me/invitations/{invitation_id}:decline",
        Policy::Caller(Action::ManageSelf),
        || web::to(decline_mine),
    ),
    operation(
        "invitations.preview",
        Method::POST,
        "/api/v1/invitations:preview",
        Policy::Public,
        || web::to(preview),
    ),
    operation(
        "invitations.accept",
        Method::POST,
        "/api/v1/invitations:accept",
        Policy::Caller(Action::ManageSelf),
        || web::to(accept),
    ),
    operation(
        "invitations.decline",
        Method::POST,
        "/api/v1/invitations:decline",
        Policy::Caller(Action::ManageSelf),
        || web::to(decline),
    ),
    operation(
        "invitations.signUp",
        Method::POST,
        "/api/v1/invitations:signUp",
        Policy::Public,
        || web::to(sign_up),
    ),
];

/// List the pending invitations to the caller
///
/// Those to the caller's address, once it is verified.
#[utoipa::path(
    get,
    path = "/api/v1/me/invitations",
    operation_id = "me.invitations.list",
    tag = "invitations",
    params(PageQuery),
    responses((status = 200, description = "A page of them", body = InvitationList), Refusals)
)]
pub(super) async fn list(caller: Caller, listing: Listing, state: Data<State>) -> Answer {
    let service = &state.services.invitations;
    let page = service.list_mine(caller.who, listing.window()?).await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&InvitationList::new(&page, next))
}

/// Accept an invitation to the caller
///
/// The caller's address must be verified. Accepting twice is accepting once.
#[utoipa::path(
    post,
    path = "/api/v1/me/invitations/{invitation_id}:accept",
    operation_id = "me.invitations.accept",
    tag = "invitations",
    params(InvitationPath),
    responses((status = 200, description = "The invitation", body = Invitation), Refusals)
)]
pub(super) async fn accept_mine(
    caller: Caller,
    InvitationPath(id): InvitationPath,
    state: Data<State>,
) -> Answer {
    accept_by(&caller, Handle::Id(id), &state).await
}

/// Decline an invitation to the caller
#[utoipa::path(
    post,
    path = "/api/v1/me/invitations/{invitation_id}:decline",
    operation_id = "me.invitations.decline",
    tag = "invitations",
    params(InvitationPath),
    responses((status = 200, description = "The invitation", body = Invitation), Refusals)
)]
pub(super) async fn decline_mine(
    caller: Caller,
    InvitationPath(id): InvitationPath,
    state: Data<State>,
) -> Answer {
    decline_by(&caller, Handle::Id(id), &state).await
}

/// Look at an invitation by its secret
///
/// It needs no credential and changes nothing.
#[utoipa::path(
    post,
    path = "/api/v1/invitations:preview",
    operation_id = "invitations.preview",
    tag = "invitations",
    security(()),
    request_body = InvitationSecret,
    responses((status = 200, description = "The invitation", body = Invitation), Refusals)
)]
pub(super) async fn preview(body: Body<InvitationSecret>, state: Data<State>) -> Answer {
    let service = &state.services.invitations;
    let view = service.preview(body.value.presented()).await?;
    answer::secret(&Invitation::for_invitee(&view))
}

/// Accept an invitation by its secret
///
/// The caller's address must be the one it was sent to, and is verified thereby. Accepting twice is
/// accepting once.
#[utoipa::path(
    post,
    path = "/api/v1/invitations:accept",
    operation_id = "invitations.accept",
    tag = "invitations",
    request_body = InvitationSecret,
    responses((status = 200, description = "The invitation", body = Invitation), Refusals)
)]
pub(super) async fn accept(
    caller: Caller,
    body: Body<InvitationSecret>,
    state: Data<State>,
) -> Answer {
    accept_by(&caller, Handle::Secret(body.value.presented()), &state).await
}

/// Decline an invitation by its secret
#[utoipa::path(
    post,
    path = "/api/v1/invitations:decline",
    operation_id = "invitations.decline",
    tag = "invitations",
    request_body = InvitationSecret,
    responses((status = 200, description = "The invitation", body = Invitation), Refusals)
)]
pub(super) async fn decline(
    caller: Caller,
    body: Body<InvitationSecret>,
    state: Data<State>,
) -> Answer {
    decline_by(&caller, Handle::Secret(body.value.presented()), &state).await
}

/// Sign up with the secret of an invitation, and accept it
///
/// It needs no credential, and makes a user with the address that the invitation was sent to. The
/// answer has the secret of the user's first token, which cannot be had again.
#[utoipa::path(
    post,
    path = "/api/v1/invitations:signUp",
    operation_id = "invitations.signUp",
    tag = "invitations",
    security(()),
    request_body = SignUpRequest,
    responses((status = 200, description = "The new user", body = SignUpResponse), Refusals)
)]
pub(super) async fn sign_up(
    caller: Caller,
    body: Body<SignUpRequest>,
    state: Data<State>,
) -> Answer {
    let command = body.value.command()?;
    let service = &state.services.invitations;
    let signed_up = service.sign_up(caller.who.origin, command).await?;
    answer::secret(&SignUpResponse::from(&signed_up))
}

async fn accept_by(caller: &Caller, handle: Handle, state: &State) -> Answer {
    let service = &state.services.invitations;
    let acceptance = service.accept(caller.who, handle).await?;
    answer::json(&Invitation::for_invitee(&acceptance.invitation))
}

async fn decline_by(caller: &Caller, handle: Handle, state: &State) -> Answer {
    let view = state
        .services
        .invitations
        .decline(caller.who, handle)
        .await?;
    answer::json(&Invitation::for_invitee(&view))
}
