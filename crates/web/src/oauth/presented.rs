//! Who a client says it is: in the `Authorization` header (`client_secret_basic`), in the body
//! (`client_secret_post`), or without a secret (`none`). RFC 6749 §2.3.1.

use std::borrow::Cow;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use rollbook_domain::oauth::Problem;
use rollbook_domain::service::oauth::Presented;
use std::convert::Infallible;

/// What the header says.
pub(crate) enum Basic {
    /// Nothing.
    Absent,
    /// Something that is no client's word.
    Malformed,
    /// Id and secret.
    Client(String, String),
}

impl FromRequest for Basic {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all(AUTHORIZATION);
        ready(Ok(match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => {
                let read = value.to_str().ok().and_then(read);
                read.map_or(Self::Malformed, |(id, secret)| Self::Client(id, secret))
            }
            (Some(_), Some(_)) => Self::Malformed,
        }))
    }
}

/// Reads `Basic …`, in which both halves are encoded as forms are.
fn read(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let bytes = STANDARD.decode(encoded.trim_matches(' ')).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((decode(id)?, decode(secret)?))
}

fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    let decoded = percent_decode_str(&text).decode_utf8().ok();
    decoded.map(Cow::into_owned)
}

impl Basic {
    /// What the client says in header and body together: it proves who it is in one way only.
    pub(super) fn and(
        self,
        id: Option<String>,
        secret: Option<String>,
    ) -> Result<Presented, Problem> {
        let (own, word) = match self {
            Self::Absent => return Ok(Presented { id, secret }),
            Self::Malformed => return Err(Problem::CLIENT),
            Self::Client(own, word) => (own, word),
        };
        if secret.is_some() || id.is_some_and(|id| id != own) {
            return Err(Problem::request(
                "the client must say who it is in one way only",
            ));
        }
        Ok(Presented {
            id: Some(own),
            // Without a secret, it is a public client that says its name here.
            secret: (!word.is_empty()).then_some(word),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(text: &str) -> String {
        format!("Basic {}", STANDARD.encode(text))
    }

    #[test]
    fn both_halves_are_decoded() {
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(read(&basic("a:b")), pair("a", "b"));
        assert_eq!(read(&basic("a:b:c")), pair("a", "b:c"));
        assert_eq!(read(&basic("a%3Ab:c+d%25")), pair("a:b", "c d%"));
        assert_eq!(read(&basic("a:").replace("Basic", "bASIC ")), pair("a", ""));
        for header in [
            "Basic",
            "Basic !",
            "Bearer a",
            &basic("ab"),
            &basic("a:%ff"),
        ] {
            assert_eq!(read(header), None, "{header}");
        }
    }

    #[test]
    fn a_client_says_who_it_is_once() {
        let client = || Basic::Client("a".to_owned(), "b".to_owned());
        let some = |text: &str| Some(text.to_owned());
        let said = client().and(some("a"), None).unwrap();
        assert_eq!((said.id, said.secret), (some("a"), some("b")));
        assert!(client().and(None, None).is_ok());
        assert!(client().and(some("b"), None).is_err());
        assert!(client().and(some("a"), some("b")).is_err());
        assert!(Basic::Malformed.and(some("a"), some("b")).is_err());
        let said = Basic::Absent.and(some("a"), None).unwrap();
        assert_eq!((said.id, said.secret), (some("a"), None));
    }
}
