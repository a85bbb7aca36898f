//! Workspaces for those who do not say in which organization.

use super::{ListHoused, viewing};
use crate::access::{self, Caller, Used};
use crate::error::Kind;
use crate::id::{OrganizationId, WorkspaceId};
use crate::membership::Direction;
use crate::page::Window;
use crate::policy::Action;
use crate::port::Tx;
use crate::time::Timestamp;
use crate::workspace::{
    HousedWorkspace, WorkspaceField, WorkspaceOrder, WorkspaceRef, WorkspaceView,
};
use crate::{Error, Result};

/// How workspaces are sorted here.
const OLDEST_FIRST: WorkspaceOrder = WorkspaceOrder {
    field: WorkspaceField::Created,
    direction: Direction::Ascending,
};

pub(super) fn locate(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: WorkspaceId,
) -> Result<Used<HousedWorkspace>> {
    access::authenticate(tx, caller, now)?;
    for organization in tx.workspaces().homes(id)? {
        match viewing::get(tx, caller, now, WorkspaceRef { organization, id }) {
            Ok(used) => {
                let Used {
                    value: workspace,
                    token,
                    last_used_at,
                } = used;
                let value = house(tx, organization, vec![workspace])?.pop();
                let value = value.ok_or(Error::NotFound(Kind::Workspace))?;
                return Ok(Used {
                    value,
                    token,
                    last_used_at,
                });
            }
            Err(Error::Denied { .. } | Error::NotFound(_)) => {}
            Err(other) => return Err(other),
        }
    }
    Err(Error::NotFound(Kind::Workspace))
}

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    query: &ListHoused,
) -> Result<Used<Vec<HousedWorkspace>>> {
    let authentication = access::enter_platform(tx, caller, now, Action::ReadSelf)?;
    if let Some(organization) = query.organization {
        let rows = rows(
            tx,
            caller,
            now,
            organization,
            query,
            query.skip,
            query.limit,
        )?;
        return Ok(authentication.used(house(tx, organization, rows)?));
    }
    let organizations = match authentication.token.organization_id {
        Some(only) => vec![only],
        None => tx.memberships().organizations_of(authentication.user.id)?,
    };
    let (mut skip, mut found) = (query.skip as usize, Vec::new());
    for organization in organizations {
        let missing = (query.limit as usize).saturating_sub(found.len());
        if missing == 0 {
            break;
        }
        let enough = u32::try_from(skip.saturating_add(missing)).unwrap_or(u32::MAX);
        match rows(tx, caller, now, organization, query, 0, enough) {
            Ok(mut rows) => {
                let passed = skip.min(rows.len());
                skip -= passed;
                rows.drain(..passed);
                rows.truncate(missing);
                found.extend(house(tx, organization, rows)?);
            }
            // Deleted, or the caller is only just no member any more.
            Err(Error::NotFound(_) | Error::Denied { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(authentication.used(found))
}

fn rows(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    query: &ListHoused,
    skip: u32,
    limit: u32,
) -> Result<Vec<WorkspaceView>> {
    if !query.mine {
        let window = Window::skip(skip, limit);
        let filter = &query.filter;
        let page = viewing::list(tx, caller, now, organization, filter, OLDEST_FIRST, &window)?;
        return Ok(page.value.items);
    }
    // What one belongs to is little, and there is no list of it by title.
    let all = viewing::list_mine(tx, caller, now, organization, &Window::first(u32::MAX))?;
    let mut rows = all.value.items;
    rows.retain(|row| {
        let title = row.workspace.title.key();
        query.filter.holds(&|test| test.passes(&title))
    });
    let rows = rows.into_iter().skip(skip as usize);
    Ok(rows.take(limit as usize).collect())
}

/// Puts the organization beside its workspaces.
fn house(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    rows: Vec<WorkspaceView>,
) -> Result<Vec<HousedWorkspace>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let found = tx.organizations().find(organization)?;
    let organization = found.ok_or(Error::NotFound(Kind::Organization))?;
    let housed = rows.into_iter().map(|workspace| HousedWorkspace {
        organization: organization.clone(),
        workspace,
    });
    Ok(housed.collect())
}
