//! The invitations of an organization, for those who look after them.

use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::Error;
use rollbook_domain::id::InvitationId;
use rollbook_domain::invitation::InvitationView;
use rollbook_domain::role::Permission;
use rollbook_domain::service::invitation::{CreateInvitation, ResendInvitation};
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::{self, Answer};
use super::etag::IfMatch;
use super::invitation_input::{self, BatchCreateInvitationsRequest, InvitationBody};
use super::invitation_wire::{
    BatchCreateInvitationsResponse, BatchResult, Invitation, UserInviteList, version,
};
use super::list::{Listing, PageQuery};
use super::once::{self, Once};
use super::path::{OrganizationPath, id_path};
use super::status::Refusals;
use super::{Body, Caller, operation, rate_limit, refuse};
use crate::operation::{Operation, Policy};
use crate::state::State;

id_path!(
    /// The invitation in the path.
    InvitationPath,
    "invitation_id",
    /// The invitation's id.
    InvitationId
);

/// What can be asked about an organization's invitations.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "organizations.invitations.get",
        Method::GET,
        "/api/v1/organizations/{organization_id}/invitations/{invitation_id}",
        Policy::needs(Permission::ReadInvitation),
        || web::to(get),
    ),
    operation(
        "organizations.invitations.list",
        Method::GET,
        "/api/v1/organizations/{organization_id}/invites",
        Policy::needs(Permission::ReadInvitation),
        || web::to(list),
    ),
    operation(
        "organizations.invitations.create",
        Method::POST,
        "/api/v1/organizations/{organization_id}/invitations",
        Policy::needs(Permission::CreateInvitation),
        || web::to(create),
    ),
    operation(
        "organizations.invitations.batchCreate",
        Method::POST,
        "/api/v1/organizations/{organization_id}/invitations:batchCreate",
        Policy::needs(Permission::CreateInvitation),
        || web::to(batch_create),
    ),
    operation(
        "organizations.invitations.resend",
        Method::POST,
        "/api/v1/organizations/{organization_id}/invitations/{invitation_id}:resend",
        Policy::needs(Permission::UpdateInvitation),
        || web::to(resend),
    ),
    operation(
        "organizations.invitations.revoke",
        Method::POST,
        "/api/v1/organizations/{organization_id}/invitations/{invitation_id}:revoke",
        Policy::needs(Permission::DeleteInvitation),
        || web::to(revoke),
    ),
];

/// The query of the list of invitations.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StatusQuery {
    /// Only invitations in these states, with commas in between: `PENDING`, `ACCEPTED`,
    /// `DECLINED`, `REVOKED`, `EXPIRED`. All unless given.
    #[param(example = "PENDING,EXPIRED")]
    status: Option<String>,
}

/// The query of sending an invitation again.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ResendQuery {
    /// From when on it cannot be accepted: in 30 days unless given, in 365 days at the latest.
    #[serde(alias = "expireTime")]
    #[param(format = DateTime)]
    expire_time: Option<String>,
    /// In which language its letters are written from now on: a BCP 47 tag. As before unless
    /// given.
    #[serde(alias = "languageCode")]
    #[param(example = "de-AT")]
    language_code: Option<String>,
    /// The entity tag of the invitation as the caller saw it.
    etag: Option<String>,
}

/// The query of revoking an invitation.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct RevokeQuery {
    /// The entity tag of the invitation as the caller saw it.
    etag: Option<String>,
}

/// Get an invitation of an organization
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/invitations/{invitation_id}",
    operation_id = "organizations.invitations.get",
    tag = "invitations",
    params(OrganizationPath, InvitationPath),
    responses((status = 200, description = "The invitation", body = Invitation), Refusals)
)]
pub(super) async fn get(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    InvitationPath(id): InvitationPath,
    state: Data<State>,
) -> Answer {
    let service = &state.services.invitations;
    invitation(&service.get(caller.who, organization, id).await?)
}

/// List the invitations of an organization
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/invites",
    operation_id = "organizations.invitations.list",
    tag = "invitations",
    params(OrganizationPath, PageQuery, StatusQuery),
    responses((status = 200, description = "A page of them", body = UserInviteList), Refusals)
)]
pub(super) async fn list(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    query: Query<StatusQuery>,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let words = query.status.as_deref();
    let states = invitation_input::states(words)?;
    let listing = listing.with("status", words.unwrap_or_default());
    let service = &state.services.invitations;
    let page = service
        .list(caller.who, organization, None, states, listing.window()?)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&UserInviteList::new(&page, next))
}

