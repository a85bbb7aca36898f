use super::RolePage;
use crate::access::{self, Caller, Used};
use crate::error::Kind;
use crate::id::{OrganizationId, RoleId};
use crate::page::{From, Page, Window};
use crate::policy::Action;
use crate::port::Tx;
use crate::role::{CustomRole, Permission, RoleRef, RoleScope, RoleView};
use crate::time::Timestamp;
use crate::value::{RoleKey, RoleTitle, fold};
use crate::{Error, Result};

/// How many roles are read at once.
const BATCH: u32 = 500;

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    scope: Option<RoleScope>,
    window: &Window<RoleRef>,
) -> Result<Used<RolePage>> {
    let action = Action::Use(Permission::ReadRole);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let (after, skip) = match window.from {
        From::First => (None, 0),
        From::After(last) => (Some(last), 0),
        From::Skip(rows) => (None, rows as usize),
    };
    let fetch = window.limit as usize + 1;
    let total = if window.count {
        Some(gather(tx, organization, scope, None, usize::MAX)?.len() as u64)
    } else {
        None
    };
    let rows = gather(tx, organization, scope, after, skip.saturating_add(fetch))?;
    let fetched = rows.into_iter().skip(skip).take(fetch).collect();
    let page = Page::cut(fetched, window, total, RoleView::reference);
    Ok(authentication.used(page))
}

/// At least `enough` of the roles of a scope behind `after`, or all that there are.
fn gather(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    scope: Option<RoleScope>,
    after: Option<RoleRef>,
    enough: usize,
) -> Result<Vec<RoleView>> {
    let behind = |role: &RoleView| after.is_none_or(|last| role.reference() > last);
    let mut roles: Vec<_> = RoleView::built_in(scope).filter(behind).collect();
    let mut next = match after {
        Some(RoleRef::Custom(last)) => Some(Window::after(last, BATCH)),
        _ => Some(Window::first(BATCH)),
    };
    while let Some(window) = next.filter(|_| roles.len() < enough) {
        let page = tx.roles().list(organization, &window)?;
        let wanted = page
            .items
            .into_iter()
            .filter(|role| scope.is_none_or(|scope| role.scope == scope));
        roles.extend(wanted.map(RoleView::Custom));
        next = page.next.map(|last| Window::after(last, BATCH));
    }
    Ok(roles)
}

pub(super) fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    key: &str,
) -> Result<Used<RoleView>> {
    let action = Action::Use(Permission::ReadRole);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let role = find(tx, organization, key)?;
    Ok(authentication.used(role.ok_or(Error::NotFound(Kind::Role))?))
}

pub(super) fn locate(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: RoleId,
) -> Result<Used<CustomRole>> {
    let absent = || Error::NotFound(Kind::Role);
    access::authenticate(tx, caller, now)?;
    let home = tx.roles().home(id)?.ok_or_else(absent)?;
    let action = Action::Use(Permission::ReadRole);
    let (authentication, _) =
        access::enter(tx, caller, now, home, action).map_err(Error::hidden_as(Kind::Role))?;
    let role = tx.roles().find(home, id)?;
    Ok(authentication.used(role.ok_or_else(absent)?))
}

/// The role of an organization with this public key, built in or custom.
pub fn find(tx: &mut dyn Tx, organization: OrganizationId, key: &str) -> Result<Option<RoleView>> {
    if let Some(role) = RoleView::from_public_key(key) {
        return Ok(Some(role));
    }
    let Ok(key) = RoleKey::parse(key) else {
        return Ok(None);
    };
    let found = tx.roles().find_by_key(organization, &key)?;
    Ok(found.map(RoleView::Custom))
}

/// The roles with this public key or title, whatever its case, built in or custom; at most one of
/// each kind.
pub fn named(tx: &mut dyn Tx, organization: OrganizationId, name: &str) -> Result<Vec<RoleRef>> {
    let folded = fold(name.trim());
    let mut found: Vec<_> = RoleView::built_in(None)
        .filter(|role| role.key() == folded || fold(role.title()) == folded)
        .map(|role| role.reference())
        .collect();
    if let Ok(key) = RoleKey::parse(&folded) {
        let role = tx.roles().find_by_key(organization, &key)?;
        found.extend(role.map(|role| RoleRef::Custom(role.id)));
    }
    if let Ok(title) = RoleTitle::parse(name) {
        let role = tx.roles().find_by_title(organization, &title)?;
        found.extend(role.map(|role| RoleRef::Custom(role.id)));
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
