use std::collections::BTreeSet;

use crate::audit::{self, Act, Actor, Author, Chain, Change, Deed, Target};
use crate::domain::{Enrollment, OrganizationDomain};
use crate::id::{InvitationId, MembershipId, MessageId, OrganizationId};
use crate::invitation::{DEFAULT_LIFETIME, Invitation, InvitationState};
use crate::limit::Allowance;
use crate::membership::Membership;
use crate::organization::Version;
use crate::outbox::{Content, Letter, Message};
use crate::port::Tx;
use crate::role::{Role, Roles, WorkspaceRoles};
use crate::secret::Secret;
use crate::service::membership::{admit, close_invitation};
use crate::service::{Core, authority};
use crate::time::Timestamp;
use crate::user::{User, UserKind};
use crate::value::{DomainName, Email, Metadata};
use crate::{Error, Refusal, Result};

/// What it takes to take somebody in whose address has just been verified, made before the
/// transaction.
#[derive(Clone, Debug)]
pub struct Newcomer {
    membership: MembershipId,
    invitation: InvitationId,
    message: MessageId,
    secret: Secret,
}

impl Newcomer {
    /// Gathers it.
    #[must_use]
    pub fn new(core: &Core, now: Timestamp) -> Self {
        let membership = MembershipId::new(core.ids.next(now));
        let invitation = InvitationId::new(core.ids.next(now));
        Self {
            membership,
            invitation,
            message: MessageId::new(core.ids.next(now)),
            secret: Secret::invitation(invitation, &core.random.entropy()),
        }
    }
}

/// Takes in or invites a person whose address has just been verified, when an organization has
/// verified the domain and wants that. Where no seat is free, or no invitation can be sent now,
/// nothing happens: the address is verified all the same.
///
/// Locks the organization, so it comes before any lock of a user. Whoever is invited already
/// accepts that invitation instead, which may be to more than everybody gets.
pub fn enroll(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    fresh: &Newcomer,
    user: &User,
    allowance: &Allowance,
) -> Result<()> {
    let Some(domain) = house(tx, user)? else {
        return Ok(());
    };
    let organization = domain.organization_id;
    let mode = domain.enrollment;
    if mode == Enrollment::InviteOnly || tx.memberships().held(organization, user.id)?.is_some() {
        return Ok(());
    }
    let invitation = tx.invitations().find_pending(organization, &user.email)?;
    if invitation.is_some_and(|invitation| invitation.is_pending(now)) {
        return Ok(());
    }
    match authority::check_seat(tx, organization, now) {
        Err(Error::Refused(Refusal::SeatLimit { .. })) => return Ok(()),
        checked => checked?,
    }
    if mode == Enrollment::AutomaticInvitation {
        match allowance.take_invitation(organization, &user.email) {
            Err(Error::Refused(Refusal::RateLimited { .. })) => return Ok(()),
            taken => taken?,
        }
        return invite(tx, author, now, fresh, organization, user);
    }
    let membership = membership(fresh.membership, organization, user, now);
    admit(tx, author, now, &membership, user)
}

/// Locks an organization, and with it the one that would enroll whoever is at this address, in the
/// order of their ids, so that two whose addresses are verified never wait for each other in a
/// circle.
pub fn hold_with_house(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    address: &Email,
) -> Result<()> {
    let house = match DomainName::parse(address.domain()) {
        Ok(name) => tx.domains().find_verified(&name)?,
        Err(_) => None,
    };
    let mut ids = BTreeSet::from([organization]);
    ids.extend(house.map(|domain| domain.organization_id));
    for id in ids {
        tx.organizations().hold(id)?;
    }
    Ok(())
}

/// The verified domain of the user's address, and its live organization locked.
fn house(tx: &mut dyn Tx, user: &User) -> Result<Option<OrganizationDomain>> {
    if user.kind != UserKind::Person || !user.active || !user.has_verified_email() {
        return Ok(None);
    }
    let Ok(name) = DomainName::parse(user.email.domain()) else {
        return Ok(None);
    };
    let Some(found) = tx.domains().find_verified(&name)? else {
        return Ok(None);
    };
    let locked = tx.organizations().lock(found.organization_id)?;
    if !locked.is_some_and(|organization| organization.is_live()) {
        return Ok(None);
    }
    // What was read before the lock may be out of date.
    let domain = tx.domains().find(found.organization_id, found.id)?;
    Ok(domain.filter(|domain| domain.verified_at.is_some()))
}

fn membership(
    id: MembershipId,
    organization: OrganizationId,
    user: &User,
    now: Timestamp,
) -> Membership {
    Membership {
        id,
        organization_id: organization,
        user_id: user.id,
        roles: Roles::of(&[Role::Member]),
        custom_roles: Vec::new(),
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
    }
}

fn invite(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    fresh: &Newcomer,
    organization: OrganizationId,
    user: &User,
) -> Result<()> {
    // One that has run out makes room.
    close_invitation(tx, author, now, organization, user)?;
    let invitation = invitation(fresh.invitation, organization, user, now);
    if !tx.invitations().add(&invitation, &fresh.secret.digest())? {
        return Err(Refusal::AlreadyInvited.into());
    }
    tx.outbox().add(&Message {
        id: fresh.message,
        content: Content::Letter {
            recipient: user.email.clone(),
            letter: Letter::Invitation {
                organization_id: organization,
                invitation_id: invitation.id,
                secret: fresh.secret.clone(),
                again: false,
            },
        },
        created_at: now,
    })?;
    let deed = Deed {
        chain: Chain::Organization(organization),
        act: Act::InvitationCreated,
        target: Target::Invitation(invitation.id),
        changes: vec![
            Change::set("email", user.email.as_str()),
            Change::set("roles", Role::Member.public_key()),
        ],
    };
    audit::record(tx, author, now, &deed)
}

fn invitation(
    id: InvitationId,
    organization: OrganizationId,
    user: &User,
    now: Timestamp,
) -> Invitation {
    Invitation {
        id,
        organization_id: organization,
        workspace_id: None,
        email: user.email.clone(),
        roles: Roles::of(&[Role::Member]),
        workspace_roles: WorkspaceRoles::NONE,
        custom_roles: Vec::new(),
        inviter_id: None,
        inviter_kind: Actor::System.key().to_owned(),
        redirect_organization_id: None,
        redirect_workspace_id: None,
        language: None,
        metadata: Metadata::default(),
        state: InvitationState::Pending,
        accepted_by: None,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
        expires_at: now.plus(DEFAULT_LIFETIME),
    }
}