/// Invite somebody
///
/// A mail with a secret goes to the address; no answer has the secret. Until it is answered or
/// runs out, an invitation holds a seat, and there is one an address.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/invitations",
    operation_id = "organizations.invitations.create",
    tag = "invitations",
    params(OrganizationPath, once::OnceQuery, once::IdempotencyKey),
    request_body = InvitationBody,
    responses(
        (status = 200, description = "The invitation", body = Invitation, headers(
            ("RateLimit-Policy" = String, description = "The limits on what is sent"),
            ("RateLimit" = String, description = "How many invitations are left"),
        )),
        Refusals,
    )
)]
pub(super) async fn create(
    caller: Caller,
    path: OrganizationPath,
    once: Once,
    body: Body<InvitationBody>,
    state: Data<State>,
) -> Answer {
    let command = CreateInvitation {
        once: once.claim(&body, body.value.request_id())?,
        invitation: body.value.invitation(path)?,
    };
    let service = &state.services.invitations;
    let view = service.create(caller.who, path.0, command).await?;
    Ok(rate_limit::tell(invitation(&view)?, &state, path.0))
}

/// Invite many
///
/// Each of them is invited or not: the answer has for each request, in their order, the invitation
/// or the reason why there is none.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/invitations:batchCreate",
    operation_id = "organizations.invitations.batchCreate",
    tag = "invitations",
    params(OrganizationPath),
    request_body = BatchCreateInvitationsRequest,
    responses(
        (status = 200, description = "What became of each", body = BatchCreateInvitationsResponse, headers(
            ("RateLimit-Policy" = String, description = "The limits on what is sent"),
            ("RateLimit" = String, description = "How many invitations are left"),
        )),
        Refusals,
    )
)]
pub(super) async fn batch_create(
    caller: Caller,
    path: OrganizationPath,
    body: Body<BatchCreateInvitationsRequest>,
    state: Data<State>,
) -> Answer {
    let mut commands = Vec::new();
    let mut refused = Vec::new();
    for read in body.value.invitations(path)? {
        match read {
            Ok(command) => {
                commands.push(command);
                refused.push(None);
            }
            Err(error) => refused.push(Some(error)),
        }
    }
    if commands.is_empty() {
        // There is nothing to ask the domain, not even who calls.
        let first = refused.into_iter().flatten().next();
        return Err(first.unwrap_or(Error::Invalid(Vec::new())).into());
    }
    let service = &state.services.invitations;
    let made = service.create_many(caller.who, path.0, commands).await?;
    let mut made = made.into_iter();
    let next = |refused: Option<Error>| match refused {
        Some(error) => Err(error),
        None => made
            .next()
            .unwrap_or_else(|| Err(Error::storage("an answer is missing"))),
    };
    let outcomes: Vec<Result<InvitationView, Error>> = refused.into_iter().map(next).collect();
    let results = outcomes.iter().map(|outcome| match outcome {
        Ok(view) => BatchResult {
            invitation: Some(Invitation::for_members(view)),
            ..BatchResult::default()
        },
        Err(error) => BatchResult {
            error: Some(refuse::status(error)),
            ..BatchResult::default()
        },
    });
    let answer = answer::json(&BatchCreateInvitationsResponse {
        results: results.collect(),
    })?;
    Ok(rate_limit::tell(answer, &state, path.0))
}

/// Send an invitation again
///
/// One that is pending or has expired. The mail has a new secret; the one before is dead.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/invitations/{invitation_id}:resend",
    operation_id = "organizations.invitations.resend",
    tag = "invitations",
    params(OrganizationPath, InvitationPath, ResendQuery, IfMatch),
    responses(
        (status = 200, description = "The invitation", body = Invitation, headers(
            ("RateLimit-Policy" = String, description = "The limits on what is sent"),
            ("RateLimit" = String, description = "How many invitations are left"),
        )),
        Refusals,
    )
)]
pub(super) async fn resend(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    InvitationPath(id): InvitationPath,
    query: Query<ResendQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let end = invitation_input::time(query.expire_time.as_ref());
    let language = invitation_input::language(query.language_code.as_ref());
    let command = ResendInvitation {
        expires_at: end.map_err(|reason| reason.in_field("expire_time"))?,
        language: language.map_err(|reason| reason.in_field("language_code"))?,
        seen: seen.or_field(query.etag.as_deref())?,
    };
    let service = &state.services.invitations;
    let view = service
        .resend(caller.who, organization, id, command)
        .await?;
    Ok(rate_limit::tell(invitation(&view)?, &state, organization))
}

/// Revoke an invitation
///
/// One that is pending or has expired. Its secret is dead, its seat is free.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/invitations/{invitation_id}:revoke",
    operation_id = "organizations.invitations.revoke",
    tag = "invitations",
    params(OrganizationPath, InvitationPath, RevokeQuery, IfMatch),
    responses((status = 200, description = "The invitation", body = Invitation), Refusals)
)]
pub(super) async fn revoke(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    InvitationPath(id): InvitationPath,
    query: Query<RevokeQuery>,
    seen: IfMatch,
    state: Data<State>,
) -> Answer {
    let seen = seen.or_field(query.etag.as_deref())?;
    let service = &state.services.invitations;
    invitation(&service.revoke(caller.who, organization, id, seen).await?)
}

/// An invitation with its entity tag. There is no `If-None-Match`: an invitation expires without
/// becoming another version.
fn invitation(view: &InvitationView) -> Answer {
    answer::versioned(&Invitation::for_members(view), version(view))
}
