use crate::Result;
use crate::id::{InvitationId, MessageId};
use crate::invitation::Invitation;
use crate::outbox::{self, Content, Message};
use crate::port::Tx;
use crate::secret::Secret;
use crate::service::Core;
use crate::time::Timestamp;

/// What sending an invitation takes, made before the transaction.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) secret: Secret,
    message: MessageId,
}

impl Letter {
    pub(super) fn new(core: &Core, now: Timestamp, invitation: InvitationId) -> Self {
        Self {
            secret: Secret::invitation(invitation, &core.random.entropy()),
            message: MessageId::new(core.ids.next(now)),
        }
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
