//! Organizations: the driving port, its commands and its use cases.

use async_trait::async_trait;
use uuid::Uuid;

use super::Core;
use super::membership::membership_of_owner;
use crate::access::{self, Caller, Used};
use crate::error::Kind;
use crate::filter::{Filter, TextTest};
use crate::id::{MembershipId, OrganizationId, UserId};
use crate::organization::{Organization, OrganizationView, Owner, Patch, Version};
use crate::page::{Page, Window};
use crate::policy::{self, Action, Standing};
use crate::port::Tx;
use crate::role::Role;
use crate::time::Timestamp;
use crate::user::User;
use crate::value::{Description, Logo, OrganizationName, Slug};
use crate::{Error, Refusal, Result};

/// How many organizations one user may own; `None`: as many as they like. Each dialect has its own
/// setting.
pub type OwnerLimit = Option<u32>;

/// A page of organizations.
pub type OrganizationPage = Page<OrganizationView, OrganizationId>;

/// What a new organization shall be.
#[derive(Clone, Debug)]
pub struct CreateOrganization {
    /// An id chosen by the caller; otherwise one is made.
    pub id: Option<OrganizationId>,
    /// Its name.
    pub name: OrganizationName,
    /// Its slug; otherwise one is made from the name.
    pub slug: Option<Slug>,
    /// What it is about.
    pub description: Option<Description>,
    /// Its logo.
    pub logo: Option<Logo>,
    /// How many organizations the caller may own with this one.
    pub owner_limit: OwnerLimit,
}

/// What shall change in an organization.
#[derive(Clone, Debug, Default)]
pub struct UpdateOrganization {
    /// The new name, if any.
    pub name: Option<OrganizationName>,
    /// The new slug, if any.
    pub slug: Option<Slug>,
    /// What happens to the description.
    pub description: Patch<Description>,
    /// What happens to the logo.
    pub logo: Patch<Logo>,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
}

/// Everything one can do with organizations. Every method authenticates the caller first.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Organizations: Send + Sync {
    /// Founds an organization that the caller owns, as its first member and admin.
    async fn create(&self, caller: Caller, command: CreateOrganization)
    -> Result<OrganizationView>;

    /// A live organization.
    async fn get(&self, caller: Caller, id: OrganizationId) -> Result<OrganizationView>;

    /// The live organizations that the caller belongs to.
    async fn list_mine(
        &self,
        caller: Caller,
        filter: Filter<TextTest>,
        window: Window<OrganizationId>,
    ) -> Result<OrganizationPage>;

    /// All live organizations, for superusers.
    async fn list_all(
        &self,
        caller: Caller,
        filter: Filter<TextTest>,
        window: Window<OrganizationId>,
    ) -> Result<OrganizationPage>;

    /// Changes an organization.
    async fn update(
        &self,
        caller: Caller,
        id: OrganizationId,
        command: UpdateOrganization,
    ) -> Result<OrganizationView>;

    /// Hands an organization over. The new owner becomes an admin, the old one stays one.
    async fn transfer(
        &self,
        caller: Caller,
        id: OrganizationId,
        new_owner: UserId,
        seen: Option<Version>,
        owner_limit: OwnerLimit,
    ) -> Result<OrganizationView>;

    /// Deletes an organization: it is invisible at once and its slug is free. It can be restored
    /// for [`crate::organization::RESTORE_WINDOW`].
    async fn delete(&self, caller: Caller, id: OrganizationId, seen: Option<Version>)
    -> Result<()>;

    /// Restores a deleted organization. It gets a numbered slug if its own is taken by now.
    async fn restore(
        &self,
        caller: Caller,
        id: OrganizationId,
        owner_limit: OwnerLimit,
    ) -> Result<OrganizationView>;
}

/// The real [`Organizations`].
#[derive(Clone)]
pub struct OrganizationService {
    core: Core,
}

impl OrganizationService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Organizations for OrganizationService {
    async fn create(
        &self,
        caller: Caller,
        command: CreateOrganization,
    ) -> Result<OrganizationView> {
        let now = self.core.now();
        let fresh = self.core.fresh_ids(now);
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| create(tx, caller, now, fresh, &command);
        self.core.write(caller, now, work).await
    }

