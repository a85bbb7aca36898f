//! What goes in and out of the driving ports.

use std::fmt;

use crate::id::{ClientId, GrantId, OrganizationId};
use crate::idempotency::Once;
use crate::oauth::{
    Answer, ClientKind, ClientSecret, DeviceAuthorization, Grant, GrantTypes, OAuthClient, Problem,
    RedirectUri, Scopes, UserCode,
};
use crate::organization::Organization;
use crate::page::Page;
use crate::secret::{Hidden, Secret};
use crate::service::service_account::Granted;
use crate::time::{Span, Timestamp};
use crate::user::User;
use crate::value::ClientName;

/// A page of clients.
pub type ClientPage = Page<OAuthClient, ClientId>;

/// A page of what a user has allowed.
pub type GrantPage = Page<GrantView, GrantId>;

/// What a new client shall be.
#[derive(Clone, Debug)]
pub struct CreateClient {
    /// What users are told it is called.
    pub name: ClientName,
    /// Whether it can keep a secret.
    pub kind: ClientKind,
    /// How it may come by tokens.
    pub grant_types: GrantTypes,
    /// What it may be allowed.
    pub scopes: Scopes,
    /// Where browsers may be led with codes for it.
    pub redirect_uris: Vec<RedirectUri>,
    /// What it may by itself, if it may anything.
    pub granted: Granted,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// How a client gets a new secret.
#[derive(Clone, Debug, Default)]
pub struct RotateSecret {
    /// Whether the secrets before it end at once, and not after [`crate::oauth::SECRET_OVERLAP`].
    pub end_others: bool,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// A client with its secrets, the newest first; none of them in clear text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientView {
    /// The client.
    pub client: OAuthClient,
    /// Its secrets that work.
    pub secrets: Vec<ClientSecret>,
}

/// A client, and the secret that was made for it, which cannot be had again.
#[derive(Clone, Debug)]
pub struct IssuedClient {
    /// The client.
    pub view: ClientView,
    /// The secret; a public client has none.
    pub secret: Option<Secret>,
}

/// What a client says of itself. `Debug` does not print its secret.
#[derive(Clone, Default)]
pub struct Presented {
    /// Who it is, as it spells it.
    pub id: Option<String>,
    /// Its secret, if it says one.
    pub secret: Option<String>,
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Presented");
        shown.field("id", &self.id);
        shown.field("secret", &self.secret.as_ref().map(|_| Hidden));
        shown.finish()
    }
}

/// For which organization a client wants to be allowed something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Audience {
    /// For none in particular.
    #[default]
    Anywhere,
    /// For this one only.
    Organization(OrganizationId),
    /// For something that does not exist.
    Unknown,
}

/// An authorization request as it came (RFC 6749 §4.1.1, `OpenID` Connect Core §3.1.2.1).
#[derive(Clone, Debug, Default)]
pub struct AuthorizationRequest {
    /// `client_id`
    pub client_id: Option<String>,
    /// `redirect_uri`
    pub redirect_uri: Option<String>,
    /// `response_type`
    pub response_type: Option<String>,
    /// `response_mode`
    pub response_mode: Option<String>,
    /// `scope`
    pub scope: Option<String>,
    /// `state`
    pub state: Option<String>,
    /// `code_challenge`
    pub code_challenge: Option<String>,
    /// `code_challenge_method`
    pub code_challenge_method: Option<String>,
    /// `nonce`
    pub nonce: Option<String>,
    /// `prompt`
    pub prompt: Option<String>,
    /// `max_age`, in seconds
    pub max_age: Option<String>,
    /// `login_hint`
    pub login_hint: Option<String>,
    /// For which organization.
    pub audience: Audience,
    /// Whether it has `request`.
    pub has_request: bool,
    /// Whether it has `request_uri`.
    pub has_request_uri: bool,
}

/// What is to be done about an authorization request.
#[derive(Clone, Debug)]
pub enum Authorized {
    /// Tell the person. The browser is led nowhere: it is not known where the client is.
    Untrusted(Problem),
    /// Let the person sign in and come back.
    SignIn {
        /// Although somebody is signed in.
        again: bool,
    },
    /// Ask the person.
    Ask(Box<Question>),
    /// Lead the browser to the client.
    Return {
        /// Where to.
        redirect_uri: String,
        /// With what: a code, or why there is none.
        outcome: Answer<Secret>,
        /// What the client wants to find there again.
        state: Option<String>,
    },
}

/// What a person is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Who wants to be allowed something.
    pub client: OAuthClient,
    /// The organization whose client it is, if it is one's.
    pub vendor: Option<Organization>,
    /// In which organization only, if it is not everywhere.
    pub organization: Option<Organization>,
    /// What.
    pub scopes: Scopes,
    /// Who is asked.
    pub reader: User,
    /// When they signed in.
    pub authenticated_at: Timestamp,
    /// Whether they have allowed it before and need not be asked again.
    pub remembered: bool,
}

