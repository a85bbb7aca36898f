//! Browser sessions: the driving port and its use cases.

use async_trait::async_trait;

use super::token::{IssuedToken, Mint};
use super::{Core, password};
use crate::access::{self, Caller, Credential, Origin, Used};
use crate::audit::{self, Act, Author, Chain, Deed, Target};
use crate::error::Unauthenticated;
use crate::id::UserId;
use crate::password::Password;
use crate::policy::Action;
use crate::port::Tx;
use crate::time::Timestamp;
use crate::token::{SESSION_LIFETIME, Token, TokenKind};
use crate::user::{User, UserKind};
use crate::value::{Email, TokenName};
use crate::{Error, Result};

/// What all sessions are called.
const NAME: &str = "browser session";

/// That somebody signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// The session with its secret, for a cookie.
    pub session: IssuedToken,
}

/// How people get a browser session, and end it.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Exchanges a personal access token for a session. The session reaches no further and lasts no
    /// longer than the token, and ends when the token is revoked.
    async fn sign_in(&self, origin: Origin, credential: Credential) -> Result<SignedIn>;

    /// Opens a session for whoever has this address and this password.
    /// [`Unauthenticated::Invalid`] says no more than that they do not belong together: whether there
    /// is such an account is not told, nor does it show in the time that it takes.
    async fn sign_in_with_password(
        &self,
        origin: Origin,
        email: Email,
        password: Password,
    ) -> Result<SignedIn>;

    /// Ends the session that the caller presents.
    async fn sign_out(&self, caller: Caller) -> Result<()>;

    /// Ends all browser sessions of the caller.
    async fn end_all(&self, caller: Caller) -> Result<()>;
}

/// The real [`Sessions`].
#[derive(Clone)]
pub struct SessionService {
    core: Core,
}

impl SessionService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Sessions for SessionService {
    async fn sign_in(&self, origin: Origin, credential: Credential) -> Result<SignedIn> {
        let now = self.core.now();
        let mint = Mint::session(&self.core, now);
        let caller = Caller { credential, origin };
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| sign_in(tx, caller, now, &mint);
        self.core.write(caller, now, work).await
    }

    async fn sign_in_with_password(
        &self,
        origin: Origin,
        email: Email,
        password: Password,
    ) -> Result<SignedIn> {
        password::sign_in(&self.core, origin, email, password).await
    }

    async fn sign_out(&self, caller: Caller) -> Result<()> {
        let work = |tx: &mut dyn Tx, caller: &Caller, now| sign_out(tx, caller, now);
        self.core.write(caller, self.core.now(), work).await
    }

    async fn end_all(&self, caller: Caller) -> Result<()> {
        let work = |tx: &mut dyn Tx, caller: &Caller, now| end_all(tx, caller, now);
        self.core.write(caller, self.core.now(), work).await
    }
}

fn sign_in(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    mint: &Mint,
) -> Result<Used<SignedIn>> {
    // A token that is bound to an organization may do this: so is its session.
    let action = Action::ReadSelf;
    let authentication = access::enter_platform_locked(tx, caller, now, action)?;
    let (user, token) = (&authentication.user, &authentication.token);
    // What a client was given is not exchanged for something that has no scopes.
    if token.kind != TokenKind::Access || token.oauth.is_some() {
        return Err(Error::Unauthenticated(Unauthenticated::Invalid));
    }
    if user.kind != UserKind::Person {
        return Err(Error::Denied {
            action,
            visible: true,
        });
    }
    let author = authentication.author(caller);
    let session = open(tx, &author, now, mint, user.id, Some(token))?;
    let user = user.clone();
    Ok(authentication.used(SignedIn { user, session }))
}

fn sign_out(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Result<Used<()>> {
    let action = Action::ReadSelf;
    let authentication = access::enter_platform_locked(tx, caller, now, action)?;
    let token = &authentication.token;
    if token.kind != TokenKind::Session {
        return Err(Error::Unauthenticated(Unauthenticated::Invalid));
    }
    tx.tokens().revoke(token.user_id, token.id, now)?;
    let author = authentication.author(caller);
    note(tx, &author, now, token, Act::SessionEnded)?;
    Ok(authentication.used(()))
}

fn end_all(tx: &mut dyn Tx, caller: &Caller, now: Timestamp) -> Result<Used<()>> {
    let action = Action::ManageSelf;
    let authentication = access::enter_platform_locked(tx, caller, now, action)?;
    authentication.in_person(action)?;
    let user = authentication.user.id;
    tx.tokens().revoke_sessions(user, None, now)?;
    let author = authentication.author(caller);
    password::note(tx, &author, now, user, Act::SessionsEnded)?;
    Ok(authentication.used(()))
}

/// Opens a session for a person whose row is locked; no wider and no longer than the token that it
/// is exchanged for, if it is.
pub fn open(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    mint: &Mint,
    user: UserId,
    parent: Option<&Token>,
) -> Result<IssuedToken> {
    let end = now.plus(SESSION_LIFETIME);
    let parents_end = parent.and_then(|parent| parent.expires_at);
    let session = Token {
        id: mint.id,
        kind: TokenKind::Session,
        parent_id: parent.map(|parent| parent.id),
        oauth: None,
        user_id: user,
        organization_id: parent.and_then(|parent| parent.organization_id),
        created_by: None,
        name: TokenName::from_stored(NAME.to_owned()),
        last_four: mint.secret.last_four(),
        created_at: now,
        expires_at: Some(parents_end.map_or(end, |it| it.min(end))),
        last_used_at: None,
        revoked_at: None,
    };
    tx.tokens().add(&session, &mint.secret.digest())?;
    note(tx, author, now, &session, Act::SessionCreated)?;
    Ok(IssuedToken {
        token: session,
        secret: mint.secret.clone(),
    })
}

/// Records in its user's log what happened to a session.
fn note(tx: &mut dyn Tx, author: &Author, now: Timestamp, session: &Token, act: Act) -> Result<()> {
    let deed = Deed {
        chain: Chain::User(session.user_id),
        act,
        target: Target::Session(session.id),
        changes: Vec::new(),
    };
    audit::record(tx, author, now, &deed)
}