    async fn get(&self, caller: Caller, id: OrganizationId) -> Result<OrganizationView> {
        self.core
            .read_one(caller, move |tx, caller, now| get(tx, caller, now, id))
            .await
    }

    async fn list_mine(
        &self,
        caller: Caller,
        filter: Filter<TextTest>,
        window: Window<OrganizationId>,
    ) -> Result<OrganizationPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            list_mine(tx, caller, now, &filter, &window)
        };
        self.core.read(caller, work).await
    }

    async fn list_all(
        &self,
        caller: Caller,
        filter: Filter<TextTest>,
        window: Window<OrganizationId>,
    ) -> Result<OrganizationPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            list_all(tx, caller, now, &filter, &window)
        };
        self.core.read(caller, work).await
    }

    async fn update(
        &self,
        caller: Caller,
        id: OrganizationId,
        command: UpdateOrganization,
    ) -> Result<OrganizationView> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| update(tx, caller, now, id, &command);
        self.core.write(caller, self.core.now(), work).await
    }

    async fn transfer(
        &self,
        caller: Caller,
        id: OrganizationId,
        new_owner: UserId,
        seen: Option<Version>,
        owner_limit: OwnerLimit,
    ) -> Result<OrganizationView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            transfer(tx, caller, now, id, new_owner, seen, owner_limit)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn delete(
        &self,
        caller: Caller,
        id: OrganizationId,
        seen: Option<Version>,
    ) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| delete(tx, caller, now, id, seen);
        self.core.write(caller, self.core.now(), work).await
    }

    async fn restore(
        &self,
        caller: Caller,
        id: OrganizationId,
        owner_limit: OwnerLimit,
    ) -> Result<OrganizationView> {
        let work =
            move |tx: &mut dyn Tx, caller: &Caller, now| restore(tx, caller, now, id, owner_limit);
        self.core.write(caller, self.core.now(), work).await
    }
}

/// The ids that founding an organization takes, made before the transaction.
#[derive(Clone, Copy, Debug)]
pub struct FoundingIds {
    /// For the organization, unless the caller chose its id.
    pub organization: OrganizationId,
    /// For the owner's membership.
    pub membership: MembershipId,
}

impl Core {
    fn fresh_ids(&self, now: Timestamp) -> FoundingIds {
        FoundingIds {
            organization: OrganizationId::new(self.ids.next(now)),
            membership: MembershipId::new(self.ids.next(now)),
        }
    }
}

fn create(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    fresh: FoundingIds,
    command: &CreateOrganization,
) -> Result<Used<OrganizationView>> {
    let authentication = access::authenticate_locking(tx, caller, now)?;
    let owner = &authentication.user;
    policy::allow(owner, Action::CreateOrganization, Standing::Platform)?;
    check_owner_limit(tx, owner.id, command.owner_limit)?;
    let view = found(tx, now, fresh, command, owner)?;
    Ok(authentication.used(view))
}

/// Founds an organization for an owner who may have it: adds it under the first free slug, and the
/// owner as its member and admin.
pub fn found(
    tx: &mut dyn Tx,
    now: Timestamp,
    fresh: FoundingIds,
    command: &CreateOrganization,
    owner: &User,
) -> Result<OrganizationView> {
    if !owner.can_own() {
        return Err(Refusal::ServiceAccountOwner.into());
    }
    if let Some(id) = command.id
        && tx.organizations().find(id)?.is_some()
    {
        return Err(Refusal::IdTaken.into());
    }
    let id = command.id.unwrap_or(fresh.organization);
    let slugs: Vec<Slug> = match &command.slug {
        Some(slug) => vec![slug.clone()],
        None => slugs_to_try(command.name.as_str(), fresh.organization).collect(),
    };
    let mut organization = Organization {
        id,
        name: command.name.clone(),
        slug: slugs[0].clone(),
        description: command.description.clone(),
        logo: command.logo.clone(),
        owner_id: owner.id,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    for slug in slugs {
        organization.slug = slug;
        if tx.organizations().add(&organization)? {
            let membership = membership_of_owner(fresh.membership, &organization, now);
            tx.memberships().add(&membership)?;
            return Ok(OrganizationView {
                owner: Owner::from(owner),
                organization,
            });
        }
    }
    Err(Refusal::SlugTaken(organization.slug.to_string()).into())
}

/// The slugs for a name, best first; the last one is free for certain, being made of an id.
fn slugs_to_try(name: &str, id: OrganizationId) -> impl Iterator<Item = Slug> {
    Slug::candidates(name).chain([Slug::distinct(name, random_end(id.uuid()))])
}

/// The last 62 bits of a UUIDv7 are random.
fn random_end(id: Uuid) -> u64 {
    id.as_u64_pair().1
}

fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
) -> Result<Used<OrganizationView>> {
    let (authentication, place) = access::enter(tx, caller, now, id, Action::ReadOrganization)?;
    Ok(authentication.used(place.view))
}

