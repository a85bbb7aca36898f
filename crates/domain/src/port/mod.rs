//! What the domain needs from the outside: a store of transactions with one synchronous repository
//! an aggregate, and the sources of time, ids and randomness.

mod access;
mod ambient;
mod installation;
mod membership;
mod organization;
mod probe;
mod store;
mod token;
mod user;

pub use access::AccessRepo;
pub use ambient::{Clock, IdSource, Random};
pub use installation::InstallationRepo;
pub use membership::MembershipRepo;
pub use organization::OrganizationRepo;
pub use probe::Probe;
pub use store::{Access, Output, Store, Tx, Work};
pub use token::TokenRepo;
pub use user::UserRepo;

#[cfg(feature = "mock")]
pub use {
    access::MockAccessRepo,
    ambient::{MockClock, MockIdSource, MockRandom},
    installation::MockInstallationRepo,
    membership::MockMembershipRepo,
    organization::MockOrganizationRepo,
    probe::MockProbe,
    token::MockTokenRepo,
    user::MockUserRepo,
};
