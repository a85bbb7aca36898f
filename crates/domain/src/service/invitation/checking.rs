//! What an invitation must keep to, new or sent again.

use super::NewInvitation;
use crate::access::{self, Authentication, Place};
use crate::error::Kind;
use crate::id::{InvitationId, OrganizationId, WorkspaceId};
use crate::invitation::{DEFAULT_LIFETIME, Invitation, InvitationView, LONGEST_LIFETIME};
use crate::port::Tx;
use crate::role::Permission;
use crate::time::Timestamp;
use crate::value::{Email, WorkspaceTitle};
use crate::workspace::WorkspaceRef;
use crate::{Error, Refusal, Result};

/// An invitation of an organization.
pub(super) fn find(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    id: InvitationId,
) -> Result<InvitationView> {
    let found = tx.invitations().find(organization, id)?;
    found.ok_or(Error::NotFound(Kind::Invitation))
}

/// The end that was asked for, if it lies within bounds, or the usual one.
pub(super) fn expiry(now: Timestamp, asked: Option<Timestamp>) -> Result<Timestamp> {
    let Some(end) = asked else {
        return Ok(now.plus(DEFAULT_LIFETIME));
    };
    if end <= now {
        let reason = "the expiry must lie in the future";
        return Err(Error::invalid("expire_time", reason));
    }
    if end > now.plus(LONGEST_LIFETIME) {
        let reason = "an invitation can be accepted for 365 days at the most";
        return Err(Error::invalid("expire_time", reason));
    }
    Ok(end)
}

/// Refuses a workspace that is not a live one of the organization. Answers what it is called.
pub(super) fn check_workspace(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    id: WorkspaceId,
) -> Result<WorkspaceTitle> {
    let found = tx.workspaces().find(organization, id)?;
    let live = found.filter(|view| view.workspace.is_live());
    live.map(|view| view.workspace.title)
        .ok_or(Error::NotFound(Kind::Workspace))
}

/// Refuses an address that belongs to a member. Answers the invitation to it that is written as
/// pending, if there is one.
pub(super) fn check_no_member(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    email: &Email,
) -> Result<Option<Invitation>> {
    let addressee = tx.invitations().addressee(organization, email)?;
    if addressee.is_member {
        return Err(Refusal::AlreadyMember.into());
    }
    Ok(addressee.pending)
}

/// Where whoever accepts is led, unless that is where the invitation is to anyway. The sender must
/// know the place: no invitation tells what else there is.
pub(super) fn check_redirects(
    tx: &mut dyn Tx,
    who: &Authentication,
    place: &Place,
    command: &NewInvitation,
) -> Result<(Option<OrganizationId>, Option<WorkspaceId>)> {
    let here = place.view.organization.id;
    let organization = command.redirect_organization_id.filter(|id| *id != here);
    if let Some(id) = organization
        && !may_read(tx, who, id)?
    {
        let reason = "there is no such organization, or you do not belong to it";
        return Err(Error::invalid("redirect_organization_id", reason));
    }
    let elsewhere = |id: &WorkspaceId| organization.is_some() || command.workspace_id != Some(*id);
    let workspace = command.redirect_workspace_id.filter(elsewhere);
    if let Some(id) = workspace {
        let at = WorkspaceRef {
            organization: organization.unwrap_or(here),
            id,
        };
        let found = tx.workspaces().find(at.organization, id)?;
        if !found.is_some_and(|view| view.workspace.is_live()) || !may_see(tx, who, place, at)? {
            let reason = "there is no such workspace, or you cannot see it";
            return Err(Error::invalid("redirect_workspace_id", reason));
        }
    }
    Ok((organization, workspace))
}

fn may_read(tx: &mut dyn Tx, who: &Authentication, id: OrganizationId) -> Result<bool> {
    let found = tx.organizations().find(id)?;
    if !found.is_some_and(|view| view.organization.is_live()) {
        return Ok(false);
    }
    let held = tx.memberships().held(id, who.user.id)?;
    let member = who.token.organization_id.is_none() && held.is_some();
    Ok(who.user.superuser || member)
}

/// Whether the sender sees a workspace, here or in another organization that they may read.
fn may_see(tx: &mut dyn Tx, who: &Authentication, place: &Place, at: WorkspaceRef) -> Result<bool> {
    let rights = if who.user.superuser || at.organization == place.view.organization.id {
        access::rights(who, place)
    } else {
        let held = tx.memberships().held(at.organization, who.user.id)?;
        held.unwrap_or_default().permissions()
    };
    if rights.has(Permission::ReadWorkspace) {
        return Ok(true);
    }
    // As in `granting::check`.
    if who.token.created_by.is_some() {
        return Ok(false);
    }
    let there = tx
        .workspaces()
        .granted(at.organization, at.id, who.user.id)?;
    Ok(there.has(Permission::ReadWorkspace))
}
