use super::MemoryTx;
use super::outbox::untried;
use super::state::{State, absent, cut, duplicate, number};
use crate::Result;
use crate::audit::Chain;
use crate::id::{OrganizationId, WebhookEndpointId};
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::port::WebhookRepo;
use crate::time::Timestamp;
use crate::webhook::WebhookEndpoint;

impl WebhookRepo for MemoryTx {
    fn add(&mut self, endpoint: &WebhookEndpoint) -> Result<()> {
        let state = self.writing()?;
        state.organization(endpoint.organization_id)?;
        match state.webhooks.insert(key(endpoint), endpoint.clone()) {
            Some(_) => Err(duplicate("the webhook endpoint")),
            None => Ok(()),
        }
    }

    fn find(
        &mut self,
        organization: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<Option<WebhookEndpoint>> {
        Ok(self.reading()?.webhooks.get(&(organization, id)).cloned())
    }

    fn find_locked(
        &mut self,
        organization: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<Option<WebhookEndpoint>> {
        Ok(self.writing()?.webhooks.get(&(organization, id)).cloned())
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        window: &Window<WebhookEndpointId>,
    ) -> Result<Page<WebhookEndpoint, WebhookEndpointId>> {
        let rows = of(self.reading()?, organization).cloned().collect();
        Ok(cut(rows, window, |endpoint| endpoint.id))
    }

    fn count(&mut self, organization: OrganizationId) -> Result<u32> {
        Ok(number(of(self.reading()?, organization)))
    }

    fn update(&mut self, endpoint: &WebhookEndpoint, before: Version) -> Result<bool> {
        let kept = self.writing()?.webhooks.get_mut(&key(endpoint));
        let found = kept.filter(|kept| kept.version == before);
        Ok(found.map(|kept| *kept = endpoint.clone()).is_some())
    }

    fn delete(
        &mut self,
        organization: OrganizationId,
        id: WebhookEndpointId,
        before: Version,
        _: Timestamp,
    ) -> Result<bool> {
        let webhooks = &mut self.writing()?.webhooks;
        let kept = webhooks.get(&(organization, id));
        if kept.is_none_or(|kept| kept.version != before) {
            return Ok(false);
        }
        Ok(webhooks.remove(&(organization, id)).is_some())
    }

    fn is_any_behind(&mut self, most: u32) -> Result<bool> {
        let state = self.reading()?;
        let mut endpoints = state.webhooks.values();
        Ok(endpoints.any(|endpoint| is_behind(state, endpoint, most)))
    }

    fn behind(&mut self, most: u32, limit: u32) -> Result<Vec<WebhookEndpoint>> {
        let state: &State = self.writing()?;
        let endpoints = state.webhooks.values();
        let behind = endpoints.filter(|endpoint| is_behind(state, endpoint, most));
        Ok(behind.take(limit as usize).cloned().collect())
    }

    fn advance(&mut self, endpoint: &WebhookEndpoint, position: u64) -> Result<()> {
        let kept = self.writing()?.webhooks.get_mut(&key(endpoint));
        let kept = kept.ok_or_else(|| absent("webhook endpoint", endpoint.id))?;
        kept.position = position;
        Ok(())
    }
}

const fn key(endpoint: &WebhookEndpoint) -> (OrganizationId, WebhookEndpointId) {
    (endpoint.organization_id, endpoint.id)
}

/// The endpoints of an organization, by id.
fn of(state: &State, organization: OrganizationId) -> impl Iterator<Item = &WebhookEndpoint> {
    let all = state.webhooks.values();
    all.filter(move |endpoint| endpoint.organization_id == organization)
}

fn is_behind(state: &State, endpoint: &WebhookEndpoint, most: u32) -> bool {
    let chain = Chain::Organization(endpoint.organization_id);
    let mut rest = state
        .entries
        .range((chain, endpoint.position + 1)..=(chain, u64::MAX));
    let has_room = || number(untried(state, endpoint.id)) < most;
    endpoint.is_enabled() && rest.next().is_some() && has_room()
}
