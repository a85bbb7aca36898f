use super::authenticating::{self, Known};
use super::issuing::{self, Fresh, Minted, Share};
use super::{Presented, TokenRequest, granted, grants, polling};
use crate::Result;
use crate::access::Origin;
use crate::audit::{Actor, Author};
use crate::oauth::{
    Answer, Grant, GrantType, OAuthClient, Problem, ProblemKind, Scopes, TokenBinding,
};
use crate::port::Tx;
use crate::secret::Secret;
use crate::time::Timestamp;
use crate::user::User;

const DEAD_CODE: Problem = Problem::grant("the code does not work (any more)");
const DEAD_REFRESH_TOKEN: Problem = Problem::grant("the refresh token does not work (any more)");

/// What a request to the token endpoint is answered with.
pub(super) struct Desk<'a> {
    pub(super) now: Timestamp,
    pub(super) fresh: &'a Fresh,
    pub(super) issuer: &'a str,
    pub(super) origin: Origin,
}

pub(super) fn redeem(
    tx: &mut dyn Tx,
    desk: &Desk<'_>,
    by: &Presented,
    request: &TokenRequest,
) -> Result<Answer<Minted>> {
    let known = granted!(authenticating::client(tx, desk.now, by)?);
    if !known.client.grant_types.has(kind(request)) {
        return Ok(Err(Problem::new(
            ProblemKind::UnauthorizedClient,
            "the client is not registered for this grant type",
        )));
    }
    match request {
        TokenRequest::Code {
            code,
            redirect_uri,
            verifier,
        } => {
            let proof = (redirect_uri.as_deref(), verifier.as_deref());
            redeem_code(tx, desk, &known.client, code, proof)
        }
        TokenRequest::Refresh {
            refresh_token,
            scope,
        } => refresh(tx, desk, &known.client, refresh_token, scope.as_deref()),
        TokenRequest::ClientCredentials { scope } => {
            by_itself(tx, desk, &known, scope.as_deref(), by)
        }
        TokenRequest::Device { device_code } => polling::poll(tx, desk, &known.client, device_code),
    }
}

fn kind(request: &TokenRequest) -> GrantType {
    match request {
        TokenRequest::Code { .. } => GrantType::AuthorizationCode,
        TokenRequest::Refresh { .. } => GrantType::RefreshToken,
        TokenRequest::ClientCredentials { .. } => GrantType::ClientCredentials,
        TokenRequest::Device { .. } => GrantType::DeviceCode,
    }
}

impl Desk<'_> {
    /// Ends a grant because something of it was used twice: somebody has what is not theirs, and
    /// nobody knows who (RFC 6749 §4.1.2, RFC 9700 §4.14.2).
    pub(super) fn end(&self, tx: &mut dyn Tx, grant: &Grant, reason: &str) -> Result<()> {
        let author = Author {
            actor: Actor::System,
            origin: self.origin,
        };
        grants::end(tx, &author, self.now, grant, reason)
    }

    pub(super) fn issue(
        &self,
        tx: &mut dyn Tx,
        client: &OAuthClient,
        share: Share<'_>,
    ) -> Result<Answer<Minted>> {
        issuing::of_grant(tx, self.now, self.fresh, client, self.issuer, share).map(Ok)
    }
}

fn redeem_code(
    tx: &mut dyn Tx,
    desk: &Desk<'_>,
    client: &OAuthClient,
    code: &str,
    (redirect_uri, verifier): (Option<&str>, Option<&str>),
) -> Result<Answer<Minted>> {
    let Some(digest) = Secret::parse_authorization_code(code).map(|it| it.digest()) else {
        return Ok(Err(DEAD_CODE));
    };
    let Some(found) = tx.oauth_grants().find_code(&digest)? else {
        return Ok(Err(DEAD_CODE));
    };
    let Some((grant, user)) = grants::lock(tx, found.grant_id)? else {
        return Ok(Err(DEAD_CODE));
    };
    if grant.client_id != client.id {
        return Ok(Err(DEAD_CODE));
    }
    // Behind the lock: it may just have been used.
    let used_before = tx
        .oauth_grants()
        .find_code(&digest)?
        .is_none_or(|code| code.used_at.is_some());
    if used_before {
        desk.end(tx, &grant, "a code was used twice")?;
        return Ok(Err(DEAD_CODE));
    }
    if found.expires_at <= desk.now || !is_alive(&grant, &user) {
        return Ok(Err(DEAD_CODE));
    }
    if redirect_uri != Some(found.redirect_uri.as_str()) {
        return Ok(Err(Problem::grant(
            "redirect_uri is not the one of the authorization request",
        )));
    }
    if !verifier.is_some_and(|verifier| found.challenge.is_of(verifier)) {
        return Ok(Err(Problem::grant(
            "code_verifier does not fit the code_challenge",
        )));
    }
    tx.oauth_grants().use_code(&digest, desk.now)?;
    let share = Share {
        grant: &grant,
        user: &user,
        scopes: grant.scopes,
        nonce: found.nonce,
    };
    desk.issue(tx, client, share)
}

