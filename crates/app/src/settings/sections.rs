//! The sections of the settings.

use std::net::SocketAddr;
use std::time::Duration;

use rollbook_domain::id::ClientId;
use rollbook_domain::service::webhook::WebhookTerms;
use rollbook_domain::time::Span;
use rollbook_domain::value::{DisplayName, Email};
use rollbook_domain::webhook::Network;
use rollbook_store::DatabaseUrl;

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
