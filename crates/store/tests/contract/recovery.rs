//! What PostgreSQL throws at a use case, and what becomes of it.

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::mock::sample;
use rollbook_domain::organization::Organization;
use rollbook_domain::port::Tx;
use rollbook_domain::{Error, Result};
use rollbook_store::{Database, Options};

use crate::harness::{Gate, Occupied, ask, assert_error, gate, on_postgres};
use crate::support::{CONNECTIONS, Outcome, TestDatabase, options};

on_postgres! {
    a_deadlock_is_resolved,
    a_serialization_failure_is_tried_again,
    a_serialization_failure_at_the_commit_is_tried_again,
    endless_serialization_failures_are_told,
    killed_idle_connections_are_replaced,
    a_connection_killed_in_the_middle_is_replaced,
    a_reader_killed_in_the_middle_starts_anew,
    who_waits_too_long_for_a_lock_is_told_so,
    a_lock_is_waited_for,
}

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
                .try_for_each(|it| tx.organizations().add(it).map(drop))
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
    count_users(database).map_err(Error::storage)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count_users(database: &TestDatabase) -> Outcome<i64> {
    let count: Count = sql_query("SELECT count(*) FROM users")
        .get_result(&mut database.bare_postgres()?)?;
    Ok(count.count)
}

async fn a_serialization_failure_is_tried_again(database: &TestDatabase) -> Outcome {
    fail_inserts(database, 3, false)?;
    assert_eq!(add_one(database).await?, 1);
    Ok(())
}

async fn a_serialization_failure_at_the_commit_is_tried_again(
    database: &TestDatabase,
) -> Outcome {
    fail_inserts(database, 3, true)?;
    assert_eq!(add_one(database).await?, 1);
    Ok(())
}

async fn endless_serialization_failures_are_told(database: &TestDatabase) -> Outcome {
    fail_inserts(database, 1_000_000, true)?;
    assert_error!(add_one(database).await, Error::Busy);
    assert_eq!(count_users(database)?, 0);
    database.execute("DROP TRIGGER fail ON users")?;
    assert_eq!(add_one(database).await?, 1);
    Ok(())
}

/// Ends all connections of the store, as a restart of the server does, and waits for their end.
fn kill_all(database: &TestDatabase) -> Outcome<i64> {
    let patience = 10_000;
    let killed: Count = sql_query(
        "SELECT count(pg_terminate_backend(pid, $1)) FROM pg_stat_activity \
         WHERE application_name = current_setting('application_name') \
         AND pid <> pg_backend_pid()",
    )
    .bind::<BigInt, _>(patience)
    .get_result(&mut database.bare_postgres()?)?;
    Ok(killed.count)
}

/// However many there were: each use case finds another dead connection in the pool.
async fn killed_idle_connections_are_replaced(database: &TestDatabase) -> Outcome {
    const MANY: usize = 12;
    let many = Options {
        connections: Some(MANY),
        ..options()
    };
    let second = Database::open(&database.url, &many)?;
    let store = second.store();
    for access in ["write", "read", "read one"] {
        let (gate, keeper) = gate();
        let pass = || {
            let gate = gate.clone();
            move |_: &mut dyn Tx| {
                gate.pass();
                Ok(())
            }
        };
        let busy: Vec<_> = (0..MANY).map(|_| ask(&store, pass())).collect();
        keeper.meet(MANY)?;
        keeper.open();
        for busy in busy {
            busy.await??;
        }
        assert!(kill_all(database)? >= MANY.try_into()?);
        match access {
            "write" => assert!(store.write(|tx| tx.users().add(&sample::user("ann"))).await?),
            "read" => assert!(store.read(|tx| tx.users().any()).await?),
            _ => assert!(store.read_one(|tx| tx.users().any()).await?),
        }
    }
    second.probe().ready().await?;
    second.close();
    Ok(())
}

async fn a_connection_killed_in_the_middle_is_replaced(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (gate, keeper) = gate();
    let asked = ask(&store, move |tx: &mut dyn Tx| {
        let (ann, bob) = (sample::user("ann"), sample::user("bob"));
        let ann = tx.users().add(&ann)?;
        gate.pass();
        Ok((ann, tx.users().add(&bob)?))
    });
    keeper.meet(1)?;
    kill_all(database)?;
    keeper.open();
    assert_eq!(asked.await??, (true, true));
    assert_eq!(count_users(database)?, 2);
    Ok(())
}

async fn a_reader_killed_in_the_middle_starts_anew(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (gate, keeper) = gate();
    let asked = tokio::spawn(async move {
        let read = move |tx: &mut dyn Tx| {
            let before = tx.users().any()?;
            gate.pass();
            Ok((before, tx.users().any()?))
        };
        store.read(read).await
    });
    keeper.meet(1)?;
    kill_all(database)?;
    database
        .store()?
        .write(|tx| tx.users().add(&sample::user("ann")))
        .await?;
    keeper.open();
    assert_eq!(asked.await??, (true, true));
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
