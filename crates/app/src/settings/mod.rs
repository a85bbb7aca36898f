//! The settings of the program: what there is, where values come from, and what they must be.

mod keys;
mod layers;
mod mail;
pub(crate) mod parse;
mod print;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::Duration;

use rollbook_domain::id::ClientId;
use rollbook_domain::limit::Quotas;
use rollbook_domain::service::organization::Terms;
use rollbook_domain::service::webhook::WebhookTerms;
use rollbook_domain::subscription::Quota;
use rollbook_domain::time::Span;
use rollbook_domain::value::{DisplayName, Email};
use rollbook_domain::webhook::Network;
use rollbook_store::DatabaseUrl;

pub(crate) use self::layers::Flags;
use self::layers::{Found, Table};
pub(crate) use self::mail::MailSettings;
use self::parse::Parsed;
pub(crate) use self::print::print;
use crate::failure::{Failure, Result};

/// All settings, checked.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Which database, and how it is used.
    pub(crate) database: DatabaseSettings,
    /// How the server serves.
    pub(crate) server: ServerSettings,
    /// What is logged, and how.
    pub(crate) log: LogSettings,
    /// What a new organization may use.
    pub(crate) terms: Terms,
    /// How letters are sent.
    pub(crate) mail: MailSettings,
    /// How much may be sent.
    pub(crate) limits: Quotas,
    /// Whether people can have passwords, and how those are hashed.
    pub(crate) passwords: PasswordSettings,
    /// How domains are verified.
    pub(crate) domains: DomainSettings,
    /// How what waits is sent.
    pub(crate) outbox: OutboxSettings,
    /// How webhooks are sent.
    pub(crate) webhooks: WebhookSettings,
    /// What the native API allows.
    pub(crate) native: NativeSettings,
    /// How the pages behave.
    pub(crate) pages: PageSettings,
    /// What the ZenML dialect allows.
    pub(crate) zenml: ZenmlSettings,
    /// Who the first user is.
    pub(crate) bootstrap: BootstrapSettings,
    table: Table,
}

/// The section `database`.
#[derive(Debug)]
pub(crate) struct DatabaseSettings {
    /// Which database.
    pub(crate) url: DatabaseUrl,
    /// PostgreSQL: how many connections the pool holds.
    pub(crate) connections: Option<usize>,
    /// SQLite: how many threads read.
    pub(crate) readers: Option<usize>,
    /// How long a statement may take.
    pub(crate) statement_timeout: Duration,
    /// SQLite: whether an acknowledged write survives a power failure.
    pub(crate) durable: bool,
    /// Whether missing migrations are applied at start.
    pub(crate) migrate_at_start: bool,
}

/// The section `server`.
#[derive(Debug)]
pub(crate) struct ServerSettings {
    /// Host and port.
    pub(crate) listen: String,
    /// Where the world reaches it, without a slash at the end; `None`: where it listens.
    pub(crate) public_url: Option<String>,
    /// Whose word is taken for where a request came from.
    pub(crate) trusted_proxies: Vec<Network>,
    /// Threads that serve; `None`: one a core.
    pub(crate) workers: Option<usize>,
    /// Connections that the system keeps waiting.
    pub(crate) backlog: u32,
    /// Open connections, over all workers.
    pub(crate) max_connections: u32,
    /// The largest request body, in bytes.
    pub(crate) body_limit: usize,
    /// How long a client may take to send the head of a request.
    pub(crate) header_timeout: Duration,
    /// How long answering a request may take.
    pub(crate) request_timeout: Duration,
    /// How long an idle connection stays open; zero: one request a connection.
    pub(crate) keep_alive: Duration,
    /// How long closing a connection may take.
    pub(crate) disconnect_timeout: Duration,
    /// How long running requests may take to finish at the end.
    pub(crate) shutdown_timeout: Duration,
}

/// The section `log`.
#[derive(Debug)]
pub(crate) struct LogSettings {
    /// How lines look.
    pub(crate) format: LogFormat,
    /// What is logged: a filter as in `RUST_LOG`.
    pub(crate) level: String,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Pretty on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Pretty,
    /// For programs.
    Json,
}

/// The section `passwords`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PasswordSettings {
    /// Whether people can have one.
    pub(crate) enabled: bool,
    /// How much memory a hash takes, in KiB.
    pub(crate) memory_kib: u32,
    /// How often it goes over that.
    pub(crate) iterations: u32,
    /// In how many lanes.
    pub(crate) parallelism: u32,
    /// How many are made at once.
    pub(crate) concurrency: usize,
}

