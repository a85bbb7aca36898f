use super::ending::{Ending, end, rewrite};
use super::granting::{self, Gift};
use super::letter::Letter;
use super::{ResendInvitation, as_of, checking, closed};
use crate::access::{self, Caller, Used};
use crate::audit::{Act, Author};
use crate::id::{InvitationId, OrganizationId};
use crate::invitation::{Invitation, InvitationState, InvitationView};
use crate::limit::Allowance;
use crate::organization::Version;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::service::authority;
use crate::time::Timestamp;
use crate::{Refusal, Result};

pub(super) fn resend(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (OrganizationId, InvitationId),
    letter: &Letter,
    command: &ResendInvitation,
    allowance: &Allowance,
) -> Result<Used<InvitationView>> {
    let action = Action::Use(Permission::UpdateInvitation);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let mut view = checking::find(tx, organization, id)?;
    let invitation = &mut view.invitation;
    invitation.version.expect(command.seen)?;
    check_open(invitation, now)?;
    let expires_at = checking::expiry(now, command.expires_at)?;
    if let Some(workspace) = invitation.workspace_id {
        checking::check_workspace(tx, organization, workspace)?;
    }
    // Who sends it again gives what it gives.
    let gift = Gift::of_invitation(tx, invitation)?;
    granting::check(tx, &authentication, &place, invitation.workspace_id, &gift)?;
    let author = authentication.author(caller);
    if !invitation.is_pending(now) {
        revive(tx, &author, now, invitation)?;
    }
    allowance.take_invitation(organization, &invitation.email)?;
    let before = invitation.clone();
    invitation.state = InvitationState::Pending;
    invitation.expires_at = expires_at;
    if command.language.is_some() {
        invitation.language.clone_from(&command.language);
    }
    rewrite(tx, &author, now, invitation, &before, Act::InvitationResent)?;
    tx.invitations()
        .set_secret(organization, id, &letter.secret.digest())?;
    letter.post(tx, now, invitation, true)?;
    Ok(authentication.used(view))
}

/// Makes room for an invitation that had expired, as for a new one.
fn revive(tx: &mut dyn Tx, author: &Author, now: Timestamp, invitation: &Invitation) -> Result<()> {
    let organization = invitation.organization_id;
    let other = checking::check_no_member(tx, organization, &invitation.email)?;
    if let Some(mut other) = other.filter(|other| other.id != invitation.id) {
        if other.is_pending(now) {
            return Err(Refusal::AlreadyInvited.into());
        }
        end(tx, author, now, &mut other, Ending::Expired)?;
    }
    authority::check_seat(tx, organization, now)
}

pub(super) fn revoke(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    id: InvitationId,
    seen: Option<Version>,
) -> Result<Used<InvitationView>> {
    let action = Action::Use(Permission::DeleteInvitation);
    let (authentication, _) = access::enter_locked(tx, caller, now, organization, action)?;
    let mut view = checking::find(tx, organization, id)?;
    view.invitation.version.expect(seen)?;
    check_open(&view.invitation, now)?;
    let author = authentication.author(caller);
    end(tx, &author, now, &mut view.invitation, Ending::Revoked)?;
    Ok(authentication.used(as_of(now, view)))
}

/// Refuses an invitation that was answered or revoked; one that has expired can be sent again.
fn check_open(invitation: &Invitation, now: Timestamp) -> Result<()> {
    match invitation.status(now) {
        InvitationState::Pending | InvitationState::Expired => Ok(()),
        state => Err(closed(state)),
    }
}
