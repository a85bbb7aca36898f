use std::collections::{BTreeMap, BTreeSet};

use super::credentials::end_credentials;
use super::profile::note;
use super::{Bequest, DeleteUser, OWNED_SHOWN, write};
use crate::access::{self, Authentication, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Deed, Target};
use crate::error::Kind;
use crate::id::{MessageId, OrganizationId, UserId};
use crate::organization::Organization;
use crate::policy::Action;
use crate::port::Tx;
use crate::service::organization::{Heir, close, hand_over};
use crate::time::Timestamp;
use crate::user::User;
use crate::value::{DisplayName, Email};
use crate::{Error, Refusal, Result};

/// The organizations of a user, with their rows locked.
type Locked = BTreeMap<OrganizationId, Organization>;

/// Deletes a user; `None`: the caller. There is a letter for each bequest.
pub(super) fn delete(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: Option<UserId>,
    command: &DeleteUser,
    letters: &[MessageId],
) -> Result<Used<()>> {
    let action = match id {
        Some(_) => Action::AdministerUsers,
        None => Action::ManageSelf,
    };
    let authentication = enter(tx, caller, now, action)?;
    let id = id.unwrap_or(authentication.user.id);
    let mut organizations = lock(tx, id, command)?;
    // What was read before the locks may be out of date.
    let authentication = enter(tx, caller, now, action)?;
    let author = authentication.author(caller);
    let user = tx.users().lock(id)?;
    let user = user
        .filter(|user| user.deleted_at.is_none())
        .ok_or(Error::NotFound(Kind::User))?;
    user.version.expect(command.seen)?;
    let owned = tx.users().owned(id, u32::MAX)?;
    let will = will(&owned, command, letters)?;
    bequeath(tx, &author, now, &user, &mut organizations, will)?;
    let act = if author.actor.user() == Some(id) {
        Act::MembershipLeft
    } else {
        Act::MembershipDeleted
    };
    for organization in organizations.keys() {
        leave(tx, &author, now, *organization, id, act)?;
    }
    let user = bury(tx, now, user)?;
    note(tx, &author, now, &user, Act::UserDeleted, Vec::new())?;
    Ok(authentication.used(()))
}

fn enter(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    action: Action,
) -> Result<Authentication> {
    let authentication = access::enter_platform(tx, caller, now, action)?;
    authentication.in_person(action)?;
    Ok(authentication)
}

/// Locks the user's organizations, then the user and the heirs, all in the order of their ids, so
/// that no two transactions wait for each other in a circle.
fn lock(tx: &mut dyn Tx, id: UserId, command: &DeleteUser) -> Result<Locked> {
    let mut locked = Locked::new();
    for organization in tx.memberships().organizations_of(id)? {
        if let Some(row) = tx.organizations().lock(organization)? {
            locked.insert(organization, row);
        }
    }
    let heirs = command
        .bequests
        .iter()
        .filter_map(|(_, bequest)| match bequest {
            Bequest::Delete => None,
            Bequest::TransferTo(heir) => Some(*heir),
        });
    for user in heirs.chain([id]).collect::<BTreeSet<_>>() {
        tx.users().lock(user)?;
    }
    let now_in = tx.memberships().organizations_of(id)?;
    if now_in.iter().all(|id| locked.contains_key(id)) {
        Ok(locked)
    } else {
        // They joined another one just now; the next attempt locks that, too.
        Err(Error::Busy)
    }
}

/// What becomes of the organizations of a user: somebody's, or nobody's.
type Will = BTreeMap<OrganizationId, Option<Heir>>;

/// Deletes or hands over what the user owns.
fn bequeath(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    user: &User,
    locked: &mut Locked,
    will: Will,
) -> Result<()> {
    for (id, heir) in will {
        let organization = locked.get_mut(&id).ok_or(Error::Busy)?;
        match heir {
            None => close(tx, author, now, organization)?,
            Some(heir) if heir.id == user.id => return Err(Refusal::UnsuitableOwner.into()),
            Some(heir) => drop(hand_over(tx, author, now, organization, &heir)?),
        }
    }
    Ok(())
}

/// The decisions about all that the user owns. Whatever is not decided stands in the way
/// (better-auth #10960); that everything can be decided at once leaves no dead end (bitwarden
/// #411).
fn will(owned: &[OrganizationId], command: &DeleteUser, letters: &[MessageId]) -> Result<Will> {
    let will = decisions(owned, command, letters)?;
    let undecided = owned.iter().filter(|id| !will.contains_key(id));
    let organizations: Vec<_> = undecided.take(OWNED_SHOWN as usize).copied().collect();
    if !organizations.is_empty() {
        return Err(Refusal::StillOwner { organizations }.into());
    }
    Ok(will)
}

/// The decisions by organization: each about one that the user owns, and only one about each.
fn decisions(
    owned: &[OrganizationId],
    command: &DeleteUser,
    letters: &[MessageId],
) -> Result<Will> {
    let mut will = Will::new();
    for ((id, bequest), letter) in command.bequests.iter().zip(letters) {
        if !owned.contains(id) {
            let reason = format!("the user does not own organization {id}");
            return Err(Error::invalid("bequests", reason));
        }
        let heir = match *bequest {
            Bequest::Delete => None,
            Bequest::TransferTo(heir) => Some(Heir {
                id: heir,
                owner_limit: command.owner_limit,
                letter: *letter,
                // There will be nobody to tell.
                farewell: None,
            }),
        };
        if will.insert(*id, heir).is_some() {
            let reason = format!("there are two decisions about organization {id}");
            return Err(Error::invalid("bequests", reason));
        }
    }
    Ok(will)
}

fn leave(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    organization: OrganizationId,
    user: UserId,
    act: Act,
) -> Result<()> {
    tx.memberships().remove(organization, user)?;
    let deed = Deed {
        chain: Chain::Organization(organization),
        act,
        target: Target::Membership(user),
        changes: Vec::new(),
    };
    audit::record(tx, author, now, &deed)
}

/// Leaves nothing of a locked user, who has no membership any more, but an id that is never given
/// again (zitadel #11020, CVE-2026-55670), and no credential that works (GHSA-2vg6-77g8-24mp in
/// better-auth).
pub fn bury(tx: &mut dyn Tx, now: Timestamp, mut user: User) -> Result<User> {
    end_credentials(tx, now, user.id)?;
    let before = user.version;
    user.email = Email::from_stored(format!("deleted-{}@deleted.invalid", user.id));
    user.display_name = DisplayName::from_stored("Deleted user".to_owned());
    user.superuser = false;
    user.active = false;
    user.email_verified_at = None;
    user.deleted_at = Some(now);
    user.touch(now);
    write(tx, &user, before)?;
    Ok(user)
}
