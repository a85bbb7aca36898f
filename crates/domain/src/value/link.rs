use std::net::IpAddr;

use super::{Malformed, malformed};

/// The longest link that is kept, in bytes.
const URL_MAX: usize = 2048;

/// An `http` or `https` URL (WHATWG URL), without user name and password: absolute, unless it was
/// made by [`Url::parse_reference`].
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

    /// Takes a URL, or a relative reference (RFC 3986 §4.2), which a browser completes with the
    /// address of the page that shows it. A reference is kept as it was typed.
    pub fn parse_reference(text: &str) -> Result<Self, Malformed> {
        let text = text.trim();
        if !matches!(
            url::Url::parse(text),
            Err(url::ParseError::RelativeUrlWithoutBase)
        ) {
            return Self::parse(text);
        }
        let base = url::Url::parse("https://rollbook.invalid/");
        let completed = base.and_then(|base| base.join(text));
        let completed = completed.map_err(|wrong| Malformed(wrong.to_string()))?;
        Self::parse(completed.as_str())?;
        if text.is_empty() || text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return malformed("it is neither a URL nor a relative reference");
        }
        Ok(Self(text.to_owned()))
    }

    /// Takes what a store kept, unchecked: it was parsed before it was written.
    #[must_use]
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Whether what is sent there is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }

    /// The address, if the host is one, however it was spelled (`0x7f.1`, `2130706433`).
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        match url::Url::parse(&self.0).ok()?.host()? {
            url::Host::Ipv4(address) => Some(address.into()),
            url::Host::Ipv6(address) => Some(address.into()),
            url::Host::Domain(_) => None,
        }
    }

    /// Scheme, host and port: the URL without what may hold a secret.
    #[must_use]
    pub fn origin(&self) -> String {
        url::Url::parse(&self.0)
            .map_or_else(|_| String::new(), |url| url.origin().ascii_serialization())
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
    fn an_address_is_one_however_it_is_spelled() {
        for text in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http://0177.0.0.1/",
            "http://[::ffff:127.0.0.1]/",
            "http://１２７.0.0.1/",
        ] {
            let address = Url::parse(text).unwrap().address();
            let loopback = address.is_some_and(|it| it.to_canonical().is_loopback());
            assert!(loopback, "{text}: {address:?}");
        }
        assert_eq!(Url::parse("https://example.com/").unwrap().address(), None);
    }

    #[test]
    fn an_origin_tells_no_secret() {
        let url = Url::parse("https://Example.com:8443/hooks/T0KEN?key=1").unwrap();
        assert_eq!(url.origin(), "https://example.com:8443");
        assert!(url.is_https());
    }

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

    #[test]
    fn references_lead_no_further_than_links() {
        for text in [
            "text",
            "/logo.png",
            "//cdn.example/logo.png",
            "https://a.example/",
        ] {
            assert_eq!(Url::parse_reference(text).unwrap().as_str(), text);
        }
        let long = "x".repeat(URL_MAX);
        for text in [
            "",
            "javascript:alert(1)",
            "data:text/html,x",
            "a b",
            "//user:password@host/",
            "https://a:b@c.example/",
            &long,
        ] {
            assert!(Url::parse_reference(text).is_err(), "{text}");
        }
    }
}
