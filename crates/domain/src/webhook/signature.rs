use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::WebhookEndpoint;
use crate::secret::{Secret, WEBHOOK_PREFIX};
use crate::time::Timestamp;
use crate::{Error, Result};

/// The signature of a webhook (Standard Webhooks 1.0.0, "signature scheme"): `v1,` and the base64
/// of the HMAC-SHA256 of id, timestamp and body, joined by dots. Neither id nor timestamp has a dot.
pub fn sign(secret: &Secret, id: &str, timestamp: i64, body: &str) -> Result<String> {
    let key = secret.reveal().strip_prefix(WEBHOOK_PREFIX);
    let key = key.and_then(|text| STANDARD.decode(text).ok());
    let key = key.ok_or_else(|| Error::storage("the secret of a webhook endpoint is malformed"))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(Error::storage)?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body.as_bytes());
    let digest = STANDARD.encode(mac.finalize().into_bytes());
    Ok(format!("v1,{digest}"))
}

impl WebhookEndpoint {
    /// The value of `webhook-signature`: one signature, and behind it that of the secret before, as
    /// long as receivers may not know the new one.
    pub fn sign(&self, now: Timestamp, id: &str, timestamp: i64, body: &str) -> Result<String> {
        let mut signature = sign(&self.secret, id, timestamp, body)?;
        if let Some((previous, _)) = self.previous_secret.as_ref().filter(|it| now < it.1) {
            signature.push(' ');
            signature.push_str(&sign(previous, id, timestamp, body)?);
        }
        Ok(signature)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification's reference libraries.
    #[test]
    fn a_known_signature() {
        let secret = Secret::from_stored("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let body = r#"{"test": 2432232314}"#;
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        assert_eq!(
            sign(&secret, id, 1_614_265_330, body).unwrap(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }

    #[test]
    fn a_secret_that_is_none_signs_nothing() {
        for text in ["", "whsec_%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            let secret = Secret::from_stored(text.to_owned());
            assert!(sign(&secret, "id", 1, "{}").is_err(), "{text}");
        }
    }
}
