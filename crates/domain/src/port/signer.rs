use crate::Result;
use crate::oauth::{IdClaims, KeyPair, SigningKey};

/// Makes keys and signs ID tokens with them (ES256, RFC 7518 §3.4).
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait Signer: Send + Sync {
    /// A new key.
    fn generate(&self) -> Result<KeyPair>;

    /// The claims as a JSON Web Token in compact serialization (RFC 7519, RFC 7515 §3.1).
    fn sign(&self, key: &SigningKey, claims: &IdClaims) -> Result<String>;
}
