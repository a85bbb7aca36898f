use crate::Result;
use crate::id::{MessageId, OrganizationId};
use crate::invitation::Invitation;
use crate::limit::{Allowance, Policy};
use crate::outbox::{self, Content, Message};
use crate::port::Tx;
use crate::secret::Secret;
use crate::service::Core;
use crate::time::Timestamp;
use crate::value::Email;

/// What sending an invitation takes, made before the transaction.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) secret: Secret,
    message: MessageId,
}

impl Letter {
    pub(super) fn new(core: &Core, now: Timestamp) -> Self {
        Self {
            secret: Secret::invitation(&core.random.entropy()),
            message: MessageId::new(core.ids.next(now)),
        }
    }

    /// Takes one of what the organization may send and the address may get.
    pub(super) fn afford(
        allowance: &Allowance,
        organization: OrganizationId,
        recipient: &Email,
    ) -> Result<()> {
        allowance.take(&[
            (
                Policy::InvitationsPerOrganization,
                &organization.to_string(),
            ),
            (Policy::MessagesPerRecipient, recipient.key()),
        ])
    }

    /// Puts it into the outbox.
    pub(super) fn post(
        &self,
        tx: &mut dyn Tx,
        now: Timestamp,
        invitation: &Invitation,
        again: bool,
    ) -> Result<()> {
        tx.outbox().add(&Message {
            id: self.message,
            content: Content::Letter {
                recipient: invitation.email.clone(),
                letter: outbox::Letter::Invitation {
                    organization_id: invitation.organization_id,
                    invitation_id: invitation.id,
                    secret: self.secret.clone(),
                    again,
                },
            },
            created_at: now,
        })
    }
}
