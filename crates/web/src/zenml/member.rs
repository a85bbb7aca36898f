//! Members of organizations.

use actix_web::HttpRequest;
use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{MembershipId, OrganizationId, UserId};
use rollbook_domain::invitation::{InvitationState, InvitationView};
use rollbook_domain::membership::{
    Direction, MemberCondition, MemberField, MemberOrder, MemberView,
};
use rollbook_domain::page::Window;
use rollbook_domain::policy::Action;
use rollbook_domain::role::{Permission, RoleView};
use rollbook_domain::user::UserKind;
use rollbook_domain::{Error, Result};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answer::{self, Answer};
use super::invitation::Invitation;
use super::query::{Part, Query, UNPAGED_MAX};
use super::refuse::Refusals;
use super::report::{Item, Report};
use super::role_wire::HeldRole;
use super::user_wire::{Id, Time, User};
use super::{Caller, operation, organization_input, role_id};
use crate::dialect::Fault;
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about members.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "organizations.members.list",
        Method::GET,
        "/organizations/{organization_id}/members",
        Policy::needs(Permission::ReadMembership),
        || web::to(list),
    ),
    operation(
        "organizations.members.remove",
        Method::DELETE,
        "/organizations/{organization_id}/members",
        Policy::needs(Permission::DeleteMembership),
        || web::to(remove),
    ),
];

/// Somebody who belongs to an organization, or is invited to it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MemberRead)]
pub(super) struct Member<'a> {
    /// The id of the membership; null for who is only invited.
    #[schema(value_type = Option<String>, format = "uuid")]
    id: Option<Id<MembershipId>>,
    /// The person or the service account.
    user: Option<User<'a>>,
    /// Always null: there are no teams.
    #[schema(value_type = Option<Object>)]
    team: Option<bool>,
    /// The invitation of who is only invited.
    invitation: Option<Invitation<'a>>,
    /// The roles in the organization.
    roles: Vec<HeldRole>,
    /// When they joined or were invited.
    #[schema(value_type = String, format = DateTime)]
    created: Time,
    /// When that last changed.
    #[schema(value_type = String, format = DateTime)]
    updated: Time,
}

impl<'a> From<&'a MemberView> for Member<'a> {
    fn from(view: &'a MemberView) -> Self {
        let membership = &view.membership;
        let organization = membership.organization_id;
        let built_in = membership.roles.iter();
        let built_in = built_in.map(|role| HeldRole::built_in(organization, role));
        let custom = membership.custom_roles.iter().map(HeldRole::custom);
        Self {
            id: Some(Id(membership.id)),
            user: Some(User::from(view)),
            team: None,
            invitation: None,
            roles: built_in.chain(custom).collect(),
            created: Time(membership.created_at),
            updated: Time(membership.updated_at),
        }
    }
}

impl<'a> From<&'a InvitationView> for Member<'a> {
    fn from(view: &'a InvitationView) -> Self {
        let invitation = &view.invitation;
        let organization = invitation.organization_id;
        let built_in = invitation.roles.iter();
        let built_in = built_in.map(|role| HeldRole::built_in(organization, role));
        let custom = invitation.custom_roles.iter().map(HeldRole::custom);
        Self {
            id: None,
            user: None,
            team: None,
            invitation: Some(Invitation::from(view)),
            roles: built_in.chain(custom).collect(),
            created: Time(invitation.created_at),
            updated: Time(invitation.updated_at),
        }
    }
}

/// Which members are asked for.
struct Wanted {
    organization: OrganizationId,
    role: Option<Uuid>,
    users: bool,
    service_accounts: bool,
    part: Part,
}

fn wanted(request: &HttpRequest) -> std::result::Result<Wanted, Fault> {
    let (mut report, query) = (Report::default(), Query::of(request));
    let wanted = Wanted {
        organization: organization_input::path(&mut report, request),
        role: query.uuid(&mut report, "role_id"),
        users: query.boolean(&mut report, "include_users", true),
        service_accounts: query.boolean(&mut report, "include_service_accounts", true),
        part: query.part(&mut report, UNPAGED_MAX),
    };
    query.boolean(&mut report, "include_teams", true);
    report.done()?;
    Ok(wanted)
}

