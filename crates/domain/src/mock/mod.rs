//! Doubles and fixtures for tests, behind the feature `mock`: for this crate, for the adapters and
//! for services that embed the domain.
//!
//! | to test | use |
//! |---|---|
//! | a handler or a dialect | `MockOrganizations` and its like in [`crate::service`] |
//! | one use case alone | [`MockStore`] around a [`MockTx`], which holds a mock of every repository |
//! | several use cases together | [`World`] over a [`MemoryStore`] |
//! | a store | [`World`] over it, and over a [`FlakyStore`] around it |
//! | what was sent | [`MemoryStore::messages`]; over any store, [`World::invitation_secret`] |

mod ambient;
mod flaky;
mod memory;
mod password;
pub mod sample;
mod signer;
mod store;
mod tx;
mod world;
mod zone;

pub use ambient::{FixedClock, SequentialIds, SequentialRandom};
pub use flaky::{Fate, FlakyStore};
pub use memory::MemoryStore;
pub use password::{PlainStrength, QuickHasher};
pub use signer::PlainSigner;
pub use store::MockStore;
pub use tx::MockTx;
pub use world::{Account, World};
pub use zone::Zone;

/// The library that the mocks are made with, so that its predicates and sequences fit them.
pub use mockall;
