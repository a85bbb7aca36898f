use super::MemoryTx;
use super::state::duplicate;
use crate::Result;
use crate::id::UserId;
use crate::port::VerificationRepo;
use crate::secret::Digest;
use crate::verification::EmailVerification;

impl VerificationRepo for MemoryTx {
    fn put(&mut self, verification: &EmailVerification, digest: &Digest) -> Result<()> {
        let state = self.writing()?;
        let user = verification.user_id;
        state.user(user)?;
        let mut others = state.verifications.iter().filter(|(id, _)| **id != user);
        if others.any(|(_, (_, taken))| taken == digest) {
            return Err(duplicate("the digest"));
        }
        let kept = (verification.clone(), *digest);
        state.verifications.insert(user, kept);
        Ok(())
    }

    fn find_by_secret(&mut self, digest: &Digest) -> Result<Option<EmailVerification>> {
        let mut all = self.reading()?.verifications.values();
        let found = all.find(|(_, kept)| kept == digest);
        Ok(found.map(|(verification, _)| verification.clone()))
    }

    fn remove(&mut self, user: UserId) -> Result<bool> {
        Ok(self.writing()?.verifications.remove(&user).is_some())
    }
}
