//! Writing use cases: one thread, one commit for all that wait.

use diesel::prelude::*;
use rollbook_domain::port::{Output, Work};
use rollbook_domain::{Error, Result};

use super::{Settings, refuse};
use crate::answer::{self, Answer};
use crate::queue::{Job, Message, Queue, panicked, run_caught};
use crate::statement::Fixed;
use crate::tx::{Connection as TxConnection, SqlTx};

/// How many use cases share one commit at the most.
const WRITE_BATCH: usize = 64;

/// For how many batches use cases get savepoints after one of them was refused halfway.
const CAREFUL_BATCHES: u8 = 16;

/// What is undone when a use case is refused after it has changed something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// The whole batch, which is then run again. Few are refused that late, since a use case looks
    /// before it writes; and a savepoint copies every page that is changed behind it.
    All,
    /// Its savepoint.
    Each,
}

/// The only thread that writes.
pub(super) struct Writer {
    /// `None` after a failure that leaves its state in doubt.
    connection: Option<SqliteConnection>,
    settings: Settings,
    /// For how many more batches every use case gets a savepoint at once.
    careful: u8,
}

/// What became of one use case of a batch that goes on.
type Done = (Answer, Result<Output>);

/// How a batch ended.
enum Batch {
    /// It was committed, and the answers can be given.
    Committed(Vec<Done>),
    /// A use case was refused halfway, without a savepoint. Nothing was committed, and all are to
    /// be run again.
    Refused(Vec<Job>),
    /// A use case panicked. Nothing was committed, and the others are to be run again.
    Panicked { guilty: Answer, innocent: Vec<Job> },
    /// The database failed before the commit. Nothing was committed.
    Failed(Vec<Answer>, diesel::result::Error),
    /// The commit failed. What became of it is for the log of the database to say, so nobody may
    /// be told to try again.
    InDoubt(Vec<Answer>, diesel::result::Error),
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection, settings: Settings) -> Self {
        Self {
            connection: Some(connection),
            settings,
            careful: 0,
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
            let care = if self.careful > 0 {
                Care::Each
            } else {
                Care::All
            };
            let Some(connection) = self.connected() else {
                return refuse(batch.into_iter());
            };
            match run_batch(connection, batch, care) {
                Batch::Committed(done) => {
                    self.careful = self.careful.saturating_sub(1);
                    answer::send_all(done);
                    return;
                }
                Batch::Refused(jobs) => {
                    self.careful = CAREFUL_BATCHES;
                    batch = jobs;
                }
                Batch::Panicked { guilty, innocent } => {
                    self.connection = None;
                    guilty.send(Err(panicked()));
                    batch = innocent;
                }
                Batch::Failed(answers, error) => {
                    tracing::error!(%error, "a batch of writes failed and was undone");
                    self.connection = None;
                    for answer in answers {
                        answer.send(Err(Error::Busy));
                    }
                    return;
                }
                Batch::InDoubt(answers, error) => {
                    tracing::error!(%error, "the commit of a batch of writes failed");
                    self.connection = None;
                    for answer in answers {
                        answer.send(Err(Error::storage(error.to_string())));
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

/// Runs a batch in one transaction.
fn run_batch(connection: &mut SqliteConnection, batch: Vec<Job>, care: Care) -> Batch {
    if let Err(error) = Fixed("BEGIN IMMEDIATE").execute(connection) {
        return Batch::Failed(batch.into_iter().map(|job| job.answer).collect(), error);
    }
    let mut outcomes = Vec::with_capacity(batch.len());
    let mut jobs = batch.into_iter();
    let mut ran = Vec::with_capacity(jobs.len());
    while let Some(mut job) = jobs.next() {
        let end = match care {
            Care::All => Ok(run(connection, &mut job.work)),
            Care::Each => run_in_savepoint(connection, &mut job.work),
        };
        match end {
            Ok(End::Done(outcome)) => {
                outcomes.push(outcome);
                ran.push(job);
            }
            Ok(End::Refused(_)) => {
                let all = ran.into_iter().chain([job]).chain(jobs);
                return match Fixed("ROLLBACK").execute(connection) {
                    Ok(_) => Batch::Refused(all.collect()),
                    Err(error) => Batch::Failed(all.map(|job| job.answer).collect(), error),
                };
            }
            Ok(End::Panicked) => {
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

/// How a use case ended.
enum End {
    /// It has its answer, and what it has changed, if anything, is to stay.
    Done(Result<Output>),
    /// It was refused, and what it has changed is to be undone.
    Refused(Error),
    Panicked,
}

fn run(connection: &mut SqliteConnection, work: &mut Work) -> End {
    let before = changes_so_far(connection);
    let mut tx = SqlTx::on(TxConnection::Sqlite(connection));
    let outcome = run_caught(work, &mut tx);
    let (changed, failed) = (tx.changed, tx.failed);
    debug_assert!(
        changed || before == changes_so_far(connection),
        "something was changed without `change!` or `alter!`, and could not be undone"
    );
    match outcome {
        Ok(output) => End::Done(Ok(output)),
        // A failed statement may have ended the transaction.
        Err(Some(error)) if changed || failed => End::Refused(error),
        Err(Some(error)) => End::Done(Err(error)),
        Err(None) => End::Panicked,
    }
}

/// How many rows the connection has changed; asked in debug builds only.
fn changes_so_far(connection: &mut SqliteConnection) -> i64 {
    if !cfg!(debug_assertions) {
        return 0;
    }
    let changes = diesel::dsl::sql::<diesel::sql_types::BigInt>("total_changes()");
    diesel::select(changes).get_result(connection).unwrap_or(0)
}

/// `Err` when the savepoint could not be handled.
fn run_in_savepoint(connection: &mut SqliteConnection, work: &mut Work) -> QueryResult<End> {
    Fixed("SAVEPOINT use_case").execute(connection)?;
    let end = match run(connection, work) {
        End::Refused(error) => {
            Fixed("ROLLBACK TO use_case").execute(connection)?;
            End::Done(Err(error))
        }
        End::Panicked => return Ok(End::Panicked),
        done @ End::Done(_) => done,
    };
    Fixed("RELEASE use_case").execute(connection)?;
    Ok(end)
}
