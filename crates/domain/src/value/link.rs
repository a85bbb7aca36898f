use super::{Malformed, malformed};

/// The longest link that is kept, in bytes.
const URL_MAX: usize = 2048;

/// An absolute `http` or `https` URL (WHATWG URL), without user name and password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(String);

impl Url {
    /// Parses and normalizes a URL.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let Ok(url) = url::Url::parse(text.trim()) else {
            return malformed("it is not an absolute URL");
        };
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return malformed("the URL must start with http:// or https://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return malformed("the URL must not hold a user name or a password");
        }
        let text = String::from(url);
        if text.len() > URL_MAX {
            return malformed(format!("the URL must have at most {URL_MAX} characters"));
        }
        Ok(Self(text))
    }

    /// Takes what a store kept, unchecked: it was parsed before it was written.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The URL as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_links_that_a_browser_may_follow() {
        assert_eq!(
            Url::parse("HTTPS://Example.com/a b").unwrap().as_str(),
            "https://example.com/a%20b"
        );
        for text in [
            "",
            "example.com",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://a:b@c.example/",
        ] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
    }
}
