//! The one closed error of the domain. Every dialect renders it in its own shape
//! (docs/errors.md has the table), and an exhaustive `match` in each makes a new refusal break
//! the build until all of them have an answer for it.

use std::fmt;

use crate::id::OrganizationId;
use crate::limit::Policy;
use crate::policy::Action;
use crate::time::{Span, Timestamp};

/// What a use case answers.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a use case did nothing. An error always means that nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no credential, or it does not (or no longer) work.
    #[error("{0}")]
    Unauthenticated(Unauthenticated),
    /// The caller is known and may not do this.
    #[error("not allowed: {action:?}")]
    Denied {
        /// What was tried.
        action: Action,
        /// Whether the caller may know that the resource exists. `false`: a dialect answers as if
        /// it did not exist, or as it always answers strangers.
        visible: bool,
    },
    /// The caller may look here, and there is nothing.
    #[error("{0} not found")]
    NotFound(Kind),
    /// A rule forbids it in the present state.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The input is not acceptable, whatever the state.
    #[error("invalid input: {0:?}")]
    Invalid(Vec<Violation>),
    /// The store cannot do it just now; trying again may help.
    #[error("the store is busy")]
    Busy,
    /// The store failed. The cause is for the log, never for a client.
    #[error("storage failure: {0}")]
    Storage(Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A storage failure with its cause.
    pub fn storage(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Storage(cause.into())
    }

    /// For what is named by its id alone: to whoever may not know the organization that a thing is
    /// in, there is no such thing.
    pub fn hidden_as(kind: Kind) -> impl Fn(Self) -> Self {
        move |error| match error {
            Self::Denied { visible: false, .. } | Self::NotFound(Kind::Organization) => {
                Self::NotFound(kind)
            }
            other => other,
        }
    }

    /// One unacceptable field.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation {
            field,
            reason: reason.into(),
        }])
    }
}

/// Why a caller is nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// No credential was presented.
    #[error("no credential was presented")]
    Missing,
    /// The credential is malformed, unknown, expired or revoked, or its user is not active. Which
    /// of them is not told.
    #[error("the credential is not valid")]
    Invalid,
}

/// The kinds of thing that can be absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An organization.
    Organization,
    /// A user.
    User,
    /// A membership.
    Membership,
    /// A personal access token or a key of a service account.
    Token,
    /// A role.
    Role,
    /// An invitation.
    Invitation,
    /// A workspace.
    Workspace,
    /// Somebody's membership of a workspace.
    WorkspaceMembership,
    /// A domain of an organization.
    Domain,
    /// A service account.
    ServiceAccount,
    /// A message in the outbox.
    Message,
    /// An OAuth client.
    OAuthClient,
    /// What a user has allowed an OAuth client.
    Grant,
    /// A verification of an address: used, run out, replaced by a newer one, or none.
    EmailVerification,
    /// A webhook endpoint.
    WebhookEndpoint,
    /// Something that was sent, or shall be.
    Delivery,
    /// A way to a new password: used, run out, replaced by a newer one, or none.
    PasswordReset,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Organization => "organization",
            Self::User => "user",
            Self::Membership => "membership",
            Self::Token => "token",
            Self::Role => "role",
            Self::Invitation => "invitation",
            Self::Workspace => "workspace",
            Self::WorkspaceMembership => "membership of the workspace",
            Self::Domain => "domain",
            Self::ServiceAccount => "service account",
            Self::Message => "message",
            Self::OAuthClient => "OAuth client",
            Self::Grant => "grant",
            Self::EmailVerification => "e-mail verification",
            Self::WebhookEndpoint => "webhook endpoint",
            Self::Delivery => "delivery",
            Self::PasswordReset => "password reset",
        })
    }
}

/// One field of the input and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The field's name in the domain; a dialect may re-spell it.
    pub field: &'static str,
    /// A sentence for the person who has to mend it.
    pub reason: String,
}

