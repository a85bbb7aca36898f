use super::{
    CustomRole, Permissions, Role, RoleRef, RoleScope, Roles, WorkspaceRole, WorkspaceRoles,
};
use crate::value::Description;

/// A role as readers know it: one that every organization has, or one that it has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleView {
    /// A built-in role of organizations.
    Organization(Role),
    /// A built-in role of workspaces.
    Workspace(WorkspaceRole),
    /// A role that the organization made.
    Custom(CustomRole),
}

impl RoleView {
    /// The built-in roles of a scope, or of both, in the order of their references.
    pub fn built_in(scope: Option<RoleScope>) -> impl Iterator<Item = Self> {
        let of_organizations = Role::ALL.into_iter().map(Self::Organization);
        let of_workspaces = WorkspaceRole::ALL.into_iter().map(Self::Workspace);
        of_organizations
            .chain(of_workspaces)
            .filter(move |role| scope.is_none_or(|scope| role.scope() == scope))
    }

    /// The built-in role with this public key.
    #[must_use]
    pub fn from_public_key(key: &str) -> Option<Self> {
        Self::built_in(None).find(|role| role.key() == key)
    }

    /// Which role it is; lists of roles are sorted by it.
    #[must_use]
    pub fn reference(&self) -> RoleRef {
        match self {
            Self::Organization(role) => RoleRef::Organization(*role),
            Self::Workspace(role) => RoleRef::Workspace(*role),
            Self::Custom(role) => RoleRef::Custom(role.id),
        }
    }

    /// The key by which clients know it.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Organization(role) => role.public_key(),
            Self::Workspace(role) => role.public_key(),
            Self::Custom(role) => role.key.as_str(),
        }
    }

    /// What people call it.
    #[must_use]
    pub fn title(&self) -> &str {
        match self {
            Self::Organization(role) => role.title(),
            Self::Workspace(role) => role.title(),
            Self::Custom(role) => role.title.as_str(),
        }
    }

    /// What it is for.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        match self {
            Self::Organization(role) => Some(role.description()),
            Self::Workspace(role) => Some(role.description()),
            Self::Custom(role) => role.description.as_ref().map(Description::as_str),
        }
    }

    /// What its permissions are about.
    #[must_use]
    pub const fn scope(&self) -> RoleScope {
        match self {
            Self::Organization(_) => RoleScope::Organization,
            Self::Workspace(_) => RoleScope::Workspace,
            Self::Custom(role) => role.scope,
        }
    }

    /// What it permits.
    #[must_use]
    pub const fn permissions(&self) -> Permissions {
        match self {
            Self::Organization(role) => role.permissions(),
            Self::Workspace(role) => role.permissions(),
            Self::Custom(role) => role.permissions,
        }
    }

    /// The set with nothing but this role, if it is a built-in one of organizations.
    #[must_use]
    pub fn as_roles(&self) -> Roles {
        match self {
            Self::Organization(role) => Roles::of(&[*role]),
            Self::Workspace(_) | Self::Custom(_) => Roles::NONE,
        }
    }

    /// The set with nothing but this role, if it is a built-in one of workspaces.
    #[must_use]
    pub fn as_workspace_roles(&self) -> WorkspaceRoles {
        match self {
            Self::Workspace(role) => WorkspaceRoles::of(&[*role]),
            Self::Organization(_) | Self::Custom(_) => WorkspaceRoles::NONE,
        }
    }
}

impl Role {
    /// What the role is for.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Admin => "Runs the organization.",
            Self::Manager => {
                "Runs the daily business: members, invitations, workspaces and settings."
            }
            Self::Billing => "Looks after the subscription.",
            Self::Viewer => "Sees everything but the audit log, changes nothing.",
            Self::Member => "Belongs to the organization.",
        }
    }
}

impl WorkspaceRole {
    /// What the role is for.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::Admin => "Runs the workspace.",
            Self::Editor => "Works in the workspace.",
            Self::Viewer => "Looks at the workspace.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_roles_are_sorted_and_found() {
        let all: Vec<_> = RoleView::built_in(None).collect();
        assert_eq!(all.len(), 8);
        assert!(all.is_sorted_by_key(RoleView::reference));
        for role in &all {
            assert_eq!(RoleView::from_public_key(role.key()).as_ref(), Some(role));
            assert!(role.description().is_some());
        }
        let of_workspace = RoleView::built_in(Some(RoleScope::Workspace));
        assert!(of_workspace.eq(all[5..].iter().cloned()));
        assert_eq!(RoleView::from_public_key("admin"), None);
    }
}
