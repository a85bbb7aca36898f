use super::MemoryTx;
use super::state::number;
use crate::Result;
use crate::id::UserId;
use crate::idempotency::{Remembered, RequestKey};
use crate::port::RequestRepo;
use crate::time::Timestamp;

impl RequestRepo for MemoryTx {
    fn remember(
        &mut self,
        user: UserId,
        key: &RequestKey,
        request: &Remembered,
        expired: Timestamp,
    ) -> Result<Option<Remembered>> {
        let state = self.writing()?;
        state.user(user)?;
        let key = (user, key.as_str().to_owned());
        let first = state.requests.get(&key).copied();
        if let Some(first) = first.filter(|first| first.at > expired) {
            return Ok(Some(first));
        }
        state.requests.insert(key, *request);
        Ok(None)
    }

    fn forget(&mut self, expired: Timestamp, limit: u32) -> Result<u32> {
        let requests = &mut self.writing()?.requests;
        let old: Vec<_> = requests
            .iter()
            .filter(|(_, request)| request.at < expired)
            .map(|(key, _)| key.clone())
            .take(limit as usize)
            .collect();
        Ok(number(old.iter().filter_map(|key| requests.remove(key))))
    }
}
