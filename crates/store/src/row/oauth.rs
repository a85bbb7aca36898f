use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use rollbook_domain::Result;
use rollbook_domain::id::{
    ClientId, ClientSecretId, DeviceAuthorizationId, GrantId, OrganizationId, SigningKeyId, UserId,
};
use rollbook_domain::oauth::{
    AuthorizationCode, Challenge, ClientKind, ClientSecret, DeviceAuthorization, DeviceState,
    Grant, GrantTypes, KeyPair, OAuthClient, RedirectUri, RefreshToken, Scopes, SigningKey,
};
use rollbook_domain::organization::Version;
use rollbook_domain::time::Span;
use rollbook_domain::value::ClientName;

use super::unknown;
use crate::schema::{
    oauth_client_secrets, oauth_clients, oauth_codes, oauth_devices, oauth_grants,
    oauth_refresh_tokens, signing_keys,
};
use crate::sql::{Key, Moment};

/// Scopes as they are kept.
pub(crate) fn scopes(keys: &str) -> Result<Scopes> {
    Scopes::from_keys(keys).ok_or_else(|| unknown("scope", keys))
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = oauth_clients)]
pub(crate) struct ClientRow {
    id: Key,
    organization_id: Option<Key>,
    name: String,
    kind: String,
    grant_types: String,
    scopes: String,
    redirect_uris: String,
    service_account_id: Option<Key>,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
    deleted_at: Option<Moment>,
}

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = oauth_clients, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct NewClient<'a> {
    id: Key,
    organization_id: Option<Key>,
    name: &'a str,
    kind: &'static str,
    grant_types: String,
    scopes: String,
    redirect_uris: String,
    service_account_id: Option<Key>,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
    deleted_at: Option<Moment>,
}

impl<'a> NewClient<'a> {
    pub(crate) fn of(client: &'a OAuthClient) -> Self {
        let uris: Vec<&str> = client
            .redirect_uris
            .iter()
            .map(RedirectUri::as_str)
            .collect();
        Self {
            id: Key(client.id.uuid()),
            organization_id: client.organization_id.map(|id| Key(id.uuid())),
            name: client.name.as_str(),
            kind: client.kind.key(),
            grant_types: client.grant_types.to_keys(),
            scopes: client.scopes.to_keys(),
            // No URI has white space.
            redirect_uris: uris.join("\n"),
            service_account_id: client.service_account_id.map(|id| Key(id.uuid())),
            version: client.version.number(),
            created_at: Moment(client.created_at),
            updated_at: Moment(client.updated_at),
            deleted_at: client.deleted_at.map(Moment),
        }
    }
}

