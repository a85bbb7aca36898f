use super::Prepared;
use crate::Result;
use crate::id::MessageId;
use crate::mail::{Mail, MailText};
use crate::outbox::Letter;
use crate::port::Tx;
use crate::time::Timestamp;
use crate::value::Email;

/// The mail that a letter is, as things are now.
pub(crate) fn prepare(
    tx: &mut dyn Tx,
    now: Timestamp,
    id: MessageId,
    created_at: Timestamp,
    recipient: &Email,
    letter: &Letter,
) -> Result<Prepared<Mail>> {
    let Letter::Invitation {
        organization_id,
        invitation_id,
        secret,
        again,
    } = letter
    else {
        return Ok(Prepared::Unwanted("it has no words yet".to_owned()));
    };
    let found = tx.invitations().find_by_secret(&secret.digest())?;
    let Some(view) = found.filter(|view| view.invitation.is_pending(now)) else {
        let why = "the invitation was answered, revoked or sent again, or has run out";
        return Ok(Prepared::Unwanted(why.to_owned()));
    };
    Ok(Prepared::Send(Mail {
        id,
        recipient: recipient.clone(),
        name: None,
        language: None,
        written_at: created_at,
        text: MailText::Invitation {
            organization_id: *organization_id,
            organization: view.organization_name,
            workspace: view.workspace_title,
            inviter: view.inviter_name,
            invitation_id: *invitation_id,
            secret: secret.clone(),
            expires_at: view.invitation.expires_at,
            again: *again,
        },
    }))
}
