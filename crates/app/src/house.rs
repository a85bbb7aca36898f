//! The database and the domain's core over it: what every command needs.

use std::sync::Arc;

use actix_web::rt::System;
use rollbook_domain::limit::Limits;
use rollbook_domain::port::{Clock, IdSource};
use rollbook_domain::service::Core;
use rollbook_store::{Database, DatabaseUrl, OpenError, Options};

use crate::ambient::{OsRandom, SystemClock, UuidSource};
use crate::failure::{Failure, Result};
use crate::password;
use crate::settings::{DatabaseSettings, Settings};

/// An open database of the right schema, and the core of the domain's services over it.
pub(crate) struct House {
    /// The database.
    pub(crate) database: Database,
    /// Tells the time.
    pub(crate) clock: Arc<dyn Clock>,
    /// Makes ids.
    pub(crate) ids: Arc<dyn IdSource>,
    /// What the services are made of.
    pub(crate) core: Core,
}

impl House {
    /// Opens the database, and migrates it if that is allowed.
    fn open(settings: &Settings) -> Result<Self> {
        let tools = password::tools(&settings.passwords)?;
        let database = connect(&settings.database)?;
        if let Err(failure) = prepare(&database, &settings.database) {
            database.close();
            return Err(failure);
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn IdSource> = Arc::new(UuidSource::default());
        let core = Core::new(
            database.store(),
            Arc::clone(&clock),
            Arc::clone(&ids),
            Arc::new(OsRandom),
        )
        .with_limits(Arc::new(Limits::new(settings.limits)));
        let core = match tools {
            Some(tools) => core.with_passwords(tools),
            None => core,
        };
        Ok(Self {
            database,
            clock,
            ids,
            core,
        })
    }
}

/// Opens the house, runs `work` in it to its end, and closes the house whatever came of it.
pub(crate) fn with<T>(
    settings: &Settings,
    work: impl AsyncFnOnce(&House) -> Result<T>,
) -> Result<T> {
    let house = House::open(settings)?;
    let outcome = System::new().block_on(work(&house));
    house.database.close();
    outcome
}

/// Opens the database as it is.
pub(crate) fn connect(settings: &DatabaseSettings) -> Result<Database> {
    let options = Options {
        readers: settings.readers,
        connections: settings.connections,
        statement_timeout: settings.statement_timeout,
        durable: settings.durable,
    };
    Database::open(&settings.url, &options).map_err(|error| {
        failure(&settings.url, &error).hint(
            "choose another with --database or ROLLBOOK_DATABASE_URL: \
             sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME",
        )
    })
}

/// Applies what is missing of the schema; answers the names.
pub(crate) fn migrate(database: &Database, url: &DatabaseUrl) -> Result<Vec<String>> {
    database.migrate().map_err(|error| {
        failure(url, &error)
            .hint("the migration that failed was undone; those before it, if any, are kept")
    })
}

/// Sees to it that the schema is this program's.
fn prepare(database: &Database, settings: &DatabaseSettings) -> Result<()> {
    if settings.migrate_at_start {
        for name in migrate(database, &settings.url)? {
            tracing::info!(name, "migration applied");
        }
        return Ok(());
    }
    let pending = database
        .pending()
        .map_err(|error| failure(&settings.url, &error))?;
    if pending.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "the database lacks migrations: {}",
        pending.join(", ")
    ))
    .hint(
        "run `rollbook migrate`, or let it happen at start with database.migrate_at_start = true",
    ))
}

/// What the database said, and which database it was; libpq may quote a whole URL, and the
/// password in it is hidden.
fn failure(url: &DatabaseUrl, error: &OpenError) -> Failure {
    let mut message = format!("{error} ({})", url.masked());
    if let DatabaseUrl::Postgres(address) = url {
        message = message.replace(address, &url.masked());
    }
    Failure::new(message.trim().replace('\n', " "))
}
