use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::id::UserId;
use crate::invitation::{Invitation, InvitationState};
use crate::port::Tx;
use crate::time::Timestamp;
use crate::value::Language;
use crate::{Refusal, Result};

/// Ends an invitation whose organization is locked, and records it.
pub(super) fn end(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    invitation: &mut Invitation,
    ending: Ending,
) -> Result<()> {
    let before = invitation.clone();
    let act = match ending {
        Ending::Accepted(by) => {
            invitation.accepted_by = Some(by);
            invitation.state = InvitationState::Accepted;
            Act::InvitationAccepted
        }
        Ending::Declined => {
            invitation.state = InvitationState::Declined;
            Act::InvitationDeclined
        }
        Ending::Revoked => {
            invitation.state = InvitationState::Revoked;
            Act::InvitationRevoked
        }
        Ending::Expired => {
            invitation.state = InvitationState::Expired;
            Act::InvitationExpired
        }
    };
    rewrite(tx, author, now, invitation, &before, act)
}

/// How an invitation ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    Accepted(UserId),
    Declined,
    Revoked,
    Expired,
}

/// Writes what became of an invitation whose organization is locked, and records the difference.
pub(super) fn rewrite(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    invitation: &mut Invitation,
    before: &Invitation,
    act: Act,
) -> Result<()> {
    invitation.touch(now);
    if !tx.invitations().update(invitation, before)? {
        return Err(Refusal::VersionMismatch.into());
    }
    let state = (before.state.key(), invitation.state.key());
    let end = (before.expires_at, invitation.expires_at);
    let mut changes = Vec::new();
    if state.0 != state.1 {
        changes.push(Change::new("state", Some(state.0), Some(state.1)));
    }
    if end.0 != end.1 {
        let (old, new) = (end.0.to_rfc3339(), end.1.to_rfc3339());
        changes.push(Change::new("expires_at", Some(&old), Some(&new)));
    }
    if before.language != invitation.language {
        let (old, new) = (before.language.as_ref(), invitation.language.as_ref());
        let (old, new) = (old.map(Language::as_str), new.map(Language::as_str));
        changes.push(Change::new("language", old, new));
    }
    note(tx, author, now, invitation, act, changes)
}

/// Records in its organization's log what happened to an invitation.
pub(super) fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    invitation: &Invitation,
    act: Act,
    changes: Vec<Change>,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::Organization(invitation.organization_id),
        act,
        target: Target::Invitation(invitation.id),
        changes,
    };
    audit::record(tx, author, now, &deed)
}
