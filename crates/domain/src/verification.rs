//! Verification of addresses: a secret that is mailed there and comes back.

use crate::id::UserId;
use crate::time::{Span, Timestamp};
use crate::user::User;
use crate::value::Email;

/// How long the secret of a verification works.
pub const VERIFICATION_LIFETIME: Span = Span::days(1);

/// That a user was mailed a secret, to show that an address is theirs; without the secret: of that,
/// only a digest is kept. A user has one at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailVerification {
    /// Who asked for it.
    pub user_id: UserId,
    /// Which address it was sent to.
    pub email: Email,
    /// When.
    pub created_at: Timestamp,
    /// From when on it does not work.
    pub expires_at: Timestamp,
}

impl EmailVerification {
    /// A new one for a user's address.
    #[must_use]
    pub fn of(user: &User, now: Timestamp) -> Self {
        Self {
            user_id: user.id,
            email: user.email.clone(),
            created_at: now,
            expires_at: now.plus(VERIFICATION_LIFETIME),
        }
    }

    /// Whether it says anything about this user at `now`: not about an address that the user has
    /// changed since.
    #[must_use]
    pub fn is_about(&self, user: &User, now: Timestamp) -> bool {
        now < self.expires_at && user.id == self.user_id && user.email == self.email && user.active
    }
}
