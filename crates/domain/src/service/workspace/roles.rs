//! Which roles somebody gets in a workspace, and what these permit.

use super::ChosenWorkspaceRoles;
use crate::id::OrganizationId;
use crate::port::Tx;
use crate::role::{
    AssignedRole, CustomRole, Permission, Permissions, RoleScope, WorkspaceRole, WorkspaceRoles,
};
use crate::value::RoleKey;
use crate::workspace::WorkspaceMembership;
use crate::{Error, Refusal, Result};

/// Chosen roles, found.
pub(super) struct FoundRoles {
    /// The built-in ones, at least one.
    pub(super) built_in: WorkspaceRoles,
    /// The organization's own ones, in the order of their ids.
    pub(super) custom: Vec<AssignedRole>,
    /// What they permit together.
    pub(super) permissions: Permissions,
}

/// Finds the chosen roles. Who gets nothing but custom roles is a viewer beside, so that whoever
/// belongs to a workspace can see it.
pub(super) fn find(
    tx: &mut dyn Tx,
    organization: OrganizationId,
    chosen: &ChosenWorkspaceRoles,
) -> Result<FoundRoles> {
    if chosen.built_in.is_empty() && chosen.custom.is_empty() {
        return Err(Error::invalid("roles", "choose at least one role"));
    }
    let built_in = if chosen.built_in.is_empty() {
        WorkspaceRoles::of(&[WorkspaceRole::Viewer])
    } else {
        chosen.built_in
    };
    let mut custom = Vec::with_capacity(chosen.custom.len());
    let mut permissions = built_in.permissions();
    for key in &chosen.custom {
        let role = custom_role(tx, organization, key)?;
        permissions = permissions.or(role.permissions);
        custom.push(AssignedRole::from(&role));
    }
    custom.sort_unstable();
    custom.dedup();
    Ok(FoundRoles {
        built_in,
        custom,
        permissions,
    })
}

fn custom_role(tx: &mut dyn Tx, organization: OrganizationId, key: &RoleKey) -> Result<CustomRole> {
    let found = tx.roles().find_by_key(organization, key)?;
    found
        .filter(|role| role.scope == RoleScope::Workspace)
        .ok_or_else(|| {
            let reason = format!("there is no role '{}' for workspaces", key.as_str());
            Error::invalid("roles", reason)
        })
}

/// Refuses to touch somebody who may do more in the workspace than the caller. What they may in
/// the organization beside does not matter here.
pub(super) fn check_rank(rights: Permissions, target: Permissions) -> Result<()> {
    let exceeds = |it: Permission| it.is_of_workspace() && !rights.has(it);
    if target.iter().any(exceeds) {
        Err(Refusal::Outranked.into())
    } else {
        Ok(())
    }
}

/// All roles of somebody in a workspace by their public keys, with spaces in between, for the
/// audit log.
pub(super) fn role_keys(membership: &WorkspaceMembership) -> String {
    let mut keys: Vec<&str> = membership
        .roles
        .iter()
        .map(WorkspaceRole::public_key)
        .collect();
    keys.extend(membership.custom_roles.iter().map(|role| role.key.as_str()));
    keys.join(" ")
}
