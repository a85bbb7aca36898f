//! OAuth clients, and what users have allowed them, as the native dialect sends them.

use rollbook_domain::id::{ClientId, OrganizationId};
use rollbook_domain::oauth::{
    ClientSecret, GrantType, OAuthClient as DomainClient, RedirectUri, Scope,
};
use rollbook_domain::service::oauth::{ClientPage, ClientView, GrantPage, GrantView, IssuedClient};
use rollbook_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::etag;
use super::name::Name;
use super::words;

/// How the words of kinds begin.
pub(super) const KIND: &str = "CLIENT_KIND_";

/// The name of a client of an organization or of the installation.
fn name(organization: Option<OrganizationId>, id: ClientId) -> Name {
    match organization {
        Some(organization) => Name::from(organization).child("oauthClients", id),
        None => Name::new("oauthClients", id),
    }
}

/// An OAuth client: a program that asks users for leave to act for them, or acts for its
/// organization.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/oauthClients/01980c5e-0000-7000-8000-000000000006",
    "client_id": "01980c5e-0000-7000-8000-000000000006",
    "display_name": "Console",
    "kind": "CLIENT_KIND_CONFIDENTIAL",
    "grant_types": ["authorization_code", "refresh_token"],
    "scopes": ["openid", "offline_access", "rollbook"],
    "redirect_uris": ["https://console.example/callback"],
    "create_time": "2025-01-15T10:30:00Z",
    "update_time": "2025-01-15T10:30:00Z",
    "etag": "\"1\""
}))]
pub(super) struct OAuthClient<'a> {
    /// The resource name, `organizations/{organization}/oauthClients/{oauth_client}`, or
    /// `oauthClients/{oauth_client}` of the installation's.
    #[schema(read_only, value_type = String)]
    name: Name,
    /// What the client says it is, in the protocol: the last part of the name.
    #[schema(read_only)]
    client_id: String,
    /// What users are told it is called: 1 to 100 characters.
    display_name: &'a str,
    /// `CLIENT_KIND_CONFIDENTIAL` if it can keep a secret, `CLIENT_KIND_PUBLIC` otherwise.
    kind: String,
    /// How it may come by tokens: `authorization_code`, `refresh_token`, `client_credentials`,
    /// `urn:ietf:params:oauth:grant-type:device_code`.
    grant_types: Vec<&'static str>,
    /// What it may be allowed: `openid`, `profile`, `email`, `offline_access`, `rollbook`,
    /// `rollbook:read`.
    scopes: Vec<&'static str>,
    /// Where browsers may be led with codes for it: compared as they stand, but for the port on the
    /// browser's own machine. At most 20.
    #[schema(required = false)]
    redirect_uris: Vec<&'a str>,
    /// As whom it acts by itself, `organizations/{organization}/serviceAccounts/{service_account}`;
    /// left out when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, value_type = Option<String>, nullable = false)]
    service_account: Option<Name>,
    /// Its secrets that work, the newest first; lists leave them out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(read_only)]
    secrets: Vec<Secret<'a>>,
    /// The secret that was just made. Only the answers that make one have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(read_only, nullable = false)]
    client_secret: Option<&'a str>,
    /// When it was made.
    #[schema(read_only, format = DateTime)]
    create_time: String,
    /// When it last changed.
    #[schema(read_only, format = DateTime)]
    update_time: String,
    /// Changes whenever it does.
    #[schema(required = false)]
    etag: String,
}

/// A secret of a client, of which nothing but its end is shown again.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Secret<'a> {
    /// The last four characters.
    last_four: &'a str,
    /// The resource name of the user who made it: what the client does by itself permits no more
    /// than they may. Left out when it was the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    creator: Option<Name>,
    /// When it was made.
    #[schema(format = DateTime)]
    create_time: String,
    /// From when on it does not work; left out when it works until it is rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, nullable = false)]
    expire_time: Option<String>,
}

