//! Page tokens: where a list continues, sealed so that clients hand them back unchanged.
//!
//! A token holds the sort key of the last row in clear, since ids are no secret, and an
//! HMAC-SHA256 over it, the operation and the conditions of the list. It grants nothing: every page
//! authenticates its caller anew. It is not bound to the caller, so a client may renew its access
//! token between two pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rollbook_domain::time::{Span, Timestamp};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// How long a token can be used: longer than anybody pages, short enough to change the key.
const LIFETIME: Span = Span::days(3);

const FORMAT: u8 = 1;
const BODY_BYTES: usize = 1 + 8 + 16;
/// Half of the HMAC: 128 bits are beyond guessing.
const TAG_BYTES: usize = 16;
const TOKEN_BYTES: usize = BODY_BYTES + TAG_BYTES;

/// Seals and opens page tokens.
#[derive(Clone)]
pub(crate) struct PageTokens {
    mac: Hmac<Sha256>,
}

/// What a token is good for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Binding<'a> {
    /// The dialect of the list.
    pub(crate) dialect: &'a str,
    /// The operation that lists.
    pub(crate) operation: &'a str,
    /// Filter and order, as the client wrote them.
    pub(crate) conditions: &'a str,
}

/// Why a token cannot be used; the sentences are for the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error(
        "the page token is damaged or belongs to another list; repeat all parameters but page_size unchanged, or start without a token"
    )]
    Foreign,
    #[error("the page token has expired; start again without one")]
    Expired,
}

impl PageTokens {
    /// With the key that all replicas share.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        // Not `new_from_slice`, which can fail: a block is what the key is padded to anyway.
        let mut block = [0; 64];
        block[..32].copy_from_slice(key);
        Self {
            mac: Hmac::new(&block.into()),
        }
    }

    /// The token to continue behind `key`.
    pub(crate) fn seal(&self, binding: Binding<'_>, key: Uuid, now: Timestamp) -> String {
        let mut token = [0; TOKEN_BYTES];
        token[0] = FORMAT;
        token[1..9].copy_from_slice(&now.millis().to_be_bytes());
        token[9..BODY_BYTES].copy_from_slice(key.as_bytes());
        let tag = self.tag(binding, &token[..BODY_BYTES]).finalize();
        token[BODY_BYTES..].copy_from_slice(&tag.into_bytes()[..TAG_BYTES]);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The key to continue behind.
    pub(crate) fn open(
        &self,
        binding: Binding<'_>,
        token: &str,
        now: Timestamp,
    ) -> Result<Uuid, Unusable> {
        let bytes = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| Unusable::Foreign)?;
        let bytes: [u8; TOKEN_BYTES] = bytes.try_into().map_err(|_| Unusable::Foreign)?;
        let (body, tag) = bytes.split_at(BODY_BYTES);
        self.tag(binding, body)
            .verify_truncated_left(tag)
            .map_err(|_| Unusable::Foreign)?;
        let (issued, key) = parts(body).ok_or(Unusable::Foreign)?;
        if issued.plus(LIFETIME) <= now {
            return Err(Unusable::Expired);
        }
        Ok(key)
    }

    fn tag(&self, binding: Binding<'_>, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(b"rollbook page token\0");
        for name in [binding.dialect, binding.operation] {
            mac.update(name.as_bytes());
            mac.update(b"\0");
        }
        mac.update(&Sha256::digest(binding.conditions.as_bytes()));
        mac.update(body);
        mac
    }
}

fn parts(body: &[u8]) -> Option<(Timestamp, Uuid)> {
    let (format, rest) = body.split_first()?;
    let (issued, key) = rest.split_first_chunk::<8>()?;
    let issued = Timestamp::from_millis(i64::from_be_bytes(*issued));
    let key = Uuid::from_slice(key).ok()?;
    (*format == FORMAT).then_some((issued, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);
    const KEY: Uuid = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001);
    const LIST: Binding<'_> = Binding {
        dialect: "native",
        operation: "organizations.list",
        conditions: "title = \"a\"",
    };

    fn tokens() -> PageTokens {
        PageTokens::new(&[7; 32])
    }

    #[test]
    fn a_token_opens_where_it_was_sealed() {
        let token = tokens().seal(LIST, KEY, NOW);
        assert_eq!(tokens().open(LIST, &token, NOW), Ok(KEY));
        assert_eq!(token.len(), 55);
    }

    #[test]
    fn a_token_opens_nowhere_else() {
        let token = tokens().seal(LIST, KEY, NOW);
        for other in [
            Binding {
                dialect: "zenml",
                ..LIST
            },
            Binding {
                operation: "me.organizations.list",
                ..LIST
            },
            Binding {
                conditions: "",
                ..LIST
            },
        ] {
            assert_eq!(tokens().open(other, &token, NOW), Err(Unusable::Foreign));
        }
        let stranger = PageTokens::new(&[8; 32]);
        assert_eq!(stranger.open(LIST, &token, NOW), Err(Unusable::Foreign));
    }

    #[test]
    fn every_bit_counts() {
        let token = URL_SAFE_NO_PAD
            .decode(tokens().seal(LIST, KEY, NOW))
            .unwrap();
        for bit in 0..token.len() * 8 {
            let mut bent = token.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            let bent = URL_SAFE_NO_PAD.encode(bent);
            assert_eq!(
                tokens().open(LIST, &bent, NOW),
                Err(Unusable::Foreign),
                "bit {bit}"
            );
        }
        for text in ["", "x", "====", "é", &"A".repeat(55), &"A".repeat(4000)] {
            assert_eq!(tokens().open(LIST, text, NOW), Err(Unusable::Foreign));
        }
    }

    #[test]
    fn a_token_lives_three_days() {
        let token = tokens().seal(LIST, KEY, NOW);
        let last = NOW.plus(LIFETIME).minus(Span::seconds(1));
        assert_eq!(tokens().open(LIST, &token, last), Ok(KEY));
        assert_eq!(
            tokens().open(LIST, &token, NOW.plus(LIFETIME)),
            Err(Unusable::Expired)
        );
    }
}
