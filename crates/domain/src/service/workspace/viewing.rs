use std::collections::BTreeSet;

use super::{COUNTED_AT_ONCE, MyWorkspacePage, WorkspacePage};
use crate::access::{self, Caller, Reach, Used};
use crate::filter::{Filter, TextTest};
use crate::id::{OrganizationId, UserId, WorkspaceId};
use crate::page::{Page, Window};
use crate::port::Tx;
use crate::role::Permission;
use crate::time::Timestamp;
use crate::workspace::{WorkspaceKey, WorkspaceOrder, WorkspaceRef, WorkspaceView};
use crate::{Error, Result};

/// How many workspaces of one user are read at once when all of them are needed.
const CHUNK: u32 = 500;

pub(super) fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
) -> Result<Used<WorkspaceView>> {
    let permission = Permission::ReadWorkspace;
    let (authentication, place) = access::enter_workspace(tx, caller, now, at, permission)?;
    Ok(authentication.used(place.view))
}

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    filter: &Filter<TextTest>,
    order: WorkspaceOrder,
    window: &Window<WorkspaceKey>,
) -> Result<Used<WorkspacePage>> {
    let permission = Permission::ReadWorkspace;
    let (authentication, reach) =
        access::reach_workspaces(tx, caller, now, organization, permission)?;
    let page = match reach {
        Reach::All => {
            let WorkspaceOrder { field, direction } = order;
            tx.workspaces()
                .list(organization, filter, field, direction, window)?
        }
        Reach::Shared(users) => {
            let mut rows = shared(tx, organization, &users)?;
            rows.retain(|row| filter.holds(&|test| test.passes(&row.workspace.title.key())));
            let key = |row: &WorkspaceView| WorkspaceKey::of(order.field, &row.workspace);
            rows.sort_by(|one, other| order.compare(&key(one), &key(other)));
            Page::of_all(rows, window, key, |one, other| order.compare(one, other))
        }
    };
    Ok(authentication.used(page))
}

pub(super) fn list_mine(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    window: &Window<WorkspaceId>,
) -> Result<Used<MyWorkspacePage>> {
    let permission = Permission::ReadWorkspace;
    let (authentication, reach) =
        access::reach_workspaces(tx, caller, now, organization, permission)?;
    let user = authentication.user.id;
    let others = match reach {
        Reach::All => Vec::new(),
        Reach::Shared(users) => users.into_iter().filter(|it| *it != user).collect(),
    };
    if others.is_empty() {
        let page = tx.workspaces().list_of_member(organization, user, window)?;
        return Ok(authentication.used(page));
    }
    let users: Vec<UserId> = [user].into_iter().chain(others).collect();
    let rows = shared(tx, organization, &users)?;
    let page = Page::of_all(rows, window, |row| row.workspace.id, WorkspaceId::cmp);
    Ok(authentication.used(page))
}

pub(super) fn count_members(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    workspaces: &[WorkspaceId],
) -> Result<Used<Vec<(WorkspaceId, u64)>>> {
    let permission = Permission::ReadWorkspaceMembership;
    let (authentication, reach) =
        access::reach_workspaces(tx, caller, now, organization, permission)?;
    let asked: BTreeSet<WorkspaceId> = workspaces.iter().copied().collect();
    if asked.len() > COUNTED_AT_ONCE {
        let reason = format!("name at most {COUNTED_AT_ONCE} workspaces");
        return Err(Error::invalid("workspace_ids", reason));
    }
    let seen = match reach {
        Reach::All => {
            let asked: Vec<_> = asked.into_iter().collect();
            tx.workspaces().live(organization, &asked)?
        }
        Reach::Shared(users) => {
            let rows = shared(tx, organization, &users)?;
            let ids = rows.iter().map(|row| row.workspace.id);
            ids.filter(|id| asked.contains(id)).collect()
        }
    };
    let counts = tx.workspaces().count_members(organization, &seen)?;
    Ok(authentication.used(seen.into_iter().zip(counts).collect()))
}

/// The live workspaces to which all of these users belong, by id.
fn shared(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    users: &[UserId],
) -> Result<Vec<WorkspaceView>> {
    let Some((first, others)) = users.split_first() else {
        return Ok(Vec::new());
    };
    let mut rows = of_member(tx, organization, *first)?;
    for user in others {
        let theirs = of_member(tx, organization, *user)?;
        let theirs: BTreeSet<_> = theirs.iter().map(|row| row.workspace.id).collect();
        rows.retain(|row| theirs.contains(&row.workspace.id));
    }
    Ok(rows)
}

/// All live workspaces to which a member belongs, by id.
fn of_member(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    user: UserId,
) -> Result<Vec<WorkspaceView>> {
    let mut rows = Vec::new();
    let mut window = Window::first(CHUNK);
    loop {
        let page = tx
            .workspaces()
            .list_of_member(organization, user, &window)?;
        rows.extend(page.items);
        match page.next {
            Some(last) => window = Window::after(last, CHUNK),
            None => return Ok(rows),
        }
    }
}
