use async_trait::async_trait;

use crate::Result;
use crate::id::UserId;
use crate::password::{KeptPassword, Password, PasswordHash, PasswordReset, Strength, Verdict};
use crate::secret::Digest;

/// Keeps the hashes of passwords, one a user.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait PasswordRepo {
    /// The password of a user.
    fn find(&mut self, user: UserId) -> Result<Option<KeptPassword>>;

    /// Writes a password in the place of the one that the user had. Lock the user first.
    fn put(&mut self, password: &KeptPassword) -> Result<()>;

    /// Removes the password of a user; `false` when there is none.
    fn remove(&mut self, user: UserId) -> Result<bool>;
}

/// Keeps the ways to a new password, one a user.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait PasswordResetRepo {
    /// Writes a reset with the digest of its secret, in the place of the one that the user had.
    /// Lock the user first.
    fn put(&mut self, reset: &PasswordReset, digest: &Digest) -> Result<()>;

    /// The reset whose secret has this digest, also when it has run out, which the domain judges.
    fn find_by_secret(&mut self, digest: &Digest) -> Result<Option<PasswordReset>>;

    /// Removes the reset of a user; `false` when there is none.
    fn remove(&mut self, user: UserId) -> Result<bool>;
}

/// Hashes passwords slowly, on purpose. Never called within a transaction.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// A new hash, with a salt of its own. [`crate::Error::Busy`] when too many wait.
    async fn hash(&self, password: Password) -> Result<PasswordHash>;

    /// Holds a password against a hash; against none, it takes as long and is
    /// [`Verdict::Wrong`]. [`crate::Error::Busy`] when too many wait.
    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<Verdict>;
}

/// Judges how hard passwords are to guess. Never called within a transaction.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PasswordStrength: Send + Sync {
    /// Judges a password of somebody about whom these words are known: name, address,
    /// organizations. [`crate::Error::Busy`] when too many wait.
    async fn judge(&self, password: Password, words: Vec<String>) -> Result<Strength>;
}
