use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest};
use uuid::Uuid;

/// The header that carries a request's id, in and out.
const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// A longer id is not taken over.
const LONGEST: usize = 128;

/// The id under which a request is found in the log: what the client (or a proxy before us) sent
/// as `X-Request-ID` when that is harmless to log, otherwise a new one. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(HeaderValue);

impl RequestId {
    /// The id of a request to a dialect; `None` outside of dialects.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get().cloned()
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // It is ASCII whichever way it was made.
        self.0.to_str().unwrap_or_default()
    }

    /// A new one. The domain's ids are version 7, so those of a log sort by time.
    pub(super) fn new(id: Uuid) -> Self {
        let mut text = Uuid::encode_buffer();
        let text = id.hyphenated().encode_lower(&mut text);
        Self(HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("-")))
    }

    /// The one that came with the request: 1 to 128 characters that mean nothing special in a log,
    /// a shell or a URL.
    pub(super) fn accept(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(&HEADER)?;
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        let bytes = value.as_bytes();
        let harmless = (1..=LONGEST).contains(&bytes.len()) && bytes.iter().all(plain);
        harmless.then(|| Self(value.clone()))
    }

    /// Tells it to the client.
    pub(super) fn put(&self, headers: &mut HeaderMap) {
        headers.insert(HEADER, self.0.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_over_what_is_harmless() {
        let longest = "a".repeat(LONGEST);
        let too_long = "a".repeat(LONGEST + 1);
        for (text, taken) in [
            ("a", true),
            ("Job-7_a.B", true),
            (&longest, true),
            (&too_long, false),
            ("", false),
            ("a b", false),
            ("a;b", false),
            ("\u{e9}", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, HeaderValue::from_bytes(text.as_bytes()).unwrap());
            assert_eq!(RequestId::accept(&headers).is_some(), taken, "{text}");
        }
    }

    #[test]
    fn a_new_one_would_be_taken_over() {
        let mut headers = HeaderMap::new();
        let id = RequestId::new(Uuid::max());
        id.put(&mut headers);
        assert_eq!(RequestId::accept(&headers), Some(id));
    }
}
