use super::{GrantPage, GrantView, Presented, authenticating, granted, grants};
use crate::access::{self, Caller, Origin, Used};
use crate::audit::{Actor, Author};
use crate::error::Kind;
use crate::id::GrantId;
use crate::oauth::{Answer, Problem, ProblemKind};
use crate::page::{Page, Window};
use crate::policy::Action;
use crate::port::Tx;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::{Error, Result};

/// A token that another client has is refused; one that nobody has is as good as revoked
/// (RFC 7009 §2.1 and §2.2).
const NOT_YOURS: Problem = Problem::grant("the token was issued to another client");

pub(super) fn revoke(
    tx: &mut dyn Tx,
    now: Timestamp,
    origin: Origin,
    by: &Presented,
    token: &str,
) -> Result<Answer<()>> {
    let client = granted!(authenticating::client(tx, now, by)?).client;
    if let Some(secret) = Secret::parse_refresh_token(token) {
        let found = tx.oauth_grants().find_refresh_token(&secret.digest())?;
        let locked = match found {
            Some(found) => grants::lock(tx, found.grant_id)?,
            None => None,
        };
        let Some((grant, _)) = locked else {
            return Ok(Ok(()));
        };
        if grant.client_id != client.id {
            return Ok(Err(NOT_YOURS));
        }
        let author = Author {
            actor: Actor::System,
            origin,
        };
        grants::end(tx, &author, now, &grant, "the client has revoked it")?;
        return Ok(Ok(()));
    }
    if let Some(secret) = Secret::parse_access_token(token) {
        let Some(found) = tx.access().authenticate(&secret.digest())? else {
            return Ok(Ok(()));
        };
        if found.token.oauth.is_none_or(|it| it.client_id != client.id) {
            return Ok(Err(NOT_YOURS));
        }
        tx.tokens().revoke(found.user.id, found.token.id, now)?;
        return Ok(Ok(()));
    }
    if is_another_secret(token) {
        let reason = "only access tokens and refresh tokens of clients are revoked here";
        return Ok(Err(Problem::new(ProblemKind::UnsupportedTokenType, reason)));
    }
    Ok(Ok(()))
}

/// Whether it is a secret of ours that is no client's token.
fn is_another_secret(token: &str) -> bool {
    Secret::parse(token).is_some() || Secret::parse_session(token).is_some()
}

pub(super) fn list(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    window: &Window<GrantId>,
) -> Result<Used<GrantPage>> {
    let action = Action::ManageSelf;
    let authentication = access::enter_platform(tx, caller, now, action)?;
    authentication.in_person(action)?;
    let page = tx.oauth_grants().list(authentication.user.id, window)?;
    let mut items = Vec::with_capacity(page.items.len());
    for grant in page.items {
        let client = tx.oauth_clients().find(grant.client_id)?;
        let client = client.ok_or(Error::NotFound(Kind::OAuthClient))?;
        items.push(GrantView { grant, client });
    }
    Ok(authentication.used(Page {
        items,
        next: page.next,
        total: page.total,
    }))
}

pub(super) fn revoke_mine(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    id: GrantId,
) -> Result<Used<()>> {
    let action = Action::ManageSelf;
    let authentication = access::enter_platform_locked(tx, caller, now, action)?;
    authentication.in_person(action)?;
    let grant = tx.oauth_grants().lock(id)?;
    let own = authentication.user.id;
    let grant = grant
        .filter(|grant| grant.user_id == own && grant.revoked_at.is_none())
        .ok_or(Error::NotFound(Kind::Grant))?;
    let author = authentication.author(caller);
    grants::withdraw(tx, &author, now, &grant)?;
    Ok(authentication.used(()))
}
