//! The embedded store: pooled readers, and one writer thread with group commit.

mod reader;
mod writer;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use r2d2::{ManageConnection, Pool};
use rollbook_domain::port::{Access, Output, Probe, Store, Work};
use rollbook_domain::{Error, Result};

use self::writer::Writer;
use crate::queue::{Crew, Door, Job, Queue};
use crate::{OpenError, Options};

/// How many pages the write-ahead log has before they are written back into the file: 32 MB.
/// SQLite's usual 1000 are a few hundred writes; most of them change the same pages again, and each
/// time that costs a copy and a wait for the disk.
const CHECKPOINT: u32 = 8000;

/// How long to wait for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

type Readers = Pool<Settings>;

/// The store on an SQLite file.
pub(crate) struct SqliteStore {
    readers: Door,
    writer: Door,
}

/// The threads of a [`SqliteStore`].
pub(crate) struct SqliteThreads {
    readers: Crew,
    writer: Crew,
}

impl SqliteThreads {
    /// Finishes what is queued; the last connection to close writes the log back into the file.
    pub(crate) fn stop(self) {
        self.readers.stop();
        self.writer.stop();
    }
}

/// Opens the file, which need not exist, and starts the threads.
pub(crate) fn open(
    path: &Path,
    options: &Options,
) -> std::result::Result<(SqliteStore, SqliteThreads), OpenError> {
    let settings = Settings {
        path: path.to_string_lossy().into_owned(),
        durable: options.durable,
    };
    // First a connection that may create the file and switch it to write-ahead logging.
    let connection = settings.open().map_err(OpenError::connect)?;
    let count = options.readers.unwrap_or_else(default_readers);
    let pool = Pool::builder()
        .max_size(u32::try_from(count).unwrap_or(u32::MAX))
        .min_idle(Some(1))
        .test_on_check_out(false)
        .build(settings.clone())
        .map_err(OpenError::connect)?;
    let readers = (0..count).map(|_| {
        let pool = pool.clone();
        move |queue: &Queue| reader::work_off(queue, &pool)
    });
    let readers = Crew::start("rollbook-reader", readers.collect()).map_err(OpenError::connect)?;
    let mut writer = Writer::new(connection, settings);
    let body = move |queue: &Queue| writer.work_off(queue);
    let writer = Crew::start("rollbook-writer", vec![body]).map_err(OpenError::connect)?;
    let store = SqliteStore {
        readers: readers.door(),
        writer: writer.door(),
    };
    Ok((store, SqliteThreads { readers, writer }))
}

/// Opens one connection that may write, for migrations.
pub(crate) fn connect(path: &Path) -> std::result::Result<SqliteConnection, ConnectionError> {
    Settings {
        path: path.to_string_lossy().into_owned(),
        durable: true,
    }
    .open()
}

fn default_readers() -> usize {
    std::thread::available_parallelism()
        .map_or(2, std::num::NonZero::get)
        .min(4)
}

#[async_trait]
impl Store for SqliteStore {
    async fn run(&self, access: Access, work: Work) -> Result<Output> {
        match access {
            Access::ReadOne | Access::Read => self.readers.run(access, work).await,
            Access::Write => self.writer.run(access, work).await,
        }
    }
}

#[async_trait]
impl Probe for SqliteStore {
    async fn ready(&self) -> Result<()> {
        self.readers.check().await
    }
}

#[derive(Clone, Debug)]
struct Settings {
    path: String,
    durable: bool,
}

impl Settings {
    fn open(&self) -> ConnectionResult<SqliteConnection> {
        let mut connection = SqliteConnection::establish(&self.path)?;
        let synchronous = if self.durable { "FULL" } else { "NORMAL" };
        Self::configure(&mut connection)
            .and_then(|()| {
                connection.batch_execute(&format!(
                    "PRAGMA journal_mode = WAL; \
                     PRAGMA synchronous = {synchronous}; \
                     PRAGMA wal_autocheckpoint = {CHECKPOINT}; PRAGMA cache_size = -16000;"
                ))
            })
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(connection)
    }

    /// What every connection needs. The page cache is small, and only twice as large where there
    /// is but one connection, the one that writes; the operating system has its own.
    fn configure(connection: &mut SqliteConnection) -> QueryResult<()> {
        connection.batch_execute(&format!(
            "PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; \
             PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000;",
            BUSY_TIMEOUT.as_millis()
        ))
    }
}

/// A reader's connection, and whether it is still fit for use. Diesel's own manager cannot tell,
/// since it does not see the transactions that are begun here.
struct Link {
    connection: SqliteConnection,
    broken: bool,
}

impl ManageConnection for Settings {
    type Connection = Link;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> std::result::Result<Link, Self::Error> {
        let mut connection = SqliteConnection::establish(&self.path)
            .map_err(diesel::r2d2::Error::ConnectionError)?;
        Self::configure(&mut connection)
            .and_then(|()| connection.batch_execute("PRAGMA query_only = ON;"))
            .map_err(diesel::r2d2::Error::QueryError)?;
        Ok(Link {
            connection,
            broken: false,
        })
    }

    fn is_valid(&self, link: &mut Link) -> std::result::Result<(), Self::Error> {
        link.connection
            .batch_execute("SELECT 1")
            .map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, link: &mut Link) -> bool {
        link.broken
    }
}

fn refuse(jobs: impl Iterator<Item = Job>) {
    for job in jobs {
        job.answer.send(Err(Error::Busy));
    }
}