fn refresh(
    tx: &mut dyn Tx,
    desk: &Desk<'_>,
    client: &OAuthClient,
    token: &str,
    scope: Option<&str>,
) -> Result<Answer<Minted>> {
    let Some(digest) = Secret::parse_refresh_token(token).map(|it| it.digest()) else {
        return Ok(Err(DEAD_REFRESH_TOKEN));
    };
    let Some(found) = tx.oauth_grants().find_refresh_token(&digest)? else {
        return Ok(Err(DEAD_REFRESH_TOKEN));
    };
    let Some((grant, user)) = grants::lock(tx, found.grant_id)? else {
        return Ok(Err(DEAD_REFRESH_TOKEN));
    };
    if grant.client_id != client.id {
        return Ok(Err(DEAD_REFRESH_TOKEN));
    }
    let again = tx.oauth_grants().find_refresh_token(&digest)?;
    if again.is_none_or(|token| token.used_at.is_some()) {
        desk.end(tx, &grant, "a refresh token was used twice")?;
        return Ok(Err(DEAD_REFRESH_TOKEN));
    }
    if found.expires_at <= desk.now || !is_alive(&grant, &user) {
        return Ok(Err(DEAD_REFRESH_TOKEN));
    }
    let scopes = match scope {
        None => grant.scopes,
        Some(text) => granted!(within(text, grant.scopes)),
    };
    tx.oauth_grants().use_refresh_token(&digest, desk.now)?;
    let share = Share {
        grant: &grant,
        user: &user,
        scopes,
        nonce: None,
    };
    desk.issue(tx, client, share)
}

fn by_itself(
    tx: &mut dyn Tx,
    desk: &Desk<'_>,
    known: &Known,
    scope: Option<&str>,
    by: &Presented,
) -> Result<Answer<Minted>> {
    let Some(account) = known.client.service_account_id else {
        return Ok(Err(Problem::CLIENT));
    };
    if let Some(organization) = known.client.organization_id {
        tx.organizations().hold(organization)?;
    }
    let user = tx.users().lock(account)?;
    // Behind the locks: who deletes the client or the organization holds them, too.
    let known = granted!(authenticating::client(tx, desk.now, by)?);
    let client = &known.client;
    let Some(user) = user.filter(|user| user.active) else {
        return Ok(Err(Problem::new(
            ProblemKind::UnauthorizedClient,
            "the service account of the client is deactivated or deleted",
        )));
    };
    let most = client.scopes.and(Scopes::WITHOUT_USER);
    let scopes = match scope {
        None => most,
        Some(text) => granted!(within(text, most)),
    };
    if scopes.is_empty() {
        return Ok(Err(NO_SUCH_SCOPE));
    }
    let binding = TokenBinding {
        client_id: client.id,
        grant_id: None,
        scopes,
    };
    let sponsor = known.secret.and_then(|secret| secret.created_by);
    let whom = (user.id, client.organization_id, sponsor);
    let tokens = issuing::access_token(tx, desk.now, desk.fresh, client, binding, whom)?;
    Ok(Ok(Minted {
        tokens,
        claims: None,
    }))
}

const NO_SUCH_SCOPE: Problem = Problem::new(
    ProblemKind::InvalidScope,
    "there is no such scope, or the client cannot have it",
);

/// The scopes that a request names, which must be among these.
pub(super) fn within(text: &str, most: Scopes) -> Answer<Scopes> {
    let wanted = Scopes::from_keys(text).filter(|scopes| !scopes.is_empty());
    wanted
        .filter(|scopes| most.covers(*scopes))
        .ok_or(NO_SUCH_SCOPE)
}

pub(super) fn is_alive(grant: &Grant, user: &User) -> bool {
    grant.revoked_at.is_none() && user.active
}
