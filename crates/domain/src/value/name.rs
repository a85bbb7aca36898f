use super::{Malformed, fold, plain_text};

impl OrganizationName {
    /// The folded name, by which it is found.
    #[must_use]
    pub fn key(&self) -> String {
        fold(&self.0)
    }
}

impl DisplayName {
    /// The folded name, by which it is found and sorted.
    #[must_use]
    pub fn key(&self) -> String {
        fold(&self.0)
    }
}

impl RoleTitle {
    /// The folded title, by which it is unique and found.
    #[must_use]
    pub fn key(&self) -> String {
        fold(&self.0)
    }
}

impl WorkspaceTitle {
    /// The folded title, by which it is found and sorted.
    #[must_use]
    pub fn key(&self) -> String {
        fold(&self.0)
    }
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $what:literal, $least:literal, $most:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(String);

        impl $name {
            /// Parses the text; spaces around it are dropped.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                plain_text(text, $what, $least, $most).map(Self)
            }

            /// Takes what a store kept, unchecked: it was parsed before it was written.
            #[must_use]
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

text!(
    /// What an organization is called: 1 to 256 characters. It may repeat.
    OrganizationName, "the name", 1, 256
);
text!(
    /// What a user is called: 1 to 256 characters.
    DisplayName, "the display name", 1, 256
);
text!(
    /// What an organization is about: at most 256 characters.
    Description, "the description", 0, 256
);
text!(
    /// What an organization calls a role: 1 to 100 characters.
    RoleTitle, "the role's title", 1, 100
);
text!(
    /// What a workspace is called: 1 to 256 characters.
    WorkspaceTitle, "the workspace's title", 1, 256
);
text!(
    /// The name of a picture for a workspace, or the colour of it: at most 64 characters.
    IconName, "the icon", 1, 64
);
text!(
    /// What an OAuth client is called: 1 to 100 characters.
    ClientName, "the client's name", 1, 100
);
text!(
    /// What its user calls a token: 1 to 100 characters.
    TokenName, "the token's name", 1, 100
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_spelling() {
        let name = OrganizationName::parse("  Ácme GmbH ").unwrap();
        assert_eq!(
            (name.as_str(), name.key().as_str()),
            ("Ácme GmbH", "ácme gmbh")
        );
    }

    #[test]
    fn names_are_one_visible_line() {
        let long = "x".repeat(257);
        for text in ["", "   ", "a\nb", "a\u{202e}b", "a\u{200b}b", &long] {
            assert!(OrganizationName::parse(text).is_err(), "{text:?}");
        }
        assert!(OrganizationName::parse(&"é".repeat(256)).is_ok());
    }
}
