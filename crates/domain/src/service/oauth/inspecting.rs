use super::{Introspection, Presented, UserInfo, authenticating, granted};
use crate::access::{self, Caller, Used};
use crate::id::OrganizationId;
use crate::oauth::{
    Answer, ClientKind, OAuthClient, Problem, ProblemKind, Scope, Scopes, TokenBinding,
};
use crate::port::Tx;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::{Refusal, Result};

/// What is told of a token. Only who can prove who they are is told anything (RFC 7662 §2.1): a
/// client of its own tokens, one of an organization also of those that work in its organization
/// only, and one of the installation of all access tokens.
pub(super) fn introspect(
    tx: &mut dyn Tx,
    now: Timestamp,
    by: &Presented,
    token: &str,
) -> Result<Answer<Option<Introspection>>> {
    let client = granted!(authenticating::client(tx, now, by)?).client;
    if client.kind == ClientKind::Public {
        let reason = "introspection is for confidential clients";
        return Ok(Err(Problem::new(ProblemKind::UnauthorizedClient, reason)));
    }
    let found = if let Some(secret) = Secret::parse_access_token(token) {
        of_access_token(tx, now, &secret)?
    } else if let Some(secret) = Secret::parse_refresh_token(token) {
        of_refresh_token(tx, now, &secret)?
    } else {
        None
    };
    Ok(Ok(found.filter(|found| concerns(&client, found))))
}

fn concerns(client: &OAuthClient, found: &Introspection) -> bool {
    if found.client_id == client.id {
        return true;
    }
    match client.organization_id {
        _ if found.is_refresh_token => false,
        None => true,
        own => found.organization_id == own,
    }
}

fn of_access_token(
    tx: &mut dyn Tx,
    now: Timestamp,
    secret: &Secret,
) -> Result<Option<Introspection>> {
    let Some(found) = tx.access().authenticate(&secret.digest())? else {
        return Ok(None);
    };
    let (token, user) = (found.token, found.user);
    let (Some(binding), Some(expires_at)) = (token.oauth, token.expires_at) else {
        return Ok(None);
    };
    if !user.active || !token.is_usable(now) || !may(tx, token.created_by, token.organization_id)? {
        return Ok(None);
    }
    let TokenBinding {
        client_id, scopes, ..
    } = binding;
    Ok(Some(Introspection {
        client_id,
        user,
        scopes,
        organization_id: token.organization_id,
        issued_at: token.created_at,
        expires_at,
        is_refresh_token: false,
    }))
}

/// Whether whoever vouches for a token still may something where it works.
fn may(
    tx: &mut dyn Tx,
    sponsor: Option<crate::id::UserId>,
    organization: Option<OrganizationId>,
) -> Result<bool> {
    let (Some(sponsor), Some(organization)) = (sponsor, organization) else {
        return Ok(true);
    };
    let Some(user) = tx.users().find(sponsor)? else {
        return Ok(false);
    };
    let held = tx.memberships().held(organization, sponsor)?;
    Ok(user.active && (user.superuser || held.is_some()))
}

fn of_refresh_token(
    tx: &mut dyn Tx,
    now: Timestamp,
    secret: &Secret,
) -> Result<Option<Introspection>> {
    let found = tx.oauth_grants().find_refresh_token(&secret.digest())?;
    let alive = |it: &crate::oauth::RefreshToken| it.used_at.is_none() && now < it.expires_at;
    let Some(token) = found.filter(alive) else {
        return Ok(None);
    };
    let grant = tx.oauth_grants().find(token.grant_id)?;
    let Some(grant) = grant.filter(|grant| grant.revoked_at.is_none()) else {
        return Ok(None);
    };
    let user = tx.users().find(grant.user_id)?;
    let Some(user) = user.filter(|user| user.active) else {
        return Ok(None);
    };
    Ok(Some(Introspection {
        client_id: grant.client_id,
        user,
        scopes: grant.scopes,
        organization_id: grant.organization_id,
        issued_at: token.created_at,
        expires_at: token.expires_at,
        is_refresh_token: true,
    }))
}

/// Who the user is, for whoever calls with a client's token that may know.
pub(super) fn user_info(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
) -> Result<Used<UserInfo>> {
    let authentication = access::authenticate(tx, caller, now)?;
    let scopes = authentication.token.oauth.map(|binding| binding.scopes);
    let scopes = scopes.unwrap_or(Scopes::NONE);
    if !scopes.has(Scope::OpenId) {
        let scope = Scope::OpenId.key();
        return Err(Refusal::InsufficientScope { scope }.into());
    }
    let user = authentication.user.clone();
    Ok(authentication.used(UserInfo { user, scopes }))
}
