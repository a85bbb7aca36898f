//! The embedded store: pooled readers, and one writer thread with group commit.

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool, PooledConnection};
use rollbook_domain::port::{Access, Output, Probe, Store, Work};
use rollbook_domain::{Error, Result};
use tokio::sync::oneshot;

use crate::migration;
use crate::queue::{Crew, Door, Job, Message, Queue, panicked, run_caught};
use crate::statement::Fixed;
use crate::tx::{Connection as TxConnection, SqlTx};
use crate::{OpenError, Options};

/// How many use cases share one commit at the most.
const WRITE_BATCH: usize = 64;
/// How many reading use cases share one snapshot at the most. Small, so that the readers share
/// the work.
const READ_BATCH: usize = 8;
/// How long to wait for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

type Readers = Pool<ConnectionManager<SqliteConnection>>;

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
    let connection = settings.connect().map_err(OpenError::connect)?;
    let count = options.readers.unwrap_or_else(default_readers);
    let pool = Pool::builder()
        .max_size(u32::try_from(count).unwrap_or(u32::MAX))
        .min_idle(Some(1))
        .test_on_check_out(false)
        .connection_customizer(Box::new(settings.clone()))
        .build(ConnectionManager::new(&settings.path))
        .map_err(OpenError::connect)?;
    let readers = (0..count).map(|_| {
        let pool = pool.clone();
        move |queue: &Queue| read_loop(queue, &pool)
    });
    let readers = Crew::start("rollbook-reader", readers.collect()).map_err(OpenError::connect)?;
    let mut writer = Writer {
        connection: Some(connection),
        settings,
    };
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
    .connect()
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
    fn connect(&self) -> ConnectionResult<SqliteConnection> {
        let mut connection = SqliteConnection::establish(&self.path)?;
        let synchronous = if self.durable { "FULL" } else { "NORMAL" };
        Self::configure(&mut connection)
            .and_then(|()| {
                connection.batch_execute(&format!(
                    "PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};"
                ))
            })
            .map_err(ConnectionError::CouldntSetupConfiguration)?;
        Ok(connection)
    }

    /// What every connection needs. The page cache is small; the operating system has its own.
    fn configure(connection: &mut SqliteConnection) -> QueryResult<()> {
        connection.batch_execute(&format!(
            "PRAGMA busy_timeout = {}; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; \
             PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8000;",
            BUSY_TIMEOUT.as_millis()
        ))
    }
}

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Settings {
    fn on_acquire(
        &self,
        connection: &mut SqliteConnection,
    ) -> std::result::Result<(), diesel::r2d2::Error> {
        Self::configure(connection)
            .and_then(|()| connection.batch_execute("PRAGMA query_only = ON;"))
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

fn read_loop(queue: &Queue, pool: &Readers) {
    let mut batch = Vec::with_capacity(READ_BATCH);
    loop {
        let messages = queue.take(READ_BATCH);
        if messages.is_empty() {
            return;
        }
        for message in messages {
            match message {
                Message::Run(job) => batch.push(job),
                Message::Check(answer) => reply_to_check(answer, pool),
            }
        }
        read(&mut batch, pool);
    }
}

fn reply_to_check(answer: oneshot::Sender<Result<()>>, pool: &Readers) {
    let outcome = match pool.get() {
        Ok(mut connection) => migration::check_sqlite(&mut connection),
        Err(error) => Err(Error::storage(error)),
    };
    let _ = answer.send(outcome);
}

/// Runs reading use cases on one snapshot. All of them were queued before the snapshot is taken,
/// so each sees whatever was acknowledged before it was asked.
fn read(batch: &mut Vec<Job>, pool: &Readers) {
    if batch.is_empty() {
        return;
    }
    let Ok(mut connection) = pool.get() else {
        refuse(batch.drain(..));
        return;
    };
    let lone = matches!(
        batch.as_slice(),
        [Job {
            access: Access::ReadOne,
            ..
        }]
    );
    if !lone && Fixed("BEGIN").execute(&mut connection).is_err() {
        refuse(batch.drain(..));
        return;
    }
    for Job {
        mut work, answer, ..
    } in batch.drain(..)
    {
        // Whoever has gone away needs no answer.
        if !answer.is_closed() {
            let _ = answer.send(read_one(&mut work, &mut connection));
        }
    }
    if !lone && let Err(error) = Fixed("COMMIT").execute(&mut connection) {
        tracing::warn!(%error, "a read transaction did not end");
    }
}

fn read_one(
    work: &mut Work,
    connection: &mut PooledConnection<ConnectionManager<SqliteConnection>>,
) -> Result<Output> {
    let mut tx = SqlTx::on(TxConnection::Sqlite(connection));
    run_caught(work, &mut tx).map_err(|error| error.unwrap_or_else(panicked))
}

fn refuse(jobs: impl Iterator<Item = Job>) {
    for job in jobs {
        let _ = job.answer.send(Err(Error::Busy));
    }
}

/// The only thread that writes.
struct Writer {
    /// `None` after a failure that leaves its state in doubt.
    connection: Option<SqliteConnection>,
    settings: Settings,
}

/// What became of one use case of a batch that goes on.
type Done = (oneshot::Sender<Result<Output>>, Result<Output>);

/// How a batch ended.
enum Batch {
    /// It was committed, and the answers can be given.
    Committed(Vec<Done>),
    /// A use case panicked. Nothing was committed, and the others are to be run again.
    Panicked {
        guilty: oneshot::Sender<Result<Output>>,
        innocent: Vec<Job>,
    },
    /// The database failed. Nothing was committed.
    Failed(Vec<oneshot::Sender<Result<Output>>>, diesel::result::Error),
}

impl Writer {
    fn work_off(&mut self, queue: &Queue) {
        loop {
            let messages = queue.take(WRITE_BATCH);
            if messages.is_empty() {
                return;
            }
            let jobs = messages.into_iter().filter_map(|message| match message {
                Message::Run(job) => Some(job),
                // Readers are asked, not the writer.
                Message::Check(_) => None,
            });
            self.write(jobs.collect());
        }
    }

    fn write(&mut self, mut batch: Vec<Job>) {
        batch.retain(|job| !job.answer.is_closed());
        while !batch.is_empty() {
            let Some(connection) = self.connected() else {
                return refuse(batch.into_iter());
            };
            match run_batch(connection, batch) {
                Batch::Committed(done) => {
                    for (answer, outcome) in done {
                        let _ = answer.send(outcome);
                    }
                    return;
                }
                Batch::Panicked { guilty, innocent } => {
                    self.connection = None;
                    let _ = guilty.send(Err(panicked()));
                    batch = innocent;
                }
                Batch::Failed(answers, error) => {
                    tracing::error!(%error, "a batch of writes failed and was undone");
                    self.connection = None;
                    for answer in answers {
                        let _ = answer.send(Err(Error::Busy));
                    }
                    return;
                }
            }
        }
    }

    fn connected(&mut self) -> Option<&mut SqliteConnection> {
        if self.connection.is_none() {
            match self.settings.connect() {
                Ok(connection) => self.connection = Some(connection),
                Err(error) => tracing::error!(%error, "the database file cannot be opened again"),
            }
        }
        self.connection.as_mut()
    }
}

/// Runs a batch in one transaction, each use case in a savepoint of its own.
fn run_batch(connection: &mut SqliteConnection, batch: Vec<Job>) -> Batch {
    if let Err(error) = Fixed("BEGIN IMMEDIATE").execute(connection) {
        return Batch::Failed(batch.into_iter().map(|job| job.answer).collect(), error);
    }
    let mut outcomes = Vec::with_capacity(batch.len());
    let mut jobs = batch.into_iter();
    let mut ran = Vec::with_capacity(jobs.len());
    while let Some(mut job) = jobs.next() {
        match run_in_savepoint(connection, &mut job.work) {
            Ok(Some(outcome)) => {
                outcomes.push(outcome);
                ran.push(job);
            }
            Ok(None) => {
                ran.extend(jobs);
                return Batch::Panicked {
                    guilty: job.answer,
                    innocent: ran,
                };
            }
            Err(error) => {
                let all = ran.into_iter().chain([job]).chain(jobs);
                return Batch::Failed(all.map(|job| job.answer).collect(), error);
            }
        }
    }
    let answers = ran.into_iter().map(|job| job.answer);
    match Fixed("COMMIT").execute(connection) {
        Ok(_) => Batch::Committed(answers.zip(outcomes).collect()),
        Err(error) => Batch::Failed(answers.collect(), error),
    }
}

/// `Ok(None)` when the use case panicked; `Err` when the savepoint could not be handled.
fn run_in_savepoint(
    connection: &mut SqliteConnection,
    work: &mut Work,
) -> QueryResult<Option<Result<Output>>> {
    Fixed("SAVEPOINT use_case").execute(connection)?;
    let mut tx = SqlTx::on(TxConnection::Sqlite(connection));
    let outcome = match run_caught(work, &mut tx) {
        Ok(output) => Ok(output),
        Err(Some(error)) => Err(error),
        Err(None) => return Ok(None),
    };
    if outcome.is_err() {
        Fixed("ROLLBACK TO use_case").execute(connection)?;
    }
    Fixed("RELEASE use_case").execute(connection)?;
    Ok(Some(outcome))
}
