//! Where a form leads back to: a page of ours, and never what a request says (open redirects).

use serde::{Deserialize, Deserializer};

/// The pages that one may come back to, whatever they were asked: they ask before they do anything.
const ASKING: [&str; 2] = ["/oauth2/authorize", "/oauth2/device"];
/// More than a request to one of them has. Encoded once more, on the way to the page where one signs in,
/// it still is a URI: the server reads heads of 128 KiB and URIs of 64 KiB.
pub(super) const LONGEST_QUERY: usize = 16 * 1024;
/// The pages that one may come back to, each with a mailed secret behind it.
const PAGES: [&str; 2] = ["/invitations/", "/verify-email/"];
/// More than any secret has.
const LONGEST: usize = 96;

/// A page of ours to come back to; anything else is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ReturnPath(Option<String>);

impl ReturnPath {
    fn read(text: String) -> Self {
        if is_asking(&text) {
            return Self(Some(text));
        }
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

    /// The path, if it is one of the pages that ask. Such a page may lead the browser on to a client.
    pub(super) fn asking(&self) -> Option<&str> {
        self.path().filter(|path| is_asking(path))
    }

    /// The path, or the page of sessions.
    pub(super) fn or_sign_in(&self) -> &str {
        self.path().unwrap_or("/sign-in")
    }
}

/// Whether it is one of the pages that ask, with nothing in its query that is not encoded.
fn is_asking(text: &str) -> bool {
    let (path, query) = text.split_once('?').unwrap_or((text, ""));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"%=&_-.~+".contains(&byte);
    ASKING.contains(&path) && query.len() <= LONGEST_QUERY && query.bytes().all(plain)
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
        for text in [
            "/invitations/rbk_inv_1aZ",
            "/verify-email/rbk_ver_1",
            "/oauth2/device",
            "/oauth2/device?user_code=WDJB-MJHT",
            "/oauth2/authorize?client_id=a&scope=b%20c",
        ] {
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
            "/oauth2/authorize?a=b c",
            "/oauth2/authorize?a=b\r\nx:y",
            "/oauth2/authorize#a",
            "/oauth2/authorize/../../evil",
            "/oauth2/token",
            "//oauth2/device",
        ] {
            let read = ReturnPath::read(text.to_owned());
            assert_eq!(read.or_sign_in(), "/sign-in", "{text}");
        }
        for (text, asks) in [
            ("/oauth2/device", true),
            ("/oauth2/authorize?client_id=a", true),
            ("/invitations/rbk_inv_1aZ", false),
            ("https://evil.example/oauth2/authorize", false),
        ] {
            let read = ReturnPath::read(text.to_owned());
            assert_eq!(read.asking(), asks.then_some(text));
        }
        let long = format!("/invitations/{}", "a".repeat(LONGEST + 1));
        assert_eq!(ReturnPath::read(long).path(), None);
    }
}
