use std::fmt;

/// What a role's permissions are about: the whole organization, or one workspace of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoleScope {
    /// The whole organization.
    Organization,
    /// One workspace.
    Workspace,
}

impl RoleScope {
    /// The key, by which stores know the scope.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Workspace => "workspace",
        }
    }

    /// The scope with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        [Self::Organization, Self::Workspace]
            .into_iter()
            .find(|scope| scope.key() == key)
    }
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $key:literal,)+) => {
        /// One thing that a role permits. Deleting, restoring and handing over an organization are
        /// no permissions: they belong to its owner alone.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Permission {
            $($(#[$doc])* $name,)+
        }

        impl Permission {
            /// All permissions.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The permission in `action:Resource` form.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$name => $key,)+
                }
            }
        }
    };
}

permissions! {
    /// See the organization.
    ReadOrganization = "read:Organization",
    /// Change its name, slug, description and logo.
    UpdateOrganization = "update:Organization",
    /// See who is a member.
    ReadMembership = "read:Membership",
    /// Take somebody in without an invitation.
    CreateMembership = "create:Membership",
    /// Change what roles a member has.
    UpdateMembership = "update:Membership",
    /// Remove a member.
    DeleteMembership = "delete:Membership",
    /// See who is invited.
    ReadInvitation = "read:Invitation",
    /// Invite somebody.
    CreateInvitation = "create:Invitation",
    /// Send an invitation again.
    UpdateInvitation = "update:Invitation",
    /// Revoke an invitation.
    DeleteInvitation = "delete:Invitation",
    /// See the roles and what they permit.
    ReadRole = "read:Role",
    /// Make a role.
    CreateRole = "create:Role",
    /// Change a role.
    UpdateRole = "update:Role",
    /// Delete a role.
    DeleteRole = "delete:Role",
    /// See a workspace.
    ReadWorkspace = "read:Workspace",
    /// Make a workspace.
    CreateWorkspace = "create:Workspace",
    /// Change a workspace.
    UpdateWorkspace = "update:Workspace",
    /// Delete and restore a workspace.
    DeleteWorkspace = "delete:Workspace",
    /// See who belongs to a workspace.
    ReadWorkspaceMembership = "read:WorkspaceMembership",
    /// Take a member of the organization into a workspace.
    CreateWorkspaceMembership = "create:WorkspaceMembership",
    /// Change what roles somebody has in a workspace.
    UpdateWorkspaceMembership = "update:WorkspaceMembership",
    /// Remove somebody from a workspace.
    DeleteWorkspaceMembership = "delete:WorkspaceMembership",
    /// See the preferences of an organization or a workspace.
    ReadPreferences = "read:Preferences",
    /// Change the preferences of an organization or a workspace.
    UpdatePreferences = "update:Preferences",
    /// See the subscription and the quotas.
    ReadSubscription = "read:Subscription",
    /// Cancel the subscription.
    UpdateSubscription = "update:Subscription",
    /// See the domains of the organization.
    ReadDomain = "read:Domain",
    /// Add a domain.
    CreateDomain = "create:Domain",
    /// Verify a domain, make it the primary one, decide who may enroll by it.
    UpdateDomain = "update:Domain",
    /// Remove a domain.
    DeleteDomain = "delete:Domain",
    /// See the service accounts and their keys.
    ReadServiceAccount = "read:ServiceAccount",
    /// Make a service account.
    CreateServiceAccount = "create:ServiceAccount",
    /// Change a service account, issue and revoke its keys.
    UpdateServiceAccount = "update:ServiceAccount",
    /// Delete a service account.
    DeleteServiceAccount = "delete:ServiceAccount",
    /// See the OAuth clients of the organization.
    ReadOAuthClient = "read:OAuthClient",
    /// Make an OAuth client.
    CreateOAuthClient = "create:OAuthClient",
    /// Give an OAuth client a new secret.
    UpdateOAuthClient = "update:OAuthClient",
    /// Delete an OAuth client.
    DeleteOAuthClient = "delete:OAuthClient",
    /// Read, verify and export the audit log.
    ReadAuditEntry = "read:AuditEntry",
    /// See the webhook endpoints and what was sent to them.
    ReadWebhook = "read:Webhook",
    /// Make a webhook endpoint, which is sent what the audit log says.
    CreateWebhook = "create:Webhook",
    /// Change a webhook endpoint, rotate its secret, send tests and replays to it.
    UpdateWebhook = "update:Webhook",
    /// Delete a webhook endpoint.
    DeleteWebhook = "delete:Webhook",
}

