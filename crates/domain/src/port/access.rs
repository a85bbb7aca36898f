use crate::Result;
use crate::access::{Arrival, Authentication};
use crate::id::OrganizationId;
use crate::secret::Digest;

/// Finds callers by their credentials. Every method that does not lock is one statement.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait AccessRepo {
    /// The token with this digest and its user; also when expired, revoked or not active, which
    /// the domain judges.
    fn authenticate(&mut self, digest: &Digest) -> Result<Option<Authentication>>;

    /// [`AccessRepo::authenticate`] behind a lock of the user's row, and of nothing else, until the
    /// end of the transaction.
    fn authenticate_locking(&mut self, digest: &Digest) -> Result<Option<Authentication>>;

    /// [`AccessRepo::authenticate`], and what the user is to an organization, live or deleted.
    fn arrive(&mut self, digest: &Digest, organization: OrganizationId) -> Result<Option<Arrival>>;
}
