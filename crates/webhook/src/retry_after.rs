use std::time::{Duration, UNIX_EPOCH};

use hyper::header::{HeaderMap, RETRY_AFTER};
use rollbook_domain::time::{Span, Timestamp};

/// How long to wait, by `Retry-After`: a number of seconds, or a moment (RFC 9110 §10.2.3).
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Span> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Span::seconds(text.parse().unwrap_or(u32::MAX)));
    }
    let moment = httpdate::parse_http_date(text).ok()?;
    let since_epoch = moment.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let millis = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    Some(Span::from_millis(millis.saturating_sub(now.millis())))
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;
    use rollbook_domain::mock::FixedClock;

    use super::*;

    #[test]
    fn seconds_or_a_moment() {
        for (text, millis) in [
            ("0", Some(0)),
            ("120", Some(120_000)),
            (" 5 ", Some(5000)),
            ("99999999999999999999", Some(i64::from(u32::MAX) * 1000)),
            ("Thu, 01 Jan 2026 12:01:30 GMT", Some(90_000)),
            ("Thursday, 01-Jan-26 12:01:30 GMT", Some(90_000)),
            ("Thu, 01 Jan 2026 11:00:00 GMT", Some(0)),
            ("", None),
            ("-5", None),
            ("1.5", None),
            ("soon", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
            let wait = retry_after(&headers, FixedClock::START);
            assert_eq!(wait.map(Span::millis), millis, "{text:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), FixedClock::START), None);
    }
}