impl<'a> Secret<'a> {
    fn new(secret: &'a ClientSecret) -> Self {
        Self {
            last_four: &secret.last_four,
            creator: secret.created_by.map(Name::from),
            create_time: secret.created_at.to_rfc3339(),
            expire_time: secret.expires_at.map(Timestamp::to_rfc3339),
        }
    }
}

impl<'a> OAuthClient<'a> {
    fn new(client: &'a DomainClient) -> Self {
        let organization = client.organization_id;
        let account = organization.zip(client.service_account_id);
        Self {
            name: name(organization, client.id),
            client_id: client.id.to_string(),
            display_name: client.name.as_str(),
            kind: words::word(KIND, client.kind.key()),
            grant_types: client.grant_types.iter().map(GrantType::key).collect(),
            scopes: client.scopes.iter().map(Scope::key).collect(),
            redirect_uris: client
                .redirect_uris
                .iter()
                .map(RedirectUri::as_str)
                .collect(),
            service_account: account.map(|(organization, user)| {
                Name::from(organization).child("serviceAccounts", user)
            }),
            secrets: Vec::new(),
            client_secret: None,
            create_time: client.created_at.to_rfc3339(),
            update_time: client.updated_at.to_rfc3339(),
            etag: etag::of(client.version),
        }
    }

    pub(super) fn viewed(view: &'a ClientView) -> Self {
        Self {
            secrets: view.secrets.iter().map(Secret::new).collect(),
            ..Self::new(&view.client)
        }
    }

    pub(super) fn issued(issued: &'a IssuedClient) -> Self {
        Self {
            client_secret: issued
                .secret
                .as_ref()
                .map(rollbook_domain::secret::Secret::reveal),
            ..Self::viewed(&issued.view)
        }
    }
}

/// A page of clients.
#[derive(Serialize, ToSchema)]
pub(super) struct ClientList<'a> {
    /// The clients, in the order in which they were made.
    oauth_clients: Vec<OAuthClient<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> ClientList<'a> {
    pub(super) fn new(page: &'a ClientPage, next_page_token: String) -> Self {
        Self {
            oauth_clients: page.items.iter().map(OAuthClient::new).collect(),
            next_page_token,
        }
    }
}

/// What the caller has allowed a client.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "me/oauthGrants/01980c5e-0000-7000-8000-000000000007",
    "oauth_client": "oauthClients/01980c5e-0000-7000-8000-000000000006",
    "client_display_name": "Console",
    "scopes": ["openid", "rollbook:read"],
    "create_time": "2025-01-15T10:30:00Z"
}))]
pub(super) struct Grant<'a> {
    /// The resource name, `me/oauthGrants/{oauth_grant}`.
    #[schema(value_type = String)]
    name: Name,
    /// The resource name of the client.
    #[schema(value_type = String)]
    oauth_client: Name,
    /// What the client is called.
    client_display_name: &'a str,
    /// The resource name of the only organization in which it counts; left out when it counts
    /// everywhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    organization: Option<Name>,
    /// What was allowed.
    scopes: Vec<&'static str>,
    /// When it was allowed.
    #[schema(format = DateTime)]
    create_time: String,
}

impl<'a> Grant<'a> {
    fn new(view: &'a GrantView) -> Self {
        let GrantView { grant, client } = view;
        Self {
            name: Name::new("me/oauthGrants", grant.id),
            oauth_client: name(client.organization_id, client.id),
            client_display_name: client.name.as_str(),
            organization: grant.organization_id.map(Name::from),
            scopes: grant.scopes.iter().map(Scope::key).collect(),
            create_time: grant.created_at.to_rfc3339(),
        }
    }
}

/// A page of what the caller has allowed clients.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GrantList<'a> {
    /// What was allowed, in that order.
    oauth_grants: Vec<Grant<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> GrantList<'a> {
    pub(super) fn new(page: &'a GrantPage, next_page_token: String) -> Self {
        Self {
            oauth_grants: page.items.iter().map(Grant::new).collect(),
            next_page_token,
        }
    }
}
