use super::role_keys;
use crate::access::{self, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::id::{OrganizationId, UserId};
use crate::membership::{MemberView, Membership};
use crate::organization::Version;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::{Permission, Permissions, Role};
use crate::service::authority;
use crate::service::role::Assignment;
use crate::time::Timestamp;
use crate::{Error, Refusal, Result};

pub(super) fn set_roles(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    user: UserId,
    keys: &[String],
    seen: Option<Version>,
) -> Result<Used<MemberView>> {
    choose(tx, caller, now, organization, user, |membership| {
        membership.version.expect(seen)?;
        if keys.is_empty() {
            return Err(Error::invalid("roles", "choose at least one role"));
        }
        Ok(keys.to_vec())
    })
}

pub(super) fn grant(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    user: UserId,
    role: &str,
) -> Result<Used<MemberView>> {
    choose(tx, caller, now, organization, user, |membership| {
        let mut keys = owned_keys(membership);
        if keys.iter().any(|key| key == role) {
            return Err(Refusal::RoleHeld(role.to_owned()).into());
        }
        keys.push(role.to_owned());
        Ok(keys)
    })
}

pub(super) fn withdraw(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    user: UserId,
    role: &str,
) -> Result<Used<MemberView>> {
    choose(tx, caller, now, organization, user, |membership| {
        let mut keys = owned_keys(membership);
        let before = keys.len();
        keys.retain(|key| key != role);
        match keys.len() {
            same if same == before => Err(Error::NotFound(Kind::Role)),
            0 => Err(Error::invalid(
                "roles",
                "a member has at least one role; remove the member instead",
            )),
            _ => Ok(keys),
        }
    })
}

fn owned_keys(membership: &Membership) -> Vec<String> {
    let keys = super::keys(membership).into_iter();
    keys.map(str::to_owned).collect()
}

/// Gives a member the roles that `choose` names, by their public keys, instead of those they have.
fn choose(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    user: UserId,
    choose: impl FnOnce(&Membership) -> Result<Vec<String>>,
) -> Result<Used<MemberView>> {
    let action = Action::Use(Permission::UpdateMembership);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let rights = access::rights(&authentication, &place);
    let mut member = ranked(tx, rights, organization, user)?;
    let keys = choose(&member.membership)?;
    let assignment = Assignment::of_keys(tx, organization, &keys)?;
    authority::check_grant(rights, assignment.permissions)?;
    if !assignment.roles.has(Role::Admin) {
        authority::check_not_owner(&place.view.organization, user)?;
    }
    let author = authentication.author(caller);
    assign(tx, &author, now, &mut member.membership, assignment)?;
    Ok(authentication.used(member))
}

/// A member who may do no more than the caller.
fn ranked(
    tx: &mut dyn Tx,
    rights: Permissions,
    organization: OrganizationId,
    user: UserId,
) -> Result<MemberView> {
    let absent = || Error::NotFound(Kind::Membership);
    let member = tx.memberships().find(organization, user)?;
    let held = tx.memberships().held(organization, user)?;
    authority::check_rank(rights, &held.ok_or_else(absent)?)?;
    member.ok_or_else(absent)
}

/// Writes other roles, if they are others.
fn assign(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    membership: &mut Membership,
    assignment: Assignment,
) -> Result<()> {
    let (before, old) = (membership.version, role_keys(membership));
    let same = membership.roles == assignment.roles;
    if same && membership.custom_roles == assignment.custom {
        return Ok(());
    }
    membership.roles = assignment.roles;
    membership.custom_roles = assignment.custom;
    membership.touch(now);
    if !tx.memberships().update(membership, before)? {
        return Err(Refusal::VersionMismatch.into());
    }
    let new = role_keys(membership);
    let changes = vec![Change::new("roles", Some(&old), Some(&new))];
    note(tx, author, now, membership, Act::MembershipUpdated, changes)
}

pub(super) fn remove(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    user: UserId,
    seen: Option<Version>,
) -> Result<Used<()>> {
    let action = Action::Use(Permission::DeleteMembership);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let rights = access::rights(&authentication, &place);
    let member = ranked(tx, rights, organization, user)?;
    member.membership.version.expect(seen)?;
    authority::check_not_owner(&place.view.organization, user)?;
    let author = authentication.author(caller);
    end(tx, &author, now, &member.membership, Act::MembershipDeleted)?;
    Ok(authentication.used(()))
}

pub(super) fn leave(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
) -> Result<Used<()>> {
    let action = Action::LeaveOrganization;
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    // A program does not take itself away: all keys would end with it, whoever made them, and with
    // a key whose maker may nothing any more.
    if authentication.token.created_by.is_some() {
        return Err(Error::Denied {
            action,
            visible: true,
        });
    }
    let user = authentication.user.id;
    let member = tx.memberships().find(organization, user)?;
    // A superuser may leave what they do not belong to, as far as the policy goes.
    let member = member.ok_or(Error::NotFound(Kind::Membership))?;
    authority::check_not_owner(&place.view.organization, user)?;
    let author = authentication.author(caller);
    end(tx, &author, now, &member.membership, Act::MembershipLeft)?;
    Ok(authentication.used(()))
}

/// Ends a membership in a locked organization. What the member has for this organization only is
/// revoked, tokens and what clients were allowed: joining again does not revive them. Keys of service accounts
/// that the member made stay, and permit nothing any more.
fn end(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    membership: &Membership,
    act: Act,
) -> Result<()> {
    let (organization, user) = (membership.organization_id, membership.user_id);
    // Whoever is just issuing such a token holds this lock, too.
    tx.users().lock(user)?;
    tx.memberships().remove(organization, user)?;
    tx.oauth_grants().revoke_in(organization, user, now)?;
    let revoked = tx.tokens().revoke_in(organization, user, now)?;
    let mut changes = vec![Change::new("roles", Some(&role_keys(membership)), None)];
    if revoked > 0 {
        changes.push(Change::set("tokens_revoked", &revoked.to_string()));
    }
    note(tx, author, now, membership, act, changes)
}

fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    membership: &Membership,
    act: Act,
    changes: Vec<Change>,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::Organization(membership.organization_id),
        act,
        target: Target::Membership(membership.user_id),
        changes,
    };
    audit::record(tx, author, now, &deed)
}
