//! Migrations and the probe that asks for them.

use std::sync::Barrier;

use rollbook_domain::Error;
use rollbook_domain::mock::sample;
use rollbook_store::{Database, OpenError};

use crate::harness::{assert_error, on_both, run};
use crate::support::{Outcome, TestDatabase, options};

on_both! {
    a_second_migration_does_nothing,
}

async fn a_second_migration_does_nothing(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    store
        .write(|tx| tx.users().add(&sample::user("ann")))
        .await?;
    assert_eq!(database.database()?.pending()?, [""; 0]);
    assert_eq!(database.database()?.migrate()?, [""; 0]);
    assert!(store.read_one(|tx| tx.users().any()).await?);
    Ok(())
}

async fn the_probe_waits_for_the_migration(database: &TestDatabase) -> Outcome {
    let probe = database.probe()?;
    assert_error!(probe.ready().await, Error::Storage(_));
    let pending = database.database()?.pending()?;
    assert!(!pending.is_empty());
    assert_error!(probe.ready().await, Error::Storage(_));
    let run = database.database()?.migrate()?;
    assert_eq!(run.len(), pending.len());
    probe.ready().await?;
    // A database that an older program has migrated lacks the newest ones.
    database.execute("DELETE FROM __diesel_schema_migrations")?;
    assert_error!(probe.ready().await, Error::Storage(_));
    Ok(())
}

#[test]
fn the_probe_waits_for_the_migration_on_sqlite() {
    run(
        TestDatabase::empty_sqlite(),
        the_probe_waits_for_the_migration,
    )
    .unwrap();
}

#[test]
fn the_probe_waits_for_the_migration_on_postgres() {
    run(
        TestDatabase::empty_postgres(),
        the_probe_waits_for_the_migration,
    )
    .unwrap();
}

/// Programs that start at the same time on a new database: one migrates, the others find it done.
async fn many_migrate_at_once(database: &TestDatabase) -> Outcome {
    const PROGRAMS: usize = 6;
    let start = Barrier::new(PROGRAMS);
    let migrate = || {
        start.wait();
        let program = Database::open(&database.url, &options())?;
        let run = program.migrate();
        program.close();
        run
    };
    let run = std::thread::scope(|scope| {
        let programs: Vec<_> = (0..PROGRAMS).map(|_| scope.spawn(migrate)).collect();
        let joined = programs.into_iter().map(|program| match program.join() {
            Ok(outcome) => outcome,
            Err(_) => Err(OpenError::NotBuilt("a program panicked")),
        });
        joined.collect::<Result<Vec<_>, _>>()
    })?;
    let busy: Vec<_> = run.iter().filter(|names| !names.is_empty()).collect();
    assert_eq!(busy.len(), 1, "{run:?}");
    database.probe()?.ready().await?;
    Ok(())
}

#[test]
fn many_migrate_at_once_on_sqlite() {
    run(TestDatabase::empty_sqlite(), many_migrate_at_once).unwrap();
}

#[test]
fn many_migrate_at_once_on_postgres() {
    run(TestDatabase::empty_postgres(), many_migrate_at_once).unwrap();
}
