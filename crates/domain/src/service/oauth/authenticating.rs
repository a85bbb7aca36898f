use super::Presented;
use crate::Result;
use crate::id::ClientId;
use crate::oauth::{Answer, ClientKind, ClientSecret, OAuthClient, Problem};
use crate::organization::Organization;
use crate::port::Tx;
use crate::secret::Secret;
use crate::time::Timestamp;

/// A client that is known, and the secret by which it is, if it has one.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) client: OAuthClient,
    pub(super) secret: Option<ClientSecret>,
}

/// Finds out which client asks. A public one is who it says (RFC 6749 §2.3); a confidential one
/// proves it.
pub(super) fn client(tx: &mut dyn Tx, now: Timestamp, by: &Presented) -> Result<Answer<Known>> {
    let Some(client) = find(tx, by.id.as_deref())? else {
        return Ok(Err(Problem::CLIENT));
    };
    let secret = match (client.kind, &by.secret) {
        (ClientKind::Public, None) => None,
        (ClientKind::Public, Some(_)) | (ClientKind::Confidential, None) => {
            return Ok(Err(Problem::CLIENT));
        }
        (ClientKind::Confidential, Some(text)) => {
            let Some(secret) = Secret::parse_client_secret(text) else {
                return Ok(Err(Problem::CLIENT));
            };
            let found = tx
                .oauth_clients()
                .find_secret(client.id, &secret.digest())?;
            let Some(found) = found.filter(|secret| secret.is_usable(now)) else {
                return Ok(Err(Problem::CLIENT));
            };
            Some(found)
        }
    };
    Ok(Ok(Known { client, secret }))
}

/// A client that is not deleted, nor is its organization.
pub(super) fn find(tx: &mut dyn Tx, id: Option<&str>) -> Result<Option<OAuthClient>> {
    let Some(id) = id.and_then(ClientId::parse) else {
        return Ok(None);
    };
    let found = tx.oauth_clients().find(id)?;
    let Some(client) = found.filter(|client| client.deleted_at.is_none()) else {
        return Ok(None);
    };
    let live = match client.organization_id {
        None => true,
        Some(id) => {
            let found = tx.organizations().find(id)?;
            found.is_some_and(|view| Organization::is_live(&view.organization))
        }
    };
    Ok(live.then_some(client))
}
