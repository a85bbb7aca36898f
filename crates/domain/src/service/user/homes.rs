use std::collections::BTreeMap;

use crate::audit::{self, Act, Author, Chain, Deed, Target};
use crate::id::{OrganizationId, UserId};
use crate::port::Tx;
use crate::time::Timestamp;
use crate::user::User;
use crate::{Error, Result};

/// How many organizations hear of it at the most when a member is deactivated or activated: those
/// with the first ids. It bounds how many rows are locked at once.
pub const HOMES_TOLD: usize = 1000;

/// The organizations that a user belongs to, locked.
pub(super) struct Homes {
    /// Whether each of them is live.
    locked: BTreeMap<OrganizationId, bool>,
}

impl Homes {
    /// Locks them, in the order of their ids and before any user, so that no two transactions wait
    /// for each other in a circle.
    pub(super) fn lock(tx: &mut dyn Tx, user: UserId) -> Result<Self> {
        let mut locked = BTreeMap::new();
        for id in told(tx, user)? {
            let organization = tx.organizations().lock(id)?;
            locked.insert(id, organization.is_some_and(|it| it.is_live()));
        }
        Ok(Self { locked })
    }

    /// Records in each live one that the user, whose row is locked, is active or not from now on.
    pub(super) fn tell(
        &self,
        tx: &mut dyn Tx,
        author: &Author,
        now: Timestamp,
        user: &User,
    ) -> Result<()> {
        let act = if user.active {
            Act::MembershipActivated
        } else {
            Act::MembershipDeactivated
        };
        for organization in told(tx, user.id)? {
            // They joined another one just now; the next attempt locks that, too.
            let live = self.locked.get(&organization).ok_or(Error::Busy)?;
            if !live {
                continue;
            }
            let deed = Deed {
                chain: Chain::Organization(organization),
                act,
                target: Target::Membership(user.id),
                changes: Vec::new(),
            };
            audit::record(tx, author, now, &deed)?;
        }
        Ok(())
    }
}

fn told(tx: &mut dyn Tx, user: UserId) -> Result<Vec<OrganizationId>> {
    let mut organizations = tx.memberships().organizations_of(user)?;
    organizations.truncate(HOMES_TOLD);
    Ok(organizations)
}
