use super::{Challenge, Scopes};
use crate::id::{ClientId, GrantId, OrganizationId, UserId};
use crate::time::Timestamp;

/// What a user has allowed a client, once: the family of the codes and tokens that come of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Names it; not a secret.
    pub id: GrantId,
    /// Whom.
    pub client_id: ClientId,
    /// Who.
    pub user_id: UserId,
    /// In which organization only, if it is not everywhere.
    pub organization_id: Option<OrganizationId>,
    /// What.
    pub scopes: Scopes,
    /// When the user last signed in before that.
    pub authenticated_at: Timestamp,
    /// When it was allowed.
    pub created_at: Timestamp,
    /// When it ended, if it did.
    pub revoked_at: Option<Timestamp>,
}

/// A code that a browser brings to a client, without the code itself: of that, only a digest is
/// kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorizationCode {
    /// What comes of it.
    pub grant_id: GrantId,
    /// Where the browser was led: who redeems it says the same.
    pub redirect_uri: String,
    /// Who redeems it knows what this was made of.
    pub challenge: Challenge,
    /// What the client wants to find in the ID token.
    pub nonce: Option<String>,
    /// From when on it does not work.
    pub expires_at: Timestamp,
    /// When it was redeemed, if it was.
    pub used_at: Option<Timestamp>,
}

/// A refresh token, without its secret: of that, only a digest is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefreshToken {
    /// What it goes on with.
    pub grant_id: GrantId,
    /// When it was issued.
    pub created_at: Timestamp,
    /// From when on it does not work.
    pub expires_at: Timestamp,
    /// When it was used, if it was: it works once.
    pub used_at: Option<Timestamp>,
}

/// For whom an access token was issued, and what it permits: an access token is a
/// [`crate::token::Token`] that has this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBinding {
    /// The client that has it.
    pub client_id: ClientId,
    /// What it came of; `None`: the client acts by itself.
    pub grant_id: Option<GrantId>,
    /// What it permits.
    pub scopes: Scopes,
}
