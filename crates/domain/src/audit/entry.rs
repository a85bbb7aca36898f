use std::net::IpAddr;

use crate::access::Origin;
use crate::id::{
    ClientId, DomainId, GrantId, InvitationId, MessageId, OrganizationId, RoleId, TokenId, UserId,
    WebhookEndpointId, WorkspaceId,
};
use crate::secret::Digest;
use crate::time::Timestamp;
use crate::user::UserKind;

/// Whose log an entry belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Chain {
    /// An organization's. Its row is locked by whoever writes an entry, unless it is new.
    Organization(OrganizationId),
    /// A user's, for what is about no organization. Their row is locked by whoever writes an
    /// entry, unless it is new.
    User(UserId),
}

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A person or a service account, with a token.
    User {
        /// Who.
        id: UserId,
        /// Person or service account.
        kind: UserKind,
        /// With which token.
        token: TokenId,
    },
    /// A person, with a secret that was mailed to them and no other credential.
    Recipient(UserId),
    /// Somebody who is no user yet, with the secret of an invitation.
    Invitee,
    /// The operator at the command line, or Rollbook by itself.
    System,
}

impl Actor {
    /// The key, by which stores and clients know the kind of actor.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::User {
                kind: UserKind::Person,
                ..
            }
            | Self::Recipient(_) => "person",
            Self::User {
                kind: UserKind::ServiceAccount,
                ..
            } => "service_account",
            Self::Invitee => "invitee",
            Self::System => "system",
        }
    }

    /// The user, if it is one.
    #[must_use]
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User { id, .. } | Self::Recipient(id) => Some(id),
            Self::Invitee | Self::System => None,
        }
    }

    /// The token, if there was one.
    #[must_use]
    pub const fn token(self) -> Option<TokenId> {
        match self {
            Self::User { token, .. } => Some(token),
            Self::Recipient(_) | Self::Invitee | Self::System => None,
        }
    }
}

/// Who did it, and from where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Author {
    /// Who.
    pub actor: Actor,
    /// From where.
    pub origin: Origin,
}

impl Author {
    /// The operator at the command line, or Rollbook by itself.
    pub const SYSTEM: Self = Self {
        actor: Actor::System,
        origin: Origin {
            address: None,
            request: None,
        },
    };
}

macro_rules! acts {
    ($($(#[doc = $doc:literal])+ $name:ident = $key:literal,)+) => {
        /// What was done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Act {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Act {
            /// All acts.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The key, by which stores and clients know the act.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)+
                }
            }

            /// What was done, in a sentence.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self {
                    $(Self::$name => concat!($($doc),+).trim_ascii(),)+
                }
            }

            /// The act with this key.
            #[must_use]
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|act| act.key() == key)
            }
        }
    };
}

