use std::sync::atomic::{AtomicU8, Ordering};

use crate::Result;
use crate::oauth::{IdClaims, KeyPair, SigningKey};
use crate::port::Signer;

/// Signs nothing: a token is the key's id and the claims, to be looked at by tests. Keys are numbered.
#[derive(Debug, Default)]
pub struct PlainSigner {
    made: AtomicU8,
}

impl PlainSigner {
    /// The token that is made of this.
    #[must_use]
    pub fn token(key: &SigningKey, claims: &IdClaims) -> String {
        format!("{}.{claims:?}", key.id)
    }
}

impl Signer for PlainSigner {
    fn generate(&self) -> Result<KeyPair> {
        let number = self.made.fetch_add(1, Ordering::SeqCst);
        Ok(KeyPair {
            private: vec![number; 32],
            public: vec![number; 65],
        })
    }

    fn sign(&self, key: &SigningKey, claims: &IdClaims) -> Result<String> {
        Ok(Self::token(key, claims))
    }
}
