//! Where a form leads back to: a page of ours, and never what a request says (open redirects).

use serde::{Deserialize, Deserializer};

/// The pages that one may come back to, each with a mailed secret behind it.
const PAGES: [&str; 2] = ["/invitations/", "/verify-email/"];
/// More than any secret has.
const LONGEST: usize = 80;

/// A page of ours to come back to; anything else is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ReturnPath(Option<String>);

impl ReturnPath {
    fn read(text: String) -> Self {
        let secret = PAGES.iter().find_map(|page| text.strip_prefix(page));
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let own = secret.is_some_and(|secret| {
            !secret.is_empty() && secret.len() <= LONGEST && secret.bytes().all(is_plain)
        });
        Self(own.then_some(text))
    }

    /// The path, if there is one.
    pub(super) fn path(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The path, or the page of sessions.
    pub(super) fn or_sign_in(&self) -> &str {
        self.path().unwrap_or("/sign-in")
    }
}

impl<'de> Deserialize<'de> for ReturnPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_are_come_back_to() {
        for text in ["/invitations/rbk_inv_1aZ", "/verify-email/rbk_ver_1"] {
            assert_eq!(ReturnPath::read(text.to_owned()).path(), Some(text));
        }
        for text in [
            "",
            "/",
            "/sign-in",
            "/invitations/",
            "/invitations/a/accept",
            "/invitations/../a",
            "/invitations/a?b",
            "/invitations/a\r\nx: y",
            "//evil.example/invitations/a",
            "https://evil.example/invitations/a",
            "/\\evil.example",
            "invitations/a",
        ] {
            let read = ReturnPath::read(text.to_owned());
            assert_eq!(read.or_sign_in(), "/sign-in", "{text}");
        }
        let long = format!("/invitations/{}", "a".repeat(LONGEST + 1));
        assert_eq!(ReturnPath::read(long).path(), None);
    }
}
