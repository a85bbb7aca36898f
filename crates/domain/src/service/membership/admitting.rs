//! How somebody becomes a member.

use super::{AddMember, Who, role_keys};
use crate::access::{self, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::id::{MembershipId, OrganizationId};
use crate::idempotency::{self, Claim};
use crate::invitation::InvitationState;
use crate::membership::{MemberView, Membership};
use crate::organization::{Organization, Version};
use crate::policy::Action;
use crate::port::Tx;
use crate::role::{Permission, Role, Roles};
use crate::service::authority;
use crate::service::role::Assignment;
use crate::time::Timestamp;
use crate::user::{User, UserKind};
use crate::value::Email;
use crate::{Error, Refusal, Result};

pub(super) fn add(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    fresh: MembershipId,
    command: &AddMember,
) -> Result<Used<MemberView>> {
    let action = Action::Use(Permission::CreateMembership);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let (claimant, once) = (authentication.user.id, command.once.as_ref());
    let claim = idempotency::claim(tx, claimant, once, now, fresh.uuid())?;
    let user = lock(tx, organization, &command.who)?;
    if let Claim::Made(id) = claim {
        let member = tx.memberships().find(organization, user.id)?;
        let made = member.filter(|member| member.membership.id == MembershipId::new(id));
        return Ok(authentication.used(made.ok_or(Error::NotFound(Kind::Membership))?));
    }
    let assignment = Assignment::of_keys(tx, organization, &command.roles)?;
    let rights = access::rights(&authentication, &place);
    authority::check_grant(rights, assignment.permissions)?;
    let membership = Membership {
        id: fresh,
        organization_id: organization,
        user_id: user.id,
        roles: assignment.roles,
        custom_roles: assignment.custom,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
    };
    let author = authentication.author(caller);
    admit(tx, &author, now, &membership, &user)?;
    Ok(authentication.used(MemberView::new(membership, &user)))
}

/// The user, behind a lock of their row: they are not deleted before they are a member. A service
/// account of another organization stays there.
fn lock(tx: &mut dyn Tx, organization: OrganizationId, who: &Who) -> Result<User> {
    let id = match who {
        Who::User(id) => Some(*id),
        Who::Email(email) => tx.users().find_by_email(email)?.map(|user| user.id),
    };
    let user = match id {
        Some(id) => tx.users().lock(id)?,
        None => None,
    };
    let user = user
        .filter(|user| user.deleted_at.is_none())
        .filter(|user| user.organization_id.is_none_or(|home| home == organization))
        .ok_or(Error::NotFound(Kind::User))?;
    if let Who::Email(email) = who {
        check_address(&user, email)?;
    }
    Ok(user)
}

/// Anybody can type an address and wait there for somebody else's roles: it stands for its user
/// only when verified, and only as long as it is theirs (what was read before the lock may be out
/// of date).
fn check_address(user: &User, email: &Email) -> Result<()> {
    if user.email != *email {
        return Err(Error::NotFound(Kind::User));
    }
    if user.kind == UserKind::Person && !user.has_verified_email() {
        return Err(Refusal::EmailNotVerified.into());
    }
    Ok(())
}

/// The membership that an organization's first owner gets.
pub(in crate::service) fn membership_of_owner(
    id: MembershipId,
    organization: &Organization,
    now: Timestamp,
) -> Membership {
    Membership {
        id,
        organization_id: organization.id,
        user_id: organization.owner_id,
        roles: Roles::of(&[Role::Admin]),
        custom_roles: Vec::new(),
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
    }
}

/// Takes a user into a live organization that has a free seat. The rule for everything that adds
/// members; the caller's right to do so was checked before.
///
/// Whoever is invited has no more use for the invitation, even when they join another way: it
/// counts as accepted, and its seat is the new member's, also where a lowered quota leaves none to
/// others.
///
/// The user was read behind a lock of their row, which comes after the organization's, or is new
/// in this transaction: deleting a user looks for memberships behind that lock, so that none is
/// added unseen. Whoever cannot lock yet compares the user's version later in the transaction. A
/// deactivated user may be admitted: deactivation does not end memberships, either.
pub fn admit(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    membership: &Membership,
    user: &User,
) -> Result<()> {
    let organization = membership.organization_id;
    let locked = tx.organizations().lock(organization)?;
    if !locked.is_some_and(|organization| organization.is_live()) {
        return Err(Error::NotFound(Kind::Organization));
    }
    let seated = close_invitation(tx, author, now, organization, user)?;
    if !seated {
        authority::check_seat(tx, organization, now)?;
    }
    if seat(tx, author, now, membership, user)? {
        Ok(())
    } else {
        Err(Refusal::AlreadyMember.into())
    }
}

/// Gives a user a seat that is known to be free, in a live organization whose row is locked;
/// `false` for whoever is a member already, and stays what they are. For the user's row, see
/// [`admit`].
pub(in crate::service) fn seat(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    membership: &Membership,
    user: &User,
) -> Result<bool> {
    if user.deleted_at.is_some() {
        return Err(Error::NotFound(Kind::User));
    }
    if !tx.memberships().add(membership, user)? {
        return Ok(false);
    }
    let deed = Deed {
        chain: Chain::Organization(membership.organization_id),
        act: Act::MembershipCreated,
        target: Target::Membership(user.id),
        changes: vec![Change::set("roles", &role_keys(membership))],
    };
    audit::record(tx, author, now, &deed)?;
    Ok(true)
}

/// Closes the invitation to the address of somebody who has no more use for it. Answers whether it
/// held a seat, which it did until it ran out.
pub(in crate::service) fn close_invitation(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    organization: OrganizationId,
    user: &User,
) -> Result<bool> {
    let Some(mut invitation) = tx.invitations().find_pending(organization, &user.email)? else {
        return Ok(false);
    };
    let before = invitation.clone();
    let seated = invitation.is_pending(now);
    let act = if seated {
        invitation.state = InvitationState::Accepted;
        invitation.accepted_by = Some(user.id);
        Act::InvitationAccepted
    } else {
        invitation.state = InvitationState::Expired;
        Act::InvitationExpired
    };
    invitation.touch(now);
    if !tx.invitations().update(&invitation, &before)? {
        return Err(Refusal::VersionMismatch.into());
    }
    let deed = Deed {
        chain: Chain::Organization(organization),
        act,
        target: Target::Invitation(invitation.id),
        changes: Vec::new(),
    };
    audit::record(tx, author, now, &deed)?;
    Ok(seated)
}
