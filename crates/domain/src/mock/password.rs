use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use sha2::{Digest as _, Sha256};

use crate::Result;
use crate::password::{Password, PasswordHash, Strength, Verdict};
use crate::port::{PasswordHasher, PasswordStrength};
use crate::secret::Digest;

/// Hashes passwords in no time, and remembers what was asked of it.
#[derive(Debug, Default)]
pub struct QuickHasher {
    parameters: AtomicU32,
    verified: Mutex<Vec<bool>>,
}

impl QuickHasher {
    /// Changes the parameters: what was hashed before is outdated.
    pub fn change_parameters(&self) {
        self.parameters.fetch_add(1, Ordering::SeqCst);
    }

    /// For each password that was held against something, whether there was a hash: `false` where
    /// there was nobody, or nobody with a password. Forgets them.
    #[must_use]
    pub fn take_verified(&self) -> Vec<bool> {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut verified)
    }

    fn made(parameters: &str, password: &Password) -> PasswordHash {
        let digest = Digest::new(Sha256::digest(password.reveal().as_bytes()).into());
        PasswordHash::new(format!("$quick$p={parameters}${}", digest.to_hex()))
    }

    fn parameters(&self) -> String {
        self.parameters.load(Ordering::SeqCst).to_string()
    }
}

#[async_trait]
impl PasswordHasher for QuickHasher {
    async fn hash(&self, password: Password) -> Result<PasswordHash> {
        Ok(Self::made(&self.parameters(), &password))
    }

    async fn verify(&self, password: Password, hash: Option<PasswordHash>) -> Result<Verdict> {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.push(hash.is_some());
        let Some(hash) = hash else {
            return Ok(Verdict::Wrong);
        };
        let kept = hash.as_str().split(['=', '$']).nth(3).unwrap_or_default();
        Ok(match Self::made(kept, &password) == hash {
            false => Verdict::Wrong,
            true if kept == self.parameters() => Verdict::Right,
            true => Verdict::Outdated,
        })
    }
}

/// Takes a password for easy to guess that has one of the words in it, or `weak`.
#[derive(Clone, Copy, Debug, Default)]
pub struct PlainStrength;

#[async_trait]
impl PasswordStrength for PlainStrength {
    async fn judge(&self, password: Password, words: Vec<String>) -> Result<Strength> {
        let text = password.reveal().to_lowercase();
        let has = |word: &String| text.contains(&word.to_lowercase());
        let weak = text.contains("weak") || words.iter().any(has);
        Ok(Strength {
            score: if weak { Strength::LEAST - 1 } else { 4 },
            advice: if weak {
                "Add another word or two.".to_owned()
            } else {
                String::new()
            },
        })
    }
}
