//! Callers that come too many, go away, or come too late.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

use rollbook_domain::mock::sample;
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::role::Role;
use rollbook_domain::subscription::Plan;
use rollbook_domain::{Error, Result};

use crate::harness::{Occupied, ask, assert_error, gate, on_both};
use crate::support::{CONNECTIONS, Outcome, TestDatabase, options};

on_both! {
    too_many_are_told_so_at_once,
    who_goes_away_wedges_nothing,
    who_goes_away_in_the_middle_leaves_no_half,
    closing_finishes_what_was_asked,
    another_store_on_the_database_sees_the_same,
}

/// More than any queue should be long.
const MANY: usize = 100_000;

type Asked<'s> = Pin<Box<dyn Future<Output = Result<bool>> + Send + 's>>;

fn add(number: usize) -> impl FnMut(&mut dyn Tx) -> Result<bool> + Send + 'static {
    move |tx| tx.users().add(&sample::user(&format!("u{number}")))
}

async fn is_there(store: &dyn Store, number: usize) -> Result<bool> {
    let id = sample::user(&format!("u{number}")).id;
    let found = store.read_one(move |tx| tx.users().find(id)).await?;
    Ok(found.is_some())
}

/// Hands a use case to the store and answers what is known at once.
async fn hand_in(asked: &mut Asked<'_>) -> Poll<Result<bool>> {
    poll_fn(|context| Poll::Ready(asked.as_mut().poll(context))).await
}

async fn too_many_are_told_so_at_once(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let occupied = Occupied::all(database)?;
    let mut waiting = Vec::new();
    let refused = loop {
        assert!(waiting.len() < MANY, "the queue has no end");
        // All but the first do nothing, to be quick.
        let mut asked: Asked = match waiting.len() {
            0 => Box::pin(store.write(add(0))),
            _ => Box::pin(store.write(|_| Ok(true))),
        };
        match hand_in(&mut asked).await {
            Poll::Pending => waiting.push(asked),
            Poll::Ready(outcome) => break outcome,
        }
    };
    assert_error!(refused, Error::Busy);
    occupied.release().await?;
    for asked in waiting {
        assert!(asked.await?);
    }
    assert!(is_there(&*store, 0).await?);
    assert!(store.write(add(1)).await?);
    Ok(())
}

/// Callers that give up while their use case is in the queue.
async fn who_goes_away_wedges_nothing(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let occupied = Occupied::all(database)?;
    let mut waiting = Vec::new();
    for number in 0..100 {
        let mut asked: Asked = Box::pin(store.write(add(number)));
        assert!(hand_in(&mut asked).await.is_pending());
        waiting.push(asked);
    }
    waiting.retain({
        let mut count = 0;
        move |_| {
            count += 1;
            count % 4 == 0
        }
    });
    occupied.release().await?;
    for asked in waiting {
        assert!(asked.await?);
    }
    for number in (3..100).step_by(4) {
        assert!(is_there(&*store, number).await?, "u{number}");
    }
    for number in 100..100 + 2 * CONNECTIONS {
        assert!(store.write(add(number)).await?);
        let mut unread: Asked = Box::pin(is_there(&*store, number));
        let _ = hand_in(&mut unread).await;
        drop(unread);
        assert!(is_there(&*store, number).await?);
    }
    Ok(())
}

/// A caller that gives up while its use case runs: it is done or it is not, never by half.
async fn who_goes_away_in_the_middle_leaves_no_half(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (gate, keeper) = gate();
    let asked = ask(&store, move |tx: &mut dyn Tx| {
        let ann = sample::user("ann");
        let acme = sample::organization("Acme", &ann);
        tx.users().add(&ann)?;
        tx.organizations().add(&acme, &Plan::default())?;
        gate.pass();
        tx.memberships()
            .add(&sample::membership(&acme, &ann, &[Role::Admin]), &ann)
    });
    keeper.meet(1)?;
    asked.abort();
    assert!(asked.await.is_err_and(|error| error.is_cancelled()));
    keeper.open();
    // On SQLite this comes after what is under way; on PostgreSQL the address makes it wait.
    store
        .write(|tx| tx.users().add(&sample::user("ann")))
        .await?;
    let (founded, members) = store
        .read(|tx| {
            let acme = sample::organization("Acme", &sample::user("ann"));
            let founded = tx.organizations().find(acme.id)?.is_some();
            Ok((founded, tx.memberships().count(acme.id)?))
        })
        .await?;
    assert_eq!(members, u32::from(founded));
    Ok(())
}

async fn closing_finishes_what_was_asked(database: &TestDatabase) -> Outcome {
    let second = rollbook_store::Database::open(&database.url, &options())?;
    let store = second.store();
    let mut waiting = Vec::new();
    for number in 0..50 {
        let mut asked: Asked = Box::pin(store.write(add(number)));
        let _ = hand_in(&mut asked).await;
        waiting.push(asked);
    }
    tokio::task::spawn_blocking(|| second.close()).await?;
    for asked in waiting {
        assert!(asked.await?);
    }
    assert_error!(store.write(add(99)).await, Error::Busy);
    assert_error!(is_there(&*store, 0).await, Error::Busy);
    let first = database.store()?;
    for number in 0..50 {
        assert!(is_there(&*first, number).await?, "u{number}");
    }
    Ok(())
}

/// As a command-line tool beside a running server, or a second replica, does.
async fn another_store_on_the_database_sees_the_same(database: &TestDatabase) -> Outcome {
    let (first, second) = (
        database.store()?,
        rollbook_store::Database::open(&database.url, &options())?,
    );
    let second_store = second.store();
    for number in 0..20 {
        let (here, there) = (2 * number, 2 * number + 1);
        let writes = (first.write(add(here)), second_store.write(add(there)));
        let (one, two) = tokio::join!(writes.0, writes.1);
        assert!(one? && two?);
        assert!(is_there(&*first, there).await?, "u{there}");
        assert!(is_there(&*second_store, here).await?, "u{here}");
    }
    second.close();
    Ok(())
}
