//! Memberships: the driving port and its use cases.

use async_trait::async_trait;

use super::{Core, authority};
use crate::access::{self, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::filter::Filter;
use crate::id::{MembershipId, OrganizationId, UserId};
use crate::invitation::InvitationState;
use crate::membership::{MemberKey, MemberOrder, MemberTest, MemberView, Membership};
use crate::organization::{Organization, Version};
use crate::page::{Page, Window};
use crate::policy::Action;
use crate::port::Tx;
use crate::role::{Permission, Role, Roles};
use crate::time::Timestamp;
use crate::user::User;
use crate::{Error, Refusal, Result};

/// A page of members.
pub type MemberPage = Page<MemberView, MemberKey>;

/// Who belongs to an organization.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Memberships: Send + Sync {
    /// The members of an organization who pass the filter, in this order.
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        filter: Filter<MemberTest>,
        order: MemberOrder,
        window: Window<MemberKey>,
    ) -> Result<MemberPage>;

    /// One member of an organization.
    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<MemberView>;
}

/// The real [`Memberships`].
#[derive(Clone)]
pub struct MembershipService {
    core: Core,
}

impl MembershipService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Memberships for MembershipService {
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        filter: Filter<MemberTest>,
        order: MemberOrder,
        window: Window<MemberKey>,
    ) -> Result<MemberPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            list(tx, caller, now, organization, &filter, &order, &window)
        };
        self.core.read(caller, work).await
    }

    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<MemberView> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| get(tx, caller, now, organization, user);
        self.core.read(caller, work).await
    }
}

fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    filter: &Filter<MemberTest>,
    order: &MemberOrder,
    window: &Window<MemberKey>,
) -> Result<Used<MemberPage>> {
    let (authentication, _) = access::enter(
        tx,
        caller,
        now,
        organization,
        Action::Use(Permission::ReadMembership),
    )?;
    let page = tx.memberships().list(organization, filter, order, window)?;
    Ok(authentication.used(page))
}

fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    user: UserId,
) -> Result<Used<MemberView>> {
    let (authentication, _) = access::enter(
        tx,
        caller,
        now,
        organization,
        Action::Use(Permission::ReadMembership),
    )?;
    let member = tx.memberships().find(organization, user)?;
    Ok(authentication.used(member.ok_or(Error::NotFound(Kind::Membership))?))
}

/// The membership that an organization's first owner gets.
pub(super) fn membership_of_owner(
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
/// Whoever is invited and joins another way has no more use for the invitation: it counts as
/// accepted, and its seat is the new member's.
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
    close_invitation(tx, author, now, organization, user)?;
    authority::check_seat(tx, organization, now)?;
    if !tx.memberships().add(membership, user)? {
        return Err(Refusal::AlreadyMember.into());
    }
    let deed = Deed {
        chain: Chain::Organization(organization),
        act: Act::MembershipCreated,
        target: Target::Membership(user.id),
        changes: vec![Change::set("roles", &role_keys(membership))],
    };
    audit::record(tx, author, now, &deed)
}

/// Closes the invitation to the address of somebody who has no more use for it.
pub(super) fn close_invitation(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    organization: OrganizationId,
    user: &User,
) -> Result<()> {
    let Some(mut invitation) = tx.invitations().find_pending(organization, &user.email)? else {
        return Ok(());
    };
    let before = invitation.version;
    let act = if invitation.is_pending(now) {
        invitation.state = InvitationState::Accepted;
        invitation.accepted_by = Some(user.id);
        Act::InvitationAccepted
    } else {
        invitation.state = InvitationState::Expired;
        Act::InvitationExpired
    };
    invitation.touch(now);
    if !tx.invitations().update(&invitation, before)? {
        return Err(Refusal::VersionMismatch.into());
    }
    let deed = Deed {
        chain: Chain::Organization(organization),
        act,
        target: Target::Invitation(invitation.id),
        changes: Vec::new(),
    };
    audit::record(tx, author, now, &deed)
}

/// All roles of a member by their public keys, with spaces in between, for the audit log.
#[must_use]
pub fn role_keys(membership: &Membership) -> String {
    let mut keys: Vec<&str> = membership.roles.iter().map(Role::public_key).collect();
    keys.extend(membership.custom_roles.iter().map(|role| role.key.as_str()));
    keys.join(" ")
}