/// The section `domains`.
#[derive(Debug)]
pub(crate) struct DomainSettings {
    /// The DNS server to ask; `None`: those that the system names.
    pub(crate) resolver: Option<SocketAddr>,
}

/// The section `outbox`.
#[derive(Debug)]
pub(crate) struct OutboxSettings {
    /// Whether this process sends.
    pub(crate) enabled: bool,
    /// How often it looks for something to send.
    pub(crate) poll: Duration,
    /// How many messages it sends at once.
    pub(crate) concurrency: u32,
    /// How long messages are kept that were delivered or canceled.
    pub(crate) keep: Span,
}

/// The section `webhooks`.
#[derive(Debug)]
pub(crate) struct WebhookSettings {
    /// Where they may go.
    pub(crate) terms: WebhookTerms,
    /// How long sending one may take.
    pub(crate) timeout: Duration,
}

/// The section `native`.
#[derive(Debug)]
pub(crate) struct NativeSettings {
    /// How many organizations one user may own; `None`: as many as they like.
    pub(crate) owner_limit: Option<u32>,
}

/// The section `pages`.
#[derive(Debug)]
pub(crate) struct PageSettings {
    /// Where whoever accepts an invitation is led; `None`: to a page that says so.
    pub(crate) after_accept_url: Option<String>,
}

/// The section `zenml`.
#[derive(Debug)]
pub(crate) struct ZenmlSettings {
    /// How many organizations one user may own; `None`: as many as they like.
    pub(crate) organizations: Option<u32>,
    /// The OAuth client as which ZenML's programs wait for a person; `None`: each as whom it says.
    pub(crate) client_id: Option<ClientId>,
}

/// The section `bootstrap`.
#[derive(Debug)]
pub(crate) struct BootstrapSettings {
    /// The first user's address.
    pub(crate) email: Email,
    /// The first user's name.
    pub(crate) name: DisplayName,
}

