use std::fmt;

use super::ID_TOKEN_LIFETIME;
use crate::id::SigningKeyId;
use crate::time::{Span, Timestamp};

/// A key that ID tokens are signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Names it, to those who verify (`kid`).
    pub id: SigningKeyId,
    /// The two halves.
    pub pair: KeyPair,
    /// When it was made.
    pub created_at: Timestamp,
    /// When another took its place, if one did: it verifies on, until what it signed has expired.
    pub retired_at: Option<Timestamp>,
}

/// A private and a public key on the curve P-256.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyPair {
    /// The private key, in PKCS#8 (RFC 5958).
    pub private: Vec<u8>,
    /// The public key: an uncompressed point, 65 bytes that begin with 4 (SEC 1 §2.3.3).
    pub public: Vec<u8>,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair(…)")
    }
}

impl SigningKey {
    /// How long a key is shown after it was retired: longer than anything it has signed lasts.
    pub const AFTERLIFE: Span = Span::from_millis(2 * ID_TOKEN_LIFETIME.millis());

    /// Whether those who verify still need it.
    #[must_use]
    pub fn is_shown(&self, now: Timestamp) -> bool {
        self.retired_at
            .is_none_or(|retired| now < retired.plus(Self::AFTERLIFE))
    }
}

/// What an ID token says (`OpenID` Connect Core §2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdClaims {
    /// Who issued it (`iss`).
    pub issuer: String,
    /// Who the user is (`sub`): an id that is never given to somebody else.
    pub subject: String,
    /// For which client (`aud`).
    pub audience: String,
    /// When it was issued (`iat`).
    pub issued_at: Timestamp,
    /// When it ends (`exp`).
    pub expires_at: Timestamp,
    /// When the user signed in (`auth_time`).
    pub authenticated_at: Timestamp,
    /// What the client sent along (`nonce`).
    pub nonce: Option<String>,
    /// What the user is called (`name`), if the client may know.
    pub name: Option<String>,
    /// The user's address (`email`), if the client may know, and whether it was verified
    /// (`email_verified`).
    pub email: Option<(String, bool)>,
}
