use super::IssuedTokens;
use crate::Result;
use crate::id::{OrganizationId, TokenId, UserId};
use crate::oauth::{
    ACCESS_TOKEN_LIFETIME, Grant, GrantType, ID_TOKEN_LIFETIME, IdClaims, OAuthClient,
    REFRESH_TOKEN_LIFETIME, RefreshToken, Scope, Scopes, TokenBinding,
};
use crate::port::Tx;
use crate::secret::Secret;
use crate::service::Core;
use crate::time::Timestamp;
use crate::token::{Token, TokenKind};
use crate::user::User;
use crate::value::TokenName;

/// What tokens take, made before the transaction.
#[derive(Clone, Debug)]
pub(super) struct Fresh {
    token: TokenId,
    access: Secret,
    refresh: Secret,
}

impl Fresh {
    pub(super) fn new(core: &Core, now: Timestamp) -> Self {
        Self {
            token: TokenId::new(core.ids.next(now)),
            access: Secret::access_token(&core.random.entropy()),
            refresh: Secret::refresh_token(&core.random.entropy()),
        }
    }
}

/// Tokens, and what the ID token beside them shall say, which is signed behind the transaction.
#[derive(Clone, Debug)]
pub(super) struct Minted {
    pub(super) tokens: IssuedTokens,
    pub(super) claims: Option<IdClaims>,
}

/// What is issued of a grant: all of it, or less.
pub(super) struct Share<'a> {
    pub(super) grant: &'a Grant,
    pub(super) user: &'a User,
    pub(super) scopes: Scopes,
    pub(super) nonce: Option<String>,
}

/// Issues the tokens of a locked grant.
pub(super) fn of_grant(
    tx: &mut dyn Tx,
    now: Timestamp,
    fresh: &Fresh,
    client: &OAuthClient,
    issuer: &str,
    share: Share<'_>,
) -> Result<Minted> {
    let grant = share.grant;
    let binding = TokenBinding {
        client_id: client.id,
        grant_id: Some(grant.id),
        scopes: share.scopes,
    };
    let organization = grant.organization_id;
    let mut tokens = access_token(
        tx,
        now,
        fresh,
        client,
        binding,
        (share.user.id, organization, None),
    )?;
    let goes_on = client.grant_types.has(GrantType::RefreshToken);
    if goes_on && grant.scopes.has(Scope::OfflineAccess) {
        let refresh = RefreshToken {
            grant_id: grant.id,
            created_at: now,
            expires_at: now.plus(REFRESH_TOKEN_LIFETIME),
            used_at: None,
        };
        let digest = fresh.refresh.digest();
        tx.oauth_grants().add_refresh_token(&refresh, &digest)?;
        tokens.refresh_token = Some(fresh.refresh.clone());
    }
    let known = share.scopes.has(Scope::OpenId);
    let claims = known.then(|| claims(now, issuer, client, share));
    Ok(Minted { tokens, claims })
}

/// Issues an access token that speaks for a user, in one organization or everywhere, and permits no
/// more than whoever vouches for it may, if somebody does.
pub(super) fn access_token(
    tx: &mut dyn Tx,
    now: Timestamp,
    fresh: &Fresh,
    client: &OAuthClient,
    binding: TokenBinding,
    (user, organization, sponsor): (UserId, Option<OrganizationId>, Option<UserId>),
) -> Result<IssuedTokens> {
    let token = Token {
        id: fresh.token,
        kind: TokenKind::Access,
        parent_id: None,
        oauth: Some(binding),
        user_id: user,
        organization_id: organization,
        created_by: sponsor,
        name: TokenName::from_stored(client.name.as_str().to_owned()),
        last_four: fresh.access.last_four(),
        created_at: now,
        expires_at: Some(now.plus(ACCESS_TOKEN_LIFETIME)),
        last_used_at: None,
        revoked_at: None,
    };
    tx.tokens().add(&token, &fresh.access.digest())?;
    Ok(IssuedTokens {
        access_token: fresh.access.clone(),
        expires_in: ACCESS_TOKEN_LIFETIME,
        refresh_token: None,
        scopes: binding.scopes,
        id_token: None,
        organization_id: organization,
    })
}

fn claims(now: Timestamp, issuer: &str, client: &OAuthClient, share: Share<'_>) -> IdClaims {
    let (user, scopes) = (share.user, share.scopes);
    let email = || {
        let verified = user.has_verified_email();
        (user.email.as_str().to_owned(), verified)
    };
    IdClaims {
        issuer: issuer.to_owned(),
        subject: user.id.to_string(),
        audience: client.id.to_string(),
        issued_at: now,
        expires_at: now.plus(ID_TOKEN_LIFETIME),
        authenticated_at: share.grant.authenticated_at,
        nonce: share.nonce,
        name: scopes
            .has(Scope::Profile)
            .then(|| user.display_name.as_str().to_owned()),
        email: scopes.has(Scope::Email).then(email),
    }
}
