use super::{InvitationPage, Invitee, OpenedInvitation, Presented, as_of, checking};
use crate::access::{self, Caller, Used};
use crate::error::Kind;
use crate::id::{InvitationId, OrganizationId};
use crate::invitation::{Invitation, InvitationState, InvitationView};
use crate::page::{Page, Window};
use crate::password::can_have_password;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::time::Timestamp;
use crate::user::User;
use crate::value::Email;
use crate::{Error, Result};

pub(super) fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    id: InvitationId,
) -> Result<Used<InvitationView>> {
    let action = Action::Use(Permission::ReadInvitation);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let view = checking::find(tx, organization, id)?;
    Ok(authentication.used(as_of(now, view)))
}

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    to: &[Email],
    states: &[InvitationState],
    window: &Window<InvitationId>,
) -> Result<Used<InvitationPage>> {
    let action = Action::Use(Permission::ReadInvitation);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let page = tx
        .invitations()
        .list(organization, to, states, now, window)?;
    Ok(authentication.used(true_states(now, page)))
}

pub(super) fn list_mine(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    window: &Window<InvitationId>,
) -> Result<Used<InvitationPage>> {
    let authentication = access::enter_platform(tx, caller, now, Action::ManageSelf)?;
    let user = &authentication.user;
    // Anybody can type an address. To whom it belongs, the invitations belong.
    let page = if user.has_verified_email() {
        tx.invitations().list_to(&user.email, now, window)?
    } else {
        Page {
            items: Vec::new(),
            next: None,
            total: window.count.then_some(0),
        }
    };
    Ok(authentication.used(true_states(now, page)))
}

pub(super) fn preview(
    tx: &mut dyn Tx,
    now: Timestamp,
    secret: Presented,
) -> Result<InvitationView> {
    Ok(as_of(now, find_by_secret(tx, secret)?))
}

pub(super) fn open(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    secret: Presented,
) -> Result<(OpenedInvitation, Option<Used<()>>)> {
    let reader = access::recognize(tx, caller, now)?;
    let invitation = preview(tx, now, secret)?;
    let invitee = invitee(tx, &invitation.invitation)?;
    let used = reader.as_ref().map(|reader| reader.used(()));
    let opened = OpenedInvitation {
        invitee,
        reader: reader.map(|reader| reader.user),
        invitation,
    };
    Ok((opened, used))
}

/// Who has the address that was invited.
pub(super) fn invitee(tx: &mut dyn Tx, invitation: &Invitation) -> Result<Invitee> {
    Ok(match tx.users().find_by_email(&invitation.email)? {
        None => Invitee::Newcomer,
        Some(user) if is_unclaimed(&user) => Invitee::Unclaimed,
        Some(_) => Invitee::User,
    })
}

/// The invitation of a live organization that has this secret.
pub(super) fn find_by_secret(tx: &mut dyn Tx, secret: Presented) -> Result<InvitationView> {
    let found = match secret {
        Presented::Malformed => None,
        Presented::Secret(proof) => tx.invitations().find_by_secret(&proof)?,
    };
    found.ok_or(Error::NotFound(Kind::Invitation))
}

/// Whether an account can be taken over by whoever shows that its address is theirs: nobody has,
/// until now.
pub(super) fn is_unclaimed(user: &User) -> bool {
    can_have_password(user) && !user.has_verified_email()
}

fn true_states(now: Timestamp, mut page: InvitationPage) -> InvitationPage {
    for view in &mut page.items {
        view.invitation.state = view.invitation.status(now);
    }
    page
}