/// A rule that forbids what was asked, in the state that things are in. The message says what to
/// do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The id that the caller chose is in use, or was once.
    #[error("this id is already in use; choose another or leave it out")]
    IdTaken,
    /// Another live organization has this slug.
    #[error("the slug '{0}' is already taken; choose another")]
    SlugTaken(String),
    /// Another live organization has this name, and the dialect wants names to be unique.
    #[error("another organization is called '{0}' already; choose another name")]
    NameTaken(String),
    /// Several organizations that the caller may see have this name.
    #[error("several organizations are called '{0}'; name the one you mean by its id")]
    NameAmbiguous(String),
    /// An organization was to be made for somebody else.
    #[error("you can make an organization for yourself only; hand it over afterwards")]
    ForSomeoneElse,
    /// The member has this role already.
    #[error("the member has the role '{0}' already")]
    RoleHeld(String),
    /// Another user has this e-mail address.
    #[error("a user with this e-mail address already exists")]
    EmailTaken,
    /// The user already belongs to the organization.
    #[error("the user is already a member of this organization")]
    AlreadyMember,
    /// The owner has as many organizations as allowed.
    #[error(
        "the owner already owns {limit} organizations, which is the limit; delete one, or ask the operator to raise the limit"
    )]
    OrganizationLimit {
        /// How many one user may own.
        limit: u32,
    },
    /// The organization has as many members as allowed.
    #[error(
        "the organization already has {limit} members, which is the limit; remove one, or ask the operator to raise the limit"
    )]
    SeatLimit {
        /// How many members the organization may have.
        limit: u32,
    },
    /// The user has as many live tokens as allowed.
    #[error(
        "you already have {limit} personal access tokens, which is the limit; revoke one first"
    )]
    TokenLimit {
        /// How many unexpired, unrevoked tokens a user may have.
        limit: u32,
    },
    /// There are as many OAuth clients as allowed.
    #[error("there are already {limit} OAuth clients, which is the limit; delete one first")]
    ClientLimit {
        /// How many OAuth clients an organization, or the installation, may have.
        limit: u32,
    },
    /// A public OAuth client has no secret that could be rotated.
    #[error("a public client has no secret")]
    NoClientSecret,
    /// The token that a client was given does not go so far.
    #[error("the token lacks the scope '{scope}'; ask the user for it")]
    InsufficientScope {
        /// The scope that is missing, by its name.
        scope: &'static str,
    },
    /// Somebody sends, or is sent, too much. Not a matter of what the organization may use: it
    /// passes by itself.
    #[error(
        "{policy}: {quota} are allowed in {}; try again in {} seconds, or ask the operator to raise the limit",
        hours(policy.window()),
        retry_after.ceil_seconds()
    )]
    RateLimited {
        /// By what limit.
        policy: Policy,
        /// How many it allows in its window.
        quota: u32,
        /// After how long trying again may help.
        retry_after: Span,
    },
    /// A role would be granted that permits more than the granter may.
    #[error("you cannot grant what you may not do yourself: {permission}; ask somebody who may")]
    BeyondOwnRights {
        /// The first permission that the granter lacks.
        permission: &'static str,
    },
    /// The member that is to be changed may do more than the caller.
    #[error("this member has rights that you do not have; ask somebody who has them")]
    Outranked,
    /// The owner would lose the membership or the admin role.
    #[error("the owner must stay a member and an admin; transfer the ownership first")]
    OwnerMustStay,
    /// The user owns organizations, and was to be deleted or deactivated.
    #[error(
        "the user still owns organizations; transfer or delete them first: {}",
        list(organizations)
    )]
    StillOwner {
        /// Those, or the first hundred of them.
        organizations: Vec<OrganizationId>,
    },
    /// A role that somebody has was to be deleted.
    #[error("the role is in use by {holders}; name a replacement")]
    RoleInUse {
        /// How many memberships and invitations have it.
        holders: u64,
    },
    /// Another role of the organization has this key.
    #[error("the role key '{0}' is already taken; choose another")]
    RoleKeyTaken(String),
    /// Another role of the organization has this title.
    #[error("the role title '{0}' is already taken; choose another")]
    RoleTitleTaken(String),
    /// There is an invitation to this address that can still be accepted.
    #[error("there is a pending invitation for this address; resend or revoke it")]
    AlreadyInvited,
    /// The invitation was answered, revoked, or has run out.
    #[error("the invitation is {state}; ask for a new one")]
    InvitationClosed {
        /// What became of it, by [`crate::invitation::InvitationState::key`].
        state: &'static str,
    },
    /// The invitation is to another address than the caller's.
    #[error(
        "the invitation is for another e-mail address than yours; sign in as the one it is for"
    )]
    InvitationForSomeoneElse,
    /// The caller's address is not verified, and the action needs that.
    #[error("your e-mail address is not verified; open the link that was mailed to you")]
    EmailNotVerified,
    /// There is a user with the address of the invitation, who has to sign in.
    #[error("there is a user with this e-mail address; sign in and accept the invitation")]
    SignInToAccept,
    /// The organization has as many workspaces as allowed.
    #[error(
        "the organization already has {limit} workspaces, which is the limit; delete one, or ask the operator to raise the limit"
    )]
    WorkspaceLimit {
        /// How many live workspaces the organization may have.
        limit: u32,
    },
    /// The user already belongs to the workspace.
    #[error("the user is already a member of this workspace")]
    AlreadyInWorkspace,
    /// Only members of the organization can belong to its workspaces.
    #[error("only members of the organization can belong to its workspaces; invite them first")]
    NotAMember,
    /// The organization has the domain already.
    #[error("the organization has this domain already")]
    DomainExists,
    /// Another organization has verified the domain.
    #[error("another organization has verified this domain")]
    DomainTaken,
    /// The organization has as many domains as allowed.
    #[error("the organization already has {limit} domains, which is the limit; remove one first")]
    DomainLimit {
        /// How many domains an organization may have.
        limit: u32,
    },
    /// Something was to be done that only a verified domain can be used for.
    #[error("the domain is not verified; verify it first")]
    DomainNotVerified,
    /// The TXT record was not found, or holds something else.
    #[error("no TXT record of {record} holds the challenge; add it and try again in some minutes")]
    ChallengeNotFound {
        /// The name of the record.
        record: String,
    },
    /// The organization has as many webhook endpoints as allowed.
    #[error(
        "the organization already has {limit} webhook endpoints, which is the limit; delete one first"
    )]
    WebhookLimit {
        /// How many endpoints an organization may have.
        limit: u32,
    },
    /// Too much waits to be sent to a webhook endpoint.
    #[error(
        "{limit} deliveries wait for the webhook endpoint, which is the limit; try again when some were sent"
    )]
    DeliveryLimit {
        /// How many may wait.
        limit: u32,
    },
    /// Something was to be sent to an endpoint that is sent nothing.
    #[error("the webhook endpoint is {status}; enable it first")]
    WebhookDisabled {
        /// Why, by [`crate::webhook::EndpointStatus::key`].
        status: &'static str,
    },
    /// There is nothing to cancel.
    #[error("there is no subscription to cancel")]
    NoSubscription,
    /// A request's key was used before, for something else.
    #[error("this request id was used for another request; take a new one")]
    RequestKeyReused,
    /// What the request made held a secret, which is shown once.
    #[error(
        "this request was answered before, with a secret that is shown only once; revoke {id} and take a new request id"
    )]
    SecretShown {
        /// The id of what was made.
        id: String,
    },
    /// Only an active person who is a member can become the owner.
    #[error("the new owner must be an active person who is a member of the organization")]
    UnsuitableOwner,
    /// A service account cannot own an organization.
    #[error("a service account cannot own an organization")]
    ServiceAccountOwner,
    /// The resource is not the version that the caller last saw.
    #[error("it was changed in the meantime; read it again and repeat the change")]
    VersionMismatch,
    /// Nobody has a password in this installation.
    #[error("passwords are turned off here; sign in with a token")]
    PasswordsOff,
    /// The present password, which has to be given with a change of it, is another.
    #[error("the current password is not right; give the one you sign in with")]
    WrongPassword,
    /// The new password is easy to guess.
    #[error("the password is too easy to guess: {advice}")]
    WeakPassword {
        /// What is wrong with it and how to find a better one, in sentences.
        advice: String,
    },
    /// Restoring something that is not deleted.
    #[error("it is not deleted, so it cannot be restored")]
    NotDeleted,
    /// Sending something again that was delivered or canceled.
    #[error("it was delivered or canceled, so it cannot be sent again")]
    NotReplayable,
    /// Restoring came too late.
    #[error("it could be restored until {}", until.to_rfc3339())]
    RestoreWindowOver {
        /// The end of the window.
        until: Timestamp,
    },
}

fn hours(window: Span) -> &'static str {
    if window == Span::days(1) {
        "a day"
    } else {
        "an hour"
    }
}

fn list(organizations: &[OrganizationId]) -> String {
    let ids: Vec<String> = organizations.iter().map(ToString::to_string).collect();
    ids.join(", ")
}
