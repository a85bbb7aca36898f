use super::founding::slugs_to_try;
use super::{OwnerLimit, UpdateOrganization, check_owner_limit, lock_live, write};
use crate::access::{self, Caller, Used};
use crate::error::Kind;
use crate::id::{OrganizationId, UserId};
use crate::organization::{Organization, OrganizationView, Owner, Version};
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Role;
use crate::time::Timestamp;
use crate::user::User;
use crate::value::Slug;
use crate::{Error, Refusal, Result};

pub(super) fn update(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    command: &UpdateOrganization,
) -> Result<Used<OrganizationView>> {
    let (authentication, place) = access::enter(tx, caller, now, id, Action::UpdateOrganization)?;
    // Locked, so that of two changes at once, neither of which minds the other, both succeed.
    let before = lock_live(tx, id)?;
    before.version.expect(command.seen)?;
    let mut view = place.view;
    if before.owner_id != view.owner.id {
        let found = tx.organizations().find(id)?;
        view = found.ok_or(Error::NotFound(Kind::Organization))?;
    }
    view.organization.clone_from(&before);
    let organization = &mut view.organization;
    if let Some(name) = &command.name {
        organization.name = name.clone();
    }
    if let Some(slug) = &command.slug {
        organization.slug = slug.clone();
    }
    command
        .description
        .clone()
        .apply(&mut organization.description);
    command.logo.clone().apply(&mut organization.logo);
    if *organization != before {
        organization.touch(now);
        write(tx, organization, before.version)?;
    }
    Ok(authentication.used(view))
}

pub(super) fn transfer(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    new_owner: UserId,
    seen: Option<Version>,
    owner_limit: OwnerLimit,
) -> Result<Used<OrganizationView>> {
    let (authentication, _) = access::enter(tx, caller, now, id, Action::TransferOrganization)?;
    let mut organization = relock(
        tx,
        id,
        seen,
        &authentication.user,
        Action::TransferOrganization,
    )?;
    let Some(heir) = tx.users().lock(new_owner)? else {
        return Err(Refusal::UnsuitableOwner.into());
    };
    let Some(member) = tx.memberships().find(id, new_owner)? else {
        return Err(Refusal::UnsuitableOwner.into());
    };
    if !heir.can_own() {
        return Err(Refusal::UnsuitableOwner.into());
    }
    if organization.owner_id != heir.id {
        check_owner_limit(tx, heir.id, owner_limit)?;
        let roles = member.membership.roles.with(Role::Admin);
        tx.memberships().set_roles(id, heir.id, roles, now)?;
        let before = organization.version;
        organization.owner_id = heir.id;
        organization.touch(now);
        write(tx, &organization, before)?;
    }
    Ok(authentication.used(OrganizationView {
        owner: Owner::from(&heir),
        organization,
    }))
}

pub(super) fn delete(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    seen: Option<Version>,
) -> Result<Used<()>> {
    let (authentication, _) = access::enter(tx, caller, now, id, Action::DeleteOrganization)?;
    let mut organization = relock(
        tx,
        id,
        seen,
        &authentication.user,
        Action::DeleteOrganization,
    )?;
    let before = organization.version;
    organization.touch(now);
    organization.deleted_at = Some(now);
    write(tx, &organization, before)?;
    Ok(authentication.used(()))
}

pub(super) fn restore(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    owner_limit: OwnerLimit,
) -> Result<Used<OrganizationView>> {
    let action = Action::RestoreOrganization;
    let (authentication, _) = access::enter_any(tx, caller, now, id, action)?;
    let locked = tx.organizations().lock(id)?;
    let mut organization = locked.ok_or(Error::NotFound(Kind::Organization))?;
    check_still_owner(&organization, &authentication.user, action)?;
    let until = organization.restorable_until().ok_or(Refusal::NotDeleted)?;
    if now >= until {
        return Err(Refusal::RestoreWindowOver { until }.into());
    }
    let owner = tx.users().lock(organization.owner_id)?;
    let owner = owner.ok_or_else(|| Error::storage("the organization's owner vanished"))?;
    check_owner_limit(tx, owner.id, owner_limit)?;
    if tx.organizations().slug_is_taken(&organization.slug)? {
        organization.slug = free_slug(tx, &organization)?;
    }
    let before = organization.version;
    organization.touch(now);
    organization.deleted_at = None;
    write(tx, &organization, before)?;
    Ok(authentication.used(OrganizationView {
        owner: Owner::from(&owner),
        organization,
    }))
}

fn free_slug(tx: &mut dyn Tx, organization: &Organization) -> Result<Slug> {
    for slug in slugs_to_try(organization.slug.as_str(), organization.id) {
        if !tx.organizations().slug_is_taken(&slug)? {
            return Ok(slug);
        }
    }
    Err(Refusal::SlugTaken(organization.slug.to_string()).into())
}

/// Locks an organization that the caller has entered, and repeats what may have changed between
/// the look and the lock: that it lives, that the caller still owns it, and its version.
fn relock(
    tx: &mut dyn Tx,
    id: OrganizationId,
    seen: Option<Version>,
    actor: &User,
    action: Action,
) -> Result<Organization> {
    let organization = lock_live(tx, id)?;
    check_still_owner(&organization, actor, action)?;
    organization.version.expect(seen)?;
    Ok(organization)
}

/// Repeats under the lock what the policy decided before it: these actions are the owner's.
fn check_still_owner(organization: &Organization, actor: &User, action: Action) -> Result<()> {
    if actor.superuser || organization.owner_id == actor.id {
        Ok(())
    } else {
        Err(Error::Denied {
            action,
            visible: true,
        })
    }
}
