use crate::Result;
use crate::id::UserId;
use crate::secret::Digest;
use crate::verification::EmailVerification;

/// Keeps verifications of addresses, one a user.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait VerificationRepo {
    /// Writes a verification with the digest of its secret, in the place of the one that the user
    /// had. Lock the user first.
    fn put(&mut self, verification: &EmailVerification, digest: &Digest) -> Result<()>;

    /// The verification whose secret has this digest, also when it has run out, which the domain
    /// judges.
    fn find_by_secret(&mut self, digest: &Digest) -> Result<Option<EmailVerification>>;

    /// Removes the verification of a user; `false` when there is none.
    fn remove(&mut self, user: UserId) -> Result<bool>;
}