fn list_mine(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    filter: &Filter<TextTest>,
    window: &Window<OrganizationId>,
) -> Result<Used<OrganizationPage>> {
    let authentication = access::authenticate(tx, caller, now)?;
    policy::allow(&authentication.user, Action::ManageSelf, Standing::Platform)?;
    let page = tx
        .organizations()
        .list_of_member(authentication.user.id, filter, window)?;
    Ok(authentication.used(page))
}

fn list_all(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    filter: &Filter<TextTest>,
    window: &Window<OrganizationId>,
) -> Result<Used<OrganizationPage>> {
    let authentication = access::authenticate(tx, caller, now)?;
    policy::allow(
        &authentication.user,
        Action::ListAllOrganizations,
        Standing::Platform,
    )?;
    let page = tx.organizations().list_all(filter, window)?;
    Ok(authentication.used(page))
}

fn update(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    command: &UpdateOrganization,
) -> Result<Used<OrganizationView>> {
    let (authentication, place) = access::enter(tx, caller, now, id, Action::UpdateOrganization)?;
    let mut view = place.view;
    let before = view.organization.clone();
    before.version.expect(command.seen)?;
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

fn transfer(
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

fn delete(
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

fn restore(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
    owner_limit: OwnerLimit,
) -> Result<Used<OrganizationView>> {
    let action = Action::RestoreOrganization;
    let (authentication, place) = access::enter_any(tx, caller, now, id, action)?;
    let locked = tx.organizations().lock(id)?;
    let mut organization = locked.ok_or(Error::NotFound(Kind::Organization))?;
    let until = organization.restorable_until().ok_or(Refusal::NotDeleted)?;
    if now >= until {
        return Err(Refusal::RestoreWindowOver { until }.into());
    }
    tx.users().lock(organization.owner_id)?;
    check_owner_limit(tx, organization.owner_id, owner_limit)?;
    if tx.organizations().slug_is_taken(&organization.slug)? {
        organization.slug = free_slug(tx, &organization)?;
    }
    let before = organization.version;
    organization.touch(now);
    organization.deleted_at = None;
    write(tx, &organization, before)?;
    let view = OrganizationView {
        organization,
        owner: place.view.owner,
    };
    Ok(authentication.used(view))
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
    let locked = tx.organizations().lock(id)?.filter(Organization::is_live);
    let organization = locked.ok_or(Error::NotFound(Kind::Organization))?;
    if !actor.superuser && organization.owner_id != actor.id {
        return Err(Error::Denied {
            action,
            visible: true,
        });
    }
    organization.version.expect(seen)?;
    Ok(organization)
}

fn write(tx: &mut dyn Tx, organization: &Organization, before: Version) -> Result<()> {
    if tx.organizations().update(organization, before)? {
        Ok(())
    } else {
        Err(Refusal::VersionMismatch.into())
    }
}

/// Refuses one organization more than the owner may have. The owner's row must be locked.
fn check_owner_limit(tx: &mut dyn Tx, owner: UserId, limit: OwnerLimit) -> Result<()> {
    match limit {
        Some(limit) if tx.organizations().count_owned(owner, limit)? >= limit => {
            Err(Refusal::OrganizationLimit { limit }.into())
        }
        _ => Ok(()),
    }
}

impl From<&User> for Owner {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            display_name: user.display_name.clone(),
            email: user.email.clone(),
        }
    }
}
