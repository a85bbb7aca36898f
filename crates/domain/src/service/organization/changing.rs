use super::founding::slugs_to_try;
use super::naming::check_name;
use super::{OwnerLimit, UpdateOrganization, check_owner_limit, write};
use crate::access::{self, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::id::{MessageId, OrganizationId, UserId};
use crate::organization::{Organization, OrganizationView, Owner, Version};
use crate::outbox::Letter;
use crate::policy::{self, Action};
use crate::port::Tx;
use crate::role::{Permission, Role};
use crate::service::outbox;
use crate::time::Timestamp;
use crate::user::User;
use crate::value::{Logo, Slug};
use crate::{Error, Refusal, Result};

pub(super) fn update(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    command: &UpdateOrganization,
    heir: Option<&Heir>,
) -> Result<Used<OrganizationView>> {
    let action = Action::Use(Permission::UpdateOrganization);
    let (authentication, place) = access::enter_locked(tx, caller, now, id, action)?;
    let standing = place.standing(&authentication.user);
    let mut view = place.view;
    view.organization.version.expect(command.seen)?;
    let author = authentication.author(caller);
    if let Some(heir) = heir.filter(|heir| heir.id != view.organization.owner_id) {
        policy::allow(&authentication.user, Action::TransferOrganization, standing)?;
        tx.users()
            .find(heir.id)?
            .ok_or(Error::NotFound(Kind::User))?;
        let owner = hand_over(tx, &author, now, &mut view.organization, heir)?;
        view.owner = Owner::from(&owner);
    }
    change(tx, &author, now, &mut view.organization, command)?;
    Ok(authentication.used(view))
}

/// Writes what a command says about a locked organization, if that is anything new.
fn change(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    organization: &mut Organization,
    command: &UpdateOrganization,
) -> Result<()> {
    let before = organization.clone();
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
    command.links.clone().apply(&mut organization.links);
    if *organization == before {
        return Ok(());
    }
    if organization.name != before.name {
        check_name(tx, command.naming, &organization.name, organization.id)?;
    }
    organization.touch(now);
    write(tx, organization, before.version)?;
    let changes = differences(&before, organization);
    let act = Act::OrganizationUpdated;
    note(tx, author, now, organization.id, act, changes)
}

/// What an update changed, for the audit log. Of a logo only that it did.
fn differences(before: &Organization, after: &Organization) -> Vec<Change> {
    let description = |it: &Organization| it.description.as_ref().map(|d| d.as_str().to_owned());
    let links = |it: &Organization| it.links.as_ref().map(|links| links.as_str().to_owned());
    let logo = |it: &Organization| it.logo.as_ref().map(|logo| logo_summary(logo).to_owned());
    let fields = [
        (
            "name",
            Some(before.name.as_str().to_owned()),
            Some(after.name.as_str().to_owned()),
        ),
        (
            "slug",
            Some(before.slug.to_string()),
            Some(after.slug.to_string()),
        ),
        ("description", description(before), description(after)),
        ("links", links(before), links(after)),
        ("logo", logo(before), logo(after)),
    ];
    fields
        .into_iter()
        .filter(|(field, old, new)| old != new || (*field == "logo" && before.logo != after.logo))
        .map(|(field, old, new)| Change::new(field, old.as_deref(), new.as_deref()))
        .collect()
}

fn logo_summary(logo: &Logo) -> &str {
    match logo {
        Logo::External(url) => url.as_str(),
        Logo::Image(image) => image.media_type(),
    }
}

/// Who shall own an organization.
#[derive(Clone, Copy, Debug)]
pub struct Heir {
    /// The user.
    pub id: UserId,
    /// How many organizations they may own with this one.
    pub owner_limit: OwnerLimit,
    /// The letter that tells them.
    pub letter: MessageId,
    /// The letter that tells who owned it until now; `None`: they are not told.
    pub farewell: Option<MessageId>,
}

pub(super) fn transfer(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    heir: &Heir,
    seen: Option<Version>,
) -> Result<Used<OrganizationView>> {
    let action = Action::TransferOrganization;
    let (authentication, place) = access::enter_locked(tx, caller, now, id, action)?;
    let mut organization = place.view.organization;
    organization.version.expect(seen)?;
    let author = authentication.author(caller);
    let heir = hand_over(tx, &author, now, &mut organization, heir)?;
    Ok(authentication.used(OrganizationView {
        owner: Owner::from(&heir),
        organization,
    }))
}

/// Makes an active person who is a member the owner of a locked organization, and an admin, and
/// writes the letters about it. Answers the new owner.
pub fn hand_over(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    organization: &mut Organization,
    to: &Heir,
) -> Result<User> {
    let id = organization.id;
    let heir = tx.users().lock(to.id)?;
    let heir = heir.ok_or(Refusal::UnsuitableOwner)?;
    let member = tx.memberships().find(id, to.id)?;
    let mut membership = member.ok_or(Refusal::UnsuitableOwner)?.membership;
    if !heir.can_own() {
        return Err(Refusal::UnsuitableOwner.into());
    }
    if organization.owner_id == heir.id {
        return Ok(heir);
    }
    check_owner_limit(tx, heir.id, to.owner_limit)?;
    if !membership.roles.has(Role::Admin) {
        let before = membership.version;
        membership.roles = membership.roles.with(Role::Admin);
        membership.version = before.next();
        membership.updated_at = now;
        if !tx.memberships().update(&membership, before)? {
            return Err(Refusal::VersionMismatch.into());
        }
    }
    let (old_owner, before) = (organization.owner_id, organization.version);
    organization.owner_id = heir.id;
    organization.touch(now);
    write(tx, organization, before)?;
    let (old, new) = (old_owner.to_string(), heir.id.to_string());
    let changes = vec![Change::new("owner_id", Some(&old), Some(&new))];
    note(tx, author, now, id, Act::OrganizationTransferred, changes)?;
    tell(tx, now, id, old_owner, &heir, to)?;
    Ok(heir)
}

/// Writes to both owners.
fn tell(
    tx: &mut dyn Tx,
    now: Timestamp,
    organization_id: OrganizationId,
    previous_owner_id: UserId,
    heir: &User,
    to: &Heir,
) -> Result<()> {
    let letter = Letter::OwnershipTransferred {
        organization_id,
        previous_owner_id,
    };
    if let Some(farewell) = to.farewell
        && let Some(previous) = tx.users().find(previous_owner_id)?
    {
        outbox::post(tx, now, farewell, &previous, letter.clone())?;
    }
    outbox::post(tx, now, to.letter, heir, letter)
}

pub(super) fn delete(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    seen: Option<Version>,
) -> Result<Used<()>> {
    let action = Action::DeleteOrganization;
    let (authentication, place) = access::enter_locked(tx, caller, now, id, action)?;
    let mut organization = place.view.organization;
    organization.version.expect(seen)?;
    close(tx, &authentication.author(caller), now, &mut organization)?;
    Ok(authentication.used(()))
}

/// Deletes a locked, live organization. Its invitations and the tokens that are bound to it end
/// with it, and others can verify its domains.
pub fn close(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    organization: &mut Organization,
) -> Result<()> {
    let id = organization.id;
    let before = organization.version;
    organization.touch(now);
    organization.deleted_at = Some(now);
    write(tx, organization, before)?;
    tx.invitations().revoke_all(id, now)?;
    tx.oauth_grants().revoke_bound(id, now)?;
    tx.tokens().revoke_bound(id, now)?;
    tx.domains().release_all(id)?;
    note(tx, author, now, id, Act::OrganizationDeleted, Vec::new())
}

pub(super) fn restore(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    owner_limit: OwnerLimit,
) -> Result<Used<OrganizationView>> {
    let action = Action::RestoreOrganization;
    let (authentication, place) = access::enter_any_locked(tx, caller, now, id, action)?;
    let mut organization = place.view.organization;
    let until = organization.restorable_until().ok_or(Refusal::NotDeleted)?;
    if now >= until {
        return Err(Refusal::RestoreWindowOver { until }.into());
    }
    let owner = tx.users().lock(organization.owner_id)?;
    let owner = owner.ok_or_else(|| Error::storage("the organization's owner vanished"))?;
    if !owner.can_own() {
        return Err(Refusal::UnsuitableOwner.into());
    }
    check_owner_limit(tx, owner.id, owner_limit)?;
    if tx.organizations().slug_is_taken(&organization.slug)? {
        organization.slug = free_slug(tx, &organization)?;
    }
    let before = organization.version;
    organization.touch(now);
    organization.deleted_at = None;
    write(tx, &organization, before)?;
    let author = authentication.author(caller);
    let changes = vec![Change::set("slug", organization.slug.as_str())];
    note(tx, &author, now, id, Act::OrganizationRestored, changes)?;
    Ok(authentication.used(OrganizationView {
        owner: Owner::from(&owner),
        organization,
    }))
}

/// Records what happened to the organization itself.
fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    id: OrganizationId,
    act: Act,
    changes: Vec<Change>,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::Organization(id),
        act,
        target: Target::Organization(id),
        changes,
    };
    audit::record(tx, author, now, &deed)
}

fn free_slug(tx: &mut dyn Tx, organization: &Organization) -> Result<Slug> {
    for slug in slugs_to_try(organization.slug.as_str(), organization.id) {
        if !tx.organizations().slug_is_taken(&slug)? {
            return Ok(slug);
        }
    }
    Err(Refusal::SlugTaken(organization.slug.to_string()).into())
}
