//! Into a workspace: what a caller may there comes from the roles in the organization and from
//! those in the workspace.

use super::{Authentication, Caller, Held, Place, arrive};
use crate::error::Kind;
use crate::id::{OrganizationId, UserId};
use crate::policy::{self, Action, Standing};
use crate::port::Tx;
use crate::role::{Permission, Permissions};
use crate::time::Timestamp;
use crate::workspace::{WorkspaceRef, WorkspaceView};
use crate::{Error, Result};

/// A workspace and what the caller may with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspacePlace {
    /// The organization.
    pub place: Place,
    /// The workspace.
    pub view: WorkspaceView,
    /// What the caller may in the workspace, by the roles in the organization and in the workspace
    /// together.
    pub granted: Permissions,
}

impl WorkspacePlace {
    /// What the caller may grant to others in the workspace, and against whom they rank there; see
    /// [`super::rights`].
    #[must_use]
    pub fn rights(&self, authentication: &Authentication) -> Permissions {
        if authentication.user.superuser {
            Permissions::ALL
        } else {
            self.granted
        }
    }
}

/// Finds out who calls, lets them into a live workspace of a live organization and allows what
/// takes `permission` there. It takes the permission to read the workspace beside: who cannot see
/// a workspace can do nothing with it.
///
/// A member who may not is denied whether the workspace exists or not; whoever may is told when it
/// does not exist, is deleted, or is another organization's.
pub fn enter_workspace(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    permission: Permission,
) -> Result<(Authentication, WorkspacePlace)> {
    let (authentication, place) = enter_any(tx, caller, now, at, permission)?;
    if place.view.workspace.is_live() {
        Ok((authentication, place))
    } else {
        Err(Error::NotFound(Kind::Workspace))
    }
}

/// [`enter_workspace`] behind a lock of the organization's row; see [`super::enter_locked`].
pub fn enter_workspace_locked(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    permission: Permission,
) -> Result<(Authentication, WorkspacePlace)> {
    caller.digest()?;
    tx.organizations().hold(at.organization)?;
    enter_workspace(tx, caller, now, at, permission)
}

/// [`enter_workspace_locked`], but deleted workspaces are not hidden from those who may.
pub fn enter_any_workspace_locked(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    permission: Permission,
) -> Result<(Authentication, WorkspacePlace)> {
    caller.digest()?;
    tx.organizations().hold(at.organization)?;
    enter_any(tx, caller, now, at, permission)
}

fn enter_any(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    permission: Permission,
) -> Result<(Authentication, WorkspacePlace)> {
    let (authentication, place, most) = arrive(tx, caller, now, at.organization)?;
    authentication.within_scopes(Action::Use(permission))?;
    let held = place.as_ref().and_then(|place| place.held);
    let granted = match held {
        Some(held) => granted(tx, &authentication, held, most, at)?,
        None => Permissions::NONE,
    };
    let standing = match (&place, held) {
        (Some(place), Some(_)) => Standing::Member {
            granted,
            owner: place.view.organization.owner_id == authentication.user.id,
        },
        _ => Standing::Stranger,
    };
    for needed in [permission, Permission::ReadWorkspace] {
        policy::allow(&authentication.user, Action::Use(needed), standing)?;
    }
    let place = place.filter(|place| place.view.organization.is_live());
    let place = place.ok_or(Error::NotFound(Kind::Organization))?;
    let view = tx.workspaces().find(at.organization, at.id)?;
    let found = WorkspacePlace {
        place,
        view: view.ok_or(Error::NotFound(Kind::Workspace))?,
        granted,
    };
    Ok((authentication, found))
}

/// What a member may in a workspace; with a service account's key no more than the key's maker.
fn granted(
    tx: &mut dyn Tx,
    authentication: &Authentication,
    held: Held,
    most: Permissions,
    at: WorkspaceRef,
) -> Result<Permissions> {
    let mut there = |user| tx.workspaces().granted(at.organization, at.id, user);
    let own = held.permissions().or(there(authentication.user.id)?);
    let most = match authentication.token.created_by {
        // A maker who may nothing in the organization is none of it, or inactive.
        Some(maker) if !most.is_empty() => most.or(there(maker)?),
        _ => most,
    };
    Ok(own.and(most))
}

/// In which workspaces of an organization a caller may do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In all of them.
    All,
    /// In those to which all of these belong: the caller, the maker of the key they call with, or
    /// both.
    Shared(Vec<UserId>),
}

/// Finds out who calls, lets them into a live organization and tells in which of its workspaces
/// they may do what takes `permission`, which everybody who belongs to a workspace must have there.
pub fn reach_workspaces(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    permission: Permission,
) -> Result<(Authentication, Reach)> {
    let (authentication, place, most) = arrive(tx, caller, now, organization)?;
    authentication.within_scopes(Action::Use(permission))?;
    let user = &authentication.user;
    let standing = place
        .as_ref()
        .map_or(Standing::Stranger, |place| place.standing(user));
    // Every member may, unless the maker of their key may not.
    let action = Action::Use(Permission::ReadOrganization);
    policy::allow(user, action, standing)?;
    let place = place.filter(|place| place.view.organization.is_live());
    let place = place.ok_or(Error::NotFound(Kind::Organization))?;
    if user.superuser || place.granted.has(permission) {
        return Ok((authentication, Reach::All));
    }
    let held = place.held.map(|held| held.permissions());
    let mut shared = Vec::new();
    if !held.is_some_and(|held| held.has(permission)) {
        shared.push(user.id);
    }
    if !most.has(permission) {
        shared.extend(authentication.token.created_by);
    }
    Ok((authentication, Reach::Shared(shared)))
}
