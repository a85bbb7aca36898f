//! What other sessions make PostgreSQL do to a use case, and what becomes of it.

use std::time::Duration;

use rollbook_domain::id::OrganizationId;
use rollbook_domain::mock::sample;
use rollbook_domain::organization::Organization;
use rollbook_domain::port::Tx;
use rollbook_domain::subscription::Plan;
use rollbook_domain::{Error, Result};
use rollbook_store::{Database, Options};

use crate::harness::{Gate, Occupied, ask, assert_error, gate, on_postgres};
use crate::support::{CONNECTIONS, Outcome, TestDatabase, options};

on_postgres! {
    a_deadlock_is_resolved,
    a_serialization_failure_is_tried_again,
    a_serialization_failure_at_the_commit_is_tried_again,
    endless_serialization_failures_are_told,
    who_waits_too_long_for_a_lock_is_told_so,
    a_lock_is_waited_for,
}

const USERS: &str = "SELECT count(*) AS count FROM users";

async fn found_two(database: &TestDatabase) -> Outcome<[Organization; 2]> {
    let ann = sample::user("ann");
    let both = ["Acme", "Bolt"].map(|name| sample::organization(name, &ann));
    let written = both.clone();
    let store = database.store()?;
    store
        .write(move |tx| {
            tx.users().add(&ann)?;
            written
                .iter()
                .try_for_each(|it| tx.organizations().add(it, &Plan::default()).map(drop))
        })
        .await?;
    Ok(both)
}

/// Locks one organization, waits at the gate, and changes the other.
fn lock_and_change(
    first: OrganizationId,
    second: OrganizationId,
    gate: Gate,
) -> impl FnMut(&mut dyn Tx) -> Result<()> + Send + 'static {
    move |tx| {
        tx.organizations().lock(first)?;
        gate.pass();
        change(tx, second)
    }
}

fn change(tx: &mut dyn Tx, id: OrganizationId) -> Result<()> {
    let found = tx.organizations().lock(id)?;
    let mut organization = found.ok_or_else(|| Error::storage("it is gone"))?;
    let seen = organization.version;
    organization.touch(organization.updated_at);
    if tx.organizations().update(&organization, seen)? {
        Ok(())
    } else {
        Err(Error::storage("the locked row has changed"))
    }
}

async fn versions(database: &TestDatabase, of: &[Organization; 2]) -> Outcome<[i64; 2]> {
    let ids = [of[0].id, of[1].id];
    let read = move |tx: &mut dyn Tx| {
        let mut versions = [0; 2];
        for (version, id) in versions.iter_mut().zip(ids) {
            let found = tx.organizations().find(id)?;
            *version = found.map_or(0, |view| view.organization.version.number());
        }
        Ok(versions)
    };
    Ok(database.store()?.read(read).await?)
}

/// Two use cases that lock two rows in opposite order: PostgreSQL aborts one, which is run again.
async fn a_deadlock_is_resolved(database: &TestDatabase) -> Outcome {
    let both = found_two(database).await?;
    let [acme, bolt] = [both[0].id, both[1].id];
    let store = database.store()?;
    let (gate, keeper) = gate();
    let one = ask(&store, lock_and_change(acme, bolt, gate.clone()));
    let other = ask(&store, lock_and_change(bolt, acme, gate));
    keeper.meet(2)?;
    keeper.open();
    one.await??;
    other.await??;
    assert_eq!(versions(database, &both).await?, [2, 2]);
    Ok(())
}

/// Makes new users fail with SQLSTATE 40001 so many times, at once or at the commit. A sequence
/// counts, since it is not rolled back.
fn fail_inserts(database: &TestDatabase, times: u32, at_commit: bool) -> Outcome {
    database.execute("CREATE SEQUENCE attempts")?;
    database.execute(&format!(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         IF nextval('attempts') <= {times} THEN \
         RAISE EXCEPTION 'not now' USING ERRCODE = 'serialization_failure'; END IF; \
         RETURN NEW; END $$"
    ))?;
    let deferred = if at_commit {
        "DEFERRABLE INITIALLY DEFERRED"
    } else {
        "NOT DEFERRABLE"
    };
    database.execute(&format!(
        "CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON users {deferred} \
         FOR EACH ROW EXECUTE FUNCTION fail()"
    ))
}

/// Adds a user, and answers how many there are then.
async fn add_one(database: &TestDatabase) -> Result<i64> {
    let store = database.store().map_err(Error::storage)?;
    let added = store.write(|tx| tx.users().add(&sample::user("bob")));
    assert!(added.await?);
    database.count(USERS).map_err(Error::storage)
}

async fn a_serialization_failure_is_tried_again(database: &TestDatabase) -> Outcome {
    fail_inserts(database, 3, false)?;
    assert_eq!(add_one(database).await?, 1);
    Ok(())
}

async fn a_serialization_failure_at_the_commit_is_tried_again(database: &TestDatabase) -> Outcome {
    fail_inserts(database, 3, true)?;
    assert_eq!(add_one(database).await?, 1);
    Ok(())
}

async fn endless_serialization_failures_are_told(database: &TestDatabase) -> Outcome {
    fail_inserts(database, 1_000_000, true)?;
    assert_error!(add_one(database).await, Error::Busy);
    assert_eq!(database.count(USERS)?, 0);
    database.execute("DROP TRIGGER fail ON users")?;
    assert_eq!(add_one(database).await?, 1);
    Ok(())
}

/// One who waits for a row that another use case does not let go.
async fn who_waits_too_long_for_a_lock_is_told_so(database: &TestDatabase) -> Outcome {
    let both = found_two(database).await?;
    let hasty = Options {
        statement_timeout: Duration::from_millis(50),
        ..options()
    };
    let hasty = Database::open(&database.url, &hasty)?;
    let (gate, keeper) = gate();
    let slow = ask(
        &database.store()?,
        lock_and_change(both[0].id, both[1].id, gate),
    );
    keeper.meet(1)?;
    let acme = both[0].id;
    let change_acme = move |tx: &mut dyn Tx| change(tx, acme);
    for _ in 0..2 * CONNECTIONS {
        assert_error!(hasty.store().write(change_acme).await, Error::Busy);
    }
    keeper.open();
    slow.await??;
    hasty.store().write(change_acme).await?;
    assert_eq!(versions(database, &both).await?, [2, 2]);
    hasty.close();
    Ok(())
}

/// Locks are waited for, and what was changed meanwhile is seen: no change is lost.
async fn a_lock_is_waited_for(database: &TestDatabase) -> Outcome {
    let both = found_two(database).await?;
    let (store, acme) = (database.store()?, both[0].id);
    let occupied = Occupied::all(database)?;
    let asked: Vec<_> = (0..50)
        .map(|_| ask(&store, move |tx: &mut dyn Tx| change(tx, acme)))
        .collect();
    occupied.release().await?;
    for asked in asked {
        asked.await??;
    }
    assert_eq!(versions(database, &both).await?, [51, 1]);
    Ok(())
}
