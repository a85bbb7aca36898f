//! Personal access tokens: the driving port and its use cases.

use async_trait::async_trait;

use super::Core;
use crate::access::{self, Authentication, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::id::{OrganizationId, TokenId, UserId};
use crate::idempotency::{self, Claim, Once};
use crate::page::{Page, Window};
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::token::{Token, TokenKind};
use crate::value::TokenName;
use crate::{Error, Refusal, Result};

/// How many usable tokens one user may have.
pub const TOKENS_PER_USER: u32 = 100;

/// A page of tokens.
pub type TokenPage = Page<Token, TokenId>;

/// What a new token shall be.
#[derive(Clone, Debug)]
pub struct IssueToken {
    /// What its user calls it.
    pub name: TokenName,
    /// From when on it does not work; `None`: never ends by itself.
    pub expires_at: Option<Timestamp>,
    /// The only organization in which it shall work, if it shall not work everywhere.
    pub organization_id: Option<OrganizationId>,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// A new token and its secret, which cannot be had again.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The token.
    pub token: Token,
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
    async fn get(&self, caller: Caller, id: TokenId) -> Result<Token>;

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
            let action = Action::ManageSelf;
            let authentication = access::enter_platform_locked(tx, caller, now, action)?;
            authentication.in_person(action)?;
            let author = authentication.author(caller);
            let issued = issue(tx, &author, now, &mint, authentication.user.id, &command)?;
            Ok(authentication.used(issued))
        };
        self.core.write(caller, now, work).await
    }

    async fn get(&self, caller: Caller, id: TokenId) -> Result<Token> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let authentication = enter(tx, caller, now)?;
            let token = tx.tokens().find(authentication.user.id, id)?;
            Ok(authentication.used(token.ok_or(Error::NotFound(Kind::Token))?))
        };
        self.core.read(caller, work).await
    }

    async fn list(&self, caller: Caller, window: Window<TokenId>) -> Result<TokenPage> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let authentication = enter(tx, caller, now)?;
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
    pub(super) id: TokenId,
    pub(super) secret: Secret,
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

    /// Gathers what a browser session takes.
    #[must_use]
    pub fn session(core: &Core, now: Timestamp) -> Self {
        Self {
            id: TokenId::new(core.ids.next(now)),
            secret: Secret::session(&core.random.entropy()),
        }
    }
}

/// Issues a token to a user whose row is locked and who has not too many.
pub fn issue(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    mint: &Mint,
    user: UserId,
    command: &IssueToken,
) -> Result<IssuedToken> {
    let claim = idempotency::claim(tx, user, command.once.as_ref(), now, mint.id.uuid())?;
    if let Claim::Made(id) = claim {
        let id = id.to_string();
        return Err(Refusal::SecretShown { id }.into());
    }
    if command.expires_at.is_some_and(|end| end <= now) {
        return Err(Error::invalid(
            "expire_time",
            "the expiry must lie in the future",
        ));
    }
    if let Some(only) = command.organization_id
        && tx.memberships().held(only, user)?.is_none()
    {
        return Err(Error::Denied {
            action: Action::Use(Permission::ReadOrganization),
            visible: false,
        });
    }
    if tx.tokens().count_usable(user, now)? >= TOKENS_PER_USER {
        return Err(Refusal::TokenLimit {
            limit: TOKENS_PER_USER,
        }
        .into());
    }
    let token = Token {
        id: mint.id,
        kind: TokenKind::Access,
        parent_id: None,
        oauth: None,
        user_id: user,
        organization_id: command.organization_id,
        created_by: None,
        name: command.name.clone(),
        last_four: mint.secret.last_four(),
        created_at: now,
        expires_at: command.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    tx.tokens().add(&token, &mint.secret.digest())?;
    let changes = vec![Change::set("name", token.name.as_str())];
    note(tx, author, now, &token, Act::TokenCreated, changes)?;
    Ok(IssuedToken {
        token,
        secret: mint.secret.clone(),
    })
}

/// Whoever looks at their tokens. A client has no business with them.
fn enter(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Result<Authentication> {
    let action = Action::ManageSelf;
    let authentication = access::enter_platform(tx, caller, now, action)?;
    authentication.in_person(action)?;
    Ok(authentication)
}

fn revoke(tx: &mut dyn Tx, caller: &Caller, now: Timestamp, id: TokenId) -> Result<Used<()>> {
    let action = Action::ManageSelf;
    let authentication = access::enter_platform_locked(tx, caller, now, action)?;
    authentication.in_person(action)?;
    let user = authentication.user.id;
    let token = tx.tokens().find(user, id)?;
    let token = token.ok_or(Error::NotFound(Kind::Token))?;
    tx.tokens().revoke(user, id, now)?;
    let author = authentication.author(caller);
    note(tx, &author, now, &token, Act::TokenRevoked, Vec::new())?;
    Ok(authentication.used(()))
}

/// Records in its user's log what happened to a token.
fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    token: &Token,
    act: Act,
    changes: Vec<Change>,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::User(token.user_id),
        act,
        target: Target::Token(token.id),
        changes,
    };
    audit::record(tx, author, now, &deed)
}
