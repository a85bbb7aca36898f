use crate::Result;
use crate::id::{ClientId, ClientSecretId, OrganizationId};
use crate::mock::memory::MemoryTx;
use crate::mock::memory::state::{State, cut, duplicate, number};
use crate::oauth::{ClientSecret, OAuthClient};
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::port::OAuthClientRepo;
use crate::secret::Digest;
use crate::time::Timestamp;

impl OAuthClientRepo for MemoryTx {
    fn add(&mut self, client: &OAuthClient) -> Result<()> {
        let state = self.writing()?;
        if let Some(id) = client.organization_id {
            state.organization(id)?;
        }
        if let Some(id) = client.service_account_id {
            state.user(id)?;
        }
        match state.oauth.clients.insert(client.id, client.clone()) {
            Some(_) => Err(duplicate("the client")),
            None => Ok(()),
        }
    }

    fn find(&mut self, id: ClientId) -> Result<Option<OAuthClient>> {
        Ok(self.reading()?.oauth.clients.get(&id).cloned())
    }

    fn lock(&mut self, id: ClientId) -> Result<Option<OAuthClient>> {
        Ok(self.writing()?.oauth.clients.get(&id).cloned())
    }

    fn list(
        &mut self,
        organization: Option<OrganizationId>,
        window: &Window<ClientId>,
    ) -> Result<Page<OAuthClient, ClientId>> {
        let rows = of(self.reading()?, organization).cloned();
        Ok(cut(rows.collect(), window, |client| client.id))
    }

    fn count(&mut self, organization: Option<OrganizationId>) -> Result<u32> {
        Ok(number(of(self.reading()?, organization)))
    }

    fn update(&mut self, client: &OAuthClient, seen: Version) -> Result<bool> {
        let clients = &mut self.writing()?.oauth.clients;
        match clients.get_mut(&client.id) {
            Some(kept) if kept.version == seen => {
                kept.clone_from(client);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn add_secret(&mut self, secret: &ClientSecret, digest: &Digest) -> Result<()> {
        let state = self.writing()?;
        state.oauth.client(secret.client_id)?;
        if let Some(id) = secret.created_by {
            state.user(id)?;
        }
        let kept = (secret.clone(), *digest);
        match state.oauth.secrets.insert(secret.id, kept) {
            Some(_) => Err(duplicate("the secret")),
            None => Ok(()),
        }
    }

    fn find_secret(&mut self, client: ClientId, digest: &Digest) -> Result<Option<ClientSecret>> {
        let mut secrets = self.reading()?.oauth.secrets.values();
        let found = secrets.find(|(it, kept)| it.client_id == client && kept == digest);
        Ok(found.map(|(secret, _)| secret.clone()))
    }

    fn secrets(&mut self, client: ClientId) -> Result<Vec<ClientSecret>> {
        let secrets = self.reading()?.oauth.secrets.values().rev();
        let theirs = secrets.filter(|(it, _)| it.client_id == client);
        Ok(theirs.map(|(it, _)| it.clone()).collect())
    }

    fn end_secret(&mut self, id: ClientSecretId, at: Timestamp) -> Result<()> {
        if let Some((secret, _)) = self.writing()?.oauth.secrets.get_mut(&id) {
            secret.expires_at = Some(at);
        }
        Ok(())
    }

    fn remove_secret(&mut self, id: ClientSecretId) -> Result<()> {
        self.writing()?.oauth.secrets.remove(&id);
        Ok(())
    }
}

fn of(state: &State, organization: Option<OrganizationId>) -> impl Iterator<Item = &OAuthClient> {
    let all = state.oauth.clients.values();
    all.filter(move |it| it.organization_id == organization && it.deleted_at.is_none())
}
