//! One role in a workspace, given or taken.

use super::ChosenWorkspaceRoles;
use super::members::{self, Joining};
use super::roles;
use crate::access::{self, Caller, Used};
use crate::error::Kind;
use crate::id::UserId;
use crate::policy::{self, Action, Standing};
use crate::port::Tx;
use crate::role::{Permission, RoleScope, RoleView};
use crate::service::{authority, role};
use crate::time::Timestamp;
use crate::workspace::{WorkspaceMemberView, WorkspaceMembership, WorkspaceRef};
use crate::{Error, Refusal, Result};

pub(super) fn grant(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    user: UserId,
    key: &str,
) -> Result<Used<WorkspaceMemberView>> {
    let permission = Permission::UpdateWorkspaceMembership;
    let (authentication, place) = access::enter_workspace_locked(tx, caller, now, at, permission)?;
    let rights = place.rights(&authentication);
    let role = of_workspaces(tx, at, key)?;
    let Some(member) = tx.workspaces().find_member(at.organization, at.id, user)? else {
        let standing = Standing::Member {
            granted: rights,
            owner: false,
        };
        let action = Action::Use(Permission::CreateWorkspaceMembership);
        policy::allow(&authentication.user, action, standing)?;
        let chosen = roles::find(tx, at.organization, &only(&role))?;
        authority::check_grant(rights, chosen.permissions)?;
        let joining = Joining {
            user,
            roles: chosen.built_in,
            custom_roles: chosen.custom,
        };
        members::join(tx, &authentication.author(caller), now, at, joining)?;
        return Ok(authentication.used(members::find(tx, at, user)?));
    };
    let mut chosen = chosen(&member.membership);
    if has(&chosen, &role) {
        return Err(Refusal::RoleHeld(key.to_owned()).into());
    }
    let more = only(&role);
    chosen.built_in = chosen.built_in.or(more.built_in);
    chosen.custom.extend(more.custom);
    members::set_roles(tx, caller, now, at, user, &chosen, None)
}

pub(super) fn withdraw(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    user: UserId,
    key: &str,
) -> Result<Used<()>> {
    let permission = Permission::UpdateWorkspaceMembership;
    access::enter_workspace_locked(tx, caller, now, at, permission)?;
    let role = of_workspaces(tx, at, key)?;
    let member = members::find(tx, at, user)?;
    let mut chosen = chosen(&member.membership);
    if !has(&chosen, &role) {
        return Err(Error::NotFound(Kind::Role));
    }
    if let RoleView::Workspace(role) = role {
        chosen.built_in = chosen.built_in.without(role);
    }
    chosen.custom.retain(|other| other.as_str() != key);
    if chosen.built_in.is_empty() && chosen.custom.is_empty() {
        return members::remove(tx, caller, now, at, user, None);
    }
    let Used {
        token,
        last_used_at,
        ..
    } = members::set_roles(tx, caller, now, at, user, &chosen, None)?;
    Ok(Used {
        value: (),
        token,
        last_used_at,
    })
}

/// The role with this public key, which must be one of workspaces.
fn of_workspaces(tx: &mut dyn Tx, at: WorkspaceRef, key: &str) -> Result<RoleView> {
    let found = role::find(tx, at.organization, key)?;
    let found = found.filter(|role| role.scope() == RoleScope::Workspace);
    found.ok_or_else(|| {
        let reason = format!("there is no role '{key}' for workspaces");
        Error::invalid("roles", reason)
    })
}

fn only(role: &RoleView) -> ChosenWorkspaceRoles {
    let custom = match role {
        RoleView::Custom(custom) => vec![custom.key.clone()],
        RoleView::Organization(_) | RoleView::Workspace(_) => Vec::new(),
    };
    ChosenWorkspaceRoles {
        built_in: role.as_workspace_roles(),
        custom,
    }
}

fn chosen(membership: &WorkspaceMembership) -> ChosenWorkspaceRoles {
    let custom = membership.custom_roles.iter();
    ChosenWorkspaceRoles {
        built_in: membership.roles,
        custom: custom.map(|role| role.key.clone()).collect(),
    }
}

fn has(chosen: &ChosenWorkspaceRoles, role: &RoleView) -> bool {
    match role {
        RoleView::Workspace(role) => chosen.built_in.has(*role),
        RoleView::Custom(role) => chosen.custom.contains(&role.key),
        RoleView::Organization(_) => false,
    }
}
