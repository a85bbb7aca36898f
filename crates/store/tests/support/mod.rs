//! Throw-away databases: a file of its own on SQLite, a schema of its own on PostgreSQL.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use rollbook_store::{Database, DatabaseUrl, Options};
use tempfile::TempDir;

/// What a test and its helpers answer.
pub(crate) type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// How many connections a test has on PostgreSQL, and how many readers on SQLite.
pub(crate) const CONNECTIONS: usize = 4;

/// A database that vanishes with its test.
pub(crate) struct TestDatabase {
    /// Where it is, for a second way in.
    pub(crate) url: DatabaseUrl,
    /// The open database, until the end.
    pub(crate) database: Option<Database>,
    /// What is left to clear away then. Declared last, to be dropped last.
    _place: Place,
}

enum Place {
    Sqlite { _folder: TempDir },
    Postgres { _schema: Schema },
}

impl TestDatabase {
    /// An SQLite file without tables.
    pub(crate) fn empty_sqlite() -> Outcome<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("rollbook.db");
        let place = Place::Sqlite { _folder: folder };
        Self::open(DatabaseUrl::Sqlite(path), place)
    }

    /// A PostgreSQL schema without tables.
    pub(crate) fn empty_postgres() -> Outcome<Self> {
        let schema = Schema::create()?;
        let url = DatabaseUrl::parse(&schema.url)?;
        Self::open(url, Place::Postgres { _schema: schema })
    }

    /// An SQLite file with empty tables.
    pub(crate) fn sqlite() -> Outcome<Self> {
        Self::empty_sqlite()?.migrated()
    }

    /// A PostgreSQL schema with empty tables.
    pub(crate) fn postgres() -> Outcome<Self> {
        Self::empty_postgres()?.migrated()
    }

    fn open(url: DatabaseUrl, place: Place) -> Outcome<Self> {
        Ok(Self {
            database: Some(Database::open(&url, &options())?),
            url,
            _place: place,
        })
    }

    fn migrated(self) -> Outcome<Self> {
        if let Some(database) = &self.database {
            database.migrate()?;
        }
        Ok(self)
    }

    /// A bare connection to the SQLite file.
    pub(crate) fn bare_sqlite(&self) -> Outcome<SqliteConnection> {
        match &self.url {
            DatabaseUrl::Sqlite(path) => Ok(SqliteConnection::establish(&path.to_string_lossy())?),
            DatabaseUrl::Postgres(_) => Err("this database is on PostgreSQL".into()),
        }
    }

    /// A bare connection to the PostgreSQL schema.
    pub(crate) fn bare_postgres(&self) -> Outcome<PgConnection> {
        match &self.url {
            DatabaseUrl::Postgres(url) => Ok(PgConnection::establish(url)?),
            DatabaseUrl::Sqlite(_) => Err("this database is on SQLite".into()),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Some(database) = self.database.take() {
            database.close();
        }
    }
}

/// How tests open a database. None of them cuts the power, so they need not wait for the disk; and
/// a machine that is busy with other things is no reason to fail.
pub(crate) fn options() -> Options {
    Options {
        durable: false,
        statement_timeout: Duration::from_secs(60),
        readers: Some(CONNECTIONS),
        connections: Some(CONNECTIONS),
    }
}

/// A schema in the database that `TEST_POSTGRES_URL` names.
struct Schema {
    name: String,
    /// The address of the database with this schema as its only one.
    url: String,
}

impl Schema {
    fn create() -> Outcome<Self> {
        let server = server()?;
        // A hasher's random key is the standard library's only source of randomness.
        let name = format!(
            "test_{:016x}",
            RandomState::new().hash_one(std::process::id())
        );
        let joint = if server.contains('?') { '&' } else { '?' };
        // The application's name tells a test's connections from all others.
        let url = format!("{server}{joint}options=-csearch_path%3D{name}&application_name={name}");
        PgConnection::establish(&server)?.batch_execute(&format!("CREATE SCHEMA {name}"))?;
        Ok(Self { name, url })
    }
}

impl Drop for Schema {
    fn drop(&mut self) {
        let drop = format!(
            "SET lock_timeout = '10s'; SET client_min_messages = warning; \
             DROP SCHEMA {} CASCADE",
            self.name
        );
        let dropped = PgConnection::establish(&self.url)
            .map_err(|error| error.to_string())
            .and_then(|mut it| it.batch_execute(&drop).map_err(|error| error.to_string()));
        if let Err(error) = dropped {
            eprintln!("{} was not dropped: {error}", self.name);
        }
    }
}

/// No test passes by skipping: without PostgreSQL, half of them fail.
#[expect(
    clippy::disallowed_methods,
    reason = "tests get their database from the environment"
)]
fn server() -> Outcome<String> {
    std::env::var("TEST_POSTGRES_URL").map_err(|_| {
        "TEST_POSTGRES_URL is not set: run scripts/test, or \
         `scripts/postgres run -- cargo test`, which start a PostgreSQL for the tests"
            .into()
    })
}
