//! Mails, as whoever sends them needs them: the words are the adapter's.

use crate::id::{InvitationId, MessageId, OrganizationId};
use crate::secret::Secret;
use crate::time::{Span, Timestamp};
use crate::value::{DisplayName, DomainName, Email, Language, OrganizationName, WorkspaceTitle};

/// How long the link in a letter works that leads to a new password.
pub const PASSWORD_RESET_LIFETIME: Span = Span::seconds(60 * 60);

/// A mail with all that its text tells.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The message in the outbox. A mail that is sent twice has it twice, so that it makes the
    /// Message-ID (RFC 5322 §3.6.4).
    pub id: MessageId,
    /// To whom.
    pub recipient: Email,
    /// What to call them, if they are known.
    pub name: Option<DisplayName>,
    /// In which language; `None`: in the installation's.
    pub language: Option<Language>,
    /// When it was written.
    pub written_at: Timestamp,
    /// What it says.
    pub text: MailText,
}

/// What a mail says.
#[derive(Clone, Debug)]
pub enum MailText {
    /// You are invited.
    Invitation {
        /// To which organization.
        organization_id: OrganizationId,
        /// What it is called.
        organization: OrganizationName,
        /// To which of its workspaces, too.
        workspace: Option<WorkspaceTitle>,
        /// Who invites, if it was a user.
        inviter: Option<DisplayName>,
        /// By which invitation.
        invitation_id: InvitationId,
        /// With this secret, for the link.
        secret: Secret,
        /// Until when.
        expires_at: Timestamp,
        /// Whether it was sent before, with a secret that is dead now.
        again: bool,
    },
    /// Prove that you receive mail here.
    EmailVerification {
        /// With this secret, for the link.
        secret: Secret,
        /// Until when.
        expires_at: Timestamp,
    },
    /// Choose a new password.
    PasswordReset {
        /// With this secret, for the link.
        secret: Secret,
        /// Until when.
        expires_at: Timestamp,
    },
    /// The recipient owns an organization from now on, or no longer does.
    OwnershipTransferred {
        /// What it is called.
        organization: OrganizationName,
        /// Who owned it until now.
        previous_owner: DisplayName,
        /// Who owns it now.
        owner: DisplayName,
    },
    /// What record to put into the DNS.
    DomainVerification {
        /// Whose domain.
        organization: OrganizationName,
        /// Which.
        domain: DomainName,
        /// The name of the TXT record.
        record: String,
        /// Its text.
        value: String,
    },
}

impl MailText {
    /// The key, by which templates know it: that of [`crate::outbox::Letter::key`].
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Invitation { again: false, .. } => "invitation",
            Self::Invitation { again: true, .. } => "invitation_resent",
            Self::EmailVerification { .. } => "email_verification",
            Self::PasswordReset { .. } => "password_reset",
            Self::OwnershipTransferred { .. } => "ownership_transferred",
            Self::DomainVerification { .. } => "domain_verification",
        }
    }
}
