use super::{AgePage, OrganizationPage, OrganizationStatus, SubscriptionStatus};
use crate::access::{self, Authentication, Caller, Used};
use crate::error::Kind;
use crate::filter::{Filter, Place, TextTest};
use crate::id::{OrganizationId, UserId};
use crate::organization::{Age, Handle, OrganizationTest, OrganizationView};
use crate::page::{From, Page, Window};
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::time::Timestamp;
use crate::value::OrganizationName;
use crate::{Error, Refusal, Result};

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

/// One organization, by its id or by the name that it alone has among those the caller may see.
pub(super) fn find(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    handle: &Handle,
    with_subscription: bool,
) -> Result<Used<OrganizationStatus>> {
    let action = Action::Use(Permission::ReadOrganization);
    let id = match handle {
        Handle::Id(id) => *id,
        Handle::Name(name) => named(tx, caller, now, name)?,
    };
    let (authentication, place) = access::enter(tx, caller, now, id, action)?;
    let rights = access::rights(&authentication, &place);
    let subscription = if with_subscription && rights.has(Permission::ReadSubscription) {
        let plan = tx.plans().find(id)?.unwrap_or_default();
        let left = plan.subscription.trial_left_millis(now);
        Some(SubscriptionStatus {
            active: plan.subscription.is_active(now),
            trial_seconds_left: left.map(|millis| millis / 1_000),
        })
    } else {
        None
    };
    Ok(authentication.used(OrganizationStatus {
        view: place.view,
        subscription,
    }))
}

fn named(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    name: &OrganizationName,
) -> Result<OrganizationId> {
    let authentication = access::enter_platform(tx, caller, now, Action::ReadSelf)?;
    let test = OrganizationTest::Name(TextTest::new(Place::Whole, name.as_str()));
    let found = seen_by(tx, &authentication, &Filter::Test(test), &Window::first(2))?;
    match found.items.as_slice() {
        [] => Err(Error::NotFound(Kind::Organization)),
        [one] => Ok(one.organization.id),
        _ => Err(Refusal::NameAmbiguous(name.as_str().to_owned()).into()),
    }
}

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    filter: &Filter<OrganizationTest>,
    window: &Window<Age>,
) -> Result<Used<AgePage>> {
    let authentication = access::enter_platform(tx, caller, now, Action::ReadSelf)?;
    let page = seen_by(tx, &authentication, filter, window)?;
    Ok(authentication.used(page))
}

/// The live organizations that a caller may see.
fn seen_by(
    tx: &mut dyn Tx,
    authentication: &Authentication,
    filter: &Filter<OrganizationTest>,
    window: &Window<Age>,
) -> Result<AgePage> {
    let user = &authentication.user;
    let Some(only) = authentication.token.organization_id else {
        let member = (!user.superuser).then_some(user.id);
        return tx.organizations().list_by_age(member, filter, window);
    };
    let mut rows = Vec::new();
    if tx.memberships().held(only, user.id)?.is_some() {
        let found = tx.organizations().find(only)?;
        rows.extend(found.filter(|view| view.organization.is_live()));
    }
    rows.retain(|view| filter.holds(&|test: &OrganizationTest| test.passes(view)));
    let age = |view: &OrganizationView| Age::of(&view.organization);
    Ok(Page::of_all(rows, window, age, Age::cmp))
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
