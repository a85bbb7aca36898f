//! Invitations: how somebody becomes a member by their own consent.

use crate::audit::Actor;
use crate::id::{InvitationId, OrganizationId, UserId, WorkspaceId};
use crate::organization::Version;
use crate::role::{AssignedRole, Roles, WorkspaceRoles};
use crate::secret::{Digest, Secret};
use crate::time::{Span, Timestamp};
use crate::value::{DisplayName, Email, Language, Metadata, OrganizationName, WorkspaceTitle};

/// How long an invitation can be accepted, unless its sender says otherwise.
pub const DEFAULT_LIFETIME: Span = Span::days(30);

/// The longest lifetime a sender can choose.
pub const LONGEST_LIFETIME: Span = Span::days(365);

/// An invitation, without its secret: of that, only a digest is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// The invitation's id; not a secret.
    pub id: InvitationId,
    /// To which organization.
    pub organization_id: OrganizationId,
    /// To which of its workspaces, too; `None`: to the organization only.
    pub workspace_id: Option<WorkspaceId>,
    /// Who is invited.
    pub email: Email,
    /// The built-in roles that whoever accepts gets in the organization.
    pub roles: Roles,
    /// The built-in roles that they get in the workspace; none without a workspace.
    pub workspace_roles: WorkspaceRoles,
    /// The organization's own roles that they get, in the organization or the workspace, after
    /// the role's scope.
    pub custom_roles: Vec<AssignedRole>,
    /// Who invites, if it was a user.
    pub inviter_id: Option<UserId>,
    /// The kind of actor who invites, by [`Actor::key`].
    pub inviter_kind: String,
    /// Where a client leads whoever accepts, when it is another organization.
    pub redirect_organization_id: Option<OrganizationId>,
    /// Where a client leads whoever accepts, when it is another workspace.
    pub redirect_workspace_id: Option<WorkspaceId>,
    /// In which language its letters are written; `None`: in the installation's.
    pub language: Option<Language>,
    /// What the client keeps with it.
    pub metadata: Metadata,
    /// What became of it, as it is written; [`Invitation::status`] minds the clock.
    pub state: InvitationState,
    /// Who accepted it.
    pub accepted_by: Option<UserId>,
    /// Counts the changes.
    pub version: Version,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// From when on it cannot be accepted.
    pub expires_at: Timestamp,
}

/// What the secret of an invitation shows: by it a store finds the invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvitationProof {
    /// Which invitation it names; `None` if it was mailed before secrets did.
    pub id: Option<InvitationId>,
    /// The digest of the whole secret.
    pub digest: Digest,
}

impl InvitationProof {
    /// What this secret shows.
    #[must_use]
    pub fn of(secret: &Secret) -> Self {
        Self {
            id: secret.invitation_id(),
            digest: secret.digest(),
        }
    }
}

/// What is written about an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvitationState {
    /// Nobody has answered. It may have run out; then it is expired, written or not.
    Pending,
    /// It was accepted, or its invitee joined another way.
    Accepted,
    /// It was declined.
    Declined,
    /// It was revoked.
    Revoked,
    /// It had run out, and that was written down since.
    Expired,
}

impl InvitationState {
    /// All states.
    pub const ALL: [Self; 5] = [
        Self::Pending,
        Self::Accepted,
        Self::Declined,
        Self::Revoked,
        Self::Expired,
    ];

    /// The key, by which stores and clients know the state.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Declined => "declined",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    /// The state with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.key() == key)
    }
}

impl Invitation {
    /// What became of it, as of `now`: whoever asks after its end is told that it is expired,
    /// whether or not that was ever written.
    #[must_use]
    pub fn status(&self, now: Timestamp) -> InvitationState {
        match self.state {
            InvitationState::Pending if self.expires_at <= now => InvitationState::Expired,
            state => state,
        }
    }

    /// Whether it can still be accepted. Until then it holds a seat.
    #[must_use]
    pub fn is_pending(&self, now: Timestamp) -> bool {
        self.status(now) == InvitationState::Pending
    }

    /// Marks it as changed at `now`.
    pub fn touch(&mut self, now: Timestamp) {
        self.version = self.version.next();
        self.updated_at = now;
    }

    /// Whether the operator or Rollbook itself invites.
    #[must_use]
    pub fn is_from_system(&self) -> bool {
        self.inviter_kind == Actor::System.key()
    }
}

/// What an organization has to do with an address before it invites somebody there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addressee {
    /// Whether the address is a member's.
    pub is_member: bool,
    /// The invitation to it that is written as pending, which may have run out.
    pub pending: Option<Invitation>,
}

/// An invitation with what its reader wants to know: what reads answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitationView {
    /// The invitation.
    pub invitation: Invitation,
    /// What the organization is called.
    pub organization_name: OrganizationName,
    /// What the workspace is called, if it is to one.
    pub workspace_title: Option<WorkspaceTitle>,
    /// What to call the inviter, if it was a user.
    pub inviter_name: Option<DisplayName>,
}