impl Permission {
    /// The permission with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|it| it.key() == key)
    }

    /// Whether a role of workspace scope may give it.
    #[must_use]
    pub const fn is_of_workspace(self) -> bool {
        matches!(
            self,
            Self::ReadWorkspace
                | Self::UpdateWorkspace
                | Self::DeleteWorkspace
                | Self::ReadWorkspaceMembership
                | Self::CreateWorkspaceMembership
                | Self::UpdateWorkspaceMembership
                | Self::DeleteWorkspaceMembership
                | Self::ReadPreferences
                | Self::UpdatePreferences
        )
    }

    /// Whether it permits to look and nothing else.
    #[must_use]
    pub fn is_reading(self) -> bool {
        self.key().starts_with("read:")
    }

    const fn bit(self) -> u64 {
        1 << self as u64
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Permissions(u64);

impl Permissions {
    /// The set without permissions.
    pub const NONE: Self = Self(0);

    /// All permissions.
    pub const ALL: Self = Self::of(Permission::ALL);

    /// The set of these permissions.
    #[must_use]
    pub const fn of(permissions: &[Permission]) -> Self {
        let mut set = Self::NONE;
        let mut at = 0;
        while at < permissions.len() {
            set = set.with(permissions[at]);
            at += 1;
        }
        set
    }

    /// This set and `permission`.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | permission.bit())
    }

    /// This set without `permission`.
    #[must_use]
    pub const fn without(self, permission: Permission) -> Self {
        Self(self.0 & !permission.bit())
    }

    /// What is in this set or in the other.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in this set and in the other.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub const fn except(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether `permission` is in the set.
    #[must_use]
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether everything in `other` is in this set.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether there is no permission in the set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The permissions, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .iter()
            .copied()
            .filter(move |it| self.has(*it))
    }

    /// The keys, separated by single spaces: the form in which a store keeps the set.
    #[must_use]
    pub fn to_keys(self) -> String {
        self.iter()
            .map(Permission::key)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Reads [`Permissions::to_keys`]; `None` when a key is unknown.
    #[must_use]
    pub fn from_keys(keys: &str) -> Option<Self> {
        keys.split_ascii_whitespace()
            .try_fold(Self::NONE, |set, key| {
                Permission::from_key(key).map(|it| set.with(it))
            })
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_set() -> impl Strategy<Value = Permissions> {
        any::<u64>().prop_map(|bits| Permissions(bits).and(Permissions::ALL))
    }

    #[test]
    fn keys_are_distinct_and_read_back() {
        for permission in Permission::ALL {
            assert_eq!(Permission::from_key(permission.key()), Some(*permission));
        }
        assert_eq!(Permission::from_key("rule:World"), None);
        assert!(Permission::ALL.len() <= 64, "a set has 64 bits");
    }

    proptest! {
        #[test]
        fn sets_survive_their_text(set in any_set()) {
            prop_assert_eq!(Permissions::from_keys(&set.to_keys()), Some(set));
        }

        #[test]
        fn covering_is_holding_every_one(a in any_set(), b in any_set()) {
            prop_assert_eq!(a.covers(b), b.iter().all(|it| a.has(it)));
            prop_assert_eq!(a.covers(b), b.except(a).is_empty());
            prop_assert!(a.or(b).covers(a) && a.covers(a.and(b)));
        }
    }
}
