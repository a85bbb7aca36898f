//! Passwords: what people type, what is kept of it, and the way to a new one when it is forgotten.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use crate::id::UserId;
use crate::mail::PASSWORD_RESET_LIFETIME;
use crate::time::Timestamp;
use crate::user::{User, UserKind};
use crate::value::{Email, Malformed};

/// The fewest characters a password has (OWASP ASVS 5.0 §6.2.1).
pub const PASSWORD_LEAST: usize = 8;

/// The most characters a password has: more than the 64 that have to be taken (NIST SP 800-63B
/// §3.1.1.2, OWASP ASVS 5.0 §6.2.9), and few enough to be hashed and judged in no time.
pub const PASSWORD_MOST: usize = 128;

/// More bytes than any password of [`PASSWORD_MOST`] characters has before it is normalized: three
/// characters of four bytes each for each that is left.
const MOST_BYTES: usize = PASSWORD_MOST * 12;

/// A password in clear text. `Debug` does not print it.
///
/// It is normalized by NFKC (NIST SP 800-63B §3.1.1.2), so that it is the same from every keyboard
/// and system; otherwise it is what was typed, with its spaces.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// Takes a new password. There are no rules about its characters but that they can be typed.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > MOST_BYTES {
            return Err(too_long());
        }
        let text: String = text.nfkc().collect();
        let length = text.chars().count();
        if length < PASSWORD_LEAST {
            let reason = format!("a password has at least {PASSWORD_LEAST} characters");
            return Err(Malformed(reason));
        }
        if length > PASSWORD_MOST {
            return Err(too_long());
        }
        if text.chars().any(char::is_control) {
            let reason = "a password must not contain control characters";
            return Err(Malformed(reason.to_owned()));
        }
        Ok(Self(text))
    }

    /// Takes what somebody presents as their password. What cannot be one becomes the empty one,
    /// which nobody has, so that it costs as much as any other.
    #[must_use]
    pub fn presented(text: &str) -> Self {
        Self::parse(text).unwrap_or(Self(String::new()))
    }

    /// The clear text, to hash it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

fn too_long() -> Malformed {
    Malformed(format!("a password has at most {PASSWORD_MOST} characters"))
}

/// What is kept of a password: a text in the PHC string format
/// (<https://github.com/P-H-C/phc-string-format>), with the algorithm, its parameters and the salt.
/// `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes what a hasher made or a store kept.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// A user's password, as it is kept. A user has one, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPassword {
    /// Whose.
    pub user_id: UserId,
    /// The hash.
    pub hash: PasswordHash,
    /// When it was set.
    pub changed_at: Timestamp,
}

/// What comes of holding a password against a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is another, or there is nothing to hold it against.
    Wrong,
    /// It is the one.
    Right,
    /// It is the one, and should be hashed anew: the parameters have changed since.
    Outdated,
}

/// How hard a password is to guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strength {
    /// From 0, too guessable, to 4, very unguessable
    /// (<https://www.usenix.org/conference/usenixsecurity16/technical-sessions/presentation/wheeler>).
    pub score: u8,
    /// What is wrong with it and how to find a better one, in sentences.
    pub advice: String,
}

impl Strength {
    /// The least score of a password that is taken: safely unguessable, where who steals the
    /// hashes has a slow hash before them.
    pub const LEAST: u8 = 3;
}

/// That a user was mailed, or given, a secret with which to choose a new password; without the
/// secret: of that, only a digest is kept. A user has one at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordReset {
    /// Whose password.
    pub user_id: UserId,
    /// Which address it was made for.
    pub email: Email,
    /// When.
    pub created_at: Timestamp,
    /// From when on it does not work.
    pub expires_at: Timestamp,
}

impl PasswordReset {
    /// A new one for a user.
    #[must_use]
    pub fn of(user: &User, now: Timestamp) -> Self {
        Self {
            user_id: user.id,
            email: user.email.clone(),
            created_at: now,
            expires_at: now.plus(PASSWORD_RESET_LIFETIME),
        }
    }

    /// Whether it is worth anything for this user at `now`: not after they have changed their
    /// address.
    #[must_use]
    pub fn is_about(&self, user: &User, now: Timestamp) -> bool {
        now < self.expires_at
            && user.id == self.user_id
            && user.email == self.email
            && can_have_password(user)
    }
}

/// Whether somebody can have a password: programs have keys.
#[must_use]
pub fn can_have_password(user: &User) -> bool {
    user.active && user.deleted_at.is_none() && user.kind == UserKind::Person
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_taken_with_its_spaces() {
        for text in [
            "12345678",
            " a b c d ",
            "\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}\u{1f511}",
        ] {
            assert_eq!(Password::parse(text).unwrap().reveal(), text);
        }
        let longest = "\u{10ffff}".repeat(PASSWORD_MOST);
        assert_eq!(Password::parse(&longest).unwrap().reveal(), longest);
    }

    #[test]
    fn what_is_too_short_too_long_or_no_text_is_not() {
        let too_long = "a".repeat(PASSWORD_MOST + 1);
        let much_too_long = "a".repeat(1 << 20);
        for text in [
            "",
            "1234567",
            "tab\there",
            "nul\0there",
            &too_long,
            &much_too_long,
        ] {
            assert!(Password::parse(text).is_err());
            assert_eq!(Password::presented(text).reveal(), "");
        }
    }

    /// NIST SP 800-63B §3.1.1.2: the same password from another keyboard.
    #[test]
    fn one_password_is_one_from_every_keyboard() {
        let composed = Password::parse("caf\u{e9} cr\u{e8}me").unwrap();
        let decomposed = Password::parse("cafe\u{301} cre\u{300}me").unwrap();
        assert_eq!(composed, decomposed);
        let wide = Password::parse("\u{ff41}\u{ff42}cdefgh").unwrap();
        assert_eq!(wide.reveal(), "abcdefgh");
        // As many syllables as there may be characters, each in its three parts.
        let syllables = "\u{1112}\u{1161}\u{11ab}".repeat(PASSWORD_MOST);
        assert_eq!(
            Password::parse(&syllables).unwrap().reveal(),
            "\u{d55c}".repeat(PASSWORD_MOST)
        );
    }

    #[test]
    fn nothing_is_printed() {
        let password = Password::parse("correct horse").unwrap();
        let hash = PasswordHash::new("$argon2id$v=19$".to_owned());
        let printed = format!("{password:?} {hash:?}");
        assert_eq!(printed, "Password(…) PasswordHash(…)");
    }
}
