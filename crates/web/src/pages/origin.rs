//! Where a form comes from: only our own pages change anything.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::Fail;
use crate::dialect::Fault;
use crate::state::State;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// That a request was not made by another site's page. Every handler that changes something takes
/// it first, or a `Result` of it if something else can be done otherwise. What it asks is what Go's `net/http.CrossOriginProtection` asks: `Sec-Fetch-Site`
/// (Fetch Metadata) where the browser says it, otherwise whether `Origin` is this host.
pub(super) struct OwnForm;

impl FromRequest for OwnForm {
    type Error = Fail;
    type Future = Ready<Result<Self, Fail>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let state = request.app_data::<Data<State>>();
        let public = state.map_or("", |state| state.settings.public_url.as_str());
        ready(if is_own(request.headers(), public) {
            Ok(Self)
        } else {
            Err(Fail::from(Fault::Header {
                name: "Origin",
                reason: "the form was sent from another site".to_owned(),
            }))
        })
    }
}

fn is_own(headers: &HeaderMap, public: &str) -> bool {
    if let Some(site) = only(headers, FETCH_SITE) {
        return site == "same-origin" || site == "none";
    }
    // No browser leaves it out when it sends a form; what is no browser has no cookies to abuse.
    let Some(origin) = only(headers, ORIGIN) else {
        return true;
    };
    let Some((_, host)) = origin.split_once("://") else {
        return false;
    };
    // A proxy may have written another host.
    only(headers, HOST).is_some_and(|own| own.eq_ignore_ascii_case(host))
        || origin.eq_ignore_ascii_case(origin_of(public))
}

/// The value of a header; nothing but an empty one, if it came twice, which is somebody's trick.
fn only(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name);
    let first = values.next()?.to_str().unwrap_or_default();
    Some(if values.next().is_none() { first } else { "" })
}

/// Scheme, host and port of a URL.
pub(super) fn origin_of(url: &str) -> &str {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..].find(['/', '?', '#']);
    end.map_or(url, |end| &url[..authority + end])
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn only_our_own_forms_are_taken() {
        let public = "https://book.example/";
        let origin = |text| ("origin", text);
        let site = |text| ("sec-fetch-site", text);
        for (headers, expected) in [
            (vec![site("same-origin")], true),
            (vec![site("same-origin"), origin("null")], true),
            (vec![site("none")], true),
            (vec![site("cross-site")], false),
            (vec![site("same-site")], false),
            (vec![site("cross-site"), origin("http://here:8080")], false),
            (vec![site("same-origin"), site("cross-site")], false),
            (vec![origin("http://here:8080")], true),
            (vec![origin("https://book.example")], true),
            (vec![origin("https://HERE:8080")], true),
            (vec![origin("http://here")], false),
            (vec![origin("http://evil.example")], false),
            (vec![origin("https://book.example.evil.example")], false),
            (vec![origin("null")], false),
            (vec![origin("")], false),
            (vec![], true),
        ] {
            let mut request = TestRequest::post().insert_header((HOST, "here:8080"));
            for header in &headers {
                request = request.append_header(*header);
            }
            let request = request.to_http_request();
            assert_eq!(is_own(request.headers(), public), expected, "{headers:?}");
        }
    }

    #[test]
    fn an_origin_has_no_path() {
        for (url, origin) in [
            ("https://a.example/b/c?d", "https://a.example"),
            ("https://a.example:8443", "https://a.example:8443"),
            ("http://a.example?x=://", "http://a.example"),
        ] {
            assert_eq!(origin_of(url), origin);
        }
    }
}
