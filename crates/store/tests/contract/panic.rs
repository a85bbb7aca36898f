//! A use case that panics harms nobody else.

use rollbook_domain::mock::sample;
use rollbook_domain::port::{Access, Store, Tx, Work};
use rollbook_domain::subscription::Plan;
use rollbook_domain::{Error, Result};

use crate::harness::{Occupied, ask, assert_error, on_both};
use crate::support::{CONNECTIONS, Outcome, TestDatabase};

on_both! {
    a_panic_harms_nobody_else,
    panic_after_panic,
    a_panicking_reader_harms_nobody_else,
    a_panic_after_a_failed_statement,
}

fn add(number: usize) -> impl FnMut(&mut dyn Tx) -> Result<bool> + Send + 'static {
    move |tx| tx.users().add(&sample::user(&format!("u{number}")))
}

/// Writes, and panics before anything can be committed.
fn add_and_panic(number: usize) -> impl FnMut(&mut dyn Tx) -> Result<bool> + Send + 'static {
    move |tx| {
        let added = add(number)(tx)?;
        assert!(!added, "this panic belongs to a test");
        Ok(added)
    }
}

async fn is_there(store: &dyn Store, number: usize) -> Result<bool> {
    let id = sample::user(&format!("u{number}")).id;
    let found = store.read_one(move |tx| tx.users().find(id)).await?;
    Ok(found.is_some())
}

/// Asks for 100 writes at once, those in `guilty` panic, and looks what became of each.
async fn write_with(database: &TestDatabase, guilty: &[usize]) -> Outcome {
    let store = database.store()?;
    let occupied = Occupied::all(database)?;
    let asked: Vec<_> = (0..100)
        .map(|number| {
            if guilty.contains(&number) {
                ask(&store, add_and_panic(number))
            } else {
                ask(&store, add(number))
            }
        })
        .collect();
    occupied.release().await?;
    for (number, asked) in asked.into_iter().enumerate() {
        let outcome = asked.await?;
        if guilty.contains(&number) {
            assert_error!(outcome, Error::Storage(_));
        } else {
            assert!(outcome?, "u{number}");
        }
        assert_ne!(
            is_there(&*store, number).await?,
            guilty.contains(&number),
            "u{number}"
        );
    }
    for number in 200..220 {
        assert!(store.write(add(number)).await?);
        assert!(is_there(&*store, number).await?);
    }
    Ok(())
}

async fn a_panic_harms_nobody_else(database: &TestDatabase) -> Outcome {
    write_with(database, &[50]).await
}

async fn panic_after_panic(database: &TestDatabase) -> Outcome {
    write_with(database, &[0, 1, 30, 31, 70, 99]).await
}

/// As many panics as there are readers, and more.
async fn a_panicking_reader_harms_nobody_else(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    store.write(add(0)).await?;
    for access in [Access::ReadOne, Access::Read] {
        for _ in 0..3 * CONNECTIONS {
            let panicking: Work = Box::new(|tx| {
                let any = tx.users().any()?;
                assert!(!any, "this panic belongs to a test");
                Ok(Box::new(()))
            });
            let (outcome, read) = tokio::join!(store.run(access, panicking), is_there(&*store, 0));
            assert!(matches!(outcome, Err(Error::Storage(_))), "{access:?}");
            assert!(read?);
        }
    }
    assert!(store.write(add(1)).await?);
    let both = store.read(|tx| {
        let ids = [0, 1].map(|number| sample::user(&format!("u{number}")).id);
        Ok(ids.map(|id| tx.users().find(id).is_ok_and(|found| found.is_some())))
    });
    assert_eq!(both.await?, [true, true]);
    Ok(())
}

/// The connection is in the middle of a failed transaction when the panic comes.
async fn a_panic_after_a_failed_statement(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let outcome = store
        .write(|tx| {
            let orphan = sample::organization("Orphan", &sample::user("nobody"));
            let added = tx.organizations().add(&orphan, &Plan::default()).is_ok();
            assert!(added, "this panic belongs to a test");
            Ok(())
        })
        .await;
    assert_error!(outcome, Error::Storage(_));
    for number in 0..2 * CONNECTIONS {
        assert!(store.write(add(number)).await?);
    }
    Ok(())
}
