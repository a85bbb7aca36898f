use crate::Result;
use crate::id::SigningKeyId;
use crate::oauth::SigningKey;
use crate::time::Timestamp;

/// Keeps what all replicas of one installation share.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait InstallationRepo {
    /// The key with which page tokens are authenticated, once there is one.
    fn page_token_key(&mut self) -> Result<Option<[u8; 32]>>;

    /// Keeps a first key; `false` when there is one already.
    fn add_page_token_key(&mut self, key: &[u8; 32]) -> Result<bool>;

    /// Locks what all replicas share until the end of the transaction, once there is a key for page
    /// tokens.
    fn hold(&mut self) -> Result<()>;

    /// All keys that ID tokens were or are signed with, the newest first.
    fn signing_keys(&mut self) -> Result<Vec<SigningKey>>;

    /// Keeps a new key.
    fn add_signing_key(&mut self, key: &SigningKey) -> Result<()>;

    /// Retires a key.
    fn retire_signing_key(&mut self, id: SigningKeyId, at: Timestamp) -> Result<()>;

    /// Forgets a key.
    fn remove_signing_key(&mut self, id: SigningKeyId) -> Result<()>;
}
