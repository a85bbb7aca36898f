use super::MemoryTx;
use super::state::{KeptToken, cut, duplicate};
use crate::Result;
use crate::id::{TokenId, UserId};
use crate::page::{Page, Window};
use crate::port::TokenRepo;
use crate::secret::Digest;
use crate::time::Timestamp;
use crate::token::PersonalAccessToken;

impl TokenRepo for MemoryTx {
    fn add(&mut self, token: &PersonalAccessToken, digest: &Digest) -> Result<()> {
        let state = self.writing()?;
        state.user(token.user_id)?;
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

    fn find(&mut self, user: UserId, id: TokenId) -> Result<Option<PersonalAccessToken>> {
        let found = self.reading()?.tokens.get(&id).map(|kept| &kept.token);
        Ok(found.filter(|token| unrevoked_of(token, user)).cloned())
    }

    fn list(
        &mut self,
        user: UserId,
        window: &Window<TokenId>,
    ) -> Result<Page<PersonalAccessToken, TokenId>> {
        let all = self.reading()?.tokens.values().map(|kept| &kept.token);
        let rows = all.filter(|token| unrevoked_of(token, user)).cloned();
        Ok(cut(rows.collect(), window, |token| token.id))
    }

    fn count_usable(&mut self, user: UserId, now: Timestamp) -> Result<u32> {
        let all = self.reading()?.tokens.values().map(|kept| &kept.token);
        let count = all
            .filter(|t| t.user_id == user && t.is_usable(now))
            .count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn revoke(&mut self, user: UserId, id: TokenId, now: Timestamp) -> Result<bool> {
        let found = self.writing()?.tokens.get_mut(&id);
        match found.filter(|kept| unrevoked_of(&kept.token, user)) {
            Some(kept) => {
                kept.token.revoked_at = Some(now);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn mark_used(&mut self, id: TokenId, at: Timestamp) -> Result<()> {
        if let Some(kept) = self.writing()?.tokens.get_mut(&id) {
            // `None` is earlier than any moment.
            kept.token.last_used_at = kept.token.last_used_at.max(Some(at));
        }
        Ok(())
    }
}

fn unrevoked_of(token: &PersonalAccessToken, user: UserId) -> bool {
    token.user_id == user && token.revoked_at.is_none()
}
