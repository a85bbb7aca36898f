//! Reading use cases: several on one snapshot.

use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, PooledConnection};
use rollbook_domain::port::{Access, Output, Work};
use rollbook_domain::{Error, Result};
use tokio::sync::oneshot;

use super::{Readers, refuse};
use crate::migration;
use crate::queue::{Job, Message, Queue, panicked, run_caught};
use crate::statement::Fixed;
use crate::tx::{Connection as TxConnection, SqlTx};

/// How many reading use cases share one snapshot at the most. Small, so that the readers share
/// the work.
const READ_BATCH: usize = 8;

/// Reads until the queue is closed.
pub(super) fn work_off(queue: &Queue, pool: &Readers) {
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
