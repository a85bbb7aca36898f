use crate::Result;
use crate::id::{OrganizationId, TokenId, UserId};
use crate::page::{Page, Window};
use crate::secret::Digest;
use crate::time::Timestamp;
use crate::token::Token;

/// Keeps personal access tokens and the keys of service accounts. Revoked ones stay, and are found only through
/// [`super::AccessRepo`], where they fail.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait TokenRepo {
    /// Adds a token with the digest of its secret.
    fn add(&mut self, token: &Token, digest: &Digest) -> Result<()>;

    /// An unrevoked token of a user.
    fn find(&mut self, user: UserId, id: TokenId) -> Result<Option<Token>>;

    /// The unrevoked tokens of a user, expired ones among them, in the order of issue.
    fn list(&mut self, user: UserId, window: &Window<TokenId>) -> Result<Page<Token, TokenId>>;

    /// How many unrevoked tokens of a user are not expired at `now`.
    fn count_usable(&mut self, user: UserId, now: Timestamp) -> Result<u32>;

    /// Revokes a token of a user; `false` when there is no such token or it is revoked already.
    fn revoke(&mut self, user: UserId, id: TokenId, now: Timestamp) -> Result<bool>;

    /// Revokes all tokens of a user; answers how many there were.
    fn revoke_all(&mut self, user: UserId, now: Timestamp) -> Result<u32>;

    /// Revokes the tokens of a user that are bound to an organization; answers how many there
    /// were.
    fn revoke_in(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        now: Timestamp,
    ) -> Result<u32>;

    /// Revokes all tokens that are bound to an organization; answers how many there were.
    fn revoke_bound(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32>;

    /// Notes that a token was used at `at`, unless a later use is known.
    fn mark_used(&mut self, id: TokenId, at: Timestamp) -> Result<()>;
}
