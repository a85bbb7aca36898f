use async_trait::async_trait;

use crate::Result;

/// Tells whether requests can be served, for load balancers and orchestrators.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Probe: Send + Sync {
    /// `Ok` when the store answers and its schema is the one this program was built for.
    async fn ready(&self) -> Result<()>;
}
