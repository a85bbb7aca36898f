use super::MemoryTx;
use crate::Result;
use crate::port::InstallationRepo;

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
}
