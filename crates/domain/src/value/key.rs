use std::fmt;

use super::{Malformed, malformed};
use crate::role::{Role, WorkspaceRole};

/// The longest key.
const ROLE_KEY_MAX: usize = 63;

/// The key by which clients know a role that an organization made: 1 to 63 characters of a-z, 0-9
/// and hyphen, beginning and ending with a letter or digit, and none of a built-in role.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoleKey(String);

impl RoleKey {
    /// Parses a key.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let edges = text.starts_with('-') || text.ends_with('-');
        if text.is_empty() || text.len() > ROLE_KEY_MAX || edges || !text.bytes().all(plain) {
            return malformed(format!(
                "a role's key has 1 to {ROLE_KEY_MAX} characters of a-z, 0-9 and hyphen, and no hyphen at its ends"
            ));
        }
        let built_in =
            Role::from_public_key(text).is_some() || WorkspaceRole::from_public_key(text).is_some();
        if built_in || Role::from_key(text).is_some() || text == "owner" {
            return malformed(format!("'{text}' is a built-in role; choose another key"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The key that a title suggests; `None` when nothing of it can be used.
    #[must_use]
    pub fn suggested(title: &str) -> Option<Self> {
        let mut key = String::new();
        for c in super::fold(title).chars() {
            if c.is_ascii_alphanumeric() {
                key.push(c);
            } else if !key.is_empty() && !key.ends_with('-') {
                key.push('-');
            }
            if key.len() == ROLE_KEY_MAX {
                break;
            }
        }
        Self::parse(key.trim_end_matches('-')).ok()
    }

    /// Takes what a store kept, unchecked: it was parsed before it was written.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RoleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_plain_and_not_built_in() {
        for text in ["auditor", "a", "team-lead-2"] {
            assert_eq!(RoleKey::parse(text).unwrap().as_str(), text);
        }
        let long = "x".repeat(64);
        for text in [
            "",
            "-a",
            "a-",
            "A",
            "a b",
            "é",
            "admin",
            "org-admin",
            "workspace-viewer",
            "owner",
            &long,
        ] {
            assert!(RoleKey::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn titles_suggest_keys() {
        let suggested = |title| RoleKey::suggested(title).map(|key| key.to_string());
        assert_eq!(
            suggested("  Team Lead (EU) ").as_deref(),
            Some("team-lead-eu")
        );
        assert_eq!(suggested("Org Admin"), None);
        assert_eq!(suggested("役割"), None);
        assert_eq!(suggested(&"x".repeat(90)).unwrap().len(), 63);
    }
}
