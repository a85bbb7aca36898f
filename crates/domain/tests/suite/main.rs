//! The tests of the domain from outside: the services over the doubles of stores, single use cases
//! over mocks, the doubles themselves, the policy's matrix and the manual.

mod alone;
mod courier;
mod doubles;
// So that lints know its helpers for tests too.
#[cfg(test)]
mod events;
mod manual;
mod meanwhile;
mod passwords;
mod permissions;
mod policy;
#[path = "../service/mod.rs"]
mod service;

mod over_memory {
    use rollbook_domain::Result;
    use rollbook_domain::mock::World;

    pub(crate) fn run<F>(case: fn(World) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        pollster::block_on(case(World::in_memory()))
    }

    crate::service::suite!(crate::over_memory::run);
}

/// No use case may depend on its closure running once.
mod over_flaky_memory {
    use std::sync::Arc;

    use rollbook_domain::Result;
    use rollbook_domain::mock::{FlakyStore, MemoryStore, World};

    pub(crate) fn run<F>(case: fn(World) -> F) -> Result<()>
    where
        F: Future<Output = Result<()>>,
    {
        let store = FlakyStore::new(Arc::new(MemoryStore::new()));
        pollster::block_on(case(World::over(Arc::new(store))))
    }

    crate::service::suite!(crate::over_flaky_memory::run);
}
