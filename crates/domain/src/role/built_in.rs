use std::fmt;

use super::{Permission, Permissions};

macro_rules! built_in {
    (
        $(#[$doc:meta])* $role:ident, $(#[$set_doc:meta])* $roles:ident, $count:literal;
        $($(#[$role_doc:meta])* $name:ident = $key:literal, $public:literal, $title:literal;)+
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $role {
            $($(#[$role_doc])* $name,)+
        }

        impl $role {
            /// All of them, most powerful first.
            pub const ALL: [Self; $count] = [$(Self::$name,)+];

            /// The key, by which stores know the role.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)+
                }
            }

            /// The key, by which clients know the role beside those that organizations make.
            #[must_use]
            pub const fn public_key(self) -> &'static str {
                match self {
                    $(Self::$name => $public,)+
                }
            }

            /// What people call the role.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$name => $title,)+
                }
            }

            /// The role with this key.
            #[must_use]
            pub fn from_key(key: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|role| role.key() == key)
            }

            /// The role with this public key.
            #[must_use]
            pub fn from_public_key(key: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|role| role.public_key() == key)
            }
        }

        $(#[$set_doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $roles(u8);

        impl $roles {
            /// The set without roles.
            pub const NONE: Self = Self(0);

            /// The set of these roles.
            #[must_use]
            pub fn of(roles: &[$role]) -> Self {
                roles.iter().fold(Self::NONE, |set, role| set.with(*role))
            }

            /// This set and `role`.
            #[must_use]
            pub const fn with(self, role: $role) -> Self {
                Self(self.0 | Self::bit(role))
            }

            /// This set without `role`.
            #[must_use]
            pub const fn without(self, role: $role) -> Self {
                Self(self.0 & !Self::bit(role))
            }

            /// What is in this set or in the other.
            #[must_use]
            pub const fn or(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Whether `role` is in the set.
            #[must_use]
            pub const fn has(self, role: $role) -> bool {
                self.0 & Self::bit(role) != 0
            }

            /// Whether there is no role in the set.
            #[must_use]
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// The roles, most powerful first.
            pub fn iter(self) -> impl Iterator<Item = $role> {
                $role::ALL.into_iter().filter(move |role| self.has(*role))
            }

            /// What the roles permit together.
            #[must_use]
            pub fn permissions(self) -> Permissions {
                self.iter()
                    .fold(Permissions::NONE, |set, role| set.or(role.permissions()))
            }

            /// The keys, separated by single spaces: the form in which a store keeps the set.
            #[must_use]
            pub fn to_keys(self) -> String {
                self.iter().map($role::key).collect::<Vec<_>>().join(" ")
            }

            /// Reads the keys; `None` when one is unknown.
            #[must_use]
            pub fn from_keys(keys: &str) -> Option<Self> {
                keys.split_ascii_whitespace()
                    .try_fold(Self::NONE, |set, key| {
                        $role::from_key(key).map(|role| set.with(role))
                    })
            }

            const fn bit(role: $role) -> u8 {
                1 << role as u8
            }
        }

        impl fmt::Debug for $roles {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_set().entries(self.iter()).finish()
            }
        }
    };
}

built_in! {
    /// The built-in roles of an organization, most powerful first.
    Role,
    /// Built-in roles of one member: a small set, in the order of [`Role::ALL`].
    Roles, 5;
    /// Runs the organization.
    Admin = "admin", "org-admin", "Organization Admin";
    /// Runs the organization's daily business: members, invitations, workspaces, settings.
    Manager = "manager", "org-manager", "Organization Manager";
    /// Looks after the subscription.
    Billing = "billing", "org-billing", "Billing Admin";
    /// Sees everything but the audit log and webhooks, changes nothing.
    Viewer = "viewer", "org-viewer", "Organization Viewer";
    /// Belongs to the organization.
    Member = "member", "org-member", "Organization Member";
}

