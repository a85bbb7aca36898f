use super::Prepared;
use crate::Result;
use crate::domain::OrganizationDomain;
use crate::id::{DomainId, InvitationId, MessageId, OrganizationId, UserId};
use crate::invitation::{InvitationProof, InvitationState, InvitationView};
use crate::mail::{Mail, MailText};
use crate::organization::OrganizationView;
use crate::outbox::{Content, Letter, Message};
use crate::port::Tx;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::user::{User, UserKind};
use crate::value::{DisplayName, Email, Language};

/// Puts a letter to a user into the outbox, if that is a person who was shown to receive mail at
/// the address: others cannot read it, or never asked for it.
pub(in crate::service) fn post(
    tx: &mut dyn Tx,
    now: Timestamp,
    id: MessageId,
    to: &User,
    letter: Letter,
) -> Result<()> {
    if to.kind != UserKind::Person || !is_reader(to) {
        return Ok(());
    }
    tx.outbox().add(&Message {
        id,
        content: Content::Letter {
            recipient: to.email.clone(),
            letter,
        },
        created_at: now,
    })
}

/// Finds the words for a letter, as they are true now, or the reason why it is not wanted any
/// more. It only reads.
pub(crate) fn prepare(
    tx: &mut dyn Tx,
    now: Timestamp,
    id: MessageId,
    created_at: Timestamp,
    recipient: &Email,
    letter: &Letter,
) -> Result<Prepared<Mail>> {
    let reader = tx.users().find_by_email(recipient)?;
    let found = match letter {
        Letter::Invitation {
            invitation_id,
            secret,
            again,
            ..
        } => invitation(tx, now, *invitation_id, secret, *again)?,
        Letter::EmailVerification { user_id, secret } => {
            verification(tx, now, reader.as_ref(), *user_id, secret)?
        }
        Letter::PasswordReset { user_id, secret } => {
            reset(tx, now, reader.as_ref(), *user_id, secret)?
        }
        Letter::OwnershipTransferred {
            organization_id,
            previous_owner_id,
        } => transfer(tx, reader.as_ref(), *organization_id, *previous_owner_id)?,
        Letter::DomainVerification {
            organization_id,
            domain_id,
        } => challenge(tx, reader.as_ref(), *organization_id, *domain_id)?,
    };
    Ok(match found {
        Found::Unwanted(reason) => Prepared::Unwanted(reason),
        Found::Words(text, language) => Prepared::Send(Mail {
            id,
            recipient: recipient.clone(),
            // Who only says that the address is theirs gets no words of their own into it.
            name: reader.filter(is_reader).map(|user| user.display_name),
            language,
            written_at: created_at,
            text,
        }),
    })
}

/// What is known about a letter.
enum Found {
    Words(MailText, Option<Language>),
    Unwanted(String),
}

fn unwanted(reason: &str) -> Found {
    Found::Unwanted(reason.to_owned())
}

/// Whether the user is there and was shown to receive mail at the address.
fn is_reader(user: &User) -> bool {
    is_there(user) && user.has_verified_email()
}

fn is_there(user: &User) -> bool {
    user.active && user.deleted_at.is_none()
}

fn invitation(
    tx: &mut dyn Tx,
    now: Timestamp,
    id: InvitationId,
    secret: &Secret,
    again: bool,
) -> Result<Found> {
    // What is found by another secret, or by this one under another id, is not what is meant.
    let proof = InvitationProof::of(secret);
    let found = tx.invitations().find_by_secret(&proof)?;
    let Some(view) = found.filter(|view| view.invitation.id == id) else {
        let there = tx.invitations().find_anywhere(id)?;
        return Ok(unwanted(match there {
            Some(_) => "the invitation was sent again since, with another secret",
            None => "the organization was deleted",
        }));
    };
    let state = view.invitation.status(now);
    if state != InvitationState::Pending {
        let reason = format!("the invitation is {} by now", state.key());
        return Ok(Found::Unwanted(reason));
    }
    let inviter = inviter(tx, &view)?;
    let it = view.invitation;
    let text = MailText::Invitation {
        organization_id: it.organization_id,
        organization: view.organization_name,
        workspace: view.workspace_title,
        inviter,
        invitation_id: it.id,
        secret: secret.clone(),
        expires_at: it.expires_at,
        again,
    };
    Ok(Found::Words(text, it.language))
}

