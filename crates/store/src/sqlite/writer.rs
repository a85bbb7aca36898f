//! Writing use cases: one thread, one commit for all that wait.

use diesel::prelude::*;
use rollbook_domain::port::{Output, Work};
use rollbook_domain::{Error, Result};
use tokio::sync::oneshot;

use super::{Settings, refuse};
use crate::queue::{Job, Message, Queue, panicked, run_caught};
use crate::statement::Fixed;
use crate::tx::{Connection as TxConnection, SqlTx};

/// How many use cases share one commit at the most.
const WRITE_BATCH: usize = 64;

/// The only thread that writes.
pub(super) struct Writer {
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
    /// The database failed before the commit. Nothing was committed.
    Failed(Vec<oneshot::Sender<Result<Output>>>, diesel::result::Error),
    /// The commit failed. What became of it is for the log of the database to say, so nobody may
    /// be told to try again.
    InDoubt(Vec<oneshot::Sender<Result<Output>>>, diesel::result::Error),
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection, settings: Settings) -> Self {
        Self {
            connection: Some(connection),
            settings,
        }
    }

    /// Writes until the queue is closed.
    pub(super) fn work_off(&mut self, queue: &Queue) {
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
                Batch::InDoubt(answers, error) => {
                    tracing::error!(%error, "the commit of a batch of writes failed");
                    self.connection = None;
                    for answer in answers {
                        let _ = answer.send(Err(Error::storage(error.to_string())));
                    }
                    return;
                }
            }
        }
    }

    fn connected(&mut self) -> Option<&mut SqliteConnection> {
        if self.connection.is_none() {
            match self.settings.open() {
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
        Err(error) => Batch::InDoubt(answers.collect(), error),
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
