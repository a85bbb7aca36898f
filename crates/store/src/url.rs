//! Which database to use.

use std::path::PathBuf;

/// The address of a database.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// An SQLite file: `sqlite:PATH`.
    Sqlite(PathBuf),
    /// A PostgreSQL database: `postgres://…`, in the form that libpq reads.
    Postgres(String),
}

/// A text that is no database URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a database URL is sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME")]
pub struct BadUrl;

impl DatabaseUrl {
    /// Reads a URL. A database in memory is refused: it would vanish with its first connection.
    pub fn parse(text: &str) -> Result<Self, BadUrl> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite:").ok_or(BadUrl)?;
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.starts_with(":memory:") || path.contains('\0') {
            return Err(BadUrl);
        }
        Ok(Self::Sqlite(PathBuf::from(path)))
    }

    /// The URL with its password hidden, for logs and terminals.
    #[must_use]
    pub fn masked(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            Self::Postgres(url) => mask(url),
        }
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.masked())
    }
}

/// Hides the password between user and host, and the one among the parameters. As libpq reads it,
/// user and password end before the first `/`, and a `?` may be part of them.
fn mask(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let authority = &rest[..rest.find('/').unwrap_or(rest.len())];
    let (credentials, tail) = match authority.rfind('@') {
        Some(at) => (&rest[..at], &rest[at..]),
        None => ("", rest),
    };
    let (user, password) = match credentials.split_once(':') {
        Some((user, _)) => (user, ":***"),
        None => (credentials, ""),
    };
    let (host, parameters) = tail
        .split_once('?')
        .map_or((tail, None), |(host, parameters)| (host, Some(parameters)));
    let mut masked = format!("{scheme}://{user}{password}{host}");
    for (index, parameter) in parameters
        .into_iter()
        .flat_map(|all| all.split('&'))
        .enumerate()
    {
        masked.push(if index == 0 { '?' } else { '&' });
        let key = parameter.split('=').next().unwrap_or_default();
        let secret =
            key.eq_ignore_ascii_case("password") || key.eq_ignore_ascii_case("sslpassword");
        masked.push_str(if secret { key } else { parameter });
        if secret {
            masked.push_str("=***");
        }
    }
    masked
}

/// Whether the server of a PostgreSQL URL is reached without a network: over a socket in the file
/// system, or over the loopback interface. Where the URL does not say which server is meant, libpq
/// looks at its environment; `elsewhere` says whether that may name another machine.
#[cfg(feature = "postgres")]
pub(crate) fn is_on_this_machine(url: &str, elsewhere: bool) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    // A `?` before the path may be part of a password.
    let (authority, tail) = match (rest.find('/'), rest.rfind('@')) {
        (Some(path), _) => rest.split_at(path),
        (None, Some(at)) => match rest[at..].find('?') {
            Some(mark) => rest.split_at(at + mark),
            None => (rest, ""),
        },
        (None, None) => rest.split_at(rest.find('?').unwrap_or(rest.len())),
    };
    let host = authority.rsplit('@').next().unwrap_or_default();
    let parameters = tail.split_once('?').map_or("", |(_, all)| all).split('&');
    let named = |key| {
        let mut all = parameters.clone().filter_map(|one| one.split_once('='));
        all.find_map(|(name, value)| (name == key).then_some(value))
    };
    let hosts = named("hostaddr").or(named("host")).unwrap_or(host);
    let is_unsaid = hosts.is_empty() && elsewhere || named("service").is_some();
    !is_unsaid && hosts.split(',').all(is_local)
}

/// Whether a host of a URL, perhaps with its port, is this machine.
#[cfg(feature = "postgres")]
fn is_local(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None if host.matches(':').count() > 1 => host,
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_path = ["/", "%2F", "%2f"].iter().any(|it| name.starts_with(it));
    let address = name.parse::<std::net::IpAddr>();
    name.is_empty()
        || is_path
        || name.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_have_a_form() {
        assert_eq!(
            DatabaseUrl::parse("sqlite:a/b.db"),
            Ok(DatabaseUrl::Sqlite("a/b.db".into()))
        );
        assert_eq!(
            DatabaseUrl::parse("sqlite:///a.db"),
            Ok(DatabaseUrl::Sqlite("/a.db".into()))
        );
        assert!(matches!(
            DatabaseUrl::parse("postgresql://h/d"),
            Ok(DatabaseUrl::Postgres(_))
        ));
        for text in ["", "sqlite:", "sqlite::memory:", "mysql://h/d", "a.db"] {
            assert_eq!(DatabaseUrl::parse(text), Err(BadUrl), "{text}");
        }
    }

    #[test]
    fn passwords_are_hidden() {
        let masked = |text| DatabaseUrl::parse(text).unwrap().masked();
        assert_eq!(
            masked("postgres://u:s3cret@h:1/d?a=b"),
            "postgres://u:***@h:1/d?a=b"
        );
        assert_eq!(masked("postgres://u:s3@cret@h/d"), "postgres://u:***@h/d");
        assert_eq!(
            masked("postgres://u:s3?cret@h/d?a=b"),
            "postgres://u:***@h/d?a=b"
        );
        assert_eq!(masked("postgres://u:s3:cret@h"), "postgres://u:***@h");
        assert_eq!(
            masked("postgres://u@h/d?password=s3cret&a=b"),
            "postgres://u@h/d?password=***&a=b"
        );
        assert_eq!(masked("postgres:///d?host=/tmp"), "postgres:///d?host=/tmp");
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_server_is_here_or_elsewhere() {
        for here in [
            "postgres:///d",
            "postgres://",
            "postgres://u@/d",
            "postgres://u:p?w@localhost:5433/d?sslmode=disable",
            "postgres://127.0.0.1",
            "postgres://[::1]:5432/d",
            "postgres:///d?host=/var/run/postgresql",
            "postgres://u@%2Fvar%2Frun/d",
            "postgres://elsewhere/d?hostaddr=127.0.0.1",
            "postgres://localhost,127.0.0.1/d",
        ] {
            assert!(is_on_this_machine(here, false), "{here}");
        }
        for elsewhere in [
            "postgres://db/d",
            "postgres://u:p@db.example.com:5432/d",
            "postgres://u:localhost@db?host=db",
            "postgres://10.0.0.1/d",
            "postgres://[fe80::1]/d",
            "postgres:///d?host=db",
            "postgres://localhost,db/d",
            "postgres://127.0.0.1.example.com/d",
            "postgres:///?service=ours",
        ] {
            assert!(!is_on_this_machine(elsewhere, false), "{elsewhere}");
        }
        // `PGHOST` or the like decides where the URL does not.
        assert!(!is_on_this_machine("postgres:///d", true));
        assert!(is_on_this_machine("postgres://localhost/d", true));
    }
}
