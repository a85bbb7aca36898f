//! Connections that PostgreSQL or the network ends, and what becomes of the use cases on them.

use rollbook_domain::mock::sample;
use rollbook_domain::port::Tx;
use rollbook_store::{Database, Options};

use crate::harness::{ask, gate, on_postgres};
use crate::support::{Outcome, TestDatabase, options};

on_postgres! {
    killed_idle_connections_are_replaced,
    a_connection_killed_in_the_middle_is_replaced,
    a_reader_killed_in_the_middle_starts_anew,
    a_reader_killed_at_its_end_has_read,
}

/// How long a killed connection may take to end on a machine that has other things to do.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

const USERS: &str = "SELECT count(*) AS count FROM users";

/// Ends all connections of the store, as a restart of the server does, and waits for their end;
/// answers how many there were. The pool may open others meanwhile, which are not meant.
fn kill_all(database: &TestDatabase) -> Outcome<i64> {
    let now = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS count";
    let now = database.count(now)?;
    let others = format!(
        "FROM pg_stat_activity \
         WHERE application_name = current_setting('application_name') \
         AND pid <> pg_backend_pid() \
         AND (extract(epoch FROM backend_start) * 1000000)::bigint <= {now}"
    );
    let kill = format!("SELECT count(pg_terminate_backend(pid)) AS count {others}");
    let look = format!("SELECT count(*) AS count {others}");
    let killed = database.count(&kill)?;
    let end = std::time::Instant::now() + PATIENCE;
    while std::time::Instant::now() < end {
        if database.count(&look)? == 0 {
            return Ok(killed);
        }
        std::thread::yield_now();
    }
    Err("killed connections live on".into())
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
    for way in ["write", "read", "read one", "probe"] {
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
        match way {
            "write" => assert!(
                store
                    .write(|tx| tx.users().add(&sample::user("ann")))
                    .await?
            ),
            "read" => assert!(store.read(|tx| tx.users().any()).await?),
            "read one" => assert!(store.read_one(|tx| tx.users().any()).await?),
            _ => second.probe().ready().await?,
        }
    }
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
    assert_eq!(database.count(USERS)?, 2);
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

async fn a_reader_killed_at_its_end_has_read(database: &TestDatabase) -> Outcome {
    let (store, (gate, keeper)) = (database.store()?, gate());
    let read = move |tx: &mut dyn Tx| {
        let any = tx.users().any()?;
        gate.pass();
        Ok(any)
    };
    let asked = tokio::spawn(async move { store.read(read).await });
    keeper.meet(1)?;
    kill_all(database)?;
    keeper.open();
    assert!(!asked.await??);
    Ok(())
}
