use super::roles::{self, FoundRoles};
use super::{AddWorkspaceMember, ChosenWorkspaceRoles, WorkspaceMemberPage};
use crate::access::{self, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::id::UserId;
use crate::idempotency::{self, Claim};
use crate::organization::Version;
use crate::page::Window;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::{AssignedRole, Permission, Permissions, WorkspaceRoles};
use crate::service::authority;
use crate::time::Timestamp;
use crate::workspace::{WorkspaceMemberView, WorkspaceMembership, WorkspaceRef};
use crate::{Error, Refusal, Result};

/// Who comes into a workspace, and as what. The right to grant these roles was checked before.
#[derive(Clone, Debug)]
pub struct Joining {
    /// Who.
    pub user: UserId,
    /// The built-in roles, at least one.
    pub roles: WorkspaceRoles,
    /// The organization's own ones, of workspace scope.
    pub custom_roles: Vec<AssignedRole>,
}

/// Takes a member of the organization into a workspace. The organization's row is locked.
pub fn join(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    at: WorkspaceRef,
    joining: Joining,
) -> Result<()> {
    let user = joining.user;
    if tx.memberships().held(at.organization, user)?.is_none() {
        return Err(Refusal::NotAMember.into());
    }
    let membership = WorkspaceMembership {
        organization_id: at.organization,
        workspace_id: at.id,
        user_id: user,
        roles: joining.roles,
        custom_roles: joining.custom_roles,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
    };
    if !tx.workspaces().add_member(&membership)? {
        return Err(Refusal::AlreadyInWorkspace.into());
    }
    let roles = Change::set("roles", &roles::role_keys(&membership));
    let act = Act::WorkspaceMembershipCreated;
    note(tx, author, now, at, user, act, vec![roles])
}

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    window: &Window<UserId>,
) -> Result<Used<WorkspaceMemberPage>> {
    let permission = Permission::ReadWorkspaceMembership;
    let (authentication, _) = access::enter_workspace(tx, caller, now, at, permission)?;
    let page = tx
        .workspaces()
        .list_members(at.organization, at.id, window)?;
    Ok(authentication.used(page))
}

pub(super) fn get(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    user: UserId,
) -> Result<Used<WorkspaceMemberView>> {
    let permission = Permission::ReadWorkspaceMembership;
    let (authentication, _) = access::enter_workspace(tx, caller, now, at, permission)?;
    Ok(authentication.used(find(tx, at, user)?))
}

pub(super) fn add(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    command: &AddWorkspaceMember,
) -> Result<Used<WorkspaceMemberView>> {
    let permission = Permission::CreateWorkspaceMembership;
    let (authentication, place) = access::enter_workspace_locked(tx, caller, now, at, permission)?;
    let (claimer, once) = (authentication.user.id, command.once.as_ref());
    if let Claim::Made(user) = idempotency::claim(tx, claimer, once, now, command.user.uuid())? {
        return Ok(authentication.used(find(tx, at, UserId::new(user))?));
    }
    let chosen = roles::find(tx, at.organization, &command.roles)?;
    authority::check_grant(place.rights(&authentication), chosen.permissions)?;
    let joining = Joining {
        user: command.user,
        roles: chosen.built_in,
        custom_roles: chosen.custom,
    };
    join(tx, &authentication.author(caller), now, at, joining)?;
    Ok(authentication.used(find(tx, at, command.user)?))
}

pub(super) fn set_roles(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    user: UserId,
    chosen: &ChosenWorkspaceRoles,
    seen: Option<Version>,
) -> Result<Used<WorkspaceMemberView>> {
    let permission = Permission::UpdateWorkspaceMembership;
    let (authentication, place) = access::enter_workspace_locked(tx, caller, now, at, permission)?;
    let mut view = find(tx, at, user)?;
    let rights = place.rights(&authentication);
    roles::check_rank(rights, permissions_of(tx, at, user)?)?;
    view.membership.version.expect(seen)?;
    let chosen = roles::find(tx, at.organization, chosen)?;
    authority::check_grant(rights, chosen.permissions)?;
    let author = authentication.author(caller);
    assign(tx, &author, now, &mut view.membership, chosen)?;
    Ok(authentication.used(view))
}

