//! Points in time and spans, in whole milliseconds.

use chrono::DateTime;

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
        // By hand: lists print two of these for every item, and chrono takes many times as long.
        let whole = |number: i64| u32::try_from(number).unwrap_or_default();
        let (days, millis) = (whole(self.0 / DAY_MILLIS), whole(self.0 % DAY_MILLIS));
        let (year, month, day) = civil(days);
        let (seconds, fraction) = (millis / 1000, millis % 1000);
        let mut text = *b"0000-00-00T00:00:00.000Z";
        text[0..2].copy_from_slice(&two_digits(year / 100));
        text[2..4].copy_from_slice(&two_digits(year));
        text[5..7].copy_from_slice(&two_digits(month));
        text[8..10].copy_from_slice(&two_digits(day));
        text[11..13].copy_from_slice(&two_digits(seconds / 3600));
        text[14..16].copy_from_slice(&two_digits(seconds / 60 % 60));
        text[17..19].copy_from_slice(&two_digits(seconds % 60));
        let length = if fraction == 0 {
            text[19] = b'Z';
            20
        } else {
            text[20] = two_digits(fraction / 100)[1];
            text[21..23].copy_from_slice(&two_digits(fraction));
            24
        };
        Rfc3339 { text, length }
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

const DAY_MILLIS: i64 = 86_400_000;

/// Year, month and day of a day since 1970-01-01, which is not negative here. From Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`: years begin in March, so that
/// the leap day is the last one. A test compares it with chrono.
const fn civil(days: u32) -> (u32, u32, u32) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + (month <= 2) as u32;
    (year, month, day)
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
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The text as ASCII.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

/// The last two digits of a number.
const fn two_digits(number: u32) -> [u8; 2] {
    PAIRS[(number % 100) as usize]
}

/// `00` to `99`.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [*b"00"; 100];
    let mut number: u8 = 0;
    while number < 100 {
        pairs[number as usize] = [b'0' + number / 10, b'0' + number % 10];
        number += 1;
    }
    pairs
};

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

    /// From milliseconds; what is negative is nothing.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        if millis < 0 { Self(0) } else { Self(millis) }
    }

    /// The length in milliseconds.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The length in seconds, rounded up.
    #[must_use]
    pub const fn ceil_seconds(self) -> i64 {
        self.0 / 1000 + (self.0 % 1000 > 0) as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{SecondsFormat, Utc};

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
