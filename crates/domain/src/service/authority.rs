//! What everybody who gives or takes rights has to keep to, and who holds a seat.

use crate::access::Held;
use crate::id::{OrganizationId, UserId};
use crate::organization::Organization;
use crate::port::Tx;
use crate::role::Permissions;
use crate::time::Timestamp;
use crate::{Refusal, Result};

/// Refuses to grant what the granter does not hold (better-auth decocms #4022 and its like).
pub fn check_grant(rights: Permissions, granted: Permissions) -> Result<()> {
    match granted.except(rights).iter().next() {
        None => Ok(()),
        Some(lacking) => Err(Refusal::BeyondOwnRights {
            permission: lacking.key(),
        }
        .into()),
    }
}

/// Refuses to touch a member who holds more than the caller.
pub fn check_rank(rights: Permissions, target: &Held) -> Result<()> {
    if rights.covers(target.permissions()) {
        Ok(())
    } else {
        Err(Refusal::Outranked.into())
    }
}

/// Refuses to touch the owner's membership: only a transfer does.
pub fn check_not_owner(organization: &Organization, user: UserId) -> Result<()> {
    if organization.owner_id == user {
        Err(Refusal::OwnerMustStay.into())
    } else {
        Ok(())
    }
}

/// Refuses one member or invitation more than the organization has seats. A pending invitation
/// holds a seat, so that whoever accepts it finds one. The organization's row is locked.
pub fn check_seat(tx: &mut dyn Tx, organization: OrganizationId, now: Timestamp) -> Result<()> {
    let plan = tx.plans().find(organization)?.unwrap_or_default();
    if plan.members.limit().is_none() {
        return Ok(());
    }
    let members = tx.memberships().count(organization)?;
    let invited = tx.invitations().count_pending(organization, now)?;
    match plan
        .members
        .reached(u64::from(members) + u64::from(invited))
    {
        Some(limit) => Err(Refusal::SeatLimit { limit }.into()),
        None => Ok(()),
    }
}
