//! Secrets: how they look, how they are checked without a look-up, and what is kept of them.
//!
//! A token is a prefix, 43 base-62 digits (256 random bits) and a CRC-32 of both in 6 base-62
//! digits, in the manner of GitHub's token format. The prefix lets scanners find leaked tokens,
//! the checksum refuses typing errors before the database is asked. Only a SHA-256 digest is kept:
//! with 256 random bits, nobody guesses what it was made of, so no slow hash is needed.
//!
//! The secret of an invitation has 22 digits more, behind the prefix: the 128 bits of the
//! invitation's id, by which it is found. Those that were mailed before had none, and are read too.

mod base62;

use std::fmt::{self, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use self::base62::{DIGITS_OF_32_BITS, DIGITS_OF_128_BITS, DIGITS_OF_256_BITS};
use crate::id::InvitationId;

/// The prefix of personal access tokens.
pub const PERSONAL_ACCESS_TOKEN_PREFIX: &str = "rbk_pat_";

/// The prefix of the keys of service accounts.
pub const SERVICE_ACCOUNT_KEY_PREFIX: &str = "rbk_key_";
/// The prefix of the secrets of invitations.
pub const INVITATION_PREFIX: &str = "rbk_inv_";
/// The prefix of the secrets that verify addresses.
pub const EMAIL_VERIFICATION_PREFIX: &str = "rbk_ver_";
/// The prefix of the secrets that lead to a new password.
pub const PASSWORD_RESET_PREFIX: &str = "rbk_rst_";
/// The prefix of the secrets of browser sessions, which are cookies and never bearer tokens.
pub const SESSION_PREFIX: &str = "rbk_ses_";

/// The prefix of the secrets of webhook endpoints (Standard Webhooks 1.0.0, "signature scheme").
pub const WEBHOOK_PREFIX: &str = "whsec_";
/// The prefix of the access tokens of OAuth clients.
pub const ACCESS_TOKEN_PREFIX: &str = "rbk_oat_";
/// The prefix of the refresh tokens of OAuth clients.
pub const REFRESH_TOKEN_PREFIX: &str = "rbk_ort_";
/// The prefix of the secrets of OAuth clients.
pub const CLIENT_SECRET_PREFIX: &str = "rbk_ocs_";
/// The prefix of authorization codes.
pub const AUTHORIZATION_CODE_PREFIX: &str = "rbk_oac_";
/// The prefix of device codes.
pub const DEVICE_CODE_PREFIX: &str = "rbk_odc_";

/// Base-62 digits of an id and of 256 random bits.
const NAMING_DIGITS: usize = DIGITS_OF_128_BITS + DIGITS_OF_256_BITS;

/// What `Debug` prints in the place of something that nobody shall read in a log.
#[derive(Clone, Copy)]
pub struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// A secret in clear text. It is shown to its owner once; `Debug` does not print it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Makes a personal access token out of 32 random bytes.
    #[must_use]
    pub fn personal_access_token(entropy: &[u8; 32]) -> Self {
        Self::made(PERSONAL_ACCESS_TOKEN_PREFIX, entropy)
    }

    /// Makes a key of a service account out of 32 random bytes.
    #[must_use]
    pub fn service_account_key(entropy: &[u8; 32]) -> Self {
        Self::made(SERVICE_ACCOUNT_KEY_PREFIX, entropy)
    }

    /// Makes the secret of this invitation out of 32 random bytes.
    #[must_use]
    pub fn invitation(id: InvitationId, entropy: &[u8; 32]) -> Self {
        let mut body = base62::of_128_bits(id.uuid().as_u128());
        body.push_str(&base62::of_256_bits(entropy));
        Self::of(INVITATION_PREFIX, &body)
    }

    /// Makes the secret that verifies an address out of 32 random bytes.
    #[must_use]
    pub fn email_verification(entropy: &[u8; 32]) -> Self {
        Self::made(EMAIL_VERIFICATION_PREFIX, entropy)
    }

    /// Makes the secret that leads to a new password out of 32 random bytes.
    #[must_use]
    pub fn password_reset(entropy: &[u8; 32]) -> Self {
        Self::made(PASSWORD_RESET_PREFIX, entropy)
    }

    /// Makes the secret of a browser session out of 32 random bytes.
    #[must_use]
    pub fn session(entropy: &[u8; 32]) -> Self {
        Self::made(SESSION_PREFIX, entropy)
    }

    /// Makes the secret of a webhook endpoint out of 32 random bytes: they, in base64. It has no
    /// checksum, since the standard says how it looks, and nobody presents it.
    #[must_use]
    pub fn webhook(entropy: &[u8; 32]) -> Self {
        Self(format!("{WEBHOOK_PREFIX}{}", STANDARD.encode(entropy)))
    }

    /// Makes an access token of an OAuth client out of 32 random bytes.
    #[must_use]
    pub fn access_token(entropy: &[u8; 32]) -> Self {
        Self::made(ACCESS_TOKEN_PREFIX, entropy)
    }

    /// Makes a refresh token of an OAuth client out of 32 random bytes.
    #[must_use]
    pub fn refresh_token(entropy: &[u8; 32]) -> Self {
        Self::made(REFRESH_TOKEN_PREFIX, entropy)
    }

    /// Makes the secret of an OAuth client out of 32 random bytes.
    #[must_use]
    pub fn client_secret(entropy: &[u8; 32]) -> Self {
        Self::made(CLIENT_SECRET_PREFIX, entropy)
    }

    /// Makes an authorization code out of 32 random bytes.
    #[must_use]
    pub fn authorization_code(entropy: &[u8; 32]) -> Self {
        Self::made(AUTHORIZATION_CODE_PREFIX, entropy)
    }

    /// Makes a device code out of 32 random bytes.
    #[must_use]
    pub fn device_code(entropy: &[u8; 32]) -> Self {
        Self::made(DEVICE_CODE_PREFIX, entropy)
    }

    fn made(prefix: &str, entropy: &[u8; 32]) -> Self {
        Self::of(prefix, &base62::of_256_bits(entropy))
    }

    fn of(prefix: &str, body: &str) -> Self {
        let check = checksum(prefix, body);
        Self(format!("{prefix}{body}{check}"))
    }

    /// Reads a token that a client presents, be it a personal access token, a service account's
    /// key or an access token of an OAuth client: `None` unless prefix, length, digits and checksum are right.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::read(PERSONAL_ACCESS_TOKEN_PREFIX, text)
            .or_else(|| Self::read(SERVICE_ACCOUNT_KEY_PREFIX, text))
            .or_else(|| Self::read(ACCESS_TOKEN_PREFIX, text))
    }

    /// Reads an access token of an OAuth client.
    #[must_use]
    pub fn parse_access_token(text: &str) -> Option<Self> {
        Self::read(ACCESS_TOKEN_PREFIX, text)
    }

    /// Reads a refresh token of an OAuth client.
    #[must_use]
    pub fn parse_refresh_token(text: &str) -> Option<Self> {
        Self::read(REFRESH_TOKEN_PREFIX, text)
    }

    /// Reads the secret of an OAuth client.
    #[must_use]
    pub fn parse_client_secret(text: &str) -> Option<Self> {
        Self::read(CLIENT_SECRET_PREFIX, text)
    }

    /// Reads an authorization code.
    #[must_use]
    pub fn parse_authorization_code(text: &str) -> Option<Self> {
        Self::read(AUTHORIZATION_CODE_PREFIX, text)
    }

    /// Reads a device code.
    #[must_use]
    pub fn parse_device_code(text: &str) -> Option<Self> {
        Self::read(DEVICE_CODE_PREFIX, text)
    }

    /// Reads the secret of an invitation, whether it names the invitation or was mailed before
    /// secrets did.
    #[must_use]
    pub fn parse_invitation(text: &str) -> Option<Self> {
        Self::read_body(INVITATION_PREFIX, NAMING_DIGITS, text)
            .filter(|secret| secret.invitation_id().is_some())
            .or_else(|| Self::read(INVITATION_PREFIX, text))
    }

    /// Which invitation it is the secret of, if it is one of those that say so.
    pub(crate) fn invitation_id(&self) -> Option<InvitationId> {
        let rest = self.0.strip_prefix(INVITATION_PREFIX)?;
        if rest.len() != NAMING_DIGITS + DIGITS_OF_32_BITS {
            return None;
        }
        let id = base62::read(rest.get(..DIGITS_OF_128_BITS)?)?;
        Some(InvitationId::new(Uuid::from_u128(id)))
    }

    /// Takes what a store kept, where a secret has to be told again, or signs: in the outbox, and of
    /// webhook endpoints.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// Reads the secret that verifies an address.
    #[must_use]
    pub fn parse_email_verification(text: &str) -> Option<Self> {
        Self::read(EMAIL_VERIFICATION_PREFIX, text)
    }

    /// Reads the secret that leads to a new password.
    #[must_use]
    pub fn parse_password_reset(text: &str) -> Option<Self> {
        Self::read(PASSWORD_RESET_PREFIX, text)
    }

    /// Reads the secret of a browser session.
    #[must_use]
    pub fn parse_session(text: &str) -> Option<Self> {
        Self::read(SESSION_PREFIX, text)
    }

    fn read(prefix: &str, text: &str) -> Option<Self> {
        Self::read_body(prefix, DIGITS_OF_256_BITS, text)
    }

    fn read_body(prefix: &str, digits: usize, text: &str) -> Option<Self> {
        let rest = text.strip_prefix(prefix)?;
        if rest.len() != digits + DIGITS_OF_32_BITS
            || !rest.bytes().all(|b| b.is_ascii_alphanumeric())
        {
            return None;
        }
        let (body, check) = rest.split_at(digits);
        (checksum(prefix, body) == check).then(|| Self(text.to_owned()))
    }

    /// The clear text, to show it to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The last four characters, by which the owner tells tokens apart.
    #[must_use]
    pub fn last_four(&self) -> String {
        self.0
            .chars()
            .skip(self.0.len().saturating_sub(4))
            .collect()
    }

    /// What is kept of the secret.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The SHA-256 digest of a secret, under which a store finds it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Takes what a store kept.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The bytes in 64 hexadecimal digits, for digests that are no secret's: an audit entry's.
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.0.iter().fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

