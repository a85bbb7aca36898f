//! Reading use cases: several on one snapshot.

use diesel::prelude::*;
use rollbook_domain::port::{Access, Output, Work};
use rollbook_domain::{Error, Result};
use tokio::sync::oneshot;

use super::{Link, Readers, refuse};
use crate::answer;
use crate::migration;
use crate::queue::{Job, Message, Queue, panicked, run_caught};
use crate::statement::Fixed;
use crate::tx::{Connection as TxConnection, SqlTx};

/// How many reading use cases are under way at the most, one snapshot for those of each reader.
const UNDER_WAY: usize = 32;

/// Reads until the queue is closed.
pub(super) fn work_off(queue: &Queue, pool: &Readers) {
    // A lone reader takes all that wait; several leave some to each other.
    let most = UNDER_WAY.div_ceil(usize::try_from(pool.max_size()).unwrap_or(1));
    let mut batch = Vec::with_capacity(most);
    loop {
        let messages = queue.take(most);
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
        Ok(mut link) => migration::check_sqlite(&mut link.connection),
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
    let Ok(mut link) = pool.get() else {
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
    if !lone && Fixed("BEGIN").execute(&mut link.connection).is_err() {
        link.broken = true;
        refuse(batch.drain(..));
        return;
    }
    let mut done = Vec::with_capacity(batch.len());
    for Job {
        mut work, answer, ..
    } in batch.drain(..)
    {
        // Whoever has gone away needs no answer.
        if !answer.is_closed() {
            done.push((answer, read_one(&mut work, &mut link)));
        }
    }
    if !lone && let Err(error) = Fixed("COMMIT").execute(&mut link.connection) {
        link.broken = true;
        tracing::warn!(%error, "a read transaction did not end");
    }
    // Only now: each answer wakes a thread that, on a shared core, would interrupt the batch.
    answer::send_all(done);
}

fn read_one(work: &mut Work, link: &mut Link) -> Result<Output> {
    let mut tx = SqlTx::on(TxConnection::Sqlite(&mut link.connection));
    run_caught(work, &mut tx).map_err(|error| {
        link.broken |= error.is_none();
        error.unwrap_or_else(panicked)
    })
}
