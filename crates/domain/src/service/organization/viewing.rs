use super::OrganizationPage;
use crate::Result;
use crate::access::{self, Caller, Used};
use crate::filter::{Filter, TextTest};
use crate::id::{OrganizationId, UserId};
use crate::organization::OrganizationView;
use crate::page::{From, Page, Window};
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::time::Timestamp;

pub(super) fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
) -> Result<Used<OrganizationView>> {
    let (authentication, place) = access::enter(
        tx,
        caller,
        now,
        id,
        Action::Use(Permission::ReadOrganization),
    )?;
    Ok(authentication.used(place.view))
}

pub(super) fn list_mine(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    filter: &Filter<TextTest>,
    window: &Window<OrganizationId>,
) -> Result<Used<OrganizationPage>> {
    let authentication = access::enter_platform(tx, caller, now, Action::ReadSelf)?;
    if let Some(only) = authentication.token.organization_id {
        let page = list_bound(tx, authentication.user.id, only, filter, window)?;
        return Ok(authentication.used(page));
    }
    let page = tx
        .organizations()
        .list_of_member(authentication.user.id, filter, window)?;
    Ok(authentication.used(page))
}

pub(super) fn list_all(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    filter: &Filter<TextTest>,
    window: &Window<OrganizationId>,
) -> Result<Used<OrganizationPage>> {
    let authentication = access::enter_platform(tx, caller, now, Action::ListAllOrganizations)?;
    let page = tx.organizations().list_all(filter, window)?;
    Ok(authentication.used(page))
}

/// The list for a token that is bound to one organization: that one, if its user still belongs to
/// it.
fn list_bound(
    tx: &mut dyn Tx,
    user: UserId,
    only: OrganizationId,
    filter: &Filter<TextTest>,
    window: &Window<OrganizationId>,
) -> Result<OrganizationPage> {
    let found = tx.organizations().find(only)?;
    let behind = match window.from {
        From::First | From::Skip(0) => false,
        From::After(key) => only <= key,
        From::Skip(_) => true,
    };
    let mut items: Vec<_> = found
        .filter(|view| view.organization.is_live())
        .filter(|view| filter.holds(&|test| test.passes(&view.organization.name.key())))
        .into_iter()
        .collect();
    if tx.memberships().held(only, user)?.is_none() {
        items.clear();
    }
    let total = window.count.then_some(items.len() as u64);
    if behind {
        items.clear();
    }
    Ok(Page::cut(items, window, total, |view| view.organization.id))
}
