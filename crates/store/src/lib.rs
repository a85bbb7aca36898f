//! Rollbook's stores: SQLite and PostgreSQL through Diesel, one body of queries.
//!
//! [`Database::open`] gives the [`Store`] and the [`Probe`] that the domain asks for. A query is
//! written once, in `repo/`, one file a repository, and compiled against both databases (`each!`
//! in `tx.rs`); how a transaction is run differs, in `sqlite/` and `postgres.rs`.

mod answer;
#[cfg(feature = "postgres")]
mod deferred;
mod migration;
#[cfg(feature = "postgres")]
mod postgres;
mod queue;
mod repo;
#[expect(clippy::ref_option_ref, reason = "what the derived changeset writes")]
mod row;
mod schema;
mod sql;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
mod tx;
mod url;

use std::sync::Arc;
use std::time::Duration;

use rollbook_domain::port::{Probe, Store};

pub use url::{BadUrl, DatabaseUrl};

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("choose a database: feature `sqlite`, feature `postgres`, or both");

/// How to open a database.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many threads read an SQLite file; by default one for each core, at most four.
    pub readers: Option<usize>,
    /// How many connections to PostgreSQL, each with a thread; by default 16, or as many as suit the
    /// processors when the server is on this machine.
    pub connections: Option<usize>,
    /// How long a statement may take on PostgreSQL; default 10 s.
    pub statement_timeout: Duration,
    /// Whether SQLite waits for the disk before it acknowledges a write (`synchronous=FULL`);
    /// default yes. Without it, a power failure may undo acknowledged writes.
    pub durable: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: None,
            connections: None,
            statement_timeout: Duration::from_secs(10),
            durable: true,
        }
    }
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be reached.
    #[error("cannot open the database: {0}")]
    Connect(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A migration failed, and was undone.
    #[error("cannot migrate the database: {0}")]
    Migrate(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// This program was built without the database that the URL names.
    #[error("this program was built without {0}; build it with the cargo feature of that name")]
    NotBuilt(&'static str),
}

impl OpenError {
    fn connect(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Connect(cause.into())
    }

    fn migrate(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Migrate(cause.into())
    }
}

/// An open database, with its threads.
pub struct Database {
    url: DatabaseUrl,
    store: Arc<dyn Store>,
    probe: Arc<dyn Probe>,
    threads: Threads,
}

enum Threads {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::SqliteThreads),
    #[cfg(feature = "postgres")]
    Postgres(queue::Crew),
}

impl Database {
    /// Opens a database. An SQLite file is made if it does not exist; the schema is not touched.
    pub fn open(url: &DatabaseUrl, options: &Options) -> Result<Self, OpenError> {
        match url {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(path) => {
                let (store, threads) = sqlite::open(path, options)?;
                Ok(Self::assemble(
                    url,
                    Arc::new(store),
                    Threads::Sqlite(threads),
                ))
            }
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(address) => {
                let (store, crew) = postgres::open(address, options)?;
                Ok(Self::assemble(
                    url,
                    Arc::new(store),
                    Threads::Postgres(crew),
                ))
            }
            #[cfg(not(feature = "sqlite"))]
            DatabaseUrl::Sqlite(_) => Err(OpenError::NotBuilt("sqlite")),
            #[cfg(not(feature = "postgres"))]
            DatabaseUrl::Postgres(_) => Err(OpenError::NotBuilt("postgres")),
        }
    }

    fn assemble<S: Store + Probe + 'static>(
        url: &DatabaseUrl,
        store: Arc<S>,
        threads: Threads,
    ) -> Self {
        Self {
            url: url.clone(),
            store: Arc::clone(&store) as _,
            probe: store,
            threads,
        }
    }

    /// The store that the domain's services run on.
    #[must_use]
    pub fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    /// Tells whether the database answers and has the newest schema.
    #[must_use]
    pub fn probe(&self) -> Arc<dyn Probe> {
        Arc::clone(&self.probe)
    }

    /// Runs the pending migrations; answers their names. On PostgreSQL, replicas take turns.
    pub fn migrate(&self) -> Result<Vec<String>, OpenError> {
        match &self.url {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(path) => {
                migration::run_sqlite(&mut sqlite::connect(path).map_err(OpenError::connect)?)
            }
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(address) => {
                migration::run_postgres(&mut connect_postgres(address)?)
            }
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => Ok(Vec::new()),
        }
    }

    /// The names of the migrations that were not run yet.
    pub fn pending(&self) -> Result<Vec<String>, OpenError> {
        match &self.url {
            #[cfg(feature = "sqlite")]
            DatabaseUrl::Sqlite(path) => {
                migration::pending_sqlite(&mut sqlite::connect(path).map_err(OpenError::connect)?)
            }
            #[cfg(feature = "postgres")]
            DatabaseUrl::Postgres(address) => {
                migration::pending_postgres(&mut connect_postgres(address)?)
            }
            #[cfg(not(all(feature = "sqlite", feature = "postgres")))]
            _ => Ok(Vec::new()),
        }
    }

    /// Finishes what is queued, refuses what comes later, and closes the connections.
    pub fn close(self) {
        match self.threads {
            #[cfg(feature = "sqlite")]
            Threads::Sqlite(threads) => threads.stop(),
            #[cfg(feature = "postgres")]
            Threads::Postgres(crew) => crew.stop(),
        }
    }
}

#[cfg(feature = "postgres")]
fn connect_postgres(address: &str) -> Result<diesel::PgConnection, OpenError> {
    let bounded = postgres::bounded(address, Options::default().statement_timeout);
    diesel::Connection::establish(&bounded).map_err(OpenError::connect)
}
