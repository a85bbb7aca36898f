//! How a case meets its database.

use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use diesel::sql_types::BigInt;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use rollbook_domain::Result;
use rollbook_domain::mock::World;
use rollbook_domain::port::{Probe, Store, Tx};
use rollbook_store::{Database, DatabaseUrl};
use tokio::task::JoinHandle;

use crate::support::{CONNECTIONS, Outcome, TestDatabase};

/// One `#[test]` a case on SQLite, and one on PostgreSQL.
macro_rules! on_both {
    ($($case:ident),+ $(,)?) => {
        $crate::harness::on_sqlite!($($case),+);
        $crate::harness::on_postgres!($($case),+);
    };
}

macro_rules! on_sqlite {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $case() {
                let database = crate::support::TestDatabase::sqlite();
                crate::harness::run(database, super::$case).unwrap();
            })+
        }
    };
}

macro_rules! on_postgres {
    ($($case:ident),+ $(,)?) => {
        mod postgres {
            $(#[test]
            fn $case() {
                let database = crate::support::TestDatabase::postgres();
                crate::harness::run(database, super::$case).unwrap();
            })+
        }
    };
}

/// Asserts that a result is an error of this shape.
macro_rules! assert_error {
    ($result:expr, $pattern:pat $(if $guard:expr)?) => {{
        let result = $result;
        assert!(
            matches!(&result, Err($pattern) $(if $guard)?),
            "expected {}, got {result:?}",
            stringify!($pattern $(if $guard)?),
        );
    }};
}

pub(crate) use {assert_error, on_both, on_postgres, on_sqlite};

/// More than any case takes; what hangs shall fail.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a case on its database.
pub(crate) fn run<C>(database: Outcome<TestDatabase>, case: C) -> Outcome
where
    C: AsyncFnOnce(&TestDatabase) -> Outcome,
{
    let database = database?;
    drive(Box::pin(case(&database)))
}

/// Boxed, so that the runtime's code is compiled once, not once a case.
fn drive(case: Pin<Box<dyn Future<Output = Outcome> + '_>>) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()?;
    runtime.block_on(async { tokio::time::timeout(PATIENCE, case).await? })
}

impl TestDatabase {
    pub(crate) fn database(&self) -> Outcome<&Database> {
        self.database.as_ref().ok_or_else(|| "it is closed".into())
    }

    pub(crate) fn store(&self) -> Outcome<Arc<dyn Store>> {
        Ok(self.database()?.store())
    }

    pub(crate) fn probe(&self) -> Outcome<Arc<dyn Probe>> {
        Ok(self.database()?.probe())
    }

    pub(crate) fn world(&self) -> Outcome<World> {
        Ok(World::over(self.store()?))
    }

    /// How many writing use cases can be under way.
    pub(crate) fn writers(&self) -> usize {
        match self.url {
            DatabaseUrl::Sqlite(_) => 1,
            DatabaseUrl::Postgres(_) => CONNECTIONS,
        }
    }

    /// Runs statements that no repository offers.
    pub(crate) fn execute(&self, sql: &str) -> Outcome {
        match self.url {
            DatabaseUrl::Sqlite(_) => sql_query(sql).execute(&mut self.bare_sqlite()?)?,
            DatabaseUrl::Postgres(_) => sql_query(sql).execute(&mut self.bare_postgres()?)?,
        };
        Ok(())
    }

