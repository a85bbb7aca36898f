//! The schema: migrations that are part of the program, and the check that they were run.

use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use rollbook_domain::{Error, Result};

use crate::OpenError;

#[cfg(feature = "sqlite")]
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
#[cfg(feature = "postgres")]
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// The version of the newest migration: the digits of its folder's name. A test compares it.
pub(crate) const NEWEST: &str = "20261201000000";

/// Any number, the same in all replicas: they take turns at migrating.
#[cfg(feature = "postgres")]
const ADVISORY_LOCK: i64 = 0x726f_6c6c_626f_6f6b;

table! {
    /// Diesel's own record of the migrations that were run.
    __diesel_schema_migrations (version) {
        version -> Text,
    }
}

macro_rules! newest_was_run {
    ($connection:expr) => {
        diesel::select(diesel::dsl::exists(
            __diesel_schema_migrations::table.find(NEWEST),
        ))
        .get_result::<bool>($connection)
    };
}

/// Whether the database answers and has the newest schema.
#[cfg(feature = "sqlite")]
pub(crate) fn check_sqlite(connection: &mut SqliteConnection) -> Result<()> {
    judge(newest_was_run!(connection))
}

/// Whether the database answers and has the newest schema.
#[cfg(feature = "postgres")]
pub(crate) fn check_postgres(connection: &mut PgConnection) -> Result<()> {
    judge(newest_was_run!(connection))
}

fn judge(newest_was_run: QueryResult<bool>) -> Result<()> {
    match newest_was_run {
        Ok(true) => Ok(()),
        Ok(false) => Err(Error::storage(
            "migrations are pending; run `rollbook migrate`",
        )),
        Err(error) => Err(Error::storage(error)),
    }
}

/// Runs what is pending while no other program does; answers the names of what was run.
#[cfg(feature = "sqlite")]
pub(crate) fn run_sqlite(
    connection: &mut SqliteConnection,
) -> std::result::Result<Vec<String>, OpenError> {
    connection
        .immediate_transaction(|connection| run(connection, SQLITE))
        .map_err(OpenError::migrate)
}

/// Runs what is pending while no other replica does; answers the names of what was run.
#[cfg(feature = "postgres")]
pub(crate) fn run_postgres(
    connection: &mut PgConnection,
) -> std::result::Result<Vec<String>, OpenError> {
    use diesel::connection::SimpleConnection;
    // The lock ends with the connection, whatever happens in between.
    let lock = format!("SELECT pg_advisory_lock({ADVISORY_LOCK})");
    connection
        .batch_execute(&lock)
        .map_err(OpenError::migrate)?;
    let outcome = run(connection, POSTGRES);
    let unlock = format!("SELECT pg_advisory_unlock({ADVISORY_LOCK})");
    connection
        .batch_execute(&unlock)
        .map_err(OpenError::migrate)?;
    outcome.map_err(OpenError::migrate)
}

fn run<DB: diesel::backend::Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> diesel::migration::Result<Vec<String>> {
    let pending = connection.pending_migrations(migrations)?;
    for migration in &pending {
        connection.run_migration(&**migration)?;
    }
    Ok(pending
        .iter()
        .map(|migration| migration.name().to_string())
        .collect())
}

/// The names of what is pending.
#[cfg(feature = "sqlite")]
pub(crate) fn pending_sqlite(
    connection: &mut SqliteConnection,
) -> std::result::Result<Vec<String>, OpenError> {
    pending(connection, SQLITE)
}

/// The names of what is pending.
#[cfg(feature = "postgres")]
pub(crate) fn pending_postgres(
    connection: &mut PgConnection,
) -> std::result::Result<Vec<String>, OpenError> {
    pending(connection, POSTGRES)
}

fn pending<DB: diesel::backend::Backend>(
    connection: &mut impl MigrationHarness<DB>,
    migrations: EmbeddedMigrations,
) -> std::result::Result<Vec<String>, OpenError> {
    let pending = connection
        .pending_migrations(migrations)
        .map_err(OpenError::migrate)?;
    Ok(pending
        .iter()
        .map(|migration| migration.name().to_string())
        .collect())
}

#[cfg(test)]
mod tests {
    use diesel::migration::{Migration, MigrationSource};

    use super::*;

    /// The folders are looked at, too, since a new one is not part of the program until this file
    /// is compiled again.
    #[test]
    fn the_newest_migration_is_known() {
        let migrations = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations");
        for database in ["sqlite", "postgres"] {
            let folders = std::fs::read_dir(format!("{migrations}/{database}")).unwrap();
            let versions = folders.map(|folder| {
                let name = folder.unwrap().file_name().into_string().unwrap();
                name.split('_').next().unwrap().replace('-', "")
            });
            assert_eq!(versions.max().as_deref(), Some(NEWEST), "{database}");
        }
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn the_newest_migration_for_sqlite_is_embedded() {
        assert_eq!(newest::<diesel::sqlite::Sqlite>(&SQLITE), NEWEST);
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn the_newest_migration_for_postgres_is_embedded() {
        assert_eq!(newest::<diesel::pg::Pg>(&POSTGRES), NEWEST);
    }

    fn newest<DB: diesel::backend::Backend>(embedded: &EmbeddedMigrations) -> String {
        let migrations = MigrationSource::<DB>::migrations(embedded).unwrap();
        let versions = migrations.iter().map(|it| it.name().version().to_string());
        versions.max().unwrap()
    }
}
