//! The services' own suite over the real stores, and over stores that run everything twice.

use std::sync::Arc;

use rollbook_domain::Result;
use rollbook_domain::mock::{FlakyStore, World};

use crate::harness::run;
use crate::support::{Outcome, TestDatabase};

fn plainly<F>(database: Outcome<TestDatabase>, case: fn(World) -> F) -> Outcome
where
    F: Future<Output = Result<()>>,
{
    run(database, async |database: &TestDatabase| {
        Ok(case(database.world()?).await?)
    })
}

/// No use case may depend on its closure running once.
fn twice<F>(database: Outcome<TestDatabase>, case: fn(World) -> F) -> Outcome
where
    F: Future<Output = Result<()>>,
{
    run(database, async |database: &TestDatabase| {
        let store = FlakyStore::new(database.store()?);
        Ok(case(World::over(Arc::new(store))).await?)
    })
}

macro_rules! over {
    ($($name:ident: $way:ident($database:ident);)+) => {
        $(mod $name {
            pub(crate) fn run<F>(
                case: fn(rollbook_domain::mock::World) -> F,
            ) -> crate::support::Outcome
            where
                F: Future<Output = rollbook_domain::Result<()>>,
            {
                super::$way(crate::support::TestDatabase::$database(), case)
            }

            crate::service::suite!(crate::services::$name::run);
        })+
    };
}

over! {
    sqlite: plainly(sqlite);
    sqlite_twice: twice(sqlite);
    postgres: plainly(postgres);
    postgres_twice: twice(postgres);
}
