//! Invitations as the native dialect sends them. No answer holds an invitation's secret.

use rollbook_domain::id::OrganizationId;
use rollbook_domain::invitation::{InvitationState, InvitationView};
use rollbook_domain::organization::Version;
use rollbook_domain::role::{Role, WorkspaceRole};
use rollbook_domain::service::invitation::{InvitationPage, SignedUp as DomainSignedUp};
use rollbook_domain::value::{Language, WorkspaceTitle};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::name::{Name, OwnerName, Time};
use super::status::Status;
use super::wire::{Token, User};
use super::{etag, words};

/// What the words for states begin with; they are understood without it, too.
pub(super) const STATE: &str = "STATE_";

/// An invitation to an organization, and perhaps to one of its workspaces.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/invitations/01980c5e-0000-7000-8000-000000000004",
    "email": "joe@acme.example",
    "organization_display_name": "Acme Corp",
    "workspace_id": "01980c5e-0000-7000-8000-000000000005",
    "workspace_display_name": "Invoices",
    "roles": ["organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/roles/org-member"],
    "is_accepted": false,
    "redirect_organization_id": "01980c5e-0000-7000-8000-000000000006",
    "redirect_workspace_id": "01980c5e-0000-7000-8000-000000000007",
    "state": "PENDING",
    "inviter": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/users/01980c5e-0000-7000-8000-000000000001",
    "inviter_display_name": "Jane Smith",
    "accepted_by": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/users/01980c5e-0000-7000-8000-000000000008",
    "language_code": "de-AT",
    "metadata": {"ticket": 7},
    "create_time": "2025-01-15T10:30:00Z",
    "update_time": "2025-01-15T10:30:00Z",
    "expire_time": "2025-02-14T10:30:00Z",
    "etag": "\"1\""
}))]
pub(super) struct Invitation<'a> {
    /// The resource name, `organizations/{organization}/invitations/{invitation}`.
    #[schema(value_type = String)]
    name: Name,
    /// Who is invited.
    email: &'a str,
    /// What the organization is called.
    organization_display_name: &'a str,
    /// The workspace that it is to, too; left out when it is to the organization only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid", nullable = false)]
    workspace_id: Option<String>,
    /// What the workspace is called; left out when it is to the organization only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    workspace_display_name: Option<&'a str>,
    /// The resource names of the roles that whoever accepts gets.
    #[schema(value_type = Vec<String>)]
    roles: Vec<Name>,
    /// Whether it was accepted.
    is_accepted: bool,
    /// Where a client leads whoever accepts, when it is another organization.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid", nullable = false)]
    redirect_organization_id: Option<String>,
    /// Where a client leads whoever accepts, when it is another workspace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid", nullable = false)]
    redirect_workspace_id: Option<String>,
    /// What became of it: `PENDING`, `ACCEPTED`, `DECLINED`, `REVOKED` or `EXPIRED`, by the clock.
    state: String,
    /// The resource name of who invites; left out when that was no user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    inviter: Option<OwnerName>,
    /// What to call the inviter.
    inviter_display_name: &'a str,
    /// The resource name of the member that whoever accepted has become.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    accepted_by: Option<OwnerName>,
    /// In which language its letters are written, a BCP 47 tag; left out when it is the
    /// installation's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    language_code: Option<&'a str>,
    /// What the inviter's client keeps with it; invitees do not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    metadata: Option<Value>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    create_time: Time,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    update_time: Time,
    /// From when on it cannot be accepted.
    #[schema(value_type = String, format = DateTime)]
    expire_time: Time,
    /// Changes whenever somebody changes the invitation. With `If-Match` it makes a change
    /// conditional.
    etag: String,
}

impl<'a> Invitation<'a> {
    /// For whoever may read the organization's invitations.
    pub(super) fn for_members(view: &'a InvitationView) -> Self {
        let metadata = view.invitation.metadata.as_str();
        Self {
            metadata: serde_json::from_str(metadata).ok(),
            ..Self::for_invitee(view)
        }
    }

    /// For whoever is invited.
    pub(super) fn for_invitee(view: &'a InvitationView) -> Self {
        let it = &view.invitation;
        let member = |user| OwnerName(it.organization_id, user);
        let inviter_name = view.inviter_name.as_ref();
        Self {
            name: Name::from(it.organization_id).child("invitations", it.id),
            email: it.email.as_str(),
            organization_display_name: view.organization_name.as_str(),
            workspace_id: it.workspace_id.map(|id| id.to_string()),
            workspace_display_name: view.workspace_title.as_ref().map(WorkspaceTitle::as_str),
            roles: roles(view),
            is_accepted: it.state == InvitationState::Accepted,
            redirect_organization_id: it.redirect_organization_id.map(|id| id.to_string()),
            redirect_workspace_id: it.redirect_workspace_id.map(|id| id.to_string()),
            state: words::word("", it.state.key()),
            inviter: it.inviter_id.map(member),
            inviter_display_name: inviter_name.map_or("", |name| name.as_str()),
            accepted_by: it.accepted_by.map(member),
            language_code: it.language.as_ref().map(Language::as_str),
            metadata: None,
            create_time: Time(it.created_at),
            update_time: Time(it.updated_at),
            expire_time: Time(it.expires_at),
            etag: etag::of(it.version),
        }
    }
}