impl ClientRow {
    pub(crate) fn into_client(self) -> Result<OAuthClient> {
        let kind = ClientKind::from_key(&self.kind);
        let types = GrantTypes::from_keys(&self.grant_types);
        let uris = self.redirect_uris.lines();
        Ok(OAuthClient {
            id: ClientId::new(self.id.0),
            organization_id: self.organization_id.map(|id| OrganizationId::new(id.0)),
            name: ClientName::from_stored(self.name),
            kind: kind.ok_or_else(|| unknown("kind", &self.kind))?,
            grant_types: types.ok_or_else(|| unknown("grant type", &self.grant_types))?,
            scopes: scopes(&self.scopes)?,
            redirect_uris: uris
                .map(|uri| RedirectUri::from_stored(uri.to_owned()))
                .collect(),
            service_account_id: self.service_account_id.map(|id| UserId::new(id.0)),
            version: Version::new(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            deleted_at: self.deleted_at.map(|at| at.0),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = oauth_client_secrets)]
pub(crate) struct SecretRow {
    id: Key,
    client_id: Key,
    last_four: String,
    created_by: Option<Key>,
    created_at: Moment,
    expires_at: Option<Moment>,
}

impl SecretRow {
    pub(crate) fn into_secret(self) -> ClientSecret {
        ClientSecret {
            id: ClientSecretId::new(self.id.0),
            client_id: ClientId::new(self.client_id.0),
            last_four: self.last_four,
            created_by: self.created_by.map(|id| UserId::new(id.0)),
            created_at: self.created_at.0,
            expires_at: self.expires_at.map(|at| at.0),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = oauth_grants)]
pub(crate) struct GrantRow {
    id: Key,
    client_id: Key,
    user_id: Key,
    organization_id: Option<Key>,
    scopes: String,
    authenticated_at: Moment,
    created_at: Moment,
    revoked_at: Option<Moment>,
}

impl GrantRow {
    pub(crate) fn into_grant(self) -> Result<Grant> {
        Ok(Grant {
            id: GrantId::new(self.id.0),
            client_id: ClientId::new(self.client_id.0),
            user_id: UserId::new(self.user_id.0),
            organization_id: self.organization_id.map(|id| OrganizationId::new(id.0)),
            scopes: scopes(&self.scopes)?,
            authenticated_at: self.authenticated_at.0,
            created_at: self.created_at.0,
            revoked_at: self.revoked_at.map(|at| at.0),
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = oauth_codes)]
pub(crate) struct CodeRow {
    grant_id: Key,
    redirect_uri: String,
    challenge: String,
    nonce: Option<String>,
    expires_at: Moment,
    used_at: Option<Moment>,
}

impl CodeRow {
    pub(crate) fn into_code(self) -> AuthorizationCode {
        AuthorizationCode {
            grant_id: GrantId::new(self.grant_id.0),
            redirect_uri: self.redirect_uri,
            challenge: Challenge::from_stored(self.challenge),
            nonce: self.nonce,
            expires_at: self.expires_at.0,
            used_at: self.used_at.map(|at| at.0),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = oauth_refresh_tokens)]
pub(crate) struct RefreshTokenRow {
    grant_id: Key,
    created_at: Moment,
    expires_at: Moment,
    used_at: Option<Moment>,
}

impl RefreshTokenRow {
    pub(crate) fn into_token(self) -> RefreshToken {
        RefreshToken {
            grant_id: GrantId::new(self.grant_id.0),
            created_at: self.created_at.0,
            expires_at: self.expires_at.0,
            used_at: self.used_at.map(|at| at.0),
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = oauth_devices)]
pub(crate) struct DeviceRow {
    id: Key,
    client_id: Key,
    organization_id: Option<Key>,
    scopes: String,
    state: String,
    grant_id: Option<Key>,
    poll_interval: i64,
    polled_at: Option<Moment>,
    created_at: Moment,
    expires_at: Moment,
}

impl DeviceRow {
    pub(crate) fn into_device(self) -> Result<DeviceAuthorization> {
        let grant = self.grant_id.map(|id| GrantId::new(id.0));
        let state = DeviceState::from_key(&self.state, grant);
        Ok(DeviceAuthorization {
            id: DeviceAuthorizationId::new(self.id.0),
            client_id: ClientId::new(self.client_id.0),
            organization_id: self.organization_id.map(|id| OrganizationId::new(id.0)),
            scopes: scopes(&self.scopes)?,
            state: state.ok_or_else(|| unknown("state", &self.state))?,
            interval: Span::from_millis(self.poll_interval),
            polled_at: self.polled_at.map(|at| at.0),
            created_at: self.created_at.0,
            expires_at: self.expires_at.0,
        })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = signing_keys)]
pub(crate) struct SigningKeyRow {
    id: Key,
    private_key: Vec<u8>,
    public_key: Vec<u8>,
    created_at: Moment,
    retired_at: Option<Moment>,
}

impl SigningKeyRow {
    pub(crate) fn into_key(self) -> SigningKey {
        SigningKey {
            id: SigningKeyId::new(self.id.0),
            pair: KeyPair {
                private: self.private_key,
                public: self.public_key,
            },
            created_at: self.created_at.0,
            retired_at: self.retired_at.map(|at| at.0),
        }
    }
}
