use super::IssueKey;
use super::accounts::{find, lock, record};
use crate::access::{self, Caller, Used};
use crate::audit::{Act, Change, Target};
use crate::error::Kind;
use crate::id::{OrganizationId, TokenId, UserId};
use crate::idempotency::{self, Claim};
use crate::page::Window;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::Permission;
use crate::secret::Secret;
use crate::service::Core;
use crate::service::token::{IssuedToken, TOKENS_PER_USER, TokenPage};
use crate::time::Timestamp;
use crate::token::{Token, TokenKind};
use crate::{Error, Refusal, Result};

/// The id and the secret of a key to come, made before the transaction.
#[derive(Clone, Debug)]
pub(super) struct KeyMint {
    id: TokenId,
    secret: Secret,
}

impl KeyMint {
    pub(super) fn new(core: &Core, now: Timestamp) -> Self {
        Self {
            id: TokenId::new(core.ids.next(now)),
            secret: Secret::service_account_key(&core.random.entropy()),
        }
    }
}

pub(super) fn issue(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    (organization, id): (OrganizationId, UserId),
    mint: &KeyMint,
    command: &IssueKey,
) -> Result<Used<IssuedToken>> {
    let action = Action::Use(Permission::UpdateServiceAccount);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    authentication.in_person(action)?;
    let (user, once) = (authentication.user.id, command.once.as_ref());
    if let Claim::Made(id) = idempotency::claim(tx, user, once, now, mint.id.uuid())? {
        let id = id.to_string();
        return Err(Refusal::SecretShown { id }.into());
    }
    let rights = access::rights(&authentication, &place);
    let account = lock(tx, organization, id, rights)?;
    if command.expires_at.is_some_and(|end| end <= now) {
        let reason = "the expiry must lie in the future";
        return Err(Error::invalid("expire_time", reason));
    }
    if tx.tokens().count_usable(id, now)? >= TOKENS_PER_USER {
        let limit = TOKENS_PER_USER;
        return Err(Refusal::TokenLimit { limit }.into());
    }
    let token = Token {
        id: mint.id,
        kind: TokenKind::Access,
        parent_id: None,
        oauth: None,
        user_id: account.user.id,
        organization_id: Some(organization),
        // A key that makes a key stays behind its own maker: no chain of keys outlives the rights
        // of the person at its beginning.
        created_by: authentication.token.created_by.or(Some(user)),
        name: command.name.clone(),
        last_four: mint.secret.last_four(),
        created_at: now,
        expires_at: command.expires_at,
        last_used_at: None,
        revoked_at: None,
    };
    tx.tokens().add(&token, &mint.secret.digest())?;
    let author = authentication.author(caller);
    let changes = vec![
        Change::set("name", token.name.as_str()),
        Change::set("service_account", &id.to_string()),
    ];
    let (act, target) = (Act::TokenCreated, Target::Token(token.id));
    record(tx, &author, now, organization, act, target, changes)?;
    Ok(authentication.used(IssuedToken {
        token,
        secret: mint.secret.clone(),
    }))
}

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    id: UserId,
    window: &Window<TokenId>,
) -> Result<Used<TokenPage>> {
    let action = Action::Use(Permission::ReadServiceAccount);
    let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
    let account = find(tx, organization, id)?;
    let page = tx.tokens().list(account.user.id, window)?;
    Ok(authentication.used(page))
}

pub(super) fn revoke(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    id: UserId,
    key: TokenId,
) -> Result<Used<()>> {
    let action = Action::Use(Permission::UpdateServiceAccount);
    let (authentication, _) = access::enter_locked(tx, caller, now, organization, action)?;
    // Whatever the account may: stopping a leaked key is not held up by ranks.
    let account = find(tx, organization, id)?;
    if !tx.tokens().revoke(account.user.id, key, now)? {
        return Err(Error::NotFound(Kind::Token));
    }
    let author = authentication.author(caller);
    let target = Target::Token(key);
    record(
        tx,
        &author,
        now,
        organization,
        Act::TokenRevoked,
        target,
        Vec::new(),
    )?;
    Ok(authentication.used(()))
}
