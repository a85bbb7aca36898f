use crate::value::Malformed;

/// The longest redirect URI, in bytes.
const LONGEST: usize = 2048;

/// Where a client wants a browser to be led with a code: an absolute URI, kept as it was
/// registered.
///
/// It is `https`, or `http` on the machine of the browser itself (RFC 8252 §7.3), or has a scheme of
/// the program's own, with a dot as in reversed domain names (RFC 8252 §7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Checks a URI that is to be registered.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        check(text).map_err(|reason| Malformed(reason.to_owned()))?;
        Ok(Self(text.to_owned()))
    }

    /// Takes what a store kept.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request's URI is this one: the same text (RFC 9700 §2.1), but for the port of a
    /// loopback URI, which a program on a desktop learns only when it runs (RFC 8252 §7.3).
    #[must_use]
    pub fn matches(&self, presented: &str) -> bool {
        if self.0 == presented {
            return true;
        }
        match (loopback(&self.0), loopback(presented)) {
            (Some(own), Some(other)) => own == other,
            _ => false,
        }
    }

    /// Whether nobody but its owner can be reached there: what a public client with such a URI was
    /// allowed once need not be asked again (RFC 8252 §8.6).
    #[must_use]
    pub fn is_claimed(presented: &str) -> bool {
        presented.starts_with("https://")
    }
}

fn check(text: &str) -> Result<(), &'static str> {
    if text.len() > LONGEST {
        return Err("a redirect URI must have at most 2048 characters");
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("a redirect URI must hold nothing but visible ASCII characters");
    }
    let Ok(url) = url::Url::parse(text) else {
        return Err("a redirect URI must be an absolute URI");
    };
    if text.contains('#') {
        return Err("a redirect URI must not have a fragment (RFC 6749 §3.1.2)");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a redirect URI must not hold a user name or a password");
    }
    if text.contains('*') || text.contains('\\') {
        return Err("a redirect URI must not hold a wildcard or a backslash");
    }
    match url.scheme() {
        "https" if names_its_host(text, &url) => Ok(()),
        "https" => Err(
            "an https redirect URI must be https://, the host in lower case, and a port if need be",
        ),
        "http" if loopback(text).is_some() => Ok(()),
        "http" => Err("http:// is for 127.0.0.1, [::1] and localhost only; use https://"),
        scheme if scheme.contains('.') => Ok(()),
        _ => Err("a program's own scheme must be a reversed domain name, such as com.example.app"),
    }
}

/// Whether everybody reads the same host out of an `https` URI: browsers mend what is not quite one
/// (`https:///host`, `https:host`), and others do not.
fn names_its_host(text: &str, url: &url::Url) -> bool {
    let Some((rest, host)) = text.strip_prefix("https://").zip(url.host_str()) else {
        return false;
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let port = rest[..end].strip_prefix(host);
    port.is_some_and(|port| match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(digits) => url
            .port_or_known_default()
            .is_some_and(|port| digits == port.to_string()),
    })
}

/// Host and the rest of an `http` URI to the browser's own machine, without the port.
fn loopback(text: &str) -> Option<(&'static str, &str)> {
    let rest = text.strip_prefix("http://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    ["127.0.0.1", "[::1]", "localhost"]
        .into_iter()
        .find_map(|host| {
            let port = authority.strip_prefix(host)?;
            let fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
            fits.then_some((host, path))
        })
}

fn is_port(digits: &str) -> bool {
    digits.bytes().all(|byte| byte.is_ascii_digit()) && digits.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_uris_can_be_registered() {
        for text in [
            "https://app.example/callback",
            "https://app.example:8443/cb?tenant=a",
            "https://app.example",
            "https://app.example?tenant=a",
            "https://app.example:443/cb",
            "https://[2001:db8::1]/cb",
            "http://127.0.0.1/cb",
            "http://[::1]:8080/cb",
            "http://localhost/",
            "com.example.app:/oauth2redirect",
            "com.example.app://cb/x",
        ] {
            assert_eq!(RedirectUri::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "/callback",
            "app.example/callback",
            "http://app.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://localhost.evil.example/cb",
            "http://localhost:99999/cb",
            "http://127.0.0.1@evil.example/cb",
            "https://a:b@app.example/",
            "https://@evil.example",
            "https://:@evil.example/cb",
            "https:///evil.example/cb",
            "https:////evil.example/cb",
            "https:evil.example/cb",
            "https:/evil.example/cb",
            "HTTPS://evil.example/cb",
            "https://Evil.example/cb",
            "https://evil%2eexample/cb",
            "https://0x7f.1/cb",
            "https://evil.example:/cb",
            "https://evil.example:0443/cb",
            "https://",
            "https://app.example/cb#x",
            "https://*.example/cb",
            "https://app.example\\@evil.example/",
            "https://app.example/a b",
            "https://ápp.example/",
            "javascript:alert(1)",
            "data:text/html,x",
            "myapp:/cb",
            "urn:ietf:wg:oauth:2.0:oob",
        ] {
            assert!(RedirectUri::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_uri_matches_itself_and_no_other() {
        let uri = |text: &str| RedirectUri::parse(text).unwrap();
        let web = uri("https://app.example/cb");
        assert!(web.matches("https://app.example/cb"));
        for other in [
            "https://app.example/cb/",
            "https://app.example/CB",
            "https://app.example:443/cb",
            "https://app.example/cb?x=1",
            "https://app.example/x/../cb",
            "https://APP.example/cb",
            "http://app.example/cb",
        ] {
            assert!(!web.matches(other), "{other}");
        }
        let desktop = uri("http://127.0.0.1/cb");
        assert!(desktop.matches("http://127.0.0.1:50123/cb"));
        assert!(uri("http://[::1]:1/cb").matches("http://[::1]/cb"));
        for other in [
            "http://127.0.0.1:50123/cb/",
            "http://localhost:50123/cb",
            "https://127.0.0.1:50123/cb",
            "http://127.0.0.1:x/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1:5012300/cb",
        ] {
            assert!(!desktop.matches(other), "{other}");
        }
    }
}
