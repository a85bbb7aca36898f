//! Memberships: the driving port and its use cases.

use async_trait::async_trait;

use super::Core;
use crate::access::{self, Caller, Used};
use crate::error::Kind;
use crate::id::{MembershipId, OrganizationId, UserId};
use crate::membership::{MemberView, Membership};
use crate::organization::Organization;
use crate::page::{Page, Window};
use crate::policy::Action;
use crate::port::Tx;
use crate::role::{Role, Roles};
use crate::time::Timestamp;
use crate::{Error, Refusal, Result};

/// A page of members.
pub type MemberPage = Page<MemberView, MembershipId>;

/// Who belongs to an organization.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Memberships: Send + Sync {
    /// The members of an organization, in the order in which they joined.
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        window: Window<MembershipId>,
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
        window: Window<MembershipId>,
    ) -> Result<MemberPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            list(tx, caller, now, organization, &window)
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
    window: &Window<MembershipId>,
) -> Result<Used<MemberPage>> {
    let (authentication, _) = access::enter(tx, caller, now, organization, Action::ReadMembership)?;
    let page = tx.memberships().list(organization, window)?;
    Ok(authentication.used(page))
}

fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    user: UserId,
) -> Result<Used<MemberView>> {
    let (authentication, _) = access::enter(tx, caller, now, organization, Action::ReadMembership)?;
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
        created_at: now,
        updated_at: now,
    }
}

/// Takes a user into a live organization that has a free seat; `seats` is `None` when there is no
/// limit. The rule for everything that adds members; the caller's right to do so was checked
/// before.
pub fn admit(tx: &mut dyn Tx, membership: &Membership, seats: Option<u32>) -> Result<()> {
    let organization = tx.organizations().lock(membership.organization_id)?;
    if !organization.is_some_and(|organization| organization.is_live()) {
        return Err(Error::NotFound(Kind::Organization));
    }
    if let Some(limit) = seats
        && tx.memberships().count(membership.organization_id)? >= limit
    {
        return Err(Refusal::SeatLimit { limit }.into());
    }
    if !tx.memberships().add(membership)? {
        return Err(Refusal::AlreadyMember.into());
    }
    Ok(())
}
