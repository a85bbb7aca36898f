use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage as _, HttpRequest};
use rollbook_domain::access;
use uuid::Uuid;

/// The header that carries a request's id, in and out.
const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The id under which a request is found in the log: what the client (or a proxy before us) sent
/// as `X-Request-ID` when that is harmless to log, otherwise a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId(access::RequestId);

impl RequestId {
    /// The id of a request to a dialect; `None` outside of dialects.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Option<Self> {
        request.extensions().get().copied()
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The id as the domain takes it.
    pub(crate) const fn of_domain(&self) -> access::RequestId {
        self.0
    }

    /// A new one. The domain's ids are version 7, so those of a log sort by time.
    pub(super) fn new(id: Uuid) -> Self {
        Self(id.into())
    }

    /// The one that came with the request, if it is of the characters that the domain takes: those
    /// that mean nothing special in a log, a shell or a URL.
    pub(super) fn accept(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(&HEADER)?.to_str().ok()?;
        access::RequestId::parse(text).map(Self)
    }

    /// Tells it to the client.
    pub(super) fn put(&self, headers: &mut HeaderMap) {
        if let Ok(value) = HeaderValue::from_str(self.as_str()) {
            headers.insert(HEADER, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_over_what_is_harmless() {
        let longest = "a".repeat(access::RequestId::LONGEST);
        let too_long = "a".repeat(access::RequestId::LONGEST + 1);
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
