//! Invitations: the driving port with its commands, here, and the use cases behind it.

mod accepting;
mod checking;
mod creating;
mod ending;
mod expiring;
mod granting;
mod joining;
mod letter;
mod managing;
mod service;
mod viewing;

use async_trait::async_trait;

use crate::access::{Caller, Origin};
use crate::id::{InvitationId, OrganizationId, WorkspaceId};
use crate::idempotency::Once;
use crate::invitation::{Invitation, InvitationProof, InvitationState, InvitationView};
use crate::membership::MemberView;
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::password::Password;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::TokenKind;
use crate::user::User;
use crate::value::{DisplayName, Email, Language, Metadata};
use crate::{Refusal, Result};

use super::token::IssuedToken;

pub use service::InvitationService;

/// How many invitations can be made at once.
pub const INVITATIONS_AT_ONCE: usize = 100;

/// How many roles one invitation can give.
pub const ROLES_PER_INVITATION: usize = 32;

/// A page of invitations.
pub type InvitationPage = Page<InvitationView, InvitationId>;

/// What a new invitation shall be.
#[derive(Clone, Debug)]
pub struct NewInvitation {
    /// Who is invited.
    pub email: Email,
    /// To which workspace, too.
    pub workspace_id: Option<WorkspaceId>,
    /// The roles that whoever accepts gets, by their public keys, built in or not. Without one of
    /// the organization's, they get [`crate::role::Role::Member`]; without one of the workspace's,
    /// [`crate::role::WorkspaceRole::Viewer`].
    pub roles: Vec<String>,
    /// Where a client leads whoever accepts, if not to the organization.
    pub redirect_organization_id: Option<OrganizationId>,
    /// Where a client leads whoever accepts, if not to the workspace.
    pub redirect_workspace_id: Option<WorkspaceId>,
    /// In which language its letters are written; `None`: in the installation's.
    pub language: Option<Language>,
    /// What the client keeps with it.
    pub metadata: Metadata,
    /// From when on it cannot be accepted; otherwise after
    /// [`crate::invitation::DEFAULT_LIFETIME`].
    pub expires_at: Option<Timestamp>,
}

/// What it takes to invite somebody.
#[derive(Clone, Debug)]
pub struct CreateInvitation {
    /// The invitation.
    pub invitation: NewInvitation,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// How an invitation shall be sent again.
#[derive(Clone, Debug, Default)]
pub struct ResendInvitation {
    /// From when on it cannot be accepted; otherwise after
    /// [`crate::invitation::DEFAULT_LIFETIME`].
    pub expires_at: Option<Timestamp>,
    /// In which language its letters are written from now on; `None`: as before.
    pub language: Option<Language>,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
}

/// The secret of an invitation, as somebody presents it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// Something that cannot be one: wrong prefix, length or checksum.
    Malformed,
    /// What a secret shows that is well formed.
    Secret(InvitationProof),
}

impl Presented {
    /// Reads what was mailed.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let secret = Secret::parse_invitation(text);
        secret.map_or(Self::Malformed, |it| Self::Secret(InvitationProof::of(&it)))
    }
}

/// By what an invitee means an invitation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handle {
    /// By the secret that was mailed: who has it receives mail at the address.
    Secret(Presented),
    /// By its id, which proves nothing: the caller's address must be verified.
    Id(InvitationId),
}

/// What somebody who is no user yet needs to become one and accept.
#[derive(Clone, Debug)]
pub struct SignUp {
    /// The secret that was mailed.
    pub secret: Presented,
    /// What to call the new user.
    pub display_name: DisplayName,
    /// How the new user's first credential will be presented.
    pub credential: TokenKind,
    /// With which the new user will sign in, if they want one.
    pub password: Option<Password>,
}

/// That an invitation was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// The invitation.
    pub invitation: InvitationView,
    /// The membership that came of it.
    pub member: MemberView,
}

