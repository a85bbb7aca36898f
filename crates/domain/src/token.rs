//! Tokens: what a user's programs present, and browser sessions, which are tokens in cookies.

use crate::id::{OrganizationId, TokenId, UserId};
use crate::oauth::TokenBinding;
use crate::time::{Span, Timestamp};
use crate::value::TokenName;

/// How long a browser session lasts at the most.
pub const SESSION_LIFETIME: Span = Span::days(14);

/// How long a browser session lasts without being used.
pub const SESSION_IDLE: Span = Span::seconds(12 * 60 * 60);

/// How a token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// In a header, by a program: a personal access token, a service account's key or an access
    /// token of an OAuth client.
    Access,
    /// In a cookie, by a browser.
    Session,
}

impl TokenKind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::Access, Self::Session];

    /// The key, by which stores know the kind.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Session => "session",
        }
    }

    /// The kind with this key.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.key() == key)
    }
}

/// A personal access token, a service account's key or a browser session, without its secret: of
/// that, only a digest is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token's id; not a secret.
    pub id: TokenId,
    /// How it is presented.
    pub kind: TokenKind,
    /// The token that a session was exchanged for, if it was: the session ends with it.
    pub parent_id: Option<TokenId>,
    /// The user for whom it speaks.
    pub user_id: UserId,
    /// The only organization in which it works; `None`: it works wherever its user does.
    pub organization_id: Option<OrganizationId>,
    /// Who made it, when it is a service account's key: it permits no more than they may.
    pub created_by: Option<UserId>,
    /// For which OAuth client it was issued, if it was, and what it permits: nobody sees it among
    /// the user's own tokens.
    pub oauth: Option<TokenBinding>,
    /// What the user calls it.
    pub name: TokenName,
    /// The last four characters of the secret.
    pub last_four: String,
    /// When it was issued.
    pub created_at: Timestamp,
    /// From when on it does not work; `None`: it works until it is revoked.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute, and some seconds late (see
    /// [`crate::service::usage`]).
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
}

impl Token {
    /// Whether it works at `now`.
    #[must_use]
    pub fn is_usable(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none()
            && self.expires_at.is_none_or(|end| now < end)
            && !self.is_forsaken(now)
    }

    /// Whether it is a session that nobody has used for too long.
    fn is_forsaken(&self, now: Timestamp) -> bool {
        let seen = self.last_used_at.unwrap_or(self.created_at);
        self.kind == TokenKind::Session && seen.plus(SESSION_IDLE) <= now
    }
}
