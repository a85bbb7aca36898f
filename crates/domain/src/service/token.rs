//! Personal access tokens: the driving port and its use cases.

use async_trait::async_trait;

use super::Core;
use crate::access::{self, Authentication, Caller, Used};
use crate::error::Kind;
use crate::id::{TokenId, UserId};
use crate::page::{Page, Window};
use crate::policy::{self, Action, Standing};
use crate::port::Tx;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::PersonalAccessToken;
use crate::value::TokenName;
use crate::{Error, Refusal, Result};

/// How many usable tokens one user may have.
pub const TOKENS_PER_USER: u32 = 100;

/// A page of tokens.
pub type TokenPage = Page<PersonalAccessToken, TokenId>;

/// What a new token shall be.
#[derive(Clone, Debug)]
pub struct IssueToken {
    /// What its user calls it.
    pub name: TokenName,
    /// From when on it does not work; `None`: never ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// A new token and its secret, which cannot be had again.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The token.
    pub token: PersonalAccessToken,
    /// Its secret.
    pub secret: Secret,
}

/// What users can do with their own tokens.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Issues a token to the caller.
    async fn issue(&self, caller: Caller, command: IssueToken) -> Result<IssuedToken>;

    /// An unrevoked token of the caller.
    async fn get(&self, caller: Caller, id: TokenId) -> Result<PersonalAccessToken>;

    /// The unrevoked tokens of the caller, in the order of issue.
    async fn list(&self, caller: Caller, window: Window<TokenId>) -> Result<TokenPage>;

    /// Revokes a token of the caller, which may be the one they call with.
    async fn revoke(&self, caller: Caller, id: TokenId) -> Result<()>;
}

/// The real [`Tokens`].
#[derive(Clone)]
pub struct TokenService {
    core: Core,
}

impl TokenService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Tokens for TokenService {
    async fn issue(&self, caller: Caller, command: IssueToken) -> Result<IssuedToken> {
        let now = self.core.now();
        let mint = Mint::new(&self.core, now);
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let authentication = access::authenticate_locking(tx, caller, now)?;
            policy::allow(&authentication.user, Action::ManageSelf, Standing::Platform)?;
            let issued = issue(tx, now, &mint, authentication.user.id, &command)?;
            Ok(authentication.used(issued))
        };
        self.core.write(caller, now, work).await
    }

    async fn get(&self, caller: Caller, id: TokenId) -> Result<PersonalAccessToken> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let authentication = myself(tx, caller, now)?;
            let token = tx.tokens().find(authentication.user.id, id)?;
            Ok(authentication.used(token.ok_or(Error::NotFound(Kind::Token))?))
        };
        self.core.read(caller, work).await
    }

    async fn list(&self, caller: Caller, window: Window<TokenId>) -> Result<TokenPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let authentication = myself(tx, caller, now)?;
            let page = tx.tokens().list(authentication.user.id, &window)?;
            Ok(authentication.used(page))
        };
        self.core.read(caller, work).await
    }

    async fn revoke(&self, caller: Caller, id: TokenId) -> Result<()> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| revoke(tx, caller, now, id);
        self.core.write(caller, self.core.now(), work).await
    }
}

/// The id and the secret of a token to come, made before the transaction.
#[derive(Clone, Debug)]
pub struct Mint {
    id: TokenId,
    secret: Secret,
}

impl Mint {
    /// Gathers what a token takes.
    #[must_use]
    pub fn new(core: &Core, now: Timestamp) -> Self {
        Self {
            id: TokenId::new(core.ids.next(now)),
            secret: Secret::personal_access_token(&core.random.entropy()),
        }
    }
}

/// Issues a token to a user whose row is locked and who has not too many.
pub fn issue(
    tx: &mut dyn Tx,
    now: Timestamp,
    mint: &Mint,
    user: UserId,
    command: &IssueToken,
) -> Result<IssuedToken> {
    if command.expires_at.is_some_and(|end| end <= now) {
        return Err(Error::invalid(
            "expire_time",
            "the expiry must lie in the future",
        ));
    }
    if tx.tokens().count_usable(user, now)? >= TOKENS_PER_USER {
        return Err(Refusal::TokenLimit {
            limit: TOKENS_PER_USER,
        }
        .into());
    }
    let token = PersonalAccessToken {
        id: mint.id,
        user_id: user,
        name: command.name.clone(),
        last_four: mint.secret.last_four(),
        created_at: now,
        expires_at: command.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    tx.tokens().add(&token, &mint.secret.digest())?;
    Ok(IssuedToken {
        token,
        secret: mint.secret.clone(),
    })
}

fn revoke(tx: &mut dyn Tx, caller: &Caller, now: Timestamp, id: TokenId) -> Result<Used<()>> {
    let authentication = myself(tx, caller, now)?;
    if tx.tokens().revoke(authentication.user.id, id, now)? {
        Ok(authentication.used(()))
    } else {
        Err(Error::NotFound(Kind::Token))
    }
}

fn myself(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Result<Authentication> {
    let authentication = access::authenticate(tx, caller, now)?;
    policy::allow(&authentication.user, Action::ManageSelf, Standing::Platform)?;
    Ok(authentication)
}