/// Writes other roles, if they are others.
fn assign(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    membership: &mut WorkspaceMembership,
    chosen: FoundRoles,
) -> Result<()> {
    if membership.roles == chosen.built_in && membership.custom_roles == chosen.custom {
        return Ok(());
    }
    let (before, old) = (membership.version, roles::role_keys(membership));
    membership.roles = chosen.built_in;
    membership.custom_roles = chosen.custom;
    membership.version = before.next();
    membership.updated_at = now;
    if !tx.workspaces().update_member(membership, before)? {
        return Err(Refusal::VersionMismatch.into());
    }
    let new = roles::role_keys(membership);
    let at = WorkspaceRef {
        organization: membership.organization_id,
        id: membership.workspace_id,
    };
    let changes = vec![Change::new("roles", Some(&old), Some(&new))];
    let act = Act::WorkspaceMembershipUpdated;
    note(tx, author, now, at, membership.user_id, act, changes)
}

pub(super) fn remove(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    user: UserId,
    seen: Option<Version>,
) -> Result<Used<()>> {
    let permission = Permission::DeleteWorkspaceMembership;
    let (authentication, place) = access::enter_workspace_locked(tx, caller, now, at, permission)?;
    let view = find(tx, at, user)?;
    let target = permissions_of(tx, at, user)?;
    roles::check_rank(place.rights(&authentication), target)?;
    view.membership.version.expect(seen)?;
    end(tx, &authentication.author(caller), now, &view.membership)?;
    Ok(authentication.used(()))
}

/// Whoever belongs to a workspace may leave it; that takes no permission. Who does not belong to
/// it does not learn whether it exists.
pub(super) fn leave(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
) -> Result<Used<()>> {
    let action = Action::Use(Permission::ReadOrganization);
    let (authentication, _) = access::enter_locked(tx, caller, now, at.organization, action)?;
    let view = find(tx, at, authentication.user.id)?;
    let workspace = tx.workspaces().find(at.organization, at.id)?;
    if !workspace.is_some_and(|view| view.workspace.is_live()) {
        return Err(Error::NotFound(Kind::WorkspaceMembership));
    }
    end(tx, &authentication.author(caller), now, &view.membership)?;
    Ok(authentication.used(()))
}

fn end(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    membership: &WorkspaceMembership,
) -> Result<()> {
    let (organization, user) = (membership.organization_id, membership.user_id);
    let id = membership.workspace_id;
    tx.workspaces().remove_member(organization, id, user)?;
    let roles = Change::new("roles", Some(&roles::role_keys(membership)), None);
    let act = Act::WorkspaceMembershipDeleted;
    let at = WorkspaceRef { organization, id };
    note(tx, author, now, at, user, act, vec![roles])
}

/// Somebody who belongs to a workspace.
pub(super) fn find(tx: &mut dyn Tx, at: WorkspaceRef, user: UserId) -> Result<WorkspaceMemberView> {
    let found = tx.workspaces().find_member(at.organization, at.id, user)?;
    found.ok_or(Error::NotFound(Kind::WorkspaceMembership))
}

/// What a member may in a workspace, by the roles in the organization, too.
fn permissions_of(tx: &mut dyn Tx, at: WorkspaceRef, user: UserId) -> Result<Permissions> {
    let held = tx.memberships().held(at.organization, user)?;
    let there = tx.workspaces().granted(at.organization, at.id, user)?;
    Ok(held.unwrap_or_default().permissions().or(there))
}

/// Records what happened to a member of a workspace, with the workspace, which the target does not
/// tell.
fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    at: WorkspaceRef,
    user: UserId,
    act: Act,
    mut changes: Vec<Change>,
) -> Result<()> {
    let id = at.id.to_string();
    let workspace = match act {
        Act::WorkspaceMembershipCreated => Change::set("workspace_id", &id),
        _ => Change::new("workspace_id", Some(&id), Some(&id)),
    };
    changes.insert(0, workspace);
    let deed = Deed {
        chain: Chain::Organization(at.organization),
        act,
        target: Target::WorkspaceMembership(user),
        changes,
    };
    audit::record(tx, author, now, &deed)
}