impl Settings {
    /// Reads all sources.
    pub(crate) fn load(
        flags: &Flags,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self> {
        let table = layers::merge(flags, environment)?;
        Ok(Self {
            database: database(&table)?,
            server: server(&table)?,
            log: LogSettings {
                format: read(&table, "log.format", parse::log_format)?,
                level: read(&table, "log.level", parse::log_level)?,
            },
            terms: terms(&table)?,
            mail: mail::mail(&table)?,
            limits: limits(&table)?,
            passwords: passwords(&table)?,
            domains: DomainSettings {
                resolver: read(&table, "domains.resolver", parse::resolver)?,
            },
            outbox: outbox(&table)?,
            webhooks: webhooks(&table)?,
            native: NativeSettings {
                owner_limit: read(&table, "native.owner_limit", limit)?,
            },
            pages: PageSettings {
                after_accept_url: read(&table, "pages.after_accept_url", parse::after_accept_url)?,
            },
            zenml: ZenmlSettings {
                organizations: read(&table, "zenml.organizations", limit)?,
                client_id: read(&table, "zenml.client_id", parse::client_id)?,
            },
            bootstrap: BootstrapSettings {
                email: read(&table, "bootstrap.email", |text| {
                    Email::parse(text)
                        .map_err(|wrong| format!("must be an e-mail address: {wrong}"))
                })?,
                name: read(&table, "bootstrap.name", |text| {
                    DisplayName::parse(text).map_err(|wrong| format!("must be a name: {wrong}"))
                })?,
            },
            table,
        })
    }
}

fn database(table: &Table) -> Result<DatabaseSettings> {
    Ok(DatabaseSettings {
        url: read(table, "database.url", |text| {
            DatabaseUrl::parse(text).map_err(|wrong| {
                format!("must be sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME: {wrong}")
            })
        })?,
        connections: read(table, "database.connections", |text| {
            parse::number_or_auto(text, 1..=1_000)
        })?,
        readers: read(table, "database.readers", |text| {
            parse::number_or_auto(text, 1..=64)
        })?,
        statement_timeout: read(table, "database.statement_timeout", parse::patience)?,
        durable: read(table, "database.durable", parse::flag)?,
        migrate_at_start: read(table, "database.migrate_at_start", parse::flag)?,
    })
}

fn server(table: &Table) -> Result<ServerSettings> {
    Ok(ServerSettings {
        listen: read(table, "server.listen", parse::listen)?,
        public_url: read(table, "server.public_url", mail::public_url)?,
        trusted_proxies: read(table, "server.trusted_proxies", parse::networks)?,
        workers: read(table, "server.workers", |text| {
            parse::number_or_auto(text, 1..=512)
        })?,
        backlog: read(table, "server.backlog", |text| {
            parse::number(text, 1..=65_535)
        })?,
        max_connections: read(table, "server.max_connections", |text| {
            parse::number(text, 1..=1_000_000)
        })?,
        body_limit: read(table, "server.body_limit", parse::size)?,
        header_timeout: read(table, "server.header_timeout", parse::patience)?,
        request_timeout: read(table, "server.request_timeout", parse::patience)?,
        keep_alive: read(table, "server.keep_alive", parse::duration)?,
        disconnect_timeout: read(table, "server.disconnect_timeout", parse::patience)?,
        shutdown_timeout: read(table, "server.shutdown_timeout", parse::patience)?,
    })
}

fn outbox(table: &Table) -> Result<OutboxSettings> {
    let keep = read(table, "outbox.keep", parse::lifetime)?;
    Ok(OutboxSettings {
        enabled: read(table, "outbox.enabled", parse::flag)?,
        poll: read(table, "outbox.poll", parse::patience)?,
        concurrency: read(table, "outbox.concurrency", |text| {
            parse::number(text, 1..=256)
        })?,
        keep: Span::from_millis(i64::try_from(keep.as_millis()).unwrap_or(i64::MAX)),
    })
}

/// The section `organizations`.
fn terms(table: &Table) -> Result<Terms> {
    let quota = |name| read(table, name, limit).map(|limit| Quota(limit.unwrap_or(0)));
    Ok(Terms {
        trial: read(table, "organizations.trial_days", trial)?,
        members: quota("organizations.members")?,
        workspaces: quota("organizations.workspaces")?,
    })
}

/// The section `limits`.
fn limits(table: &Table) -> Result<Quotas> {
    Ok(Quotas {
        invitations_per_organization_hour: read(
            table,
            "limits.invitations_per_organization_hour",
            limit,
        )?,
        messages_per_recipient_day: read(table, "limits.messages_per_recipient_day", limit)?,
        sign_ins_per_account_hour: read(table, "limits.sign_ins_per_account_hour", limit)?,
        sign_ins_per_address_hour: read(table, "limits.sign_ins_per_address_hour", limit)?,
        device_authorizations_per_address_hour: read(
            table,
            "limits.device_authorizations_per_address_hour",
            limit,
        )?,
    })
}

fn webhooks(table: &Table) -> Result<WebhookSettings> {
    Ok(WebhookSettings {
        terms: WebhookTerms {
            allow_http: read(table, "webhooks.allow_http", parse::flag)?,
            destinations: read(table, "webhooks.allow_networks", parse::destinations)?,
        },
        timeout: read(table, "webhooks.timeout", parse::errand)?,
    })
}

/// The section `passwords`.
fn passwords(table: &Table) -> Result<PasswordSettings> {
    let number = |name, allowed| read(table, name, |text| parse::number(text, allowed));
    let concurrency = read(table, "passwords.concurrency", |text| {
        parse::number_or_auto(text, 1..=256)
    })?;
    Ok(PasswordSettings {
        enabled: read(table, "passwords.enabled", parse::flag)?,
        memory_kib: read(table, "passwords.memory", memory)?,
        iterations: number("passwords.iterations", 1..=100)?,
        parallelism: number("passwords.parallelism", 1..=8)?,
        concurrency: concurrency.unwrap_or_else(half_of_the_cores),
    })
}

/// How much memory a hash takes, in KiB: at least 64 KiB, which is 8 KiB for each of 8 lanes
/// (RFC 9106 §3.1), and at most what any size may be, 1 GiB.
fn memory(text: &str) -> Parsed<u32> {
    let bytes = parse::size(text)?;
    let kib = u32::try_from(bytes >> 10).unwrap_or(u32::MAX);
    if kib < 64 {
        return Err("must be at least 64KiB".to_owned());
    }
    Ok(kib)
}

/// The other half answers everybody else.
fn half_of_the_cores() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (cores / 2).max(1)
}

/// A number of days; 0 means that there is no trial.
fn trial(text: &str) -> Parsed<Option<Span>> {
    let days =
        parse::number(text, 0..=3_650).map_err(|wrong| format!("{wrong}; 0 means no trial"))?;
    Ok((days > 0).then(|| Span::days(days)))
}

