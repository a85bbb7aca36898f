use crate::Result;
use crate::id::UserId;
use crate::port::Tx;
use crate::time::Timestamp;

/// Ends all that opens the account of a locked user: tokens, browser sessions, what clients were
/// allowed, the password, and
/// what was mailed to get one or to verify an address.
pub fn end_credentials(tx: &mut dyn Tx, now: Timestamp, user: UserId) -> Result<()> {
    tx.oauth_grants().revoke_of_user(user, now)?;
    tx.tokens().revoke_all(user, now)?;
    tx.passwords().remove(user)?;
    tx.password_resets().remove(user)?;
    tx.verifications().remove(user)?;
    Ok(())
}
