//! `rollbook migrate`.

use crate::failure::Result;
use crate::house;
use crate::settings::Settings;

/// Brings the database to this program's schema and says what was done, on standard error.
pub(crate) fn run(settings: &Settings) -> Result<()> {
    let database = house::connect(&settings.database)?;
    let outcome = house::migrate(&database, &settings.database.url);
    database.close();
    let applied = outcome?;
    if applied.is_empty() {
        eprintln!("The database is up to date.");
    }
    for name in applied {
        eprintln!("applied {name}");
    }
    Ok(())
}
