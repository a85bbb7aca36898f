use super::OrganizationPage;
use crate::Result;
use crate::access::{self, Caller, Used};
use crate::filter::{Filter, TextTest};
use crate::id::OrganizationId;
use crate::organization::OrganizationView;
use crate::page::Window;
use crate::policy::{self, Action, Standing};
use crate::port::Tx;
use crate::time::Timestamp;

pub(super) fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: OrganizationId,
) -> Result<Used<OrganizationView>> {
    let (authentication, place) = access::enter(tx, caller, now, id, Action::ReadOrganization)?;
    Ok(authentication.used(place.view))
}

pub(super) fn list_mine(
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

pub(super) fn list_all(
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
