use crate::Result;
use crate::id::{OrganizationId, TokenId, UserId};
use crate::page::{Page, Window};
use crate::secret::Digest;
use crate::time::Timestamp;
use crate::token::Token;

/// Keeps personal access tokens, the keys of service accounts and browser sessions. Revoked ones
/// stay, and are found only through [`super::AccessRepo`], where they fail. Sessions and
/// the access tokens of OAuth clients are found nowhere else either.
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

    /// Revokes a token of a user, with the sessions that it was exchanged for; `false` when there
    /// is nothing to revoke.
    fn revoke(&mut self, user: UserId, id: TokenId, now: Timestamp) -> Result<bool>;

    /// Revokes all tokens and sessions of a user; answers how many there were.
    fn revoke_all(&mut self, user: UserId, now: Timestamp) -> Result<u32>;

    /// Revokes the sessions of a user, but for one; answers how many there were.
    fn revoke_sessions(
        &mut self,
        user: UserId,
        but: Option<TokenId>,
        now: Timestamp,
    ) -> Result<u32>;

    /// Revokes the tokens and sessions of a user that are bound to an organization; answers how many there
    /// were.
    fn revoke_in(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        now: Timestamp,
    ) -> Result<u32>;

    /// Revokes all tokens and sessions that are bound to an organization; answers how many there were.
    fn revoke_bound(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32>;

    /// Notes that tokens were used at `at`, except those of which a later use is known.
    fn mark_used(&mut self, ids: &[TokenId], at: Timestamp) -> Result<()>;

    /// Forgets sessions whose end came before `expired`, at most `limit`; answers how many.
    fn forget_sessions(&mut self, expired: Timestamp, limit: u32) -> Result<u32>;
}
