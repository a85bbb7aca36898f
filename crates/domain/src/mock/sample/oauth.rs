use super::{secret, uuid};
use crate::id::{ClientId, ClientSecretId, DeviceAuthorizationId, GrantId, SigningKeyId};
use crate::mock::FixedClock;
use crate::oauth::{
    ClientKind, ClientSecret, DEVICE_CODE_LIFETIME, DEVICE_POLL_INTERVAL, DeviceAuthorization,
    DeviceState, Grant, GrantType, GrantTypes, KeyPair, OAuthClient, RedirectUri, Scope, Scopes,
    SigningKey, UserCode,
};
use crate::organization::{Organization, Version};
use crate::secret::Secret;
use crate::service::oauth::IssuedDevice;
use crate::user::User;
use crate::value::ClientName;

/// A confidential client of an organization or of the installation, which leads browsers to
/// `https://name.example/callback`.
#[must_use]
pub fn oauth_client(name: &str, organization: Option<&Organization>) -> OAuthClient {
    let uri = format!("https://{name}.example/callback");
    OAuthClient {
        id: ClientId::new(uuid(&format!("client {name}"))),
        organization_id: organization.map(|it| it.id),
        name: ClientName::from_stored(name.to_owned()),
        kind: ClientKind::Confidential,
        grant_types: GrantTypes::of(&[GrantType::AuthorizationCode, GrantType::RefreshToken]),
        scopes: Scopes::of(&Scope::ALL),
        redirect_uris: vec![RedirectUri::from_stored(uri)],
        service_account_id: None,
        version: Version::FIRST,
        created_at: FixedClock::START,
        updated_at: FixedClock::START,
        deleted_at: None,
    }
}

/// A secret of a client, made by a user; the secret itself is [`client_secret`] of the same name.
#[must_use]
pub fn client_secret_of(name: &str, client: &OAuthClient, maker: &User) -> ClientSecret {
    ClientSecret {
        id: ClientSecretId::new(uuid(&format!("client secret {name}"))),
        client_id: client.id,
        last_four: client_secret(name).last_four(),
        created_by: Some(maker.id),
        created_at: FixedClock::START,
        expires_at: None,
    }
}

/// A client's secret.
#[must_use]
pub fn client_secret(name: &str) -> Secret {
    Secret::client_secret(secret(name).digest().bytes())
}

/// What a user has allowed a client everywhere: to know who they are, and to look.
#[must_use]
pub fn grant(name: &str, client: &OAuthClient, user: &User) -> Grant {
    Grant {
        id: GrantId::new(uuid(&format!("grant {name}"))),
        client_id: client.id,
        user_id: user.id,
        organization_id: None,
        scopes: Scopes::of(&[Scope::OpenId, Scope::RollbookRead]),
        authenticated_at: FixedClock::START,
        created_at: FixedClock::START,
        revoked_at: None,
    }
}

/// A key that signs nothing.
#[must_use]
pub fn signing_key(name: &str) -> SigningKey {
    let mut public = vec![4];
    public.extend([1; 32]);
    public.extend([2; 32]);
    SigningKey {
        id: SigningKeyId::new(uuid(&format!("signing key {name}"))),
        pair: KeyPair {
            private: vec![0; 32],
            public,
        },
        created_at: FixedClock::START,
        retired_at: None,
    }
}

/// What a device is told that has just begun to wait, as this client.
#[must_use]
pub fn issued_device(client: &OAuthClient) -> IssuedDevice {
    let start = FixedClock::START;
    IssuedDevice {
        device_code: Secret::device_code(&[3; 32]),
        user_code: UserCode::new(&[4; 32]),
        device: DeviceAuthorization {
            id: DeviceAuthorizationId::new(uuid("device")),
            client_id: client.id,
            organization_id: client.organization_id,
            scopes: Scopes::of(&[Scope::OpenId]),
            state: DeviceState::Pending,
            interval: DEVICE_POLL_INTERVAL,
            polled_at: None,
            created_at: start,
            expires_at: start.plus(DEVICE_CODE_LIFETIME),
        },
    }
}
