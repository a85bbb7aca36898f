use crate::id::{DomainId, InvitationId, MessageId, OrganizationId, UserId, WebhookEndpointId};
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::value::Email;

/// A message that shall be sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// The message's id.
    pub id: MessageId,
    /// What it says, and to whom.
    pub content: Content,
    /// When it was written; it is due at once.
    pub created_at: Timestamp,
}

/// What a message says, and to whom.
#[derive(Clone, Debug)]
pub enum Content {
    /// A mail to a person.
    Letter {
        /// To whom.
        recipient: Email,
        /// What it says.
        letter: Letter,
    },
    /// An event, to a webhook endpoint.
    Event {
        /// The organization whose event it is.
        organization_id: OrganizationId,
        /// To which of its endpoints.
        endpoint_id: WebhookEndpointId,
        /// The event's place in the organization's audit log, from 1; `None`: a test, which is no
        /// event.
        sequence: Option<u64>,
    },
}

/// What a mail says. It names what it is about; the words are found when it is sent, so that they
/// are true then.
#[derive(Clone, Debug)]
pub enum Letter {
    /// You are invited.
    Invitation {
        /// To this organization.
        organization_id: OrganizationId,
        /// By this invitation.
        invitation_id: InvitationId,
        /// With this secret, which is nowhere else. It goes when the message has been sent.
        secret: Secret,
        /// Whether it was sent before, with a secret that is dead now.
        again: bool,
    },
    /// Prove that you receive mail here.
    EmailVerification {
        /// Who asked for it.
        user_id: UserId,
        /// With this secret. It goes when the message has been sent.
        secret: Secret,
    },
    /// Choose a new password.
    PasswordReset {
        /// Whose.
        user_id: UserId,
        /// With this secret. It goes when the message has been sent.
        secret: Secret,
    },
    /// You own an organization from now on, or no longer do.
    OwnershipTransferred {
        /// Which.
        organization_id: OrganizationId,
        /// Who owned it until now.
        previous_owner_id: UserId,
    },
    /// What record to put into the DNS to verify a domain.
    DomainVerification {
        /// Whose domain.
        organization_id: OrganizationId,
        /// Which.
        domain_id: DomainId,
    },
}

/// How a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// By mail.
    Mail,
    /// By a request to a webhook endpoint.
    Webhook,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Mail, Self::Webhook];

    /// The key, by which metrics know it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Webhook => "webhook",
        }
    }
}

impl Content {
    /// The keys of all kinds of messages. What a newer program wrote besides is left to it.
    pub const KINDS: [&'static str; 8] = [
        "invitation",
        "invitation_resent",
        "email_verification",
        "password_reset",
        "ownership_transferred",
        "domain_verification",
        "event",
        "webhook_test",
    ];

    /// The key, by which stores and clients know the kind of message.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Letter { letter, .. } => letter.key(),
            Self::Event {
                sequence: Some(_), ..
            } => "event",
            Self::Event { sequence: None, .. } => "webhook_test",
        }
    }

    /// The organization it is about, if it is about one.
    #[must_use]
    pub const fn organization_id(&self) -> Option<OrganizationId> {
        match self {
            Self::Letter { letter, .. } => letter.organization_id(),
            Self::Event {
                organization_id, ..
            } => Some(*organization_id),
        }
    }
}

impl Content {
    /// How it travels.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Letter { .. } => Channel::Mail,
            Self::Event { .. } => Channel::Webhook,
        }
    }

    /// To which endpoint, if it is an event or a test.
    #[must_use]
    pub const fn endpoint_id(&self) -> Option<WebhookEndpointId> {
        match self {
            Self::Letter { .. } => None,
            Self::Event { endpoint_id, .. } => Some(*endpoint_id),
        }
    }

    /// The event's place in the organization's audit log, if it is an event.
    #[must_use]
    pub const fn sequence(&self) -> Option<u64> {
        match self {
            Self::Letter { .. } => None,
            Self::Event { sequence, .. } => *sequence,
        }
    }

    /// To whom, if it is a letter.
    #[must_use]
    pub const fn recipient(&self) -> Option<&Email> {
        match self {
            Self::Letter { recipient, .. } => Some(recipient),
            Self::Event { .. } => None,
        }
    }
}

impl Letter {
    /// The key, by which stores, clients and templates know the kind of letter.
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

    /// The secret that it tells, if it tells one.
    #[must_use]
    pub const fn secret(&self) -> Option<&Secret> {
        match self {
            Self::Invitation { secret, .. }
            | Self::EmailVerification { secret, .. }
            | Self::PasswordReset { secret, .. } => Some(secret),
            Self::OwnershipTransferred { .. } | Self::DomainVerification { .. } => None,
        }
    }

    /// The organization it is about, if it is about one.
    #[must_use]
    pub const fn organization_id(&self) -> Option<OrganizationId> {
        match self {
            Self::Invitation {
                organization_id, ..
            }
            | Self::OwnershipTransferred {
                organization_id, ..
            }
            | Self::DomainVerification {
                organization_id, ..
            } => Some(*organization_id),
            Self::EmailVerification { .. } | Self::PasswordReset { .. } => None,
        }
    }
}