acts! {
    /// An organization was founded.
    OrganizationCreated = "organization.created",
    /// An organization was changed.
    OrganizationUpdated = "organization.updated",
    /// An organization got another owner.
    OrganizationTransferred = "organization.transferred",
    /// An organization was deleted.
    OrganizationDeleted = "organization.deleted",
    /// A deleted organization was restored.
    OrganizationRestored = "organization.restored",
    /// Somebody became a member.
    MembershipCreated = "membership.created",
    /// The roles of a member changed.
    MembershipUpdated = "membership.updated",
    /// A member was removed.
    MembershipDeleted = "membership.deleted",
    /// A member left.
    MembershipLeft = "membership.left",
    /// A member was deactivated by a superuser: they stay a member, and none of their credentials
    /// works.
    MembershipDeactivated = "membership.deactivated",
    /// A deactivated member was activated again by a superuser.
    MembershipActivated = "membership.activated",
    /// Somebody was invited.
    InvitationCreated = "invitation.created",
    /// An invitation was sent again, with a new secret.
    InvitationResent = "invitation.resent",
    /// An invitation gives other roles, since one of its own was deleted.
    InvitationUpdated = "invitation.updated",
    /// An invitation was accepted.
    InvitationAccepted = "invitation.accepted",
    /// An invitation was declined.
    InvitationDeclined = "invitation.declined",
    /// An invitation was revoked.
    InvitationRevoked = "invitation.revoked",
    /// An invitation had run out. It is written down within a minute or so, or when another
    /// invitation takes its place.
    InvitationExpired = "invitation.expired",
    /// A role was made.
    RoleCreated = "role.created",
    /// A role was changed.
    RoleUpdated = "role.updated",
    /// A role was deleted.
    RoleDeleted = "role.deleted",
    /// A workspace was made.
    WorkspaceCreated = "workspace.created",
    /// A workspace was changed.
    WorkspaceUpdated = "workspace.updated",
    /// A workspace was deleted.
    WorkspaceDeleted = "workspace.deleted",
    /// A deleted workspace was restored.
    WorkspaceRestored = "workspace.restored",
    /// A member was taken into a workspace.
    WorkspaceMembershipCreated = "workspace_membership.created",
    /// The roles of somebody in a workspace changed.
    WorkspaceMembershipUpdated = "workspace_membership.updated",
    /// Somebody was removed from a workspace.
    WorkspaceMembershipDeleted = "workspace_membership.deleted",
    /// Preferences were changed.
    PreferencesUpdated = "preferences.updated",
    /// The subscription or the quotas were changed.
    SubscriptionUpdated = "subscription.updated",
    /// A domain was added.
    DomainCreated = "domain.created",
    /// A domain was verified.
    DomainVerified = "domain.verified",
    /// A domain was changed.
    DomainUpdated = "domain.updated",
    /// A domain was removed.
    DomainDeleted = "domain.deleted",
    /// A user was made.
    UserCreated = "user.created",
    /// A user's profile was changed.
    UserUpdated = "user.updated",
    /// A user was mailed a secret, to verify their address.
    VerificationSent = "user.verification_sent",
    /// A user was deactivated.
    UserDeactivated = "user.deactivated",
    /// A user was activated again.
    UserActivated = "user.activated",
    /// A user was deleted.
    UserDeleted = "user.deleted",
    /// A token was issued.
    TokenCreated = "token.created",
    /// A token was revoked.
    TokenRevoked = "token.revoked",
    /// A letter or an event was sent again by an operator.
    MessageReplayed = "message.replayed",
    /// Somebody signed in with a browser.
    SessionCreated = "session.created",
    /// Somebody signed out.
    SessionEnded = "session.ended",
    /// A webhook endpoint was made.
    WebhookCreated = "webhook.created",
    /// A webhook endpoint was changed, by somebody or since it failed.
    WebhookUpdated = "webhook.updated",
    /// A webhook endpoint got another secret.
    WebhookSecretRotated = "webhook.secret_rotated",
    /// A webhook endpoint was deleted.
    WebhookDeleted = "webhook.deleted",
    /// Somebody signed out of all browsers.
    SessionsEnded = "user.sessions_ended",
    /// A user set or changed their password.
    PasswordSet = "user.password_set",
    /// A user removed their password.
    PasswordRemoved = "user.password_removed",
    /// A user was mailed, or given, a secret with which to choose a new password.
    PasswordResetSent = "user.password_reset_sent",
    /// A user chose a new password with such a secret.
    PasswordReset = "user.password_reset",
    /// Whoever receives mail at the address of an account, which nobody had shown before, took it
    /// over; all earlier credentials are dead.
    AccountClaimed = "user.claimed",
    /// An OAuth client was made.
    ClientCreated = "oauth_client.created",
    /// An OAuth client got a new secret.
    ClientSecretRotated = "oauth_client.secret_rotated",
    /// An OAuth client was deleted, with all that it was allowed.
    ClientDeleted = "oauth_client.deleted",
    /// A user allowed an OAuth client something.
    GrantCreated = "grant.created",
    /// What a user had allowed an OAuth client ended.
    GrantRevoked = "grant.revoked",
}

/// On what it was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// On an organization itself.
    Organization(OrganizationId),
    /// On a member, by the user's id.
    Membership(UserId),
    /// On an invitation.
    Invitation(InvitationId),
    /// On a role.
    Role(RoleId),
    /// On a workspace.
    Workspace(WorkspaceId),
    /// On a member of a workspace, by the user's id.
    WorkspaceMembership(UserId),
    /// On a domain.
    Domain(DomainId),
    /// On a user.
    User(UserId),
    /// On a token.
    Token(TokenId),
    /// On a message in the outbox.
    Message(MessageId),
    /// On a browser session.
    Session(TokenId),
    /// On a webhook endpoint.
    Webhook(WebhookEndpointId),
    /// On an OAuth client.
    OAuthClient(ClientId),
    /// On what a user has allowed an OAuth client.
    Grant(GrantId),
}

