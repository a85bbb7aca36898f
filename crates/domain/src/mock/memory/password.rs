use super::MemoryTx;
use super::state::duplicate;
use crate::Result;
use crate::id::UserId;
use crate::password::{KeptPassword, PasswordReset};
use crate::port::{PasswordRepo, PasswordResetRepo};
use crate::secret::Digest;

impl PasswordRepo for MemoryTx {
    fn find(&mut self, user: UserId) -> Result<Option<KeptPassword>> {
        Ok(self.reading()?.passwords.get(&user).cloned())
    }

    fn put(&mut self, password: &KeptPassword) -> Result<()> {
        let state = self.writing()?;
        state.user(password.user_id)?;
        state.passwords.insert(password.user_id, password.clone());
        Ok(())
    }

    fn remove(&mut self, user: UserId) -> Result<bool> {
        Ok(self.writing()?.passwords.remove(&user).is_some())
    }
}

impl PasswordResetRepo for MemoryTx {
    fn put(&mut self, reset: &PasswordReset, digest: &Digest) -> Result<()> {
        let state = self.writing()?;
        let user = reset.user_id;
        state.user(user)?;
        let mut others = state.password_resets.iter().filter(|(id, _)| **id != user);
        if others.any(|(_, (_, taken))| taken == digest) {
            return Err(duplicate("the digest"));
        }
        state.password_resets.insert(user, (reset.clone(), *digest));
        Ok(())
    }

    fn find_by_secret(&mut self, digest: &Digest) -> Result<Option<PasswordReset>> {
        let mut all = self.reading()?.password_resets.values();
        let found = all.find(|(_, kept)| kept == digest);
        Ok(found.map(|(reset, _)| reset.clone()))
    }

    fn remove(&mut self, user: UserId) -> Result<bool> {
        Ok(self.writing()?.password_resets.remove(&user).is_some())
    }
}
