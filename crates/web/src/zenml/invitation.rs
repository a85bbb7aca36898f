//! Invitations.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::error::Kind;
use rollbook_domain::id::{InvitationId, OrganizationId};
use rollbook_domain::invitation::{InvitationState, InvitationView};
use rollbook_domain::page::Window;
use rollbook_domain::role::{Permission, RoleScope};
use rollbook_domain::service::invitation::{CreateInvitation, NewInvitation};
use rollbook_domain::value::{Email, Metadata};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{self, Answer};
use super::body::Body;
use super::input::{Form, path_uuid};
use super::query::{LIMIT_MAX, Query};
use super::refuse::Refusals;
use super::report::Report;
use super::role_wire::HeldRole;
use super::user_wire::{Id, Time};
use super::{Caller, operation, organization_input, role_id};
use crate::dialect::Fault;
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about invitations.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "organizations.invitations.list",
        Method::GET,
        "/organizations/{organization_id}/invitations",
        Policy::needs(Permission::ReadInvitation),
        || web::to(list),
    ),
    operation(
        "organizations.invitations.create",
        Method::POST,
        "/organizations/{organization_id}/invitations",
        Policy::needs(Permission::CreateInvitation),
        || web::to(create),
    ),
    operation(
        "organizations.invitations.delete",
        Method::DELETE,
        "/organizations/{organization_id}/invitations/{invitation_id}",
        Policy::needs(Permission::DeleteInvitation),
        || web::to(delete),
    ),
];

/// An invitation. Its secret is in the mail only.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationRead)]
pub(super) struct Invitation<'a> {
    /// Its id.
    #[schema(value_type = String, format = "uuid")]
    id: Id<InvitationId>,
    /// Who is invited.
    email: &'a str,
    /// To which organization.
    #[schema(value_type = String, format = "uuid")]
    organization_id: Id<OrganizationId>,
    /// What it is called.
    organization_name: &'a str,
    /// What whoever accepts becomes.
    roles: Vec<HeldRole>,
    /// `pending`, `accepted`, `declined`, `revoked` or `expired`.
    status: &'static str,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    updated: Time,
    /// From when on it cannot be accepted.
    #[schema(value_type = String, format = DateTime)]
    expires: Time,
}

impl<'a> From<&'a InvitationView> for Invitation<'a> {
    fn from(view: &'a InvitationView) -> Self {
        let invitation = &view.invitation;
        let organization = invitation.organization_id;
        let built_in = invitation.roles.iter();
        let built_in = built_in.map(|role| HeldRole::built_in(organization, role));
        let custom = invitation.custom_roles.iter().map(HeldRole::custom);
        Self {
            id: Id(invitation.id),
            email: invitation.email.as_str(),
            organization_id: Id(organization),
            organization_name: view.organization_name.as_str(),
            roles: built_in.chain(custom).collect(),
            status: invitation.state.key(),
            created: Time(invitation.created_at),
            updated: Time(invitation.updated_at),
            expires: Time(invitation.expires_at),
        }
    }
}

/// Who is invited, and as what.
#[derive(ToSchema)]
#[schema(as = InvitationCreate)]
#[expect(dead_code, reason = "only described")]
pub(super) struct InvitationCreate {
    /// Who is invited.
    email: String,
    /// What whoever accepts becomes: a role of the organization; a plain member without.
    #[schema(format = "uuid")]
    role_id: Option<String>,
}

