use super::{
    CreateServiceAccount, Granted, ServiceAccount, ServiceAccountPage, UpdateServiceAccount,
};
use crate::access::{self, Caller, Held, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::id::{MembershipId, OrganizationId, UserId};
use crate::idempotency::{self, Claim};
use crate::membership::Membership;
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::policy::Action;
use crate::port::Tx;
use crate::role::{AssignedRole, Permission, Permissions, Role, RoleScope, Roles};
use crate::service::membership::{admit, role_keys};
use crate::service::user::bury;
use crate::service::{Core, authority};
use crate::time::Timestamp;
use crate::user::{User, UserKind};
use crate::value::{DisplayName, Email};
use crate::{Error, Refusal, Result};

/// The ids that a service account takes, made before the transaction.
#[derive(Clone, Copy, Debug)]
pub(in crate::service) struct AccountIds {
    user: UserId,
    membership: MembershipId,
}

impl AccountIds {
    pub(in crate::service) fn new(core: &Core, now: Timestamp) -> Self {
        Self {
            user: UserId::new(core.ids.next(now)),
            membership: MembershipId::new(core.ids.next(now)),
        }
    }
}

/// Roles that were found, and what they permit together.
struct Grant {
    roles: Roles,
    custom_roles: Vec<AssignedRole>,
    permissions: Permissions,
}

pub(super) fn create(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    fresh: AccountIds,
    command: &CreateServiceAccount,
) -> Result<Used<ServiceAccount>> {
    let action = Action::Use(Permission::CreateServiceAccount);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let (once, id) = (command.once.as_ref(), fresh.user.uuid());
    let claim = idempotency::claim(tx, authentication.user.id, once, now, id)?;
    if let Claim::Made(id) = claim {
        let made = find(tx, organization, UserId::new(id))?;
        return Ok(authentication.used(made));
    }
    let rights = access::rights(&authentication, &place);
    let author = authentication.author(caller);
    let wanted = (&command.display_name, &command.granted);
    let made = establish(tx, &author, now, organization, rights, fresh, wanted)?;
    Ok(authentication.used(made))
}

/// Makes a service account of this name and with these roles in a locked organization, for somebody
/// who has these rights there.
pub(in crate::service) fn establish(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    organization: OrganizationId,
    rights: Permissions,
    fresh: AccountIds,
    (name, granted): (&DisplayName, &Granted),
) -> Result<ServiceAccount> {
    let grant = grant(tx, organization, granted)?;
    authority::check_grant(rights, grant.permissions)?;
    let user = new_user(fresh.user, organization, name, now);
    if !tx.users().add(&user)? {
        return Err(Refusal::EmailTaken.into());
    }
    let change = Change::set("display_name", user.display_name.as_str());
    note(tx, author, now, &user, Act::UserCreated, vec![change])?;
    let membership = membership(fresh.membership, organization, user.id, &grant, now);
    admit(tx, author, now, &membership, &user)?;
    Ok(ServiceAccount {
        user,
        roles: grant.roles,
        custom_roles: grant.custom_roles,
    })
}

pub(super) fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    id: UserId,
) -> Result<Used<ServiceAccount>> {
    let action = Action::Use(Permission::ReadServiceAccount);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    Ok(authentication.used(find(tx, organization, id)?))
}

/// How many service accounts are read at once to find one by its name.
const BATCH: u32 = 500;

pub(super) fn named(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    name: &DisplayName,
) -> Result<Used<ServiceAccount>> {
    let action = Action::Use(Permission::ReadServiceAccount);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let mut window = Window::first(BATCH);
    loop {
        let page = tx.users().list_service_accounts(organization, &window)?;
        let mut users = page.items.into_iter();
        if let Some(user) = users.find(|user| user.display_name.key() == name.key()) {
            return Ok(authentication.used(with_roles(tx, organization, user)?));
        }
        let last = page.next.ok_or(Error::NotFound(Kind::ServiceAccount))?;
        window = Window::after(last, BATCH);
    }
}

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    window: &Window<UserId>,
) -> Result<Used<ServiceAccountPage>> {
    let action = Action::Use(Permission::ReadServiceAccount);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let page = tx.users().list_service_accounts(organization, window)?;
    let items = page.items.into_iter();
    let items = items.map(|user| with_roles(tx, organization, user));
    let page = Page {
        items: items.collect::<Result<Vec<_>>>()?,
        next: page.next,
        total: page.total,
    };
    Ok(authentication.used(page))
}

