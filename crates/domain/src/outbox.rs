//! The outbox: what shall leave Rollbook, written in the transaction that decided it. What was
//! rolled back is never sent, and what was committed is not forgotten.

use crate::id::{InvitationId, MessageId, OrganizationId};
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::value::Email;

/// A message that waits to be sent.
#[derive(Clone, Debug)]
pub struct Message {
    /// The message's id.
    pub id: MessageId,
    /// To whom.
    pub recipient: Email,
    /// What it says.
    pub content: Content,
    /// When it was written.
    pub created_at: Timestamp,
}

/// What a message says.
#[derive(Clone, Debug)]
pub enum Content {
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
}

impl Content {
    /// The key, by which stores know the kind of message.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Invitation { again: false, .. } => "invitation",
            Self::Invitation { again: true, .. } => "invitation_resent",
        }
    }
}
