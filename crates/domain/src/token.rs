//! Tokens: what a user's programs present.

use crate::id::{OrganizationId, TokenId, UserId};
use crate::time::Timestamp;
use crate::value::TokenName;

/// A personal access token or a service account's key, without its secret: of that, only a digest
/// is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The token's id; not a secret.
    pub id: TokenId,
    /// The user for whom it speaks.
    pub user_id: UserId,
    /// The only organization in which it works; `None`: it works wherever its user does.
    pub organization_id: Option<OrganizationId>,
    /// Who made it, when it is a service account's key: it permits no more than they may.
    pub created_by: Option<UserId>,
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
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}