pub(super) fn update(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (OrganizationId, UserId),
    fresh: AccountIds,
    command: &UpdateServiceAccount,
) -> Result<Used<ServiceAccount>> {
    let action = Action::Use(Permission::UpdateServiceAccount);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let rights = access::rights(&authentication, &place);
    let author = authentication.author(caller);
    let before = lock(tx, organization, id, rights)?;
    before.user.version.expect(command.seen)?;
    let mut account = before.clone();
    if let Some(name) = &command.display_name {
        account.user.display_name = name.clone();
    }
    if let Some(granted) = &command.granted {
        let grant = grant(tx, organization, granted)?;
        authority::check_grant(rights, grant.permissions)?;
        let wanted = membership(fresh.membership, organization, id, &grant, now);
        assign(tx, &author, now, &wanted, &account.user)?;
        account.roles = grant.roles;
        account.custom_roles = grant.custom_roles;
    }
    if account != before {
        account.user.touch(now);
        write(tx, &account.user, before.user.version)?;
        tx.memberships().refresh(&account.user)?;
    }
    if account.user.display_name != before.user.display_name {
        let (old, new) = (&before.user.display_name, &account.user.display_name);
        let change = Change::new("display_name", Some(old.as_str()), Some(new.as_str()));
        note(
            tx,
            &author,
            now,
            &account.user,
            Act::UserUpdated,
            vec![change],
        )?;
    }
    Ok(authentication.used(account))
}

pub(super) fn delete(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    id: UserId,
    seen: Option<Version>,
) -> Result<Used<()>> {
    let action = Action::Use(Permission::DeleteServiceAccount);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let rights = access::rights(&authentication, &place);
    let account = lock(tx, organization, id, rights)?;
    account.user.version.expect(seen)?;
    let author = authentication.author(caller);
    dismiss(tx, &author, now, organization, account.user)?;
    Ok(authentication.used(()))
}

/// Deletes a service account of a locked organization, whose user is locked, too.
pub(in crate::service) fn dismiss(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    organization: OrganizationId,
    user: User,
) -> Result<()> {
    let id = user.id;
    if tx.memberships().remove(organization, id)? {
        let target = Target::Membership(id);
        record(
            tx,
            author,
            now,
            organization,
            Act::MembershipDeleted,
            target,
            Vec::new(),
        )?;
    }
    let user = bury(tx, now, user)?;
    note(tx, author, now, &user, Act::UserDeleted, Vec::new())
}

/// A service account of this organization that is not deleted.
pub(super) fn find(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    id: UserId,
) -> Result<ServiceAccount> {
    let user = of(organization, tx.users().find(id)?)?;
    with_roles(tx, organization, user)
}

/// [`find`] with the user's row locked, for a caller with at least the account's rights.
pub(super) fn lock(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    id: UserId,
    rights: Permissions,
) -> Result<ServiceAccount> {
    let user = of(organization, tx.users().lock(id)?)?;
    let held = tx.memberships().held(organization, id)?;
    authority::check_rank(rights, &held.unwrap_or_default())?;
    with_roles(tx, organization, user)
}

fn of(organization: OrganizationId, user: Option<User>) -> Result<User> {
    let is_theirs = |user: &User| {
        user.kind == UserKind::ServiceAccount
            && user.organization_id == Some(organization)
            && user.deleted_at.is_none()
    };
    user.filter(is_theirs)
        .ok_or(Error::NotFound(Kind::ServiceAccount))
}