/// The CRC-32 of prefix and body.
fn checksum(prefix: &str, body: &str) -> String {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(prefix.as_bytes());
    hasher.update(body.as_bytes());
    base62::of_32_bits(hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::base62::DIGITS;
    use super::*;
    use proptest::prelude::*;

    /// As it was mailed before secrets named their invitations.
    const MAILED_BEFORE: &str = "rbk_inv_SYBjVorc6OhudfEuYlVdIKayKXzI2xUu6anVgsBxqqp3R3A6o";

    #[test]
    fn a_known_token() {
        let secret = Secret::personal_access_token(&[0; 32]);
        let zeros = "0".repeat(43);
        let crc = crc32fast::hash(format!("rbk_pat_{zeros}").as_bytes());
        assert!(secret.reveal().starts_with(&format!("rbk_pat_{zeros}")));
        assert_eq!(secret.reveal().len(), 8 + 43 + 6);
        assert!(crc > 0 && !secret.reveal().ends_with("000000"));
        let highest = Secret::personal_access_token(&[255; 32]);
        assert!(Secret::parse(highest.reveal()).is_some());
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    /// The secret's text with another digit at one place.
    fn neighbour(secret: &Secret, at: usize, by: usize) -> String {
        let mut bytes = secret.reveal().as_bytes().to_vec();
        let digit = DIGITS.iter().position(|d| *d == bytes[at]).unwrap();
        bytes[at] = DIGITS[(digit + by) % 62];
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_digest_has_64_digits() {
        assert_eq!(Digest::new([0x0a; 32]).to_hex(), "0a".repeat(32));
    }

    #[test]
    fn an_invitation_is_named_by_its_secret() {
        let id = InvitationId::new(Uuid::from_u128(61));
        let secret = Secret::invitation(id, &[0; 32]);
        let text = secret.reveal();
        let (zeros, zeros_of_the_id) = ("0".repeat(43), "0".repeat(21));
        assert!(text.starts_with(&format!("rbk_inv_{zeros_of_the_id}z{zeros}")));
        assert_eq!(text.len(), 8 + 22 + 43 + 6);
        assert_eq!(secret.invitation_id(), Some(id));
        assert_eq!(Secret::parse_invitation(text), Some(secret.clone()));
        assert_eq!(Secret::parse(text), None);
    }

    #[test]
    fn what_was_mailed_before_is_read_and_names_nothing() {
        let secret = Secret::parse_invitation(MAILED_BEFORE).unwrap();
        assert_eq!(secret.reveal(), MAILED_BEFORE);
        assert_eq!(secret.invitation_id(), None);
    }

    #[test]
    fn an_id_of_more_than_128_bits_is_refused() {
        let highest = InvitationId::new(Uuid::from_u128(u128::MAX));
        let secret = Secret::invitation(highest, &[255; 32]);
        assert_eq!(
            Secret::parse_invitation(secret.reveal()),
            Some(secret.clone())
        );
        let body = "z".repeat(NAMING_DIGITS);
        let beyond = Secret::of(INVITATION_PREFIX, &body);
        assert_eq!(Secret::parse_invitation(beyond.reveal()), None);
        assert_eq!(beyond.invitation_id(), None);
    }

    /// A store keeps what it was given.
    #[test]
    fn what_is_no_secret_names_nothing() {
        for text in [
            "",
            "rbk_inv_",
            "rbk_inv_ü",
            &format!("rbk_inv_{}", "ü".repeat(36)),
        ] {
            let secret = Secret::from_stored(text.to_owned());
            assert_eq!(secret.invitation_id(), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_secret_of_an_invitation_parses_and_no_neighbour_does(
            id: u128, entropy: [u8; 32], at in 8usize..79, by in 1usize..62,
        ) {
            let id = InvitationId::new(Uuid::from_u128(id));
            let secret = Secret::invitation(id, &entropy);
            let read = Secret::parse_invitation(secret.reveal()).unwrap();
            prop_assert_eq!(read.invitation_id(), Some(id));
            prop_assert_eq!(read, secret.clone());
            let neighbour = neighbour(&secret, at, by);
            prop_assert_eq!(Secret::parse_invitation(&neighbour), None);
        }

        #[test]
        fn every_token_parses_and_no_neighbour_does(entropy: [u8; 32], at in 8usize..57, by in 1usize..62) {
            let secret = Secret::personal_access_token(&entropy);
            prop_assert_eq!(Secret::parse(secret.reveal()), Some(secret.clone()));
            prop_assert_eq!(Secret::parse(&neighbour(&secret, at, by)), None);
        }

        #[test]
        fn parsing_never_panics(text in "(rbk_pat_|rbk_inv_)?\\PC{0,80}") {
            let _ = Secret::parse(&text);
            let _ = Secret::parse_invitation(&text);
            let _ = Secret::from_stored(text).invitation_id();
        }
    }
}