/// What to call the inviter; nothing if that was no user, or one who is deleted by now.
fn inviter(tx: &mut dyn Tx, view: &InvitationView) -> Result<Option<DisplayName>> {
    let Some(id) = view.invitation.inviter_id else {
        return Ok(None);
    };
    let user = tx.users().find(id)?;
    let user = user.filter(|user| user.deleted_at.is_none());
    Ok(user.map(|user| user.display_name))
}

fn verification(
    tx: &mut dyn Tx,
    now: Timestamp,
    reader: Option<&User>,
    user: UserId,
    secret: &Secret,
) -> Result<Found> {
    let Some(reader) = reader.filter(|reader| reader.id == user && is_there(reader)) else {
        return Ok(unwanted("the user is gone or has another address"));
    };
    if reader.has_verified_email() {
        return Ok(unwanted("the address was verified"));
    }
    let Some(pending) = tx.verifications().find_by_secret(&secret.digest())? else {
        return Ok(unwanted("another link has been sent since"));
    };
    if !pending.is_about(reader, now) {
        return Ok(unwanted("its link has expired"));
    }
    let (secret, expires_at) = (secret.clone(), pending.expires_at);
    Ok(Found::Words(
        MailText::EmailVerification { secret, expires_at },
        None,
    ))
}

fn reset(
    tx: &mut dyn Tx,
    now: Timestamp,
    reader: Option<&User>,
    user: UserId,
    secret: &Secret,
) -> Result<Found> {
    let Some(reader) = reader.filter(|reader| reader.id == user && is_there(reader)) else {
        return Ok(unwanted("the user is gone or has another address"));
    };
    let Some(pending) = tx.password_resets().find_by_secret(&secret.digest())? else {
        return Ok(unwanted("it was used, or another link has been sent since"));
    };
    if !pending.is_about(reader, now) {
        return Ok(unwanted("its link has expired"));
    }
    let (secret, expires_at) = (secret.clone(), pending.expires_at);
    Ok(Found::Words(
        MailText::PasswordReset { secret, expires_at },
        None,
    ))
}

fn transfer(
    tx: &mut dyn Tx,
    reader: Option<&User>,
    organization: OrganizationId,
    previous_owner: UserId,
) -> Result<Found> {
    let Some(view) = live(tx, organization)? else {
        return Ok(unwanted("the organization was deleted"));
    };
    let Some(previous) = tx.users().find(previous_owner)? else {
        return Ok(unwanted("the previous owner is gone"));
    };
    let owner = view.owner;
    let is_party = reader.is_some_and(|it| it.id == owner.id || it.id == previous.id);
    if owner.id == previous.id || !is_party {
        return Ok(unwanted("the ownership has moved on since"));
    }
    let text = MailText::OwnershipTransferred {
        organization: view.organization.name,
        previous_owner: previous.display_name,
        owner: owner.display_name,
    };
    Ok(Found::Words(text, None))
}

fn challenge(
    tx: &mut dyn Tx,
    reader: Option<&User>,
    organization: OrganizationId,
    domain: DomainId,
) -> Result<Found> {
    let Some(view) = live(tx, organization)? else {
        return Ok(unwanted("the organization was deleted"));
    };
    if !reader.is_some_and(is_there) {
        return Ok(unwanted("whoever added the domain is gone"));
    }
    let found: Option<OrganizationDomain> = tx.domains().find(organization, domain)?;
    let Some(domain) = found else {
        return Ok(unwanted("the domain was removed"));
    };
    if domain.verified_at.is_some() {
        return Ok(unwanted("the domain was verified"));
    }
    let text = MailText::DomainVerification {
        organization: view.organization.name,
        record: domain.record_name(),
        value: domain.challenge,
        domain: domain.name,
    };
    Ok(Found::Words(text, None))
}

fn live(tx: &mut dyn Tx, id: OrganizationId) -> Result<Option<OrganizationView>> {
    let found = tx.organizations().find(id)?;
    Ok(found.filter(|view| view.organization.is_live()))
}

#[cfg(test)]
mod tests;
