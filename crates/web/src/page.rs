//! Page tokens: where a list continues, sealed so that clients hand them back unchanged.
//!
//! A token holds the sort key of the last row, and an HMAC-SHA256 over it, the operation and the
//! conditions of the list. The key may be an address or a name, and tokens travel in URLs, which
//! proxies write down; so it is not in clear but under a mask that is made of the HMAC, the way of
//! synthetic initialization vectors (RFC 5297). A token grants nothing: every page authenticates
//! its caller anew. It is not bound to the caller, so a client may renew its access token between
//! two pages.

mod key;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rollbook_domain::time::{Span, Timestamp};
use sha2::{Digest as _, Sha256};

pub(crate) use key::Key;

/// How long a token can be used, unless its list is read on for ever: longer than anybody pages.
const LIFETIME: Span = Span::days(3);

const FORMAT: u8 = 2;
/// Format and time of issue, before the key.
const HEAD_BYTES: usize = 1 + 8;
/// Half of the HMAC: 128 bits are beyond guessing.
const TAG_BYTES: usize = 16;
/// Longer than every key that [`Key`] makes; whatever is longer is not looked at.
const TOKEN_MAX: usize = 32 * 1024;

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
    /// Path, filter, order and what else the list depends on, as the client wrote it.
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
    pub(crate) fn seal<K: Key>(&self, binding: Binding<'_>, key: &K, now: Timestamp) -> String {
        let mut token = vec![FORMAT];
        token.extend_from_slice(&now.millis().to_be_bytes());
        key.encode(&mut token);
        let tag = self.tag(binding, &token);
        self.mask(&tag, &mut token);
        token.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// The key to continue behind.
    pub(crate) fn open<K: Key>(
        &self,
        binding: Binding<'_>,
        token: &str,
        now: Timestamp,
    ) -> Result<K, Unusable> {
        let (issued, key) = self.unseal(binding, token)?;
        if issued.plus(LIFETIME) <= now {
            return Err(Unusable::Expired);
        }
        Ok(key)
    }

    /// The token for [`PageTokens::open_lasting`]. It does not say when it was issued: one place
    /// has one token.
    pub(crate) fn seal_lasting<K: Key>(&self, binding: Binding<'_>, key: &K) -> String {
        self.seal(binding, key, Timestamp::from_millis(0))
    }

    /// The key to continue behind, however old the token is: for lists that are read on from where
    /// somebody stopped.
    pub(crate) fn open_lasting<K: Key>(
        &self,
        binding: Binding<'_>,
        token: &str,
    ) -> Result<K, Unusable> {
        self.unseal(binding, token).map(|(_, key)| key)
    }

    /// When the token was issued, and its key.
    fn unseal<K: Key>(
        &self,
        binding: Binding<'_>,
        token: &str,
    ) -> Result<(Timestamp, K), Unusable> {
        if token.len() > TOKEN_MAX {
            return Err(Unusable::Foreign);
        }
        let mut body = URL_SAFE_NO_PAD
            .decode(token)
            .map_err(|_| Unusable::Foreign)?;
        let at = body.len().saturating_sub(TAG_BYTES);
        let tag: [u8; TAG_BYTES] = body
            .split_off(at)
            .try_into()
            .map_err(|_| Unusable::Foreign)?;
        self.mask(&tag, &mut body);
        self.bound(binding, &body)
            .verify_truncated_left(&tag)
            .map_err(|_| Unusable::Foreign)?;
        parts(&body).ok_or(Unusable::Foreign)
    }

    fn tag(&self, binding: Binding<'_>, body: &[u8]) -> [u8; TAG_BYTES] {
        let mac = self.bound(binding, body).finalize().into_bytes();
        let mut tag = [0; TAG_BYTES];
        tag.copy_from_slice(&mac[..TAG_BYTES]);
        tag
    }

    fn bound(&self, binding: Binding<'_>, body: &[u8]) -> Hmac<Sha256> {
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

    /// Covers or uncovers a body with what the key makes of the tag.
    fn mask(&self, tag: &[u8; TAG_BYTES], body: &mut [u8]) {
        for (count, block) in (0u32..).zip(body.chunks_mut(32)) {
            let mut mac = self.mac.clone();
            mac.update(b"rollbook page mask\0");
            mac.update(tag);
            mac.update(&count.to_be_bytes());
            let cover = mac.finalize().into_bytes();
            for (byte, cover) in block.iter_mut().zip(cover) {
                *byte ^= cover;
            }
        }
    }
}

fn parts<K: Key>(body: &[u8]) -> Option<(Timestamp, K)> {
    let (head, key) = body.split_at_checked(HEAD_BYTES)?;
    let (format, issued) = head.split_first()?;
    let issued = Timestamp::from_millis(i64::from_be_bytes(issued.try_into().ok()?));
    (*format == FORMAT)
        .then(|| K::decode(key))
        .flatten()
        .map(|key| (issued, key))
}

#[cfg(test)]
mod tests {
    use rollbook_domain::id::UserId;
    use uuid::Uuid;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_750_000_000_000);
    const KEY: UserId = UserId::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
    const LIST: Binding<'_> = Binding {
        dialect: "native",
        operation: "organizations.list",
        conditions: "title = \"a\"",
    };

    fn tokens() -> PageTokens {
        PageTokens::new(&[7; 32])
    }

    fn open(tokens: &PageTokens, list: Binding<'_>, token: &str) -> Result<UserId, Unusable> {
        tokens.open(list, token, NOW)
    }

    #[test]
    fn a_token_opens_where_it_was_sealed() {
        let token = tokens().seal(LIST, &KEY, NOW);
        assert_eq!(tokens().open(LIST, &token, NOW), Ok(KEY));
        assert_eq!(token.len(), 55);
    }

    #[test]
    fn a_token_opens_nowhere_else() {
        let token = tokens().seal(LIST, &KEY, NOW);
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
            assert_eq!(open(&tokens(), other, &token), Err(Unusable::Foreign));
        }
        let stranger = PageTokens::new(&[8; 32]);
        assert_eq!(open(&stranger, LIST, &token), Err(Unusable::Foreign));
    }

    #[test]
    fn every_bit_counts() {
        let token = URL_SAFE_NO_PAD
            .decode(tokens().seal(LIST, &KEY, NOW))
            .unwrap();
        for bit in 0..token.len() * 8 {
            let mut bent = token.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            let bent = URL_SAFE_NO_PAD.encode(bent);
            assert_eq!(
                open(&tokens(), LIST, &bent),
                Err(Unusable::Foreign),
                "bit {bit}"
            );
        }
        for text in [
            "",
            "x",
            "====",
            "é",
            &"A".repeat(55),
            &"A".repeat(4000),
            &"A".repeat(TOKEN_MAX + 1),
        ] {
            assert_eq!(open(&tokens(), LIST, text), Err(Unusable::Foreign));
        }
    }

    #[test]
    fn a_token_lives_three_days() {
        let token = tokens().seal(LIST, &KEY, NOW);
        let last = NOW.plus(LIFETIME).minus(Span::seconds(1));
        assert_eq!(tokens().open(LIST, &token, last), Ok(KEY));
        assert_eq!(
            tokens().open::<UserId>(LIST, &token, NOW.plus(LIFETIME)),
            Err(Unusable::Expired)
        );
    }

    #[test]
    fn a_lasting_token_has_no_age() {
        let token = tokens().seal_lasting(LIST, &KEY);
        assert_eq!(tokens().open_lasting(LIST, &token), Ok(KEY));
        assert_eq!(tokens().seal_lasting(LIST, &KEY), token);
        assert_eq!(open(&tokens(), LIST, &token), Err(Unusable::Expired));
        let elsewhere = Binding {
            conditions: "",
            ..LIST
        };
        let opened = tokens().open_lasting::<UserId>(elsewhere, &token);
        assert_eq!(opened, Err(Unusable::Foreign));
    }

    #[test]
    fn a_key_is_not_to_be_read_off() {
        let key = "nobody reads this address off a page token";
        let token = tokens().seal(LIST, &Text(key), NOW);
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        assert!(bytes.len() > key.len());
        assert!(!String::from_utf8_lossy(&bytes).contains("nobody"));
        // One that was issued at another moment shares nothing with it.
        let later = tokens().seal(LIST, &Text(key), NOW.plus(Span::seconds(1)));
        let same = token.bytes().zip(later.bytes()).filter(|(a, b)| a == b);
        assert!(same.count() < token.len() / 4);
    }

    #[test]
    fn a_key_of_another_kind_is_none() {
        let token = tokens().seal(LIST, &7u64, NOW);
        assert_eq!(open(&tokens(), LIST, &token), Err(Unusable::Foreign));
    }

    struct Text(&'static str);

    impl Key for Text {
        fn encode(&self, bytes: &mut Vec<u8>) {
            bytes.extend_from_slice(self.0.as_bytes());
        }

        fn decode(_: &[u8]) -> Option<Self> {
            None
        }
    }
}
