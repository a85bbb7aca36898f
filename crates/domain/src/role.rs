//! Roles and the permissions they give.

use std::fmt;

/// The built-in roles of an organization, most powerful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Runs the organization.
    Admin,
    /// Runs the organization's daily business: members, workspaces, settings.
    Manager,
    /// Looks after the subscription.
    Billing,
    /// Sees everything, changes nothing.
    Viewer,
    /// Belongs to the organization.
    Member,
}

impl Role {
    /// All roles, most powerful first.
    pub const ALL: [Self; 5] = [
        Self::Admin,
        Self::Manager,
        Self::Billing,
        Self::Viewer,
        Self::Member,
    ];

    /// The key, by which stores and dialects know the role.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Billing => "billing",
            Self::Viewer => "viewer",
            Self::Member => "member",
        }
    }

    /// The role with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.key() == key)
    }

    /// What the role permits.
    #[must_use]
    pub const fn permissions(self) -> &'static [Permission] {
        use Permission::{ReadMembership, ReadOrganization, UpdateOrganization};
        match self {
            Self::Admin | Self::Manager => &[ReadOrganization, UpdateOrganization, ReadMembership],
            Self::Billing | Self::Viewer | Self::Member => &[ReadOrganization, ReadMembership],
        }
    }
}

/// One thing that a role permits inside its organization. Deleting, restoring and handing over an
/// organization are no permissions: they belong to its owner alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Permission {
    /// See the organization.
    ReadOrganization,
    /// Change its name, slug, description and logo.
    UpdateOrganization,
    /// See who is a member.
    ReadMembership,
}

impl Permission {
    /// The permission in `action:Resource` form.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::ReadOrganization => "read:Organization",
            Self::UpdateOrganization => "update:Organization",
            Self::ReadMembership => "read:Membership",
        }
    }
}

/// The roles of one member: a small set, in the order of [`Role::ALL`].
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Roles(u8);

impl Roles {
    /// The set without roles.
    pub const NONE: Self = Self(0);

    /// The set of these roles.
    #[must_use]
    pub fn of(roles: &[Role]) -> Self {
        roles.iter().fold(Self::NONE, |set, role| set.with(*role))
    }

    /// This set and `role`.
    #[must_use]
    pub const fn with(self, role: Role) -> Self {
        Self(self.0 | Self::bit(role))
    }

    /// Whether `role` is in the set.
    #[must_use]
    pub const fn has(self, role: Role) -> bool {
        self.0 & Self::bit(role) != 0
    }

    /// Whether there is no role in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The roles, most powerful first.
    pub fn iter(self) -> impl Iterator<Item = Role> {
        Role::ALL.into_iter().filter(move |role| self.has(*role))
    }

    /// Whether some role of the set gives `permission`.
    #[must_use]
    pub fn permit(self, permission: Permission) -> bool {
        self.iter()
            .any(|role| role.permissions().contains(&permission))
    }

    /// The keys, separated by single spaces: the form in which a store keeps the set.
    #[must_use]
    pub fn to_keys(self) -> String {
        self.iter().map(Role::key).collect::<Vec<_>>().join(" ")
    }

    /// Reads [`Roles::to_keys`]; `None` when a key is unknown.
    #[must_use]
    pub fn from_keys(keys: &str) -> Option<Self> {
        keys.split_ascii_whitespace()
            .try_fold(Self::NONE, |set, key| {
                Role::from_key(key).map(|role| set.with(role))
            })
    }

    const fn bit(role: Role) -> u8 {
        1 << role as u8
    }
}

impl fmt::Debug for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
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
    fn more_powerful_roles_permit_no_less() {
        for permission in Role::Member.permissions() {
            for role in Role::ALL {
                assert!(
                    role.permissions().contains(permission),
                    "{role:?} {permission:?}"
                );
            }
        }
    }
}
