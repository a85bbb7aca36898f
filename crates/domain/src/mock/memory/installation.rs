use super::MemoryTx;
use super::state::duplicate;
use crate::Result;
use crate::id::SigningKeyId;
use crate::oauth::SigningKey;
use crate::port::InstallationRepo;
use crate::time::Timestamp;

impl InstallationRepo for MemoryTx {
    fn page_token_key(&mut self) -> Result<Option<[u8; 32]>> {
        Ok(self.reading()?.page_token_key)
    }

    fn add_page_token_key(&mut self, key: &[u8; 32]) -> Result<bool> {
        let kept = &mut self.writing()?.page_token_key;
        let first = kept.is_none();
        kept.get_or_insert(*key);
        Ok(first)
    }

    fn hold(&mut self) -> Result<()> {
        self.writing().map(|_| ())
    }

    fn signing_keys(&mut self) -> Result<Vec<SigningKey>> {
        let keys = self.reading()?.signing_keys.values();
        Ok(keys.rev().cloned().collect())
    }

    fn add_signing_key(&mut self, key: &SigningKey) -> Result<()> {
        match self.writing()?.signing_keys.insert(key.id, key.clone()) {
            Some(_) => Err(duplicate("the key")),
            None => Ok(()),
        }
    }

    fn retire_signing_key(&mut self, id: SigningKeyId, at: Timestamp) -> Result<()> {
        if let Some(key) = self.writing()?.signing_keys.get_mut(&id) {
            key.retired_at = Some(at);
        }
        Ok(())
    }

    fn remove_signing_key(&mut self, id: SigningKeyId) -> Result<()> {
        self.writing()?.signing_keys.remove(&id);
        Ok(())
    }
}