fn with_roles(tx: &mut dyn Tx, organization: OrganizationId, user: User) -> Result<ServiceAccount> {
    let member = tx.memberships().find(organization, user.id)?;
    let (roles, custom_roles) = match member {
        Some(member) => (member.membership.roles, member.membership.custom_roles),
        None => (Roles::NONE, Vec::new()),
    };
    Ok(ServiceAccount {
        user,
        roles,
        custom_roles,
    })
}

/// Finds the roles that are to be granted.
fn grant(tx: &mut dyn Tx, organization: OrganizationId, granted: &Granted) -> Result<Grant> {
    let mut roles = granted.roles;
    if roles.is_empty() {
        roles = roles.with(Role::Member);
    }
    let mut held = Held {
        roles,
        custom: Permissions::NONE,
    };
    let mut custom_roles = Vec::new();
    for key in &granted.custom_roles {
        let role = tx.roles().find_by_key(organization, key)?;
        let role = role
            .filter(|role| role.scope == RoleScope::Organization)
            .ok_or(Error::NotFound(Kind::Role))?;
        held.custom = held.custom.or(role.permissions);
        custom_roles.push(AssignedRole::from(&role));
    }
    custom_roles.sort_unstable();
    custom_roles.dedup();
    Ok(Grant {
        roles,
        custom_roles,
        permissions: held.permissions(),
    })
}

/// Gives a service account these roles in place of those that it has; as a member anew, if it was
/// removed.
fn assign(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    wanted: &Membership,
    user: &User,
) -> Result<()> {
    let organization = wanted.organization_id;
    let Some(member) = tx.memberships().find(organization, user.id)? else {
        return admit(tx, author, now, wanted, user);
    };
    let before = member.membership;
    if (before.roles, &before.custom_roles) == (wanted.roles, &wanted.custom_roles) {
        return Ok(());
    }
    let mut after = before.clone();
    after.roles = wanted.roles;
    after.custom_roles.clone_from(&wanted.custom_roles);
    after.version = before.version.next();
    after.updated_at = now;
    if !tx.memberships().update(&after, before.version)? {
        return Err(Refusal::VersionMismatch.into());
    }
    let (old, new) = (role_keys(&before), role_keys(&after));
    let changes = vec![Change::new("roles", Some(&old), Some(&new))];
    let target = Target::Membership(user.id);
    record(
        tx,
        author,
        now,
        organization,
        Act::MembershipUpdated,
        target,
        changes,
    )
}

fn new_user(id: UserId, organization: OrganizationId, name: &DisplayName, now: Timestamp) -> User {
    User {
        id,
        kind: UserKind::ServiceAccount,
        // Nobody writes to a program; what is unique about it is its id.
        email: Email::from_stored(format!("{id}@service-accounts.invalid")),
        display_name: name.clone(),
        superuser: false,
        active: true,
        email_verified_at: None,
        organization_id: Some(organization),
        trial_started_at: None,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    }
}

fn membership(
    id: MembershipId,
    organization: OrganizationId,
    user: UserId,
    grant: &Grant,
    now: Timestamp,
) -> Membership {
    Membership {
        id,
        organization_id: organization,
        user_id: user,
        roles: grant.roles,
        custom_roles: grant.custom_roles.clone(),
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
    }
}

fn write(tx: &mut dyn Tx, user: &User, before: Version) -> Result<()> {
    if tx.users().update(user, before)? {
        Ok(())
    } else {
        Err(Refusal::VersionMismatch.into())
    }
}

/// Records in its organization's log what happened to a service account.
fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    user: &User,
    act: Act,
    changes: Vec<Change>,
) -> Result<()> {
    let organization = user.organization_id;
    let organization = organization.ok_or(Error::NotFound(Kind::ServiceAccount))?;
    record(
        tx,
        author,
        now,
        organization,
        act,
        Target::User(user.id),
        changes,
    )
}

pub(super) fn record(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    organization: OrganizationId,
    act: Act,
    target: Target,
    changes: Vec<Change>,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::Organization(organization),
        act,
        target,
        changes,
    };
    audit::record(tx, author, now, &deed)
}