/// The version that the entity tag of an invitation is made of.
pub(super) fn version(view: &InvitationView) -> Version {
    view.invitation.version
}

fn roles(view: &InvitationView) -> Vec<Name> {
    let it = &view.invitation;
    let organization: OrganizationId = it.organization_id;
    let name = |key: &str| Name::from(organization).child("roles", key);
    let built_in = it.roles.iter().map(Role::public_key);
    let of_workspace = it.workspace_roles.iter().map(WorkspaceRole::public_key);
    let mut names: Vec<Name> = built_in.chain(of_workspace).map(name).collect();
    names.extend(it.custom_roles.iter().map(|role| name(role.key.as_str())));
    names
}

/// An invitation in an organization's list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "email": "joe@acme.example",
    "invitation_id": "01980c5e-0000-7000-8000-000000000004",
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/invitations/01980c5e-0000-7000-8000-000000000004",
    "roles": ["organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/roles/org-member"],
    "state": "PENDING",
    "inviter_display_name": "Jane Smith",
    "create_time": "2025-01-15T10:30:00Z",
    "expire_time": "2025-02-14T10:30:00Z"
}))]
pub(super) struct UserInvite<'a> {
    /// Who is invited.
    email: &'a str,
    /// The invitation's id.
    #[schema(format = "uuid")]
    invitation_id: String,
    /// The resource name.
    #[schema(value_type = String)]
    name: Name,
    /// The resource names of the roles that whoever accepts gets.
    #[schema(value_type = Vec<String>)]
    roles: Vec<Name>,
    /// What became of it, by the clock.
    state: String,
    /// What to call the inviter.
    inviter_display_name: &'a str,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    create_time: Time,
    /// From when on it cannot be accepted.
    #[schema(value_type = String, format = DateTime)]
    expire_time: Time,
}

impl<'a> From<&'a InvitationView> for UserInvite<'a> {
    fn from(view: &'a InvitationView) -> Self {
        let Invitation {
            email,
            name,
            roles,
            state,
            inviter_display_name,
            create_time,
            expire_time,
            ..
        } = Invitation::for_invitee(view);
        Self {
            email,
            invitation_id: view.invitation.id.to_string(),
            name,
            roles,
            state,
            inviter_display_name,
            create_time,
            expire_time,
        }
    }
}

/// A page of an organization's invitations.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserInviteList<'a> {
    /// The invitations, in the order in which they were made.
    invitations: Vec<UserInvite<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> UserInviteList<'a> {
    pub(super) fn new(page: &'a InvitationPage, next_page_token: String) -> Self {
        Self {
            invitations: page.items.iter().map(UserInvite::from).collect(),
            next_page_token,
        }
    }
}

/// A page of the invitations to the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvitationList<'a> {
    /// The invitations, in the order in which they were made.
    invitations: Vec<Invitation<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> InvitationList<'a> {
    pub(super) fn new(page: &'a InvitationPage, next_page_token: String) -> Self {
        let invitations = page.items.iter().map(Invitation::for_invitee);
        Self {
            invitations: invitations.collect(),
            next_page_token,
        }
    }
}

/// What became of each of many invitations.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BatchCreateInvitationsResponse<'a> {
    /// The answers, in the order of the requests.
    pub(super) results: Vec<BatchResult<'a>>,
}

/// What became of one of many invitations: it has one of the two fields.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(super) struct BatchResult<'a> {
    /// The invitation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) invitation: Option<Invitation<'a>>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) error: Option<Status>,
}

/// Who has signed up, with the first token.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SignUpResponse<'a> {
    /// The new user.
    user: User<'a>,
    /// The accepted invitation.
    invitation: Invitation<'a>,
    /// The user's first token, with its secret, which cannot be had again.
    token: Token<'a>,
}

impl<'a> From<&'a DomainSignedUp> for SignUpResponse<'a> {
    fn from(signed_up: &'a DomainSignedUp) -> Self {
        Self {
            user: User::from(&signed_up.user),
            invitation: Invitation::for_invitee(&signed_up.acceptance.invitation),
            token: Token::from(&signed_up.token),
        }
    }
}
