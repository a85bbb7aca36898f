use std::collections::{BTreeSet, HashSet};

use crate::Result;
use crate::id::{ClientId, GrantId, OrganizationId, UserId};
use crate::mock::memory::MemoryTx;
use crate::mock::memory::state::{State, cut, duplicate, number};
use crate::mock::memory::token;
use crate::oauth::{AuthorizationCode, Grant, RefreshToken, Scopes};
use crate::page::{Page, Window};
use crate::port::OAuthGrantRepo;
use crate::secret::Digest;
use crate::time::Timestamp;

impl OAuthGrantRepo for MemoryTx {
    fn add(&mut self, grant: &Grant) -> Result<()> {
        let state = self.writing()?;
        state.user(grant.user_id)?;
        state.oauth.client(grant.client_id)?;
        if let Some(id) = grant.organization_id {
            state.organization(id)?;
        }
        match state.oauth.grants.insert(grant.id, grant.clone()) {
            Some(_) => Err(duplicate("the grant")),
            None => Ok(()),
        }
    }

    fn find(&mut self, id: GrantId) -> Result<Option<Grant>> {
        Ok(self.reading()?.oauth.grants.get(&id).cloned())
    }

    fn lock(&mut self, id: GrantId) -> Result<Option<Grant>> {
        Ok(self.writing()?.oauth.grants.get(&id).cloned())
    }

    fn list(&mut self, user: UserId, window: &Window<GrantId>) -> Result<Page<Grant, GrantId>> {
        let all = self.reading()?.oauth.grants.values();
        let theirs = all.filter(|it| it.user_id == user && it.revoked_at.is_none());
        Ok(cut(theirs.cloned().collect(), window, |grant| grant.id))
    }

    fn allowed(
        &mut self,
        user: UserId,
        client: ClientId,
        organization: Option<OrganizationId>,
    ) -> Result<Vec<Scopes>> {
        let all = self.reading()?.oauth.grants.values();
        let meant = consent(user, client, organization);
        let theirs = all.filter(|it| meant(it) && it.revoked_at.is_none());
        let distinct: HashSet<Scopes> = theirs.map(|it| it.scopes).collect();
        Ok(distinct.into_iter().collect())
    }

    fn revoke(&mut self, id: GrantId, now: Timestamp) -> Result<bool> {
        Ok(revoke(self.writing()?, now, |it| it.id == id) > 0)
    }

    fn revoke_allowed(
        &mut self,
        user: UserId,
        client: ClientId,
        organization: Option<OrganizationId>,
        now: Timestamp,
    ) -> Result<u32> {
        let meant = consent(user, client, organization);
        Ok(revoke(self.writing()?, now, meant))
    }

    fn revoke_of_user(&mut self, user: UserId, now: Timestamp) -> Result<u32> {
        Ok(revoke(self.writing()?, now, |it| it.user_id == user))
    }

    fn revoke_in(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        now: Timestamp,
    ) -> Result<u32> {
        let which = |it: &Grant| it.organization_id == Some(organization) && it.user_id == user;
        Ok(revoke(self.writing()?, now, which))
    }

