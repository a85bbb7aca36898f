use crate::Result;
use crate::id::{TokenId, UserId};
use crate::page::{Page, Window};
use crate::secret::Digest;
use crate::time::Timestamp;
use crate::token::PersonalAccessToken;

/// Keeps personal access tokens. Revoked ones stay, and are found only through
/// [`super::AccessRepo`], where they fail.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait TokenRepo {
    /// Adds a token with the digest of its secret.
    fn add(&mut self, token: &PersonalAccessToken, digest: &Digest) -> Result<()>;

    /// An unrevoked token of a user.
    fn find(&mut self, user: UserId, id: TokenId) -> Result<Option<PersonalAccessToken>>;

    /// The unrevoked tokens of a user, expired ones among them, in the order of issue.
    fn list(
        &mut self,
        user: UserId,
        window: &Window<TokenId>,
    ) -> Result<Page<PersonalAccessToken, TokenId>>;

    /// How many unrevoked tokens of a user are not expired at `now`.
    fn count_usable(&mut self, user: UserId, now: Timestamp) -> Result<u32>;

    /// Revokes a token of a user; `false` when there is no such token or it is revoked already.
    fn revoke(&mut self, user: UserId, id: TokenId, now: Timestamp) -> Result<bool>;

    /// Notes that a token was used at `at`, unless a later use is known.
    fn mark_used(&mut self, id: TokenId, at: Timestamp) -> Result<()>;
}
