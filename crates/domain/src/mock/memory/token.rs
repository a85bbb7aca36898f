use super::MemoryTx;
use super::state::{KeptToken, State, absent, cut, duplicate, number};
use crate::Result;
use crate::id::{OrganizationId, TokenId, UserId};
use crate::page::{Page, Window};
use crate::port::TokenRepo;
use crate::secret::Digest;
use crate::time::Timestamp;
use crate::token::{Token, TokenKind};

impl TokenRepo for MemoryTx {
    fn add(&mut self, token: &Token, digest: &Digest) -> Result<()> {
        let state = self.writing()?;
        state.user(token.user_id)?;
        if let Some(organization) = token.organization_id {
            state.organization(organization)?;
        }
        if let Some(maker) = token.created_by {
            state.user(maker)?;
        }
        if let Some(parent) = token.parent_id.filter(|it| !state.tokens.contains_key(it)) {
            return Err(absent("token", parent));
        }
        if let Some(binding) = &token.oauth {
            state.oauth.client(binding.client_id)?;
            binding
                .grant_id
                .map_or(Ok(()), |id| state.oauth.grant(id).map(|_| ()))?;
        }
        if state.tokens.values().any(|kept| kept.digest == *digest) {
            return Err(duplicate("the digest"));
        }
        let kept = KeptToken {
            token: token.clone(),
            digest: *digest,
        };
        match state.tokens.insert(token.id, kept) {
            Some(_) => Err(duplicate("the token")),
            None => Ok(()),
        }
    }

    fn find(&mut self, user: UserId, id: TokenId) -> Result<Option<Token>> {
        let found = self.reading()?.tokens.get(&id).map(|kept| &kept.token);
        Ok(found.filter(|token| listed_of(token, user)).cloned())
    }

    fn list(&mut self, user: UserId, window: &Window<TokenId>) -> Result<Page<Token, TokenId>> {
        let all = self.reading()?.tokens.values().map(|kept| &kept.token);
        let rows = all.filter(|token| listed_of(token, user)).cloned();
        Ok(cut(rows.collect(), window, |token| token.id))
    }

    fn count_usable(&mut self, user: UserId, now: Timestamp) -> Result<u32> {
        let all = self.reading()?.tokens.values().map(|kept| &kept.token);
        Ok(number(
            all.filter(|t| listed_of(t, user) && t.is_usable(now)),
        ))
    }

    fn revoke(&mut self, user: UserId, id: TokenId, now: Timestamp) -> Result<bool> {
        let meant = |token: &Token| token.id == id || token.parent_id == Some(id);
        let which = |token: &Token| meant(token) && token.user_id == user;
        Ok(revoke(self.writing()?, now, which) > 0)
    }

    fn revoke_all(&mut self, user: UserId, now: Timestamp) -> Result<u32> {
        Ok(revoke(self.writing()?, now, |t| t.user_id == user))
    }

    fn revoke_sessions(
        &mut self,
        user: UserId,
        but: Option<TokenId>,
        now: Timestamp,
    ) -> Result<u32> {
        let which = |token: &Token| {
            token.user_id == user && token.kind == TokenKind::Session && Some(token.id) != but
        };
        Ok(revoke(self.writing()?, now, which))
    }

    fn revoke_in(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        now: Timestamp,
    ) -> Result<u32> {
        let which =
            |token: &Token| token.organization_id == Some(organization) && token.user_id == user;
        Ok(revoke(self.writing()?, now, which))
    }

    fn revoke_bound(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32> {
        let which = |token: &Token| token.organization_id == Some(organization);
        Ok(revoke(self.writing()?, now, which))
    }

    fn mark_used(&mut self, ids: &[TokenId], at: Timestamp) -> Result<()> {
        let tokens = &mut self.writing()?.tokens;
        for id in ids {
            if let Some(kept) = tokens.get_mut(id) {
                // `None` is earlier than any moment.
                kept.token.last_used_at = kept.token.last_used_at.max(Some(at));
            }
        }
        Ok(())
    }

    fn forget_sessions(&mut self, expired: Timestamp, limit: u32) -> Result<u32> {
        let tokens = &mut self.writing()?.tokens;
        let ended = |token: &Token| {
            token.kind == TokenKind::Session && token.expires_at.is_some_and(|end| end < expired)
        };
        let old: Vec<_> = tokens
            .values()
            .filter(|kept| ended(&kept.token))
            .map(|kept| kept.token.id)
            .take(limit as usize)
            .collect();
        Ok(number(old.iter().filter_map(|id| tokens.remove(id))))
    }
}

fn listed_of(token: &Token, user: UserId) -> bool {
    token.user_id == user
        && token.kind == TokenKind::Access
        && token.oauth.is_none()
        && token.revoked_at.is_none()
}

/// Revokes what is not yet revoked, and answers how many that were.
pub(super) fn revoke(state: &mut State, now: Timestamp, which: impl Fn(&Token) -> bool) -> u32 {
    let tokens = state.tokens.values_mut().map(|kept| &mut kept.token);
    let found = tokens.filter(|token| token.revoked_at.is_none() && which(token));
    number(found.map(|token| token.revoked_at = Some(now)))
}
