use crate::Result;
use crate::oauth::SigningKey;
use crate::port::Tx;
use crate::time::Timestamp;

/// The key to sign with, if there is one.
pub(super) fn current(tx: &mut dyn Tx) -> Result<Option<SigningKey>> {
    let keys = tx.installation().signing_keys()?;
    Ok(keys.into_iter().find(|key| key.retired_at.is_none()))
}

/// Keeps a first key, unless somebody was faster; answers the key to sign with.
pub(super) fn first(tx: &mut dyn Tx, fresh: &SigningKey) -> Result<SigningKey> {
    tx.installation().hold()?;
    if let Some(key) = current(tx)? {
        return Ok(key);
    }
    tx.installation().add_signing_key(fresh)?;
    Ok(fresh.clone())
}

/// Keeps a new key in the place of those before, and forgets those that nobody needs any more.
pub(in crate::service) fn rotate(
    tx: &mut dyn Tx,
    now: Timestamp,
    fresh: &SigningKey,
) -> Result<()> {
    tx.installation().hold()?;
    for key in tx.installation().signing_keys()? {
        if !key.is_shown(now) {
            tx.installation().remove_signing_key(key.id)?;
        } else if key.retired_at.is_none() {
            tx.installation().retire_signing_key(key.id, now)?;
        }
    }
    tx.installation().add_signing_key(fresh)
}

/// Those that verify what was signed lately, the newest first.
pub(super) fn shown(tx: &mut dyn Tx, now: Timestamp) -> Result<Vec<SigningKey>> {
    let keys = tx.installation().signing_keys()?.into_iter();
    Ok(keys.filter(|key| key.is_shown(now)).collect())
}
