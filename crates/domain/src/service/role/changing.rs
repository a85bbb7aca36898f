use super::{CreateRole, UpdateRole};
use crate::access::{self, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::id::{OrganizationId, RoleId};
use crate::idempotency::{self, Claim};
use crate::organization::Version;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::{CustomRole, Permission, Permissions, RoleScope, RoleView};
use crate::service::authority;
use crate::time::Timestamp;
use crate::value::{RoleKey, RoleTitle, fold};
use crate::{Error, Refusal, Result};

/// How many numbers are tried behind a key that is taken.
const NUMBERED: u32 = 9;

pub(super) fn create(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    fresh: RoleId,
    command: &CreateRole,
) -> Result<Used<CustomRole>> {
    let action = Action::Use(Permission::CreateRole);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let (user, once) = (authentication.user.id, command.once.as_ref());
    if let Claim::Made(id) = idempotency::claim(tx, user, once, now, fresh.uuid())? {
        let made = tx.roles().find(organization, RoleId::new(id))?;
        return Ok(authentication.used(made.ok_or(Error::NotFound(Kind::Role))?));
    }
    check_scope(command.scope, command.permissions)?;
    let rights = access::rights(&authentication, &place);
    authority::check_grant(rights, command.permissions)?;
    check_title(tx, organization, &command.title)?;
    let role = CustomRole {
        id: fresh,
        organization_id: organization,
        scope: command.scope,
        key: free_key(tx, organization, fresh, command)?,
        title: command.title.clone(),
        description: command.description.clone(),
        permissions: command.permissions,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
    };
    if !tx.roles().add(&role)? {
        return Err(Refusal::RoleKeyTaken(role.key.to_string()).into());
    }
    let mut changes = vec![
        Change::set("key", role.key.as_str()),
        Change::set("title", role.title.as_str()),
    ];
    changes.extend(permission_changes(Permissions::NONE, role.permissions));
    let author = authentication.author(caller);
    note(tx, &author, now, &role, Act::RoleCreated, changes)?;
    Ok(authentication.used(role))
}

/// Refuses a title that another role has, a built-in one among them: nobody shall take a role for
/// one that they know.
fn check_title(tx: &mut dyn Tx, organization: OrganizationId, title: &RoleTitle) -> Result<()> {
    let built_in = RoleView::built_in(None).any(|role| fold(role.title()) == title.key());
    if built_in || tx.roles().find_by_title(organization, title)?.is_some() {
        return Err(Refusal::RoleTitleTaken(title.as_str().to_owned()).into());
    }
    Ok(())
}

fn check_scope(scope: RoleScope, permissions: Permissions) -> Result<()> {
    let outside = |it: &Permission| scope == RoleScope::Workspace && !it.is_of_workspace();
    match permissions.iter().find(outside) {
        None => Ok(()),
        Some(permission) => Err(Error::invalid(
            "permissions",
            format!(
                "a role of workspaces cannot permit {}; choose the organization's scope",
                permission.key()
            ),
        )),
    }
}

/// The chosen key, which must be free, or the first free one that the title suggests.
fn free_key(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    fresh: RoleId,
    command: &CreateRole,
) -> Result<RoleKey> {
    if let Some(key) = &command.key {
        return match tx.roles().find_by_key(organization, key)? {
            None => Ok(key.clone()),
            Some(_) => Err(Refusal::RoleKeyTaken(key.to_string()).into()),
        };
    }
    if let Some(key) = RoleKey::suggested(command.title.as_str()) {
        let numbered = (2..=NUMBERED).filter_map(|number| {
            let shortened = format!("{:.60} {number}", key.as_str());
            RoleKey::suggested(&shortened)
        });
        for key in std::iter::once(key.clone()).chain(numbered) {
            if tx.roles().find_by_key(organization, &key)?.is_none() {
                return Ok(key);
            }
        }
    }
    // Made of an id, so it is free.
    let distinct = format!("role-{}", fresh.uuid().simple());
    RoleKey::parse(&distinct).map_err(|why| why.in_field("title"))
}

pub(super) fn update(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    key: &str,
    command: &UpdateRole,
) -> Result<Used<CustomRole>> {
    let action = Action::Use(Permission::UpdateRole);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let before = changeable(tx, organization, key)?;
    before.version.expect(command.seen)?;
    let mut role = before.clone();
    role.permissions = command.permissions.unwrap_or(before.permissions);
    command.description.clone().apply(&mut role.description);
    check_scope(role.scope, role.permissions)?;
    let rights = access::rights(&authentication, &place);
    authority::check_grant(rights, before.permissions.or(role.permissions))?;
    if let Some(title) = &command.title {
        if title.key() != before.title.key() {
            check_title(tx, organization, title)?;
        }
        role.title = title.clone();
    }
    if role != before {
        role.touch(now);
        if !tx.roles().update(&role, before.version)? {
            return Err(Refusal::VersionMismatch.into());
        }
        let changes = differences(&before, &role);
        let author = authentication.author(caller);
        note(tx, &author, now, &role, Act::RoleUpdated, changes)?;
    }
    Ok(authentication.used(role))
}

/// A role with this key that the organization made: only those can be changed.
pub(super) fn changeable(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    key: &str,
) -> Result<CustomRole> {
    match super::find(tx, organization, key)? {
        Some(RoleView::Custom(role)) => Ok(role),
        Some(built_in) => Err(Error::invalid(
            "name",
            format!(
                "'{}' is a built-in role, which nobody can change or delete",
                built_in.key()
            ),
        )),
        None => Err(Error::NotFound(Kind::Role)),
    }
}

fn differences(before: &CustomRole, after: &CustomRole) -> Vec<Change> {
    let mut changes = Vec::new();
    if before.title != after.title {
        let (old, new) = (before.title.as_str(), after.title.as_str());
        changes.push(Change::new("title", Some(old), Some(new)));
    }
    if before.description != after.description {
        let text = |role: &CustomRole| role.description.as_ref().map(|it| it.as_str().to_owned());
        let (old, new) = (text(before), text(after));
        changes.push(Change::new("description", old.as_deref(), new.as_deref()));
    }
    changes.extend(permission_changes(before.permissions, after.permissions));
    changes
}

/// One change a permission, since a long list of them would be cut.
fn permission_changes(before: Permissions, after: Permissions) -> impl Iterator<Item = Change> {
    let (lost, won) = (before.except(after), after.except(before));
    let lost: Vec<_> = lost.iter().map(Permission::key).collect();
    let won: Vec<_> = won.iter().map(Permission::key).collect();
    let lost = lost
        .into_iter()
        .map(|key| Change::new("permission", Some(key), None));
    lost.chain(won.into_iter().map(|key| Change::set("permission", key)))
}

/// Records what happened to a role.
pub(super) fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    role: &CustomRole,
    act: Act,
    changes: Vec<Change>,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::Organization(role.organization_id),
        act,
        target: Target::Role(role.id),
        changes,
    };
    audit::record(tx, author, now, &deed)
}