    fn revoke_bound(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32> {
        let which = |it: &Grant| it.organization_id == Some(organization);
        Ok(revoke(self.writing()?, now, which))
    }

    fn revoke_of_client(&mut self, client: ClientId, now: Timestamp) -> Result<u32> {
        let state = self.writing()?;
        let revoked = revoke(state, now, |it| it.client_id == client);
        token::revoke(state, now, |token| {
            token.oauth.is_some_and(|it| it.client_id == client)
        });
        Ok(revoked)
    }

    fn add_code(&mut self, code: &AuthorizationCode, digest: &Digest) -> Result<()> {
        let state = self.writing()?;
        state.oauth.grant(code.grant_id)?;
        match state.oauth.codes.insert(*digest, code.clone()) {
            Some(_) => Err(duplicate("the code")),
            None => Ok(()),
        }
    }

    fn find_code(&mut self, digest: &Digest) -> Result<Option<AuthorizationCode>> {
        Ok(self.reading()?.oauth.codes.get(digest).cloned())
    }

    fn use_code(&mut self, digest: &Digest, now: Timestamp) -> Result<bool> {
        let code = self.writing()?.oauth.codes.get_mut(digest);
        Ok(code.is_some_and(|it| first_use(&mut it.used_at, now)))
    }

    fn add_refresh_token(&mut self, refresh: &RefreshToken, digest: &Digest) -> Result<()> {
        let state = self.writing()?;
        state.oauth.grant(refresh.grant_id)?;
        let tokens = &mut state.oauth.refresh_tokens;
        match tokens.insert(*digest, refresh.clone()) {
            Some(_) => Err(duplicate("the refresh token")),
            None => Ok(()),
        }
    }

    fn find_refresh_token(&mut self, digest: &Digest) -> Result<Option<RefreshToken>> {
        Ok(self.reading()?.oauth.refresh_tokens.get(digest).cloned())
    }

    fn use_refresh_token(&mut self, digest: &Digest, now: Timestamp) -> Result<bool> {
        let refresh = self.writing()?.oauth.refresh_tokens.get_mut(digest);
        Ok(refresh.is_some_and(|it| first_use(&mut it.used_at, now)))
    }

    fn forget(
        &mut self,
        now: Timestamp,
        noticed: Timestamp,
        remembered: Timestamp,
        limit: u32,
    ) -> Result<u32> {
        let state = self.writing()?;
        let limit = limit as usize;
        let old: Vec<_> = state
            .tokens
            .values()
            .map(|kept| &kept.token)
            .filter(|it| it.oauth.is_some() && it.expires_at.is_some_and(|end| end < now))
            .map(|it| it.id)
            .take(limit)
            .collect();
        let mut most = number(old.iter().filter_map(|id| state.tokens.remove(id)));
        let oauth = &mut state.oauth;
        let codes = oauth.codes.iter().filter(|(_, it)| it.expires_at < noticed);
        let codes: Vec<_> = codes.map(|(digest, _)| *digest).take(limit).collect();
        most = most.max(number(codes.iter().filter_map(|it| oauth.codes.remove(it))));
        let tokens = &mut oauth.refresh_tokens;
        let old = tokens.iter().filter(|(_, it)| it.expires_at < noticed);
        let old: Vec<_> = old.map(|(digest, _)| *digest).take(limit).collect();
        most = most.max(number(old.iter().filter_map(|it| tokens.remove(it))));
        let devices = oauth.devices.values().map(|kept| &kept.device);
        let old = devices.filter(|it| it.expires_at < now);
        let old: Vec<_> = old.map(|it| it.id).take(limit).collect();
        most = most.max(number(old.iter().filter_map(|it| oauth.devices.remove(it))));
        let alive = alive(state);
        let grants = state.oauth.grants.values();
        let old = grants.filter(|it| it.created_at < remembered && !alive.contains(&it.id));
        let old: Vec<_> = old.map(|it| it.id).take(limit).collect();
        let forgotten = old.iter().filter_map(|it| state.oauth.grants.remove(it));
        Ok(most.max(number(forgotten)))
    }
}

/// What a user has allowed a client, in this organization only or everywhere.
fn consent(
    user: UserId,
    client: ClientId,
    organization: Option<OrganizationId>,
) -> impl Fn(&Grant) -> bool {
    move |it| (it.user_id, it.client_id, it.organization_id) == (user, client, organization)
}

/// The grants to which something points.
fn alive(state: &State) -> BTreeSet<GrantId> {
    let oauth = &state.oauth;
    let tokens = state.tokens.values().filter_map(|kept| kept.token.oauth);
    let tokens = tokens.filter_map(|binding| binding.grant_id);
    let devices = oauth.devices.values();
    tokens
        .chain(oauth.codes.values().map(|code| code.grant_id))
        .chain(oauth.refresh_tokens.values().map(|it| it.grant_id))
        .chain(devices.filter_map(|kept| kept.device.state.grant()))
        .collect()
}

fn first_use(used_at: &mut Option<Timestamp>, now: Timestamp) -> bool {
    let first = used_at.is_none();
    used_at.get_or_insert(now);
    first
}

/// Revokes grants and the access tokens under them, also those under grants that ended before;
/// answers how many grants there were.
fn revoke(state: &mut State, now: Timestamp, which: impl Fn(&Grant) -> bool) -> u32 {
    let meant = || state.oauth.grants.values().filter(|it| which(it));
    let ids: BTreeSet<GrantId> = meant().map(|grant| grant.id).collect();
    let revoked = number(meant().filter(|it| it.revoked_at.is_none()));
    for grant in state.oauth.grants.values_mut().filter(|it| which(it)) {
        grant.revoked_at.get_or_insert(now);
    }
    token::revoke(state, now, |token| {
        let grant = token.oauth.and_then(|binding| binding.grant_id);
        grant.is_some_and(|id| ids.contains(&id))
    });
    revoked
}
