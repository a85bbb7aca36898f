mod client;
mod device;
mod grant;

use std::collections::BTreeMap;

use super::state::absent;
use crate::Result;
use crate::id::{ClientId, ClientSecretId, DeviceAuthorizationId, GrantId};
use crate::oauth::{
    AuthorizationCode, ClientSecret, DeviceAuthorization, Grant, OAuthClient, RefreshToken,
};
use crate::secret::Digest;

/// The tables of OAuth.
#[derive(Clone, Debug, Default)]
pub(super) struct OAuthTables {
    pub(super) clients: BTreeMap<ClientId, OAuthClient>,
    pub(super) secrets: BTreeMap<ClientSecretId, (ClientSecret, Digest)>,
    pub(super) grants: BTreeMap<GrantId, Grant>,
    pub(super) codes: BTreeMap<Digest, AuthorizationCode>,
    pub(super) refresh_tokens: BTreeMap<Digest, RefreshToken>,
    pub(super) devices: BTreeMap<DeviceAuthorizationId, KeptDevice>,
}

/// What a device waits for, as a store keeps it: with the digests of its codes.
#[derive(Clone, Debug)]
pub(super) struct KeptDevice {
    pub(super) device: DeviceAuthorization,
    pub(super) device_code: Digest,
    pub(super) user_code: Digest,
}

impl OAuthTables {
    /// A client that must be there, as a foreign key demands.
    pub(super) fn client(&self, id: ClientId) -> Result<&OAuthClient> {
        self.clients.get(&id).ok_or_else(|| absent("client", id))
    }

    /// A grant that must be there, as a foreign key demands.
    pub(super) fn grant(&self, id: GrantId) -> Result<&Grant> {
        self.grants.get(&id).ok_or_else(|| absent("grant", id))
    }
}
