use super::{RedirectUri, Scopes};
use crate::error::Violation;
use crate::id::{ClientId, ClientSecretId, OrganizationId, UserId};
use crate::organization::Version;
use crate::time::Timestamp;
use crate::value::ClientName;

/// A program that asks users for leave to act for them, or acts for its organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthClient {
    /// The client's id; not a secret.
    pub id: ClientId,
    /// The organization whose it is; `None`: the installation's. What an organization's client is
    /// given works in that organization only.
    pub organization_id: Option<OrganizationId>,
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
    /// As whom it acts by itself, if it may ([`GrantType::ClientCredentials`]).
    pub service_account_id: Option<UserId>,
    /// Counts the changes.
    pub version: Version,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}

/// Whether a client can keep a secret (RFC 6749 §2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientKind {
    /// It cannot: a program on somebody's machine, or in a browser.
    Public,
    /// It can, and has one.
    Confidential,
}

impl ClientKind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Public, Self::Confidential];

    /// The key, by which stores and clients know it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Confidential => "confidential",
        }
    }

    /// The kind with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// A way to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum GrantType {
    /// A code that a browser brings (RFC 6749 §4.1).
    AuthorizationCode,
    /// A refresh token (RFC 6749 §6).
    RefreshToken,
    /// The client's own secret (RFC 6749 §4.4).
    ClientCredentials,
    /// A code that the user types on another device (RFC 8628).
    DeviceCode,
}

impl GrantType {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::AuthorizationCode,
        Self::RefreshToken,
        Self::ClientCredentials,
        Self::DeviceCode,
    ];

    /// The name in the protocol, by which stores know it, too.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }

    /// The one with this name.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.key() == key)
    }
}

/// A set of ways to a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct GrantTypes(u8);

impl GrantTypes {
    /// The empty set.
    pub const NONE: Self = Self(0);

    /// The set of these.
    #[must_use]
    pub fn of(types: &[GrantType]) -> Self {
        types.iter().fold(Self::NONE, |set, it| set.with(*it))
    }

    /// This set and `grant_type`.
    #[must_use]
    pub const fn with(self, grant_type: GrantType) -> Self {
        Self(self.0 | 1 << grant_type as u8)
    }

    /// Whether `grant_type` is in the set.
    #[must_use]
    pub const fn has(self, grant_type: GrantType) -> bool {
        self.0 & 1 << grant_type as u8 != 0
    }

    /// The grant types, in the order of [`GrantType::ALL`].
    pub fn iter(self) -> impl Iterator<Item = GrantType> {
        GrantType::ALL.into_iter().filter(move |it| self.has(*it))
    }

    /// The names, separated by single spaces: the form in which a store keeps the set.
    #[must_use]
    pub fn to_keys(self) -> String {
        self.iter()
            .map(GrantType::key)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// Reads [`GrantTypes::to_keys`]; `None` when a name is unknown.
    #[must_use]
    pub fn from_keys(keys: &str) -> Option<Self> {
        keys.split_ascii_whitespace()
            .try_fold(Self::NONE, |set, key| {
                GrantType::from_key(key).map(|it| set.with(it))
            })
    }
}

/// A secret of a confidential client, without the secret itself: of that, only a digest is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSecret {
    /// Names it.
    pub id: ClientSecretId,
    /// Whose it is.
    pub client_id: ClientId,
    /// The last four characters.
    pub last_four: String,
    /// Who made it; `None`: the operator. What the client does with it by itself permits no more
    /// than they may.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it does not work; `None`: it works until another takes its place.
    pub expires_at: Option<Timestamp>,
}

impl ClientSecret {
    /// Whether it works at `now`.
    #[must_use]
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

impl OAuthClient {
    /// How many redirect URIs one can have.
    pub const MOST_REDIRECT_URIS: usize = 20;

    /// What does not fit together.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a table with a row a rule")]
    pub fn violations(&self) -> Vec<Violation> {
        let types = self.grant_types;
        let browser = types.has(GrantType::AuthorizationCode);
        let asks = browser || types.has(GrantType::DeviceCode);
        let alone = types.has(GrantType::ClientCredentials);
        let uris = self.redirect_uris.len();
        let rules = [
            (
                types == GrantTypes::NONE,
                "grant_types",
                "a client needs a way to a token",
            ),
            (
                types.has(GrantType::RefreshToken) && !asks,
                "grant_types",
                "refresh_token goes with authorization_code or the device code",
            ),
            (
                alone && self.kind == ClientKind::Public,
                "grant_types",
                "client_credentials needs a secret, which a public client has not",
            ),
            (
                alone && self.organization_id.is_none(),
                "grant_types",
                "client_credentials is for clients of an organization, in which they act",
            ),
            (
                browser && uris == 0,
                "redirect_uris",
                "authorization_code needs a redirect URI",
            ),
            (
                !browser && uris > 0,
                "redirect_uris",
                "redirect URIs go with authorization_code",
            ),
            (
                uris > Self::MOST_REDIRECT_URIS,
                "redirect_uris",
                "a client has at most 20 redirect URIs",
            ),
            (
                self.scopes.is_empty(),
                "scopes",
                "a client needs a scope to ask for",
            ),
        ];
        let broken = rules.into_iter().filter(|(broken, _, _)| *broken);
        broken
            .map(|(_, field, reason)| Violation {
                field,
                reason: reason.to_owned(),
            })
            .collect()
    }

    /// Whether a browser may be led there.
    #[must_use]
    pub fn takes(&self, redirect_uri: &str) -> bool {
        self.redirect_uris
            .iter()
            .any(|own| own.matches(redirect_uri))
    }
}
