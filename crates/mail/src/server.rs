use std::fmt;
use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// The port of a server that speaks STARTTLS (RFC 6409), and of one that speaks TLS from the
/// beginning (RFC 8314).
const SUBMISSION_PORT: u16 = 587;
const SUBMISSIONS_PORT: u16 = 465;

/// A mail server and how to speak with it. `Debug` does not print the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Server {
    /// A name or an IP address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the connection is protected.
    pub encryption: Encryption,
    /// User and password, if the server wants them.
    pub credentials: Option<(String, String)>,
}

/// How a connection to a mail server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// TLS from the beginning (RFC 8314).
    Implicit,
    /// STARTTLS (RFC 3207); without it, nothing is sent.
    Required,
    /// STARTTLS if the server offers it. Whoever is in between can hide the offer.
    Opportunistic,
    /// None.
    Plain,
}

impl Server {
    /// Reads `smtp://USER:PASSWORD@HOST:PORT?tls=required|opportunistic|none` or
    /// `smtps://USER:PASSWORD@HOST:PORT`. Special characters in user and password are
    /// percent-encoded; `tls` is `required` unless it is given. The reason for a refusal does not
    /// repeat the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        let encryption = encryption(&url)?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err("a mail server has no path and no fragment".to_owned());
        }
        // The scheme is not one that the parser knows, which leaves the host as it was typed.
        let host = Host::parse(url.host_str().unwrap_or_default().trim());
        let host = match host.map_err(|error| error.to_string())? {
            Host::Domain(name) => name,
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let server = Self {
            host,
            port: url.port().unwrap_or(match encryption {
                Encryption::Implicit => SUBMISSIONS_PORT,
                _ => SUBMISSION_PORT,
            }),
            encryption,
            credentials: credentials(&url)?,
        };
        if server.credentials.is_some() && !server.is_safe() {
            return Err(
                "a password may only be sent over TLS or to this very machine: use smtps:// or tls=required"
                    .to_owned(),
            );
        }
        Ok(server)
    }

    /// The server as it may be shown: with `***` in the place of the password.
    #[must_use]
    pub fn masked(&self) -> String {
        let (scheme, tls) = match self.encryption {
            Encryption::Implicit => ("smtps", ""),
            Encryption::Required => ("smtp", "?tls=required"),
            Encryption::Opportunistic => ("smtp", "?tls=opportunistic"),
            Encryption::Plain => ("smtp", "?tls=none"),
        };
        let credentials = self.credentials.as_ref();
        let user = credentials.map_or_else(String::new, |(user, _)| format!("{user}:***@"));
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        format!("{scheme}://{user}{host}:{}{tls}", self.port)
    }

    /// Whether nobody in between can read along.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        match self.encryption {
            Encryption::Implicit | Encryption::Required => true,
            Encryption::Opportunistic | Encryption::Plain => self.is_here(),
        }
    }

    /// Whether it is on this machine.
    fn is_here(&self) -> bool {
        let address: Option<IpAddr> = self.host.parse().ok();
        self.host == "localhost" || address.is_some_and(|address| address.is_loopback())
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

fn encryption(url: &Url) -> Result<Encryption, String> {
    let mut given = None;
    for (key, value) in url.query_pairs() {
        if key != "tls" || given.is_some() {
            return Err(format!("there is no parameter {key}, only one tls"));
        }
        given = Some(value.into_owned());
    }
    match (url.scheme(), given.as_deref()) {
        ("smtps", None) => Ok(Encryption::Implicit),
        ("smtps", Some(_)) => Err("smtps:// is TLS from the beginning; leave tls out".to_owned()),
        ("smtp", None | Some("required")) => Ok(Encryption::Required),
        ("smtp", Some("opportunistic")) => Ok(Encryption::Opportunistic),
        ("smtp", Some("none")) => Ok(Encryption::Plain),
        ("smtp", Some(_)) => Err("tls is required, opportunistic or none".to_owned()),
        _ => Err("it begins with smtp:// or smtps://".to_owned()),
    }
}

fn credentials(url: &Url) -> Result<Option<(String, String)>, String> {
    let decode = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8();
        decoded.map_or_else(
            |_| Err("user and password are UTF-8, percent-encoded".to_owned()),
            |text| Ok(text.into_owned()),
        )
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        (user, Some(password)) if !user.is_empty() && !password.is_empty() => {
            Ok(Some((decode(user)?, decode(password)?)))
        }
        _ => Err("there are both a user and a password, or neither".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_it_all() {
        let server =
            Server::parse("smtp://me%40acme.example:p%40ss%2Fword@mail.acme.example").unwrap();
        let expected = Server {
            host: "mail.acme.example".to_owned(),
            port: 587,
            encryption: Encryption::Required,
            credentials: Some(("me@acme.example".to_owned(), "p@ss/word".to_owned())),
        };
        assert_eq!(server, expected);
        for (text, port, encryption) in [
            ("smtps://mail.acme.example", 465, Encryption::Implicit),
            (
                "smtps://u:p@mail.acme.example:4650",
                4650,
                Encryption::Implicit,
            ),
            (
                "smtp://mail.acme.example:25?tls=opportunistic",
                25,
                Encryption::Opportunistic,
            ),
            ("smtp://postfix:25?tls=none", 25, Encryption::Plain),
            ("smtp://u:p@127.0.0.1:25?tls=none", 25, Encryption::Plain),
            ("smtp://u:p@localhost?tls=none", 587, Encryption::Plain),
            ("smtp://[::1]:2525/?tls=none", 2525, Encryption::Plain),
        ] {
            let server = Server::parse(text).unwrap();
            assert_eq!(
                (server.port, server.encryption),
                (port, encryption),
                "{text}"
            );
        }
        assert_eq!(
            Server::parse("smtp://[::1]:25?tls=none").unwrap().host,
            "::1"
        );
    }

    #[test]
    fn what_makes_no_sense_or_is_dangerous_is_refused() {
        for text in [
            "",
            "mail.acme.example",
            "mail.acme.example:587",
            "http://mail.acme.example",
            "smtp://",
            "smtp://mail.acme.example/path",
            "smtp://mail.acme.example#x",
            "smtp://mail.acme.example?tls=maybe",
            "smtp://mail.acme.example?ssl=true",
            "smtps://mail.acme.example?tls=required",
            "smtp://hunter2@mail.acme.example",
            "smtp://:hunter2@mail.acme.example",
            "smtp://u:hunter2@mail.acme.example?tls=none",
            "smtp://u:hunter2@mail.acme.example?tls=opportunistic",
            "smtp://u:hunter2%ff@mail.acme.example",
            "smtp://u:hunter2@mail acme",
        ] {
            let refusal = Server::parse(text).unwrap_err();
            assert!(!refusal.contains("hunter2"), "{text}: {refusal}");
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        for (text, shown) in [
            (
                "smtp://me:hunter2@mail.acme.example",
                "smtp://me:***@mail.acme.example:587?tls=required",
            ),
            (
                "smtps://me:hunter2@mail.acme.example",
                "smtps://me:***@mail.acme.example:465",
            ),
            ("smtp://[::1]?tls=none", "smtp://[::1]:587?tls=none"),
        ] {
            let server = Server::parse(text).unwrap();
            assert_eq!(
                (server.masked(), format!("{server:?}")),
                (shown.to_owned(), shown.to_owned())
            );
        }
    }
}