/// List the members of an organization
///
/// Who joined first comes first; behind them come those who are invited, as far as the caller may
/// see them. There are no teams.
#[utoipa::path(
    get,
    path = "/organizations/{organization_id}/members",
    operation_id = "organizations.members.list",
    tag = "members",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("role_id" = Option<String>, Query, description = "Only those who have this role", format = "uuid"),
        ("include_users" = Option<bool>, Query, description = "Whether to list people, invited ones too"),
        ("include_service_accounts" = Option<bool>, Query, description = "Whether to list programs"),
        ("include_teams" = Option<bool>, Query, description = "There are none"),
        ("offset" = Option<u32>, Query, description = "How many to pass over", minimum = 0),
        ("limit" = Option<u32>, Query, description = "How many to answer at the most; 1000 unless given", minimum = 1, maximum = 1000),
    ),
    responses((status = 200, description = "Some of them", body = Vec<Member<'_>>), Refusals)
)]
pub(super) async fn list(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let wanted = wanted(&request)?;
    let organization = wanted.organization;
    let role = match wanted.role {
        Some(id) => Some(role_id::here(&state, caller.who, organization, id).await?),
        None => None,
    };
    let condition = role
        .as_ref()
        .map(|role| MemberCondition::Role(role.key().to_owned()));
    let filter = condition.map_or_else(Filter::everything, Filter::Test);
    let order = MemberOrder::new(vec![(MemberField::Created, Direction::Ascending)]);
    let window = Window::skip(wanted.part.offset, wanted.part.limit).counted();
    let service = &state.services.memberships;
    let page = service
        .list(
            caller.who,
            organization,
            filter,
            order.unwrap_or_default(),
            window,
        )
        .await?;
    let members = page.items.iter().filter(|member| match member.kind {
        UserKind::Person => wanted.users,
        UserKind::ServiceAccount => wanted.service_accounts,
    });
    let mut all: Vec<_> = members.map(Member::from).collect();
    let seats = u32::try_from(page.total.unwrap_or_default()).unwrap_or(u32::MAX);
    let rest = Part {
        offset: wanted.part.offset.saturating_sub(seats),
        limit: wanted.part.limit
            - u32::try_from(page.items.len())
                .unwrap_or(0)
                .min(wanted.part.limit),
    };
    let mut invited = Vec::new();
    if wanted.users && rest.limit > 0 {
        invited = pending(&state, caller, organization, role.as_ref(), rest).await?;
    }
    all.extend(invited.iter().map(Member::from));
    answer::json(&all)
}

/// Those who are invited; nobody, when the caller may not see them.
async fn pending(
    state: &State,
    caller: Caller,
    organization: OrganizationId,
    role: Option<&RoleView>,
    part: Part,
) -> Result<Vec<InvitationView>> {
    let window = Window::skip(part.offset, part.limit);
    let states = vec![InvitationState::Pending];
    let service = &state.services.invitations;
    let listed = service.list(caller.who, organization, None, states, window);
    let mut invited = match listed.await {
        Ok(page) => page.items,
        Err(Error::Denied { .. }) => Vec::new(),
        Err(other) => return Err(other),
    };
    invited.retain(|view| match role {
        Some(RoleView::Organization(role)) => view.invitation.roles.has(*role),
        Some(RoleView::Custom(role)) => {
            let mut promised = view.invitation.custom_roles.iter();
            promised.any(|promised| promised.id == role.id)
        }
        Some(RoleView::Workspace(_)) => false,
        None => true,
    });
    Ok(invited)
}

/// Remove a member
///
/// Service accounts cannot be removed; they are deleted. The answer is `null`.
#[utoipa::path(
    delete,
    path = "/organizations/{organization_id}/members",
    operation_id = "organizations.members.remove",
    tag = "members",
    params(
        ("organization_id" = String, Path, description = "The organization", format = "uuid"),
        ("user_id" = String, Query, description = "Who", format = "uuid"),
    ),
    responses((status = 200, description = "They do not belong to it", body = Option<bool>), Refusals)
)]
pub(super) async fn remove(caller: Caller, request: HttpRequest, state: Data<State>) -> Answer {
    let (mut report, query) = (Report::default(), Query::of(&request));
    let organization = organization_input::path(&mut report, &request);
    let user = query.uuid(&mut report, "user_id");
    if user.is_none() && report.is_empty() {
        let loc = vec![Value::from("query"), Value::from("user_id")];
        report.add(Item::new("missing", loc, "Field required", Value::Null));
    }
    report.done()?;
    let user = UserId::new(user.unwrap_or_default());
    let service = &state.services.memberships;
    // In this dialect a service account is deleted, never left without its organization.
    let member = service.get(caller.who, organization, user).await?;
    if member.kind == UserKind::ServiceAccount {
        return Err(Error::Denied {
            action: Action::Use(Permission::DeleteMembership),
            visible: true,
        }
        .into());
    }
    service.remove(caller.who, organization, user, None).await?;
    answer::nothing()
}