/// A number; 0 means that there is no limit.
fn limit(text: &str) -> Parsed<Option<u32>> {
    let limit = parse::number(text, 0..=1_000_000)
        .map_err(|wrong| format!("{wrong}; 0 means without limit"))?;
    Ok((limit > 0).then_some(limit))
}

fn read<T>(table: &Table, name: &'static str, parse: impl FnOnce(&str) -> Parsed<T>) -> Result<T> {
    let Some(Found { text, origin }) = table.get(name) else {
        return Err(Failure::new(format!("{name} has no value")));
    };
    parse(text).map_err(|must| {
        // These URLs may hold a password, and an error may be logged.
        let shown = match name {
            "database.url" | "mail.server" => String::new(),
            _ => format!(" = {text:?}"),
        };
        Failure::new(format!("{name}{shown} (from {origin}): {must}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Settings> {
        let environment = pairs
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Settings::load(&Flags::default(), environment)
    }

    #[test]
    fn the_defaults_are_acceptable() {
        let settings = load(&[]).unwrap();
        assert_eq!(settings.native.owner_limit, Some(100));
        assert_eq!(settings.zenml.organizations, Some(1));
        assert_eq!(settings.zenml.client_id, None);
        assert_eq!(settings.server.body_limit, 256 << 10);
        assert_eq!(settings.domains.resolver, None);
        assert_eq!(
            settings.bootstrap.email.as_str(),
            "admin@localhost.localdomain"
        );
        assert!(settings.database.durable && settings.database.migrate_at_start);
    }

    #[test]
    fn bad_values_are_refused_with_name_origin_and_what_is_allowed() {
        for (variable, value, message) in [
            (
                "ROLLBOOK_SERVER_WORKERS",
                "many",
                "server.workers = \"many\" (from ROLLBOOK_SERVER_WORKERS): must be auto or a number from 1 to 512",
            ),
            (
                "ROLLBOOK_LISTEN",
                "8080",
                "server.listen = \"8080\" (from ROLLBOOK_LISTEN): must be a host and a port",
            ),
            ("ROLLBOOK_LOG_FORMAT", "xml", "must be auto, pretty or json"),
            (
                "ROLLBOOK_DATABASE_STATEMENT_TIMEOUT",
                "0s",
                "more than zero",
            ),
            ("ROLLBOOK_NATIVE_OWNER_LIMIT", "-1", "0 means without limit"),
            (
                "ROLLBOOK_ORGANIZATIONS_MEMBERS",
                "x",
                "0 means without limit",
            ),
            (
                "ROLLBOOK_ORGANIZATIONS_TRIAL_DAYS",
                "4000",
                "0 means no trial",
            ),
            (
                "ROLLBOOK_DOMAINS_RESOLVER",
                "dns.example:53",
                "an IP address and a port",
            ),
            (
                "ROLLBOOK_BOOTSTRAP_EMAIL",
                "admin",
                "must be an e-mail address",
            ),
            (
                "ROLLBOOK_DATABASE_MIGRATE_AT_START",
                "maybe",
                "must be true or false",
            ),
        ] {
            let refusal = load(&[(variable, value)]).unwrap_err().to_string();
            assert!(refusal.contains(message), "{refusal}");
        }
    }

    #[test]
    fn an_outbox_is_emptied_in_earnest() {
        for (variable, value, message) in [
            ("CONCURRENCY", "0", "must be a number from 1 to 256"),
            ("POLL", "0s", "more than zero"),
            ("KEEP", "0d", "at least 1s"),
            ("ENABLED", "maybe", "must be true or false"),
        ] {
            let variable = format!("ROLLBOOK_OUTBOX_{variable}");
            let refusal = load(&[(&variable, value)]).unwrap_err().to_string();
            assert!(refusal.contains(message), "{refusal}");
        }
        let outbox = load(&[]).unwrap().outbox;
        assert_eq!((outbox.enabled, outbox.keep), (true, Span::days(30)));
    }

    #[test]
    fn a_bad_database_url_is_not_repeated() {
        let refusal = load(&[("ROLLBOOK_DATABASE_URL", "mysql://me:secret@host/db")]).unwrap_err();
        let refusal = refusal.to_string();
        assert!(
            refusal.contains("database.url") && !refusal.contains("secret"),
            "{refusal}"
        );
    }

    /// better-auth #5517: a limit that nobody had set.
    #[test]
    fn a_new_organization_has_a_trial_and_no_limits_unless_the_operator_sets_some() {
        let fourteen = Some(Span::days(14));
        let terms = load(&[]).unwrap().terms;
        assert_eq!((terms.trial, terms.members.limit()), (fourteen, None));
        assert_eq!(terms.workspaces.limit(), None);
        let terms = load(&[
            ("ROLLBOOK_ORGANIZATIONS_TRIAL_DAYS", "0"),
            ("ROLLBOOK_ORGANIZATIONS_MEMBERS", "5"),
            ("ROLLBOOK_ORGANIZATIONS_WORKSPACES", "3"),
        ])
        .unwrap()
        .terms;
        assert_eq!((terms.trial, terms.members.limit()), (None, Some(5)));
        assert_eq!(terms.workspaces.limit(), Some(3));
    }

    #[test]
    fn passwords_are_hashed_in_earnest() {
        for (variable, value, message) in [
            ("MEMORY", "63KiB", "must be at least 64KiB"),
            ("MEMORY", "2GiB", "at most 1GiB"),
            ("MEMORY", "much", "must be a number of bytes"),
            ("ITERATIONS", "0", "must be a number from 1 to 100"),
            ("PARALLELISM", "9", "must be a number from 1 to 8"),
            ("CONCURRENCY", "0", "must be auto or a number"),
            ("ENABLED", "maybe", "must be true or false"),
        ] {
            let variable = format!("ROLLBOOK_PASSWORDS_{variable}");
            let refusal = load(&[(&variable, value)]).unwrap_err().to_string();
            assert!(refusal.contains(message), "{refusal}");
        }
        // OWASP Password Storage Cheat Sheet.
        let passwords = load(&[]).unwrap().passwords;
        assert_eq!((passwords.memory_kib, passwords.iterations), (19 << 10, 2));
        assert_eq!((passwords.parallelism, passwords.enabled), (1, true));
        assert!(passwords.concurrency >= 1);
    }

    #[test]
    fn zero_messages_mean_no_limit() {
        let limits = load(&[]).unwrap().limits;
        assert_eq!(limits.invitations_per_organization_hour, Some(200));
        assert_eq!(limits.messages_per_recipient_day, Some(10));
        let limits = load(&[
            ("ROLLBOOK_LIMITS_INVITATIONS_PER_ORGANIZATION_HOUR", "0"),
            ("ROLLBOOK_LIMITS_MESSAGES_PER_RECIPIENT_DAY", "3"),
        ])
        .unwrap()
        .limits;
        assert_eq!(limits.invitations_per_organization_hour, None);
        assert_eq!(limits.messages_per_recipient_day, Some(3));
    }

    #[test]
    fn webhooks_go_where_the_operator_allows() {
        let terms = load(&[]).unwrap().webhooks.terms;
        let home = "10.1.2.3".parse().unwrap();
        assert!(!terms.allow_http && !terms.destinations.admit(home));
        let terms = load(&[
            ("ROLLBOOK_WEBHOOKS_ALLOW_HTTP", "true"),
            ("ROLLBOOK_WEBHOOKS_ALLOW_NETWORKS", "10.0.0.0/8, ::1"),
        ])
        .unwrap()
        .webhooks
        .terms;
        assert!(terms.allow_http && terms.destinations.admit(home));
        assert!(terms.destinations.admit("::1".parse().unwrap()));
        assert!(!terms.destinations.admit("127.0.0.1".parse().unwrap()));
        for (variable, value, message) in [
            (
                "ALLOW_NETWORKS",
                "10.0.0.0/8,intranet",
                "'intranet' is no network such as",
            ),
            ("TIMEOUT", "60s", "at most 50s"),
        ] {
            let variable = format!("ROLLBOOK_WEBHOOKS_{variable}");
            let refusal = load(&[(&variable, value)]).unwrap_err().to_string();
            assert!(refusal.contains(message), "{refusal}");
        }
    }

    #[test]
    fn zero_owned_organizations_mean_no_limit() {
        let settings = load(&[
            ("ROLLBOOK_NATIVE_OWNER_LIMIT", "0"),
            ("ROLLBOOK_ZENML_ORGANIZATIONS", "0"),
        ])
        .unwrap();
        assert_eq!(settings.native.owner_limit, None);
        assert_eq!(settings.zenml.organizations, None);
    }
}