    /// Answers a query for one number, the same on both databases, that no repository offers.
    pub(crate) fn count(&self, sql: &str) -> Outcome<i64> {
        #[derive(QueryableByName)]
        struct Count {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let query = sql_query(sql);
        let answer: Count = match self.url {
            DatabaseUrl::Sqlite(_) => query.get_result(&mut self.bare_sqlite()?)?,
            DatabaseUrl::Postgres(_) => query.get_result(&mut self.bare_postgres()?)?,
        };
        Ok(answer.count)
    }
}

/// A point at which a use case stops until its test lets it go on.
#[derive(Clone)]
pub(crate) struct Gate {
    arrived: Sender<()>,
    latch: Arc<Latch>,
}

/// The test's side of a [`Gate`]. Whatever becomes of the test, dropping this opens the gate.
pub(crate) struct Keeper {
    arrivals: Receiver<()>,
    latch: Arc<Latch>,
}

#[derive(Default)]
struct Latch {
    open: Mutex<bool>,
    opened: Condvar,
}

/// A closed gate.
pub(crate) fn gate() -> (Gate, Keeper) {
    let (arrived, arrivals) = channel();
    let latch = Arc::<Latch>::default();
    let keeper = Keeper {
        arrivals,
        latch: Arc::clone(&latch),
    };
    (Gate { arrived, latch }, keeper)
}

impl Gate {
    /// Stops until the gate is open.
    pub(crate) fn pass(&self) {
        let _ = self.arrived.send(());
        let open = self.latch.open.lock();
        let open = open.unwrap_or_else(PoisonError::into_inner);
        drop(self.latch.opened.wait_while(open, |open| !*open));
    }
}

impl Keeper {
    /// Waits until so many use cases stand at the gate. For the thread of the test only, which
    /// nobody else needs.
    pub(crate) fn meet(&self, count: usize) -> Outcome {
        for _ in 0..count {
            self.arrivals.recv_timeout(PATIENCE)?;
        }
        Ok(())
    }

    /// Lets everybody pass from now on.
    pub(crate) fn open(self) {
        drop(self);
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        *self
            .latch
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.latch.opened.notify_all();
    }
}

/// A store whose writers are all busy, so that what is asked of it queues up.
pub(crate) struct Occupied {
    keeper: Keeper,
    writers: Vec<JoinHandle<Result<()>>>,
}

impl Occupied {
    /// Occupies every writer.
    pub(crate) fn all(database: &TestDatabase) -> Outcome<Self> {
        let (gate, keeper) = gate();
        let mut writers = Vec::new();
        for _ in 0..database.writers() {
            let (store, gate) = (database.store()?, gate.clone());
            let pass = move |_: &mut dyn Tx| {
                gate.pass();
                Ok(())
            };
            writers.push(tokio::spawn(async move { store.write(pass).await }));
        }
        keeper.meet(database.writers())?;
        Ok(Self { keeper, writers })
    }

    /// Lets the writers go on.
    pub(crate) async fn release(self) -> Outcome {
        self.keeper.open();
        for writer in self.writers {
            writer.await??;
        }
        Ok(())
    }
}

/// Runs writing use cases at once and answers what became of each, in order.
pub(crate) async fn all_at_once<T: Send + 'static>(
    store: &Arc<dyn Store>,
    works: impl IntoIterator<Item = impl FnMut(&mut dyn Tx) -> Result<T> + Send + 'static>,
) -> Outcome<Vec<Result<T>>> {
    let tasks: Vec<_> = works.into_iter().map(|work| ask(store, work)).collect();
    let mut outcomes = Vec::with_capacity(tasks.len());
    for task in tasks {
        outcomes.push(task.await?);
    }
    Ok(outcomes)
}

/// Asks for a writing use case without waiting for it.
pub(crate) fn ask<T: Send + 'static>(
    store: &Arc<dyn Store>,
    work: impl FnMut(&mut dyn Tx) -> Result<T> + Send + 'static,
) -> JoinHandle<Result<T>> {
    let store = Arc::clone(store);
    tokio::spawn(async move { store.write(work).await })
}

/// Waits until a use case waits for a lock of PostgreSQL's.
pub(crate) async fn wait_for_a_lock<T>(
    database: &TestDatabase,
    waiting: &mut JoinHandle<T>,
) -> Outcome {
    let waits = "SELECT count(*) AS count FROM pg_stat_activity \
                 WHERE application_name = current_setting('application_name') \
                 AND wait_event_type = 'Lock'";
    while database.count(waits)? == 0 {
        assert!(!waiting.is_finished(), "it did not wait");
        tokio::task::yield_now().await;
    }
    Ok(())
}