/// That somebody became a user by accepting an invitation.
#[derive(Clone, Debug)]
pub struct SignedUp {
    /// The new user.
    pub user: User,
    /// The accepted invitation and the membership.
    pub acceptance: Acceptance,
    /// The new user's first personal access token, or the browser session, with its secret.
    pub token: IssuedToken,
}

/// Who has the address that was invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invitee {
    /// Nobody: they can sign up.
    Newcomer,
    /// A user of whom nobody has shown yet that it is theirs: whoever signs up takes the account
    /// over.
    Unclaimed,
    /// A user, who has to sign in.
    User,
}

/// What the page shows that the mailed link leads to.
#[derive(Clone, Debug)]
pub struct OpenedInvitation {
    /// The invitation.
    pub invitation: InvitationView,
    /// Who has the address. The secret proves the mailbox, to which that is no news.
    pub invitee: Invitee,
    /// Who looks, if they are known.
    pub reader: Option<User>,
}

/// How people become members by their own consent. In every answer the state of an invitation is
/// its true one at that moment ([`Invitation::status`]), and in none there is its secret.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Invitations: Send + Sync {
    /// Invites somebody.
    async fn create(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: CreateInvitation,
    ) -> Result<InvitationView>;

    /// Invites up to [`INVITATIONS_AT_ONCE`] people, each of them or not: an item that is refused
    /// changes nothing and does not stop the others.
    async fn create_many(
        &self,
        caller: Caller,
        organization: OrganizationId,
        commands: Vec<NewInvitation>,
    ) -> Result<Vec<Result<InvitationView>>>;

    /// One invitation of an organization.
    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: InvitationId,
    ) -> Result<InvitationView>;

    /// The invitations of an organization that are in one of these states and to this address;
    /// without states or address: all.
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        email: Option<Email>,
        states: Vec<InvitationState>,
        window: Window<InvitationId>,
    ) -> Result<InvitationPage>;

    /// Sends an invitation again that is pending or has expired, with a new secret; the one before
    /// is dead.
    async fn resend(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: InvitationId,
        command: ResendInvitation,
    ) -> Result<InvitationView>;

    /// Revokes an invitation that is pending or has expired.
    async fn revoke(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: InvitationId,
        seen: Option<Version>,
    ) -> Result<InvitationView>;

    /// The pending invitations to the caller's address; none unless it is verified.
    async fn list_mine(
        &self,
        caller: Caller,
        window: Window<InvitationId>,
    ) -> Result<InvitationPage>;

    /// The invitation with this secret. It needs no credential and changes nothing: mail scanners
    /// open links.
    async fn preview(&self, secret: Presented) -> Result<InvitationView>;

    /// [`Invitations::preview`], with what the page needs to know besides.
    async fn open(&self, caller: Caller, secret: Presented) -> Result<OpenedInvitation>;

    /// Accepts an invitation to the caller's address. Who accepts twice gets the same answer.
    async fn accept(&self, caller: Caller, handle: Handle) -> Result<Acceptance>;

    /// Declines an invitation to the caller's address.
    async fn decline(&self, caller: Caller, handle: Handle) -> Result<InvitationView>;

    /// Makes a user of whoever was invited, and accepts for them. It needs no credential. An account
    /// that has the address without anybody having shown that it is theirs is taken over: all that
    /// opened it before is dead.
    async fn sign_up(&self, origin: Origin, command: SignUp) -> Result<SignedUp>;
}

/// The view with the true state at `now`.
fn as_of(now: Timestamp, mut view: InvitationView) -> InvitationView {
    view.invitation.state = view.invitation.status(now);
    view
}

/// Refuses what only a pending invitation can be used for.
fn check_pending(invitation: &Invitation, now: Timestamp) -> Result<()> {
    match invitation.status(now) {
        InvitationState::Pending => Ok(()),
        state => Err(closed(state)),
    }
}

fn closed(state: InvitationState) -> crate::Error {
    Refusal::InvitationClosed { state: state.key() }.into()
}