impl Target {
    /// The key, by which stores and clients know the kind of target.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Organization(_) => "organization",
            Self::Membership(_) => "membership",
            Self::Invitation(_) => "invitation",
            Self::Role(_) => "role",
            Self::Workspace(_) => "workspace",
            Self::WorkspaceMembership(_) => "workspace_membership",
            Self::Domain(_) => "domain",
            Self::User(_) => "user",
            Self::Token(_) => "token",
            Self::Message(_) => "message",
            Self::Session(_) => "session",
            Self::Webhook(_) => "webhook",
            Self::OAuthClient(_) => "oauth_client",
            Self::Grant(_) => "grant",
        }
    }

    /// The id.
    #[must_use]
    pub const fn uuid(self) -> uuid::Uuid {
        match self {
            Self::Organization(id) => id.uuid(),
            Self::Membership(id) | Self::WorkspaceMembership(id) | Self::User(id) => id.uuid(),
            Self::Invitation(id) => id.uuid(),
            Self::Role(id) => id.uuid(),
            Self::Workspace(id) => id.uuid(),
            Self::Domain(id) => id.uuid(),
            Self::Message(id) => id.uuid(),
            Self::Token(id) | Self::Session(id) => id.uuid(),
            Self::Webhook(id) => id.uuid(),
            Self::OAuthClient(id) => id.uuid(),
            Self::Grant(id) => id.uuid(),
        }
    }
}

/// A field that changed. Texts longer than [`Change::LONGEST`] characters are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The field's name.
    pub field: &'static str,
    /// What it was; `None`: there was nothing.
    pub before: Option<String>,
    /// What it is; `None`: there is nothing.
    pub after: Option<String>,
}

impl Change {
    /// How many characters of a value are kept.
    pub const LONGEST: usize = 256;

    /// A field that changed.
    #[must_use]
    pub fn new(field: &'static str, before: Option<&str>, after: Option<&str>) -> Self {
        let cut = |text: &str| text.chars().take(Self::LONGEST).collect();
        Self {
            field,
            before: before.map(cut),
            after: after.map(cut),
        }
    }

    /// A field of something new.
    #[must_use]
    pub fn set(field: &'static str, after: &str) -> Self {
        Self::new(field, None, Some(after))
    }
}

/// What is to be recorded.
#[derive(Clone, Debug)]
pub struct Deed {
    /// Whose log it goes into.
    pub chain: Chain,
    /// What was done.
    pub act: Act,
    /// On what.
    pub target: Target,
    /// What changed.
    pub changes: Vec<Change>,
}

/// One entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whose log it belongs to.
    pub chain: Chain,
    /// Its place in the log, from 1.
    pub sequence: u64,
    /// When it was done.
    pub at: Timestamp,
    /// The kind of actor, by [`Actor::key`].
    pub actor_kind: String,
    /// Who did it, if it was a user.
    pub actor_id: Option<UserId>,
    /// With which token.
    pub token_id: Option<TokenId>,
    /// What was done, by [`Act::key`]: a later version may know more acts.
    pub act: String,
    /// On what kind of thing, by [`Target::key`].
    pub target_kind: String,
    /// On which.
    pub target_id: uuid::Uuid,
    /// From which address.
    pub address: Option<IpAddr>,
    /// With which request.
    pub request_id: Option<String>,
    /// What changed: a JSON array of objects with `field`, `before` and `after`, as it was digested;
    /// what was nothing is left out.
    pub changes: String,
    /// The digest of the entry before; zeros for the first.
    pub previous: Digest,
    /// The digest of this entry.
    pub digest: Digest,
}

/// The last entry of a log, as the next one needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Its place.
    pub sequence: u64,
    /// Its digest.
    pub digest: Digest,
}

/// One test of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryTest {
    /// It was this act, by [`Act::key`].
    Act(String),
    /// It was done by this user.
    Actor(UserId),
    /// It was done on this kind of thing, by [`Target::key`].
    TargetKind(String),
    /// It was done on the thing with this id.
    Target(uuid::Uuid),
    /// It was done at this moment or later.
    NotBefore(Timestamp),
    /// It was done before this moment.
    Before(Timestamp),
}
