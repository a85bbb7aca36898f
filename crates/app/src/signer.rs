//! The adapter behind the domain's port for signatures: ES256 (RFC 7518 §3.4) over ring, in compact
//! serialization (RFC 7515 §3.1).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::error::{KeyRejected, Unspecified};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use rollbook_domain::oauth::{IdClaims, KeyPair, SigningKey};
use rollbook_domain::port::Signer;
use rollbook_domain::time::Timestamp;
use rollbook_domain::{Error, Result};
use serde_json::{Map, Value, json};

/// Signs with ring.
pub(crate) struct RingSigner;

impl Signer for RingSigner {
    fn generate(&self) -> Result<KeyPair> {
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document =
            EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).map_err(unspecified)?;
        let private = document.as_ref().to_vec();
        let public = read(&private)?.public_key().as_ref().to_vec();
        Ok(KeyPair { private, public })
    }

    fn sign(&self, key: &SigningKey, claims: &IdClaims) -> Result<String> {
        let header = json!({ "alg": "ES256", "kid": key.id.to_string(), "typ": "JWT" });
        let signed = format!("{}.{}", part(&header), part(&payload(claims)));
        let signature = read(&key.pair.private)?
            .sign(&SystemRandom::new(), signed.as_bytes())
            .map_err(unspecified)?;
        let signature = URL_SAFE_NO_PAD.encode(signature.as_ref());
        Ok(format!("{signed}.{signature}"))
    }
}

fn read(private: &[u8]) -> Result<EcdsaKeyPair> {
    let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
    EcdsaKeyPair::from_pkcs8(algorithm, private, &SystemRandom::new()).map_err(rejected)
}

/// A key that was kept and is none.
fn rejected(why: KeyRejected) -> Error {
    Error::storage(format!("the key to sign with is not usable: {why}"))
}

fn unspecified(_: Unspecified) -> Error {
    Error::storage("ring could not make a key or a signature")
}

fn part(json: &Value) -> String {
    URL_SAFE_NO_PAD.encode(json.to_string())
}

fn payload(claims: &IdClaims) -> Value {
    let seconds = |at: Timestamp| at.millis().div_euclid(1000);
    let mut payload = Map::new();
    let mut claim = |name: &str, value: Value| payload.insert(name.to_owned(), value);
    claim("iss", json!(claims.issuer));
    claim("sub", json!(claims.subject));
    claim("aud", json!(claims.audience));
    claim("iat", json!(seconds(claims.issued_at)));
    claim("exp", json!(seconds(claims.expires_at)));
    claim("auth_time", json!(seconds(claims.authenticated_at)));
    if let Some(nonce) = &claims.nonce {
        claim("nonce", json!(nonce));
    }
    if let Some(name) = &claims.name {
        claim("name", json!(name));
    }
    if let Some((email, verified)) = &claims.email {
        claim("email", json!(email));
        claim("email_verified", json!(verified));
    }
    Value::Object(payload)
}

#[cfg(test)]
mod tests {
    use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use rollbook_domain::id::SigningKeyId;
    use uuid::Uuid;

    use super::*;

    /// Verifies a token as RFC 7515 §5.2 says; answers header and payload.
    fn verify(token: &str, public: &[u8]) -> Option<(Value, Value)> {
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, public)
            .verify(signed.as_bytes(), &signature)
            .ok()?;
        let (header, payload) = signed.split_once('.')?;
        let json = |part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some((json(header)?, json(payload)?))
    }

    /// RFC 7515, appendix A.3.
    const TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9\
        .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
        .DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
    const Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";

    fn key() -> SigningKey {
        SigningKey {
            id: SigningKeyId::new(Uuid::max()),
            pair: RingSigner.generate().unwrap(),
            created_at: Timestamp::from_millis(0),
            retired_at: None,
        }
    }

    #[test]
    fn the_example_of_the_rfc_is_verified_as_ours_are() {
        let point = [X, Y].map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
        let public = [&[4], point[0].as_slice(), point[1].as_slice()].concat();
        let (header, payload) = verify(TOKEN, &public).unwrap();
        assert_eq!(
            (&header["alg"], &payload["iss"]),
            (&json!("ES256"), &json!("joe"))
        );
        assert_eq!(verify(TOKEN, &key().pair.public), None);
        assert_eq!(verify(&TOKEN.replace("DtEh", "DtEi"), &public), None);
    }

    #[test]
    fn a_token_says_what_it_shall_and_is_signed() {
        let key = key();
        assert_eq!((key.pair.public.len(), key.pair.public[0]), (65, 4));
        let claims = IdClaims {
            issuer: "https://book.example".to_owned(),
            subject: "jane".to_owned(),
            audience: "console".to_owned(),
            issued_at: Timestamp::from_millis(1_700_000_000_999),
            expires_at: Timestamp::from_millis(1_700_003_600_999),
            authenticated_at: Timestamp::from_millis(1_699_999_999_000),
            nonce: Some("n \"1\"".to_owned()),
            name: None,
            email: Some(("jane@example.com".to_owned(), true)),
        };
        let token = RingSigner.sign(&key, &claims).unwrap();
        let (header, payload) = verify(&token, &key.pair.public).unwrap();
        let kid = Uuid::max().to_string();
        assert_eq!(header, json!({ "alg": "ES256", "kid": kid, "typ": "JWT" }));
        let expected = json!({
            "iss": "https://book.example",
            "sub": "jane",
            "aud": "console",
            "iat": 1_700_000_000,
            "exp": 1_700_003_600,
            "auth_time": 1_699_999_999,
            "nonce": "n \"1\"",
            "email": "jane@example.com",
            "email_verified": true,
        });
        assert_eq!(payload, expected);
        assert_eq!(verify(&token, &self::key().pair.public), None);
    }

    #[test]
    fn a_broken_key_is_a_storage_error() {
        let mut key = key();
        key.pair.private.truncate(20);
        let claims = IdClaims {
            issuer: String::new(),
            subject: String::new(),
            audience: String::new(),
            issued_at: key.created_at,
            expires_at: key.created_at,
            authenticated_at: key.created_at,
            nonce: None,
            name: None,
            email: None,
        };
        let outcome = RingSigner.sign(&key, &claims);
        assert!(matches!(outcome, Err(Error::Storage(_))), "{outcome:?}");
    }
}
