use crate::Result;
use crate::id::{ClientId, GrantId, OrganizationId, UserId};
use crate::oauth::{AuthorizationCode, Grant, RefreshToken, Scopes};
use crate::page::{Page, Window};
use crate::secret::Digest;
use crate::time::Timestamp;

/// Keeps what users have allowed OAuth clients, with the codes and the refresh tokens that come of
/// it. What is revoked or used stays until it is forgotten, so that a second use is noticed.
///
/// Every `revoke…` ends the grants and the access tokens under them, also those under grants that
/// ended before: the grants first, whose rows whoever issues a token has locked.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait OAuthGrantRepo {
    /// Adds a grant.
    fn add(&mut self, grant: &Grant) -> Result<()>;

    /// A grant, revoked or not.
    fn find(&mut self, id: GrantId) -> Result<Option<Grant>>;

    /// [`OAuthGrantRepo::find`] with the row locked until the end of the transaction.
    fn lock(&mut self, id: GrantId) -> Result<Option<Grant>>;

    /// The unrevoked grants of a user, in the order in which they were given.
    fn list(&mut self, user: UserId, window: &Window<GrantId>) -> Result<Page<Grant, GrantId>>;

    /// What the unrevoked grants of a user to a client allow, in this organization only, or (`None`)
    /// everywhere; each once, in no order.
    fn allowed(
        &mut self,
        user: UserId,
        client: ClientId,
        organization: Option<OrganizationId>,
    ) -> Result<Vec<Scopes>>;

    /// Revokes a grant; `false` when there is nothing to revoke.
    fn revoke(&mut self, id: GrantId, now: Timestamp) -> Result<bool>;

    /// Revokes all that a user has allowed a client in this organization only, or (`None`)
    /// everywhere; answers how many grants there were.
    fn revoke_allowed(
        &mut self,
        user: UserId,
        client: ClientId,
        organization: Option<OrganizationId>,
        now: Timestamp,
    ) -> Result<u32>;

    /// Revokes all grants of a user; answers how many there were.
    fn revoke_of_user(&mut self, user: UserId, now: Timestamp) -> Result<u32>;

    /// Revokes the grants of a user that are bound to an organization; answers how many there were.
    fn revoke_in(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        now: Timestamp,
    ) -> Result<u32>;

    /// Revokes all grants that are bound to an organization; answers how many there were.
    fn revoke_bound(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32>;

    /// Revokes all grants to a client, and the tokens that it has of its own; answers how many
    /// grants there were.
    fn revoke_of_client(&mut self, client: ClientId, now: Timestamp) -> Result<u32>;

    /// Adds an authorization code.
    fn add_code(&mut self, code: &AuthorizationCode, digest: &Digest) -> Result<()>;

    /// The code with this digest, used or not.
    fn find_code(&mut self, digest: &Digest) -> Result<Option<AuthorizationCode>>;

    /// Marks a code as used; `false` when it was.
    fn use_code(&mut self, digest: &Digest, now: Timestamp) -> Result<bool>;

    /// Adds a refresh token.
    fn add_refresh_token(&mut self, token: &RefreshToken, digest: &Digest) -> Result<()>;

    /// The refresh token with this digest, used or not.
    fn find_refresh_token(&mut self, digest: &Digest) -> Result<Option<RefreshToken>>;

    /// Marks a refresh token as used; `false` when it was.
    fn use_refresh_token(&mut self, digest: &Digest, now: Timestamp) -> Result<bool>;

    /// Forgets access tokens and devices' codes whose end came before `now`, codes and refresh tokens
    /// whose end came before `noticed` (until then a second use is), and grants from before
    /// `remembered` under which nothing is left; at most `limit` of each. Answers the largest of
    /// these numbers.
    fn forget(
        &mut self,
        now: Timestamp,
        noticed: Timestamp,
        remembered: Timestamp,
        limit: u32,
    ) -> Result<u32>;
}
