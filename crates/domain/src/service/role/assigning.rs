use super::find;
use crate::id::OrganizationId;
use crate::port::Tx;
use crate::role::{AssignedRole, Permissions, Role, RoleScope, RoleView, Roles};
use crate::{Error, Result};

/// How many roles can be named for one member.
pub const ROLES_PER_MEMBER: usize = 32;

/// Roles in the organization that a member gets, and what they permit together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The built-in roles, at least one.
    pub roles: Roles,
    /// The organization's own roles, in the order of their ids.
    pub custom: Vec<AssignedRole>,
    /// What they permit.
    pub permissions: Permissions,
}

impl Assignment {
    /// The roles with these public keys. Who gets nothing but custom roles is a member beside.
    pub fn of_keys(tx: &mut dyn Tx, organization: OrganizationId, keys: &[String]) -> Result<Self> {
        if keys.len() > ROLES_PER_MEMBER {
            let reason = format!("a member has at most {ROLES_PER_MEMBER} roles");
            return Err(Error::invalid("roles", reason));
        }
        let mut assignment = Self {
            roles: Roles::NONE,
            custom: Vec::new(),
            permissions: Permissions::NONE,
        };
        for key in keys {
            let found = find(tx, organization, key)?;
            let unknown = || Error::invalid("roles", format!("there is no role '{key}'"));
            assignment.add(&found.ok_or_else(unknown)?)?;
        }
        assignment.custom.sort_unstable();
        assignment.custom.dedup();
        if assignment.roles.is_empty() {
            assignment.add(&RoleView::Organization(Role::Member))?;
        }
        Ok(assignment)
    }

    fn add(&mut self, role: &RoleView) -> Result<()> {
        if role.scope() != RoleScope::Organization {
            let reason = format!("'{}' is a role of workspaces; give it there", role.key());
            return Err(Error::invalid("roles", reason));
        }
        self.roles = self.roles.or(role.as_roles());
        if let RoleView::Custom(custom) = role {
            self.custom.push(AssignedRole::from(custom));
        }
        self.permissions = self.permissions.or(role.permissions());
        Ok(())
    }
}
