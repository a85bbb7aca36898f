use async_trait::async_trait;

use crate::Result;

/// Looks names up in the DNS. Never called within a transaction.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait DnsTxt: Send + Sync {
    /// The texts of the TXT records of a name (RFC 1035 §3.3.14), the strings of each record
    /// joined; none when there is no such name or it has none. [`crate::Error::Busy`] when nobody
    /// answered.
    async fn txt(&self, name: &str) -> Result<Vec<String>>;
}
