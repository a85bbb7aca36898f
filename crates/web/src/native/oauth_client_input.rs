//! OAuth clients as the native dialect takes them.

use rollbook_domain::Result;
use rollbook_domain::idempotency::Once;
use rollbook_domain::oauth::{ClientKind, GrantType, GrantTypes, RedirectUri, Scope, Scopes};
use rollbook_domain::service::oauth::{CreateClient, RotateSecret};
use rollbook_domain::service::service_account::Granted;
use rollbook_domain::value::{ClientName, Malformed};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::ToSchema;

use super::given::{Faults, Given, malformed};
use super::oauth_client_wire::KIND;
use super::path::OrganizationPath;
use super::service_account_input::granted;
use super::words;

/// What all clients are registered for unless they say otherwise.
const TYPES: [GrantType; 2] = [GrantType::AuthorizationCode, GrantType::RefreshToken];

/// A client in a body. What only answers say is taken and ignored (AIP-203).
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ClientBody {
    #[serde(alias = "displayName")]
    display_name: Given<String>,
    kind: Given<String>,
    #[serde(alias = "grantTypes")]
    grant_types: Given<Vec<String>>,
    scopes: Given<Vec<String>>,
    #[serde(alias = "redirectUris")]
    redirect_uris: Given<Vec<String>>,
    roles: Given<Vec<String>>,
    #[serde(alias = "requestId")]
    request_id: Given<String>,
    #[serde(rename = "name")]
    _name: IgnoredAny,
    #[serde(rename = "client_id", alias = "clientId")]
    _client_id: IgnoredAny,
    #[serde(rename = "service_account", alias = "serviceAccount")]
    _service_account: IgnoredAny,
    #[serde(rename = "secrets")]
    _secrets: IgnoredAny,
    #[serde(rename = "create_time", alias = "createTime")]
    _create_time: IgnoredAny,
    #[serde(rename = "update_time", alias = "updateTime")]
    _update_time: IgnoredAny,
    #[serde(rename = "etag")]
    _etag: IgnoredAny,
}

impl ClientBody {
    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.text()
    }

    /// The new client that the body describes, of an organization or of the installation.
    pub(super) fn create(
        &self,
        path: Option<OrganizationPath>,
        once: Option<Once>,
    ) -> Result<CreateClient> {
        let mut faults = Faults::default();
        let name = ClientName::parse(self.display_name.text().unwrap_or_default());
        let name = faults.check("display_name", name);
        let kind = faults.check("kind", self.kind());
        let types = faults.check("grant_types", self.grant_types());
        let scopes = faults.check("scopes", self.scopes());
        let uris = faults.check("redirect_uris", self.redirect_uris());
        let granted = faults.check("roles", self.granted(path));
        match (name, kind, types, scopes, uris, granted) {
            (
                Some(name),
                Some(kind),
                Some(grant_types),
                Some(scopes),
                Some(redirect_uris),
                Some(granted),
            ) => Ok(CreateClient {
                name,
                kind,
                grant_types,
                scopes,
                redirect_uris,
                granted,
                once,
            }),
            _ => Err(faults.into()),
        }
    }

    fn kind(&self) -> std::result::Result<ClientKind, Malformed> {
        let word = self.kind.text().unwrap_or_default();
        let Some(key) = words::key(KIND, word) else {
            return malformed("it must be CLIENT_KIND_PUBLIC or CLIENT_KIND_CONFIDENTIAL");
        };
        let unknown = || Malformed(format!("there is no kind {word}"));
        ClientKind::from_key(&key).ok_or_else(unknown)
    }

    fn grant_types(&self) -> std::result::Result<GrantTypes, Malformed> {
        let Given::Value(keys) = &self.grant_types else {
            return Ok(GrantTypes::of(&TYPES));
        };
        keys.iter().try_fold(GrantTypes::NONE, |set, key| {
            let unknown = || Malformed(format!("there is no grant type {key}"));
            GrantType::from_key(key)
                .map(|it| set.with(it))
                .ok_or_else(unknown)
        })
    }

    fn scopes(&self) -> std::result::Result<Scopes, Malformed> {
        let Given::Value(keys) = &self.scopes else {
            return Ok(Scopes::of(&Scope::ALL));
        };
        keys.iter().try_fold(Scopes::NONE, |set, key| {
            let unknown = || Malformed(format!("there is no scope {key}"));
            Scope::from_key(key)
                .map(|it| set.with(it))
                .ok_or_else(unknown)
        })
    }

    fn redirect_uris(&self) -> std::result::Result<Vec<RedirectUri>, Malformed> {
        match &self.redirect_uris {
            Given::Value(uris) => uris.iter().map(|uri| RedirectUri::parse(uri)).collect(),
            Given::Absent | Given::Null => Ok(Vec::new()),
        }
    }

    fn granted(&self, path: Option<OrganizationPath>) -> std::result::Result<Granted, Malformed> {
        match (path, &self.roles) {
            (Some(path), roles) => granted(path, roles),
            (None, Given::Value(roles)) if !roles.is_empty() => {
                malformed("roles are for clients of an organization")
            }
            (None, _) => Ok(Granted::default()),
        }
    }
}

/// A new OAuth client: the fields that can be set, beside those that only answers have.
#[derive(ToSchema)]
#[schema(as = NewOAuthClient)]
#[expect(dead_code, reason = "only described")]
pub(super) struct NewClient {
    /// What users are told it is called: 1 to 100 characters.
    display_name: String,
    /// `CLIENT_KIND_CONFIDENTIAL` if it can keep a secret, `CLIENT_KIND_PUBLIC` otherwise.
    kind: String,
    /// How it may come by tokens; `authorization_code` and `refresh_token` unless given.
    grant_types: Option<Vec<String>>,
    /// What it may be allowed; everything unless given.
    scopes: Option<Vec<String>>,
    /// Where browsers may be led with codes for it.
    redirect_uris: Option<Vec<String>>,
    /// The roles of its service account, as resource names or keys, if it may act by itself
    /// (`client_credentials`).
    roles: Option<Vec<String>>,
    /// What the client calls the request, as in the `Idempotency-Key` header.
    request_id: Option<String>,
}

/// How a client gets another secret.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RotateBody {
    /// Whether all other secrets end at once. Otherwise the newest of them works for another day.
    #[serde(alias = "endOthers")]
    end_others: bool,
    /// What the client calls the request, as in the `Idempotency-Key` header.
    #[serde(alias = "requestId")]
    request_id: Option<String>,
}

impl RotateBody {
    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref().filter(|it| !it.is_empty())
    }

    /// The command.
    pub(super) const fn command(&self, once: Option<Once>) -> RotateSecret {
        RotateSecret {
            end_others: self.end_others,
            once,
        }
    }
}
