use std::collections::BTreeSet;
use std::sync::Arc;

use crate::audit::{self, Act, Author, Chain, Deed, Target};
use crate::id::UserId;
use crate::password::{Password, PasswordHash, Strength, Verdict};
use crate::port::{PasswordHasher, PasswordStrength, Tx};
use crate::time::Timestamp;
use crate::user::User;
use crate::{Refusal, Result};

/// Of how many of a user's organizations the names must not be their password.
const ORGANIZATIONS: usize = 10;

/// The shortest piece of a name that makes a password easier to guess.
const SHORTEST_WORD: usize = 3;

/// What makes and judges passwords, where people can have them.
#[derive(Clone)]
pub struct PasswordTools {
    hasher: Arc<dyn PasswordHasher>,
    strength: Arc<dyn PasswordStrength>,
}

impl PasswordTools {
    /// Over these ports.
    #[must_use]
    pub fn new(hasher: Arc<dyn PasswordHasher>, strength: Arc<dyn PasswordStrength>) -> Self {
        Self { hasher, strength }
    }

    /// Hashes a new password of somebody about whom these words are known, if it is hard enough to
    /// guess.
    pub async fn seal(&self, password: Password, words: Vec<String>) -> Result<PasswordHash> {
        let strength = self.strength.judge(password.clone(), words).await?;
        if strength.score < Strength::LEAST {
            let advice = strength.advice;
            return Err(Refusal::WeakPassword { advice }.into());
        }
        self.hasher.hash(password).await
    }

    /// Hashes a password anew that was right.
    pub(super) async fn hash(&self, password: Password) -> Result<PasswordHash> {
        self.hasher.hash(password).await
    }

    /// Holds a password against a hash, or takes as long without one.
    pub(super) async fn verify(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
    ) -> Result<Verdict> {
        self.hasher.verify(password, hash).await
    }
}

/// What everybody knows about a user, so that it is no secret: names and address.
pub(super) fn known_words(tx: &mut dyn Tx, user: &User) -> Result<Vec<String>> {
    let mut texts = vec![
        user.display_name.as_str().to_owned(),
        user.email.as_str().to_owned(),
    ];
    let organizations = tx.memberships().organizations_of(user.id)?;
    for id in organizations.into_iter().take(ORGANIZATIONS) {
        if let Some(view) = tx.organizations().find(id)? {
            texts.push(view.organization.name.as_str().to_owned());
            texts.push(view.organization.slug.as_str().to_owned());
        }
    }
    Ok(words(texts))
}

/// The texts and the words that they consist of.
pub fn words(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut all = BTreeSet::new();
    for text in texts {
        let pieces = text.split(|c: char| !c.is_alphanumeric());
        let long = pieces.filter(|piece| piece.chars().count() >= SHORTEST_WORD);
        all.extend(long.map(str::to_owned));
        all.insert(text);
    }
    all.into_iter().collect()
}

/// Records in a user's own log what happened to their password.
pub fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    user: UserId,
    act: Act,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::User(user),
        act,
        target: Target::User(user),
        changes: Vec::new(),
    };
    audit::record(tx, author, now, &deed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_consist_of_words() {
        let texts = ["Jo van Dyk", "jo.vandyk@acme.example"].map(str::to_owned);
        let expected = [
            "Dyk",
            "Jo van Dyk",
            "acme",
            "example",
            "jo.vandyk@acme.example",
            "van",
            "vandyk",
        ];
        assert_eq!(words(texts), expected);
    }
}
