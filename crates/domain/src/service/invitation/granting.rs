//! What an invitation gives, and whether its sender may give that.

use super::ROLES_PER_INVITATION;
use crate::access::{self, Authentication, Place};
use crate::id::{OrganizationId, WorkspaceId};
use crate::invitation::Invitation;
use crate::port::Tx;
use crate::role::{
    AssignedRole, CustomRole, Permissions, Role, RoleScope, Roles, WorkspaceRole, WorkspaceRoles,
};
use crate::service::authority;
use crate::value::RoleKey;
use crate::{Error, Result};

/// The roles that an invitation gives, and what they permit together.
#[derive(Clone, Debug, Default)]
pub(super) struct Gift {
    pub(super) roles: Roles,
    pub(super) workspace_roles: WorkspaceRoles,
    pub(super) custom_roles: Vec<AssignedRole>,
    in_organization: Permissions,
    in_workspace: Permissions,
    of_workspace: bool,
}

impl Gift {
    /// The roles with these public keys.
    pub(super) fn of_keys(
        tx: &mut dyn Tx,
        organization: OrganizationId,
        workspace: Option<WorkspaceId>,
        keys: &[String],
    ) -> Result<Self> {
        if keys.len() > ROLES_PER_INVITATION {
            let reason = format!("an invitation gives at most {ROLES_PER_INVITATION} roles");
            return Err(Error::invalid("roles", reason));
        }
        let mut gift = Self::default();
        for key in keys {
            gift.add_key(tx, organization, key)?;
        }
        if workspace.is_none() && gift.of_workspace {
            let reason = "a role of workspaces needs a workspace";
            return Err(Error::invalid("roles", reason));
        }
        if gift.roles.is_empty() {
            gift.roles = gift.roles.with(Role::Member);
        }
        if workspace.is_some() && gift.workspace_roles.is_empty() {
            gift.workspace_roles = gift.workspace_roles.with(WorkspaceRole::Viewer);
        }
        gift.custom_roles.sort_unstable();
        gift.count_built_in();
        Ok(gift)
    }

    /// What an invitation gives today: its custom roles may have changed.
    pub(super) fn of_invitation(tx: &mut dyn Tx, invitation: &Invitation) -> Result<Self> {
        let mut gift = Self {
            roles: invitation.roles,
            workspace_roles: invitation.workspace_roles,
            ..Self::default()
        };
        for role in custom_roles(tx, invitation)? {
            gift.add(&role);
        }
        gift.count_built_in();
        Ok(gift)
    }

    /// All roles by their public keys, with spaces in between, for the audit log.
    pub(super) fn keys(&self) -> String {
        let built_in = self.roles.iter().map(Role::public_key);
        let of_workspace = self.workspace_roles.iter().map(WorkspaceRole::public_key);
        let mut keys: Vec<&str> = built_in.chain(of_workspace).collect();
        keys.extend(self.custom_roles.iter().map(|role| role.key.as_str()));
        keys.join(" ")
    }

    fn add_key(&mut self, tx: &mut dyn Tx, organization: OrganizationId, key: &str) -> Result<()> {
        if let Some(role) = Role::from_public_key(key) {
            self.roles = self.roles.with(role);
        } else if let Some(role) = WorkspaceRole::from_public_key(key) {
            self.workspace_roles = self.workspace_roles.with(role);
            self.of_workspace = true;
        } else {
            let found = match RoleKey::parse(key) {
                Ok(key) => tx.roles().find_by_key(organization, &key)?,
                Err(_) => None,
            };
            let unknown = || Error::invalid("roles", format!("there is no role '{key}'"));
            self.add(&found.ok_or_else(unknown)?);
        }
        Ok(())
    }

    fn add(&mut self, role: &CustomRole) {
        if self.custom_roles.iter().any(|known| known.id == role.id) {
            return;
        }
        self.custom_roles.push(AssignedRole::from(role));
        self.of_workspace |= role.scope == RoleScope::Workspace;
        let permissions = match role.scope {
            RoleScope::Organization => &mut self.in_organization,
            RoleScope::Workspace => &mut self.in_workspace,
        };
        *permissions = permissions.or(role.permissions);
    }

    fn count_built_in(&mut self) {
        self.in_organization = self.in_organization.or(self.roles.permissions());
        self.in_workspace = self.in_workspace.or(self.workspace_roles.permissions());
    }
}

/// The custom roles of an invitation.
pub(super) fn custom_roles(tx: &mut dyn Tx, invitation: &Invitation) -> Result<Vec<CustomRole>> {
    let mut roles = Vec::new();
    for assigned in &invitation.custom_roles {
        let found = tx.roles().find(invitation.organization_id, assigned.id)?;
        // A role that an invitation has cannot be deleted.
        roles.push(found.ok_or_else(|| Error::storage("a role of an invitation is gone"))?);
    }
    Ok(roles)
}

/// Refuses a gift of which the giver does not have everything: in the organization, or for the
/// roles of a workspace, there or in the organization.
pub(super) fn check(
    tx: &mut dyn Tx,
    authentication: &Authentication,
    place: &Place,
    workspace: Option<WorkspaceId>,
    gift: &Gift,
) -> Result<()> {
    let rights = access::rights(authentication, place);
    authority::check_grant(rights, gift.in_organization)?;
    let Some(workspace) = workspace else {
        return Ok(());
    };
    // A key permits no more than its maker may, which is known of the organization alone.
    let there = if authentication.token.created_by.is_some() {
        Permissions::NONE
    } else {
        let (organization, user) = (place.view.organization.id, authentication.user.id);
        tx.workspaces().granted(organization, workspace, user)?
    };
    authority::check_grant(rights.or(there), gift.in_workspace)
}
