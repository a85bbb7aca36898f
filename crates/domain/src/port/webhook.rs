use async_trait::async_trait;

use crate::Result;
use crate::id::{OrganizationId, WebhookEndpointId};
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::time::Timestamp;
use crate::webhook::{Post, Reply, WebhookEndpoint};

/// Keeps webhook endpoints.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait WebhookRepo {
    /// Adds an endpoint. The organization is locked.
    fn add(&mut self, endpoint: &WebhookEndpoint) -> Result<()>;

    /// One endpoint of an organization that was not deleted.
    fn find(
        &mut self,
        organization: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<Option<WebhookEndpoint>>;

    /// The same, locked until the end of the transaction.
    fn find_locked(
        &mut self,
        organization: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<Option<WebhookEndpoint>>;

    /// The endpoints of an organization, in the order of their ids.
    fn list(
        &mut self,
        organization: OrganizationId,
        window: &Window<WebhookEndpointId>,
    ) -> Result<Page<WebhookEndpoint, WebhookEndpointId>>;

    /// How many an organization has.
    fn count(&mut self, organization: OrganizationId) -> Result<u32>;

    /// Writes an endpoint over the one with this version, its position included, so that it is
    /// locked before it is read; `false`: there is no such one.
    fn update(&mut self, endpoint: &WebhookEndpoint, before: Version) -> Result<bool>;

    /// Deletes an endpoint with this version, and forgets its secrets; what is known of its deliveries
    /// stays for as long as the outbox keeps it. `false`: there is no such one.
    fn delete(
        &mut self,
        organization: OrganizationId,
        id: WebhookEndpointId,
        before: Version,
        now: Timestamp,
    ) -> Result<bool>;

    /// Whether there are any that [`WebhookRepo::behind`] would answer. Locks nothing, so that who
    /// asks again and again is in nobody's way.
    fn is_any_behind(&mut self, most: u32) -> Result<bool>;

    /// Enabled endpoints whose organization's audit log goes on behind their position, and for which
    /// fewer than `most` messages wait that were never tried; at most `limit`, locked until the end
    /// of the transaction; passes over what another transaction has locked. Those of a deleted
    /// organization too: its deletion is the last that they hear.
    fn behind(&mut self, most: u32, limit: u32) -> Result<Vec<WebhookEndpoint>>;

    /// Notes up to which place of the log messages were made. The endpoint is locked.
    fn advance(&mut self, endpoint: &WebhookEndpoint, position: u64) -> Result<()>;
}

/// Posts events to webhook endpoints. Never called within a transaction.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// Posts within 15 seconds, follows no redirect, and connects to no address that the operator
    /// has not allowed.
    async fn post(&self, post: &Post) -> Reply;
}
