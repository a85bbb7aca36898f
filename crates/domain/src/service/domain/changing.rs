use super::{
    AddDomain, DOMAINS_PER_ORGANIZATION, DomainPage, UpdateDomain, find, note, suitable, write,
};
use crate::access::{self, Caller, Used};
use crate::audit::{Act, Author, Change};
use crate::domain::{Enrollment, OrganizationDomain};
use crate::id::{DomainId, MessageId, OrganizationId};
use crate::idempotency::{self, Claim};
use crate::organization::Version;
use crate::outbox::Letter;
use crate::page::Window;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::{Permission, Permissions, Role};
use crate::service::{authority, outbox};
use crate::time::Timestamp;
use crate::{Refusal, Result};

/// What a new domain takes, made before the transaction.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    pub(super) id: DomainId,
    pub(super) challenge: String,
    pub(super) letter: MessageId,
}

/// Adds a domain, and writes to the person who does so what to put into the DNS.
pub(super) fn add(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    fresh: &Fresh,
    command: &AddDomain,
) -> Result<Used<OrganizationDomain>> {
    let action = Action::Use(Permission::CreateDomain);
    let (authentication, _) = access::enter_locked(tx, caller, now, organization, action)?;
    let (user, once) = (authentication.user.id, command.once.as_ref());
    if let Claim::Made(id) = idempotency::claim(tx, user, once, now, fresh.id.uuid())? {
        let made = find(tx, organization, DomainId::new(id))?;
        return Ok(authentication.used(made));
    }
    suitable::check(&command.name)?;
    let domain = OrganizationDomain {
        id: fresh.id,
        organization_id: organization,
        name: command.name.clone(),
        challenge: fresh.challenge.clone(),
        verified_at: None,
        primary: false,
        enrollment: Enrollment::default(),
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
    };
    if tx.domains().count(organization)? >= DOMAINS_PER_ORGANIZATION {
        let limit = DOMAINS_PER_ORGANIZATION;
        return Err(Refusal::DomainLimit { limit }.into());
    }
    if !tx.domains().add(&domain)? {
        return Err(Refusal::DomainExists.into());
    }
    let author = authentication.author(caller);
    let changes = vec![Change::set("name", domain.name.as_str())];
    note(tx, &author, now, &domain, Act::DomainCreated, changes)?;
    let letter = Letter::DomainVerification {
        organization_id: organization,
        domain_id: domain.id,
    };
    outbox::post(tx, now, fresh.letter, &authentication.user, letter)?;
    Ok(authentication.used(domain))
}

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    window: &Window<DomainId>,
) -> Result<Used<DomainPage>> {
    let action = Action::Use(Permission::ReadDomain);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let page = tx.domains().list(organization, window)?;
    Ok(authentication.used(page))
}

pub(super) fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    id: DomainId,
    permission: Permission,
) -> Result<Used<OrganizationDomain>> {
    let action = Action::Use(permission);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    Ok(authentication.used(find(tx, organization, id)?))
}

pub(super) fn update(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (OrganizationId, DomainId),
    command: UpdateDomain,
) -> Result<Used<OrganizationDomain>> {
    let action = Action::Use(Permission::UpdateDomain);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let before = find(tx, organization, id)?;
    before.version.expect(command.seen)?;
    let mut domain = before.clone();
    domain.primary = command.primary.unwrap_or(before.primary);
    domain.enrollment = command.enrollment.unwrap_or(before.enrollment);
    if domain == before {
        return Ok(authentication.used(before));
    }
    if domain.verified_at.is_none() {
        return Err(Refusal::DomainNotVerified.into());
    }
    if domain.enrollment != before.enrollment {
        let rights = access::rights(&authentication, &place);
        authority::check_grant(rights, given_by(domain.enrollment))?;
    }
    let author = authentication.author(caller);
    if domain.primary && !before.primary {
        dethrone(tx, &author, now, organization)?;
    }
    domain.touch(now);
    write(tx, &domain, before.version)?;
    let changes = differences(&before, &domain);
    note(tx, &author, now, &domain, Act::DomainUpdated, changes)?;
    Ok(authentication.used(domain))
}

/// What an enrollment mode hands out to whoever comes: who sets it must be able to do the same by
/// hand (CVE-2026-18201 in keycloak: linking needs rights on both ends).
fn given_by(mode: Enrollment) -> Permissions {
    let member = Role::Member.permissions();
    match mode {
        Enrollment::InviteOnly => Permissions::NONE,
        Enrollment::AutomaticInvitation => member.with(Permission::CreateInvitation),
        Enrollment::AutomaticJoin => member.with(Permission::CreateMembership),
    }
}

/// Takes the place of the primary domain, so that another can have it.
fn dethrone(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    organization: OrganizationId,
) -> Result<()> {
    let all = Window::first(DOMAINS_PER_ORGANIZATION);
    let domains = tx.domains().list(organization, &all)?.items;
    for before in domains.into_iter().filter(|domain| domain.primary) {
        let mut domain = before.clone();
        domain.primary = false;
        domain.touch(now);
        write(tx, &domain, before.version)?;
        let changes = differences(&before, &domain);
        note(tx, author, now, &domain, Act::DomainUpdated, changes)?;
    }
    Ok(())
}

fn differences(before: &OrganizationDomain, after: &OrganizationDomain) -> Vec<Change> {
    let primary = |domain: &OrganizationDomain| if domain.primary { "true" } else { "false" };
    let fields = [
        ("primary", primary(before), primary(after)),
        (
            "enrollment",
            before.enrollment.key(),
            after.enrollment.key(),
        ),
    ];
    fields
        .into_iter()
        .filter(|(_, old, new)| old != new)
        .map(|(field, old, new)| Change::new(field, Some(old), Some(new)))
        .collect()
}

pub(super) fn remove(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    id: DomainId,
    seen: Option<Version>,
) -> Result<Used<()>> {
    let action = Action::Use(Permission::DeleteDomain);
    let (authentication, _) = access::enter_locked(tx, caller, now, organization, action)?;
    let domain = find(tx, organization, id)?;
    domain.version.expect(seen)?;
    tx.domains().remove(organization, id)?;
    let author = authentication.author(caller);
    let changes = vec![Change::new("name", Some(domain.name.as_str()), None)];
    note(tx, &author, now, &domain, Act::DomainDeleted, changes)?;
    Ok(authentication.used(()))
}