/// What a client asks of the token endpoint. `Debug` prints nothing that could be exchanged.
#[derive(Clone, PartialEq, Eq)]
pub enum TokenRequest {
    /// Tokens for a code (RFC 6749 §4.1.3).
    Code {
        /// `code`
        code: String,
        /// `redirect_uri`
        redirect_uri: Option<String>,
        /// `code_verifier`
        verifier: Option<String>,
    },
    /// New tokens for a refresh token (RFC 6749 §6).
    Refresh {
        /// `refresh_token`
        refresh_token: String,
        /// `scope`
        scope: Option<String>,
    },
    /// A token for the client itself (RFC 6749 §4.4).
    ClientCredentials {
        /// `scope`
        scope: Option<String>,
    },
    /// Tokens for a device code (RFC 8628 §3.4).
    Device {
        /// `device_code`
        device_code: String,
    },
}

impl fmt::Debug for TokenRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code { redirect_uri, .. } => f
                .debug_struct("Code")
                .field("redirect_uri", redirect_uri)
                .finish_non_exhaustive(),
            Self::Refresh { scope, .. } => f
                .debug_struct("Refresh")
                .field("scope", scope)
                .finish_non_exhaustive(),
            Self::ClientCredentials { scope } => f
                .debug_struct("ClientCredentials")
                .field("scope", scope)
                .finish(),
            Self::Device { .. } => f.debug_struct("Device").finish_non_exhaustive(),
        }
    }
}

/// What the token endpoint answers (RFC 6749 §5.1). `Debug` prints no token.
#[derive(Clone)]
pub struct IssuedTokens {
    /// The access token.
    pub access_token: Secret,
    /// How long it works.
    pub expires_in: Span,
    /// The refresh token, if there is one.
    pub refresh_token: Option<Secret>,
    /// What the access token permits.
    pub scopes: Scopes,
    /// The ID token, if the client may know who the user is.
    pub id_token: Option<String>,
    /// The only organization in which it works, if it does not work everywhere.
    pub organization_id: Option<OrganizationId>,
}

impl fmt::Debug for IssuedTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            access_token,
            expires_in,
            refresh_token,
            scopes,
            id_token,
            organization_id,
        } = self;
        let mut shown = f.debug_struct("IssuedTokens");
        shown.field("access_token", access_token);
        shown.field("expires_in", expires_in);
        shown.field("refresh_token", refresh_token);
        shown.field("scopes", scopes);
        shown.field("id_token", &id_token.as_ref().map(|_| Hidden));
        shown.field("organization_id", organization_id);
        shown.finish()
    }
}

/// What a device is told (RFC 8628 §3.2).
#[derive(Clone, Debug)]
pub struct IssuedDevice {
    /// What it polls with.
    pub device_code: Secret,
    /// What the user types.
    pub user_code: UserCode,
    /// What it waits for.
    pub device: DeviceAuthorization,
}

/// What is told of a token (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Introspection {
    /// The client that has it.
    pub client_id: ClientId,
    /// For whom it speaks.
    pub user: User,
    /// What it permits.
    pub scopes: Scopes,
    /// The only organization in which it works, if it does not work everywhere.
    pub organization_id: Option<OrganizationId>,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether it is a refresh token.
    pub is_refresh_token: bool,
}

/// A user, and what of them may be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInfo {
    /// The user.
    pub user: User,
    /// What may be told.
    pub scopes: Scopes,
}

/// What a user has allowed a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantView {
    /// What was allowed.
    pub grant: Grant,
    /// The client.
    pub client: OAuthClient,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::ACCESS_TOKEN_LIFETIME;

    #[test]
    fn no_secret_is_printed() {
        let secret = || "SECRET".to_owned();
        let entropy = [7; 32];
        let presented = Presented {
            id: Some("console".to_owned()),
            secret: Some(secret()),
        };
        let requests = [
            TokenRequest::Code {
                code: secret(),
                redirect_uri: Some("https://app.example".to_owned()),
                verifier: Some(secret()),
            },
            TokenRequest::Refresh {
                refresh_token: secret(),
                scope: Some("openid".to_owned()),
            },
            TokenRequest::Device {
                device_code: secret(),
            },
        ];
        let issued = IssuedTokens {
            access_token: Secret::access_token(&entropy),
            expires_in: ACCESS_TOKEN_LIFETIME,
            refresh_token: Some(Secret::refresh_token(&entropy)),
            scopes: Scopes::NONE,
            id_token: Some(secret()),
            organization_id: None,
        };
        let shown = format!("{presented:?} {requests:?} {issued:?}");
        assert!(
            !shown.contains("SECRET") && !shown.contains("rbk_"),
            "{shown}"
        );
        for part in ["console", "https://app.example", "openid", "Some(…)"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}