/// List the invitations of an organization
#[utoipa::path(
    get,
    path = "/organizations/{organization_id}/invitations",
    operation_id = "organizations.invitations.list",
    tag = "invitations",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("email" = Option<String>, Query, description = "Only those to this address"),
        ("only_pending" = Option<bool>, Query, description = "Only those that can be accepted; true unless given"),
        ("offset" = Option<u32>, Query, description = "How many to pass over", minimum = 0),
        ("limit" = Option<u32>, Query, description = "How many to answer at the most; 100 unless given", minimum = 1, maximum = 100),
    ),
    responses((status = 200, description = "Some of them", body = Vec<Invitation<'_>>), Refusals)
)]
pub(super) async fn list(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let (mut report, query) = (Report::default(), Query::of(&request));
    let organization = organization_input::path(&mut report, &request);
    let only_pending = query.boolean(&mut report, "only_pending", true);
    let part = query.part(&mut report, LIMIT_MAX);
    report.done()?;
    let email = match query.email("email") {
        // What can be nobody's address still takes the way of every other question.
        Some(Err(())) => Some(Email::from_stored(String::new())),
        Some(Ok(email)) => Some(email),
        None => None,
    };
    let pending = only_pending.then_some(InvitationState::Pending);
    let window = Window::skip(part.offset, part.limit);
    let service = &state.services.invitations;
    let states = pending.into_iter().collect();
    let page = service
        .list(caller.who, organization, email, states, window)
        .await?;
    let all: Vec<_> = page.items.iter().map(Invitation::from).collect();
    answer::json(&all)
}

/// Invite somebody
#[utoipa::path(
    post,
    path = "/organizations/{organization_id}/invitations",
    operation_id = "organizations.invitations.create",
    tag = "invitations",
    params(("organization_id" = String, Path, description = "The organization", format = "uuid")),
    request_body = InvitationCreate,
    responses((status = 200, description = "The invitation", body = Invitation<'_>), Refusals)
)]
pub(super) async fn create(
    caller: Caller,
    request: HttpRequest,
    body: Body,
    state: Data<State>,
) -> Answer {
    let (organization, email, role) = who_is_invited(&request, &body)?;
    let mut roles = Vec::new();
    if let Some(id) = role {
        roles.push(role_key(&state, caller, organization, id).await?);
    }
    let invitation = NewInvitation {
        email,
        workspace_id: None,
        roles,
        redirect_organization_id: None,
        redirect_workspace_id: None,
        language: None,
        metadata: Metadata::default(),
        expires_at: None,
    };
    let command = CreateInvitation {
        invitation,
        once: None,
    };
    let service = &state.services.invitations;
    let view = service.create(caller.who, organization, command).await?;
    answer::json(&Invitation::from(&view))
}

/// The key of the role that is given.
async fn role_key(
    state: &State,
    caller: Caller,
    organization: OrganizationId,
    id: Uuid,
) -> Result<String, Fault> {
    let role = role_id::here(state, caller.who, organization, id).await?;
    if role.scope() == RoleScope::Organization {
        Ok(role.key().to_owned())
    } else {
        Err(rollbook_domain::Error::NotFound(Kind::Role).into())
    }
}

fn who_is_invited(
    request: &HttpRequest,
    body: &Body,
) -> Result<(OrganizationId, Email, Option<Uuid>), Fault> {
    let mut report = Report::default();
    let organization = organization_input::path(&mut report, request);
    let mut form = Form::new(&body.0, &mut report);
    let email = form.required_value("email", None, Email::parse);
    let role = form.uuid("role_id");
    match (email, report.is_empty()) {
        (Some(email), true) => Ok((organization, email, role)),
        _ => Err(report.into()),
    }
}

/// Revoke an invitation
///
/// The answer is `null`.
#[utoipa::path(
    delete,
    path = "/organizations/{organization_id}/invitations/{invitation_id}",
    operation_id = "organizations.invitations.delete",
    tag = "invitations",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("invitation_id" = String, Path, description = "The invitation", format = "uuid"),
    ),
    responses((status = 200, description = "It is revoked", body = Option<bool>), Refusals)
)]
pub(super) async fn delete(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let mut report = Report::default();
    let organization = organization_input::path(&mut report, &request);
    let id = InvitationId::new(path_uuid(&mut report, &request, "invitation_id"));
    report.done()?;
    let service = &state.services.invitations;
    service.revoke(caller.who, organization, id, None).await?;
    answer::nothing()
}
