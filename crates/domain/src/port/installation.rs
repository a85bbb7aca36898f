use crate::Result;

/// Keeps what all replicas of one installation share.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait InstallationRepo {
    /// The key with which page tokens are authenticated, once there is one.
    fn page_token_key(&mut self) -> Result<Option<[u8; 32]>>;

    /// Keeps a first key; `false` when there is one already.
    fn add_page_token_key(&mut self, key: &[u8; 32]) -> Result<bool>;
}