built_in! {
    /// The built-in roles in a workspace, most powerful first.
    WorkspaceRole,
    /// Built-in roles of somebody in a workspace: a small set, in the order of
    /// [`WorkspaceRole::ALL`].
    WorkspaceRoles, 3;
    /// Runs the workspace.
    Admin = "admin", "workspace-admin", "Workspace Admin";
    /// Works in the workspace.
    Editor = "editor", "workspace-editor", "Workspace Editor";
    /// Looks at the workspace.
    Viewer = "viewer", "workspace-viewer", "Workspace Viewer";
}

/// What every member may, whatever the role.
const MEMBER: &[Permission] = &[
    Permission::ReadOrganization,
    Permission::ReadMembership,
    Permission::ReadRole,
    Permission::ReadPreferences,
];

const VIEWER: &[Permission] = &[
    Permission::ReadInvitation,
    Permission::ReadWorkspace,
    Permission::ReadWorkspaceMembership,
    Permission::ReadSubscription,
    Permission::ReadDomain,
    Permission::ReadServiceAccount,
    Permission::ReadOAuthClient,
];

const MANAGER: &[Permission] = &[
    Permission::UpdateOrganization,
    Permission::CreateMembership,
    Permission::UpdateMembership,
    Permission::DeleteMembership,
    Permission::CreateInvitation,
    Permission::UpdateInvitation,
    Permission::DeleteInvitation,
    Permission::CreateWorkspace,
    Permission::UpdateWorkspace,
    Permission::DeleteWorkspace,
    Permission::CreateWorkspaceMembership,
    Permission::UpdateWorkspaceMembership,
    Permission::DeleteWorkspaceMembership,
    Permission::UpdatePreferences,
];

const BILLING: &[Permission] = &[Permission::ReadSubscription, Permission::UpdateSubscription];

const WORKSPACE_VIEWER: &[Permission] = &[
    Permission::ReadWorkspace,
    Permission::ReadWorkspaceMembership,
    Permission::ReadPreferences,
];

const WORKSPACE_ADMIN: &[Permission] = &[
    Permission::UpdateWorkspace,
    Permission::CreateWorkspaceMembership,
    Permission::UpdateWorkspaceMembership,
    Permission::DeleteWorkspaceMembership,
    Permission::UpdatePreferences,
];

impl Role {
    /// What the role permits.
    #[must_use]
    pub const fn permissions(self) -> Permissions {
        let member = Permissions::of(MEMBER);
        let viewer = member.or(Permissions::of(VIEWER));
        match self {
            Self::Admin => Permissions::ALL,
            Self::Manager => viewer.or(Permissions::of(MANAGER)),
            Self::Billing => member.or(Permissions::of(BILLING)),
            Self::Viewer => viewer,
            Self::Member => member,
        }
    }
}

impl WorkspaceRole {
    /// What the role permits in its workspace.
    #[must_use]
    pub const fn permissions(self) -> Permissions {
        let viewer = Permissions::of(WORKSPACE_VIEWER);
        match self {
            Self::Admin => viewer.or(Permissions::of(WORKSPACE_ADMIN)),
            Self::Editor => viewer.with(Permission::UpdateWorkspace),
            Self::Viewer => viewer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_survive_their_text() {
        for bits in 0..32 {
            let set = Roles(bits);
            assert_eq!(Roles::from_keys(&set.to_keys()), Some(set));
        }
        assert_eq!(Roles::from_keys("admin emperor"), None);
    }

    #[test]
    fn every_role_permits_what_members_may_and_no_more_than_admins() {
        for role in Role::ALL {
            assert!(
                role.permissions().covers(Role::Member.permissions()),
                "{role:?}"
            );
            assert!(
                Role::Admin.permissions().covers(role.permissions()),
                "{role:?}"
            );
        }
    }

    #[test]
    fn roles_of_a_workspace_stay_inside_it() {
        for role in WorkspaceRole::ALL {
            assert!(
                role.permissions().iter().all(Permission::is_of_workspace),
                "{role:?}"
            );
        }
    }
}
