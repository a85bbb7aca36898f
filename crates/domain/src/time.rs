//! Points in time and spans, in whole milliseconds.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};

/// A point in time: whole milliseconds since 1970-01-01T00:00:00Z. All dialects can print it
/// without loss, and both databases keep it exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// The latest moment that is accepted: 9999-12-31T23:59:59.999Z, the end of RFC 3339's years.
const LATEST_MILLIS: i64 = 253_402_300_799_999;

impl Timestamp {
    /// From milliseconds since the Unix epoch, clamped to the years 1970 to 9999.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis < 0 {
            Self(0)
        } else if millis > LATEST_MILLIS {
            Self(LATEST_MILLIS)
        } else {
            Self(millis)
        }
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The same moment, `span` later.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self::from_millis(self.0.saturating_add(span.0))
    }

    /// The same moment, `span` earlier.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self::from_millis(self.0.saturating_sub(span.0))
    }

    /// The number of the minute this moment lies in, counted from the Unix epoch.
    #[must_use]
    pub const fn minute(self) -> i64 {
        self.0 / 60_000
    }

    /// [`Timestamp::rfc3339`] as a string.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        self.rfc3339().as_str().to_owned()
    }

    /// RFC 3339 in UTC, `Z`, no fraction when it is zero and three digits otherwise, as protobuf's
    /// JSON mapping prints a `Timestamp`.
    #[must_use]
    pub fn rfc3339(self) -> Rfc3339 {
        // Digit by digit: lists print two of these for every item, and chrono's formatter takes
        // several times as long.
        let moment = DateTime::<Utc>::from_timestamp_millis(self.0).unwrap_or_default();
        let mut text = Rfc3339 {
            text: *b"0000-00-00T00:00:00.000Z",
            length: 24,
        };
        text.put(0, 4, moment.year().unsigned_abs());
        text.put(5, 2, moment.month());
        text.put(8, 2, moment.day());
        text.put(11, 2, moment.hour());
        text.put(14, 2, moment.minute());
        text.put(17, 2, moment.second());
        match moment.timestamp_subsec_millis() {
            0 => {
                text.text[19] = b'Z';
                text.length = 20;
            }
            millis => text.put(20, 3, millis),
        }
        text
    }

    /// Reads RFC 3339 with any offset; what is finer than a millisecond is cut off.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let millis = DateTime::parse_from_rfc3339(text).ok()?.timestamp_millis();
        (0..=LATEST_MILLIS)
            .contains(&millis)
            .then_some(Self(millis))
    }
}

/// A moment in text, without an allocation.
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339 {
    text: [u8; 24],
    length: usize,
}

impl Rfc3339 {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Digits and the marks between them are always valid.
        std::str::from_utf8(&self.text[..self.length]).unwrap_or_default()
    }

    /// Writes a number with leading zeros.
    fn put(&mut self, at: usize, width: usize, mut number: u32) {
        for digit in self.text[at..at + width].iter_mut().rev() {
            *digit = b'0' + (number % 10).to_le_bytes()[0];
            number /= 10;
        }
    }
}

/// A length of time in whole milliseconds, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

impl Span {
    /// From whole seconds.
    #[must_use]
    pub const fn seconds(seconds: u32) -> Self {
        Self(seconds as i64 * 1000)
    }

    /// From whole days of 24 hours.
    #[must_use]
    pub const fn days(days: u32) -> Self {
        Self(days as i64 * 86_400_000)
    }

    /// The length in milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::SecondsFormat;

    #[test]
    fn prints_what_it_reads() {
        for text in [
            "2025-01-15T10:30:00Z",
            "2025-01-15T10:30:00.120Z",
            "1970-01-01T00:00:00Z",
        ] {
            assert_eq!(
                Timestamp::parse_rfc3339(text)
                    .map(Timestamp::to_rfc3339)
                    .as_deref(),
                Some(text)
            );
        }
        let offset = Timestamp::parse_rfc3339("2025-01-15T12:30:00.9999+02:00");
        assert_eq!(
            offset.map(Timestamp::to_rfc3339).as_deref(),
            Some("2025-01-15T10:30:00.999Z")
        );
    }

    proptest::proptest! {
        #[test]
        fn prints_as_chrono_does(millis in 0..=LATEST_MILLIS) {
            let moment = DateTime::<Utc>::from_timestamp_millis(millis).unwrap();
            let format = if millis % 1000 == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
            proptest::prop_assert_eq!(Timestamp(millis).to_rfc3339(), moment.to_rfc3339_opts(format, true));
        }
    }

    #[test]
    fn refuses_what_is_no_moment() {
        for text in [
            "",
            "2025-01-15",
            "2025-02-30T00:00:00Z",
            "1969-12-31T23:59:59Z",
        ] {
            assert_eq!(Timestamp::parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_stays_within_the_years() {
        let end = Timestamp::from_millis(i64::MAX);
        assert_eq!(end.plus(Span::days(1)), end);
        assert_eq!(
            Timestamp::from_millis(5).minus(Span::days(1)),
            Timestamp::from_millis(0)
        );
    }
}
