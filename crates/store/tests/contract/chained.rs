//! Transactions that begin with the end of the one before, since others wait.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rollbook_domain::mock::sample;
use rollbook_domain::port::Store;
use rollbook_domain::{Error, Refusal, Result};
use rollbook_store::{Database, Options};
use tokio::task::JoinSet;

use crate::harness::{ask, gate, on_postgres};
use crate::support::{Outcome, TestDatabase, options};

on_postgres! {
    all_that_wait_get_what_they_ask_for,
    a_refusal_is_no_reason_to_stop,
    what_was_committed_is_seen_by_others,
    many_at_once_leave_nothing_open,
}

/// How long it may take until nothing is left open, on a machine that has other things to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// A store with a single connection, so that all wait for it.
fn alone(database: &TestDatabase) -> Outcome<Database> {
    let one = Options {
        connections: Some(1),
        ..options()
    };
    Ok(Database::open(&database.url, &one)?)
}

/// Waits until no transaction is open.
fn nothing_stays_open(database: &TestDatabase) -> Outcome {
    let open = "SELECT count(*) AS count FROM pg_stat_activity \
                WHERE application_name = current_setting('application_name') \
                AND pid <> pg_backend_pid() AND xact_start IS NOT NULL";
    let end = Instant::now() + PATIENCE;
    while database.count(open)? > 0 {
        if Instant::now() > end {
            return Err("a transaction stays open".into());
        }
        std::thread::yield_now();
    }
    Ok(())
}

/// Asks for the same kinds of use cases in turn; each must get its own answer.
async fn ask_for_all_kinds(store: &Arc<dyn Store>, rounds: usize) -> Outcome {
    let mut asked: JoinSet<Result<bool>> = JoinSet::new();
    for round in 0..rounds {
        let user = sample::user(&format!("user-{round}"));
        let store = Arc::clone(store);
        asked.spawn(async move {
            let id = user.id;
            match round % 4 {
                0 | 1 => store.write(move |tx| tx.users().add(&user)).await,
                2 => {
                    let read = store.read(move |tx| {
                        tx.users().any()?;
                        Ok(tx.users().find(id)?.is_none())
                    });
                    read.await
                }
                _ => store.read_one(|tx| tx.users().any().map(|_| true)).await,
            }
        });
    }
    while let Some(answer) = asked.join_next().await {
        assert!(answer??);
    }
    Ok(())
}

async fn all_that_wait_get_what_they_ask_for(database: &TestDatabase) -> Outcome {
    const ROUNDS: usize = 200;
    let lone = alone(database)?;
    let store = lone.store();
    let (gate, keeper) = gate();
    let first = ask(&store, move |_| {
        gate.pass();
        Ok(())
    });
    keeper.meet(1)?;
    let asking = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            ask_for_all_kinds(&store, ROUNDS)
                .await
                .map_err(|it| it.to_string())
        }
    });
    keeper.open();
    first.await??;
    asking.await??;
    let users = database.count("SELECT count(*) AS count FROM users")?;
    assert_eq!(users, i64::try_from(ROUNDS / 2)?);
    nothing_stays_open(database)?;
    lone.probe().ready().await?;
    lone.close();
    Ok(())
}

/// Whatever ends a transaction ends it for itself alone.
async fn a_refusal_is_no_reason_to_stop(database: &TestDatabase) -> Outcome {
    let lone = alone(database)?;
    let store = lone.store();
    let mut asked = JoinSet::new();
    for round in 0..60 {
        let user = sample::user(&format!("user-{round}"));
        let store = Arc::clone(&store);
        asked.spawn(async move {
            let written = store.write(move |tx| {
                tx.users().add(&user)?;
                if round % 3 == 0 {
                    return Err(Refusal::VersionMismatch.into());
                }
                Ok(())
            });
            (round % 3 == 0, written.await)
        });
    }
    while let Some(answer) = asked.join_next().await {
        let (refused, outcome) = answer?;
        let right = match &outcome {
            Ok(()) => !refused,
            Err(error) => refused && matches!(error, Error::Refused(Refusal::VersionMismatch)),
        };
        assert!(right, "refused: {refused}, answered: {outcome:?}");
    }
    assert_eq!(database.count("SELECT count(*) AS count FROM users")?, 40);
    nothing_stays_open(database)?;
    lone.close();
    Ok(())
}

/// Before it is answered, not when the next transaction has ended.
async fn what_was_committed_is_seen_by_others(database: &TestDatabase) -> Outcome {
    let lone = alone(database)?;
    let store = lone.store();
    let (gate, keeper) = gate();
    let entered = gate.clone();
    let first = ask(&store, move |tx| {
        entered.pass();
        tx.users().add(&sample::user("ann"))
    });
    keeper.meet(1)?;
    // It waits for the only connection, and stops on it.
    let (second_gate, second_keeper) = crate::harness::gate();
    let second = ask(&store, move |_| {
        second_gate.pass();
        Ok(())
    });
    keeper.open();
    assert!(first.await??);
    second_keeper.meet(1)?;
    assert_eq!(database.count("SELECT count(*) AS count FROM users")?, 1);
    second_keeper.open();
    second.await??;
    nothing_stays_open(database)?;
    lone.close();
    Ok(())
}

/// With more than one thread, what waited may be gone when the transaction for it has begun.
async fn many_at_once_leave_nothing_open(database: &TestDatabase) -> Outcome {
    const ROUNDS: usize = 400;
    let store = database.store()?;
    ask_for_all_kinds(&store, ROUNDS).await?;
    nothing_stays_open(database)?;
    let users = database.count("SELECT count(*) AS count FROM users")?;
    assert_eq!(users, i64::try_from(ROUNDS / 2)?);
    Ok(())
}
