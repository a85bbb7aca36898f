//! The queries that a store sends.

use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use rollbook_domain::Result;
use rollbook_domain::port::{Store, Tx};
use rollbook_store::{Database, DatabaseUrl};

use crate::support::{Outcome, TestDatabase, options};

/// What was recorded for each database that is watched, by its URL.
static RECORDS: Mutex<Vec<(String, Vec<String>)>> = Mutex::new(Vec::new());

fn records() -> MutexGuard<'static, Vec<(String, Vec<String>)>> {
    RECORDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records the queries of one connection, if its database is watched.
#[derive(Default)]
struct Recorder {
    watched: Option<String>,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match (event, &self.watched) {
            (InstrumentationEvent::StartEstablishConnection { url, .. }, _) => {
                // The store adds time-outs to the URL.
                let records = records();
                let watched = records.iter().find(|(watched, _)| url.starts_with(watched));
                self.watched = watched.map(|(watched, _)| watched.clone());
            }
            (InstrumentationEvent::StartQuery { query, .. }, Some(watched)) => {
                let mut records = records();
                if let Some((_, queries)) = records.iter_mut().find(|(it, _)| it == watched) {
                    queries.push(query.to_string());
                }
            }
            _ => {}
        }
    }
}

/// Every `SELECT` that this work sends, as it was sent, with a comment about what it binds.
pub(crate) async fn record(
    database: &TestDatabase,
    work: impl FnMut(&mut dyn Tx) -> Result<()> + Send + 'static,
) -> Outcome<Vec<String>> {
    let mut queries = watch(database, async |store| store.read(work).await).await?;
    queries.retain(|query| query.contains("SELECT"));
    Ok(queries)
}

/// The same, of work that changes something.
pub(crate) async fn record_change(
    database: &TestDatabase,
    work: impl FnMut(&mut dyn Tx) -> Result<()> + Send + 'static,
) -> Outcome<Vec<String>> {
    let mut queries = watch(database, async |store| store.write(work).await).await?;
    queries.retain(|query| query.contains("SELECT"));
    Ok(queries)
}

/// Every `INSERT` and every `UPDATE` that this work sends.
pub(crate) async fn record_writes(
    database: &TestDatabase,
    work: impl FnMut(&mut dyn Tx) -> Result<()> + Send + 'static,
) -> Outcome<Vec<String>> {
    let mut queries = watch(database, async |store| store.write(work).await).await?;
    queries.retain(|query| query.starts_with("INSERT") || query.starts_with("UPDATE"));
    Ok(queries)
}

/// Every `UPDATE` and every `DELETE` that this work sends.
pub(crate) async fn record_endings(
    database: &TestDatabase,
    work: impl FnMut(&mut dyn Tx) -> Result<()> + Send + 'static,
) -> Outcome<Vec<String>> {
    let mut queries = watch(database, async |store| store.write(work).await).await?;
    queries.retain(|query| query.starts_with("UPDATE") || query.starts_with("DELETE"));
    Ok(queries)
}

async fn watch(
    database: &TestDatabase,
    work: impl AsyncFnOnce(&dyn Store) -> Result<()>,
) -> Outcome<Vec<String>> {
    static INSTALLED: Once = Once::new();
    // For good: what one test uninstalls, another may need.
    let mut installed = Ok(());
    INSTALLED.call_once(|| {
        installed = set_default_instrumentation(|| Some(Box::new(Recorder::default())));
    });
    installed?;
    let url = match &database.url {
        DatabaseUrl::Sqlite(path) => path.to_string_lossy().into_owned(),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    records().push((url.clone(), Vec::new()));
    let recorded = Database::open(&database.url, &options())?;
    work(&*recorded.store()).await?;
    recorded.close();
    let mut records = records();
    let at = records.iter().position(|(watched, _)| *watched == url);
    Ok(records.swap_remove(at.ok_or("nothing was recorded")?).1)
}
