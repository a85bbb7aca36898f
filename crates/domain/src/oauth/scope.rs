use std::fmt;

use crate::policy::Action;

/// What a client can be allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Learn who the user is: an ID token, and `/oauth2/userinfo`.
    OpenId,
    /// Learn the user's name.
    Profile,
    /// Learn the user's address.
    Email,
    /// Go on when the user is away: a refresh token.
    OfflineAccess,
    /// Act as the user.
    Rollbook,
    /// See what the user sees.
    RollbookRead,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 6] = [
        Self::OpenId,
        Self::Profile,
        Self::Email,
        Self::OfflineAccess,
        Self::Rollbook,
        Self::RollbookRead,
    ];

    /// The name, by which clients and stores know it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::OpenId => "openid",
            Self::Profile => "profile",
            Self::Email => "email",
            Self::OfflineAccess => "offline_access",
            Self::Rollbook => "rollbook",
            Self::RollbookRead => "rollbook:read",
        }
    }

    /// The scope of this name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.key() == key)
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// What a client can have without a user: nobody is there to be known, or to go away.
    pub const WITHOUT_USER: Self = Self::NONE.with(Scope::Rollbook).with(Scope::RollbookRead);

    /// The set of these.
    #[must_use]
    pub fn of(scopes: &[Scope]) -> Self {
        scopes
            .iter()
            .fold(Self::NONE, |set, scope| set.with(*scope))
    }

    /// This set and `scope`.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | 1 << scope as u8)
    }

    /// What is in this set and in the other.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether `scope` is in the set.
    #[must_use]
    pub const fn has(self, scope: Scope) -> bool {
        self.0 & 1 << scope as u8 != 0
    }

    /// Whether everything in `other` is in this set.
    #[must_use]
    pub const fn covers(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// Whether nothing is in it.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.has(*scope))
    }

    /// The names, separated by single spaces (RFC 6749 §3.3).
    #[must_use]
    pub fn to_keys(self) -> String {
        self.iter().map(Scope::key).collect::<Vec<_>>().join(" ")
    }

    /// Reads names that are separated by spaces; `None` when one is unknown.
    #[must_use]
    pub fn from_keys(keys: &str) -> Option<Self> {
        let mut names = keys.split(' ').filter(|name| !name.is_empty());
        names.try_fold(Self::NONE, |set, name| {
            Scope::from_key(name).map(|scope| set.with(scope))
        })
    }

    /// The scope that is missing for an action; `None`: these permit it, as far as they go.
    #[must_use]
    pub fn lacking(self, action: Action) -> Option<Scope> {
        if self.has(Scope::Rollbook) {
            None
        } else if !action.is_reading() {
            Some(Scope::Rollbook)
        } else if self.has(Scope::RollbookRead) {
            None
        } else {
            Some(Scope::RollbookRead)
        }
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::Permission;

    #[test]
    fn names_are_read_back() {
        let all = Scopes::of(&Scope::ALL);
        assert_eq!(
            all.to_keys(),
            "openid profile email offline_access rollbook rollbook:read"
        );
        assert_eq!(Scopes::from_keys(&all.to_keys()), Some(all));
        assert_eq!(Scopes::from_keys(""), Some(Scopes::NONE));
        assert_eq!(
            Scopes::from_keys("  email   openid email"),
            Some(Scopes::of(&[Scope::OpenId, Scope::Email]))
        );
        for unknown in ["admin", "openid\temail", "OpenID"] {
            assert_eq!(Scopes::from_keys(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn reading_is_not_writing() {
        let read = Action::Use(Permission::ReadOrganization);
        let write = Action::Use(Permission::UpdateOrganization);
        let [all, look, who] = [
            Scopes::of(&[Scope::Rollbook]),
            Scopes::of(&[Scope::RollbookRead]),
            Scopes::of(&[Scope::OpenId, Scope::Profile, Scope::Email]),
        ];
        for (scopes, action, lacking) in [
            (all, read, None),
            (all, write, None),
            (look, read, None),
            (look, write, Some(Scope::Rollbook)),
            (who, read, Some(Scope::RollbookRead)),
            (who, write, Some(Scope::Rollbook)),
            (who, Action::ReadSelf, Some(Scope::RollbookRead)),
        ] {
            assert_eq!(scopes.lacking(action), lacking, "{scopes:?} {action:?}");
        }
    }
}
