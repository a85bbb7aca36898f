//! Moments, as letters tell them: to the minute, in UTC, which is everybody's.

use rollbook_domain::time::Timestamp;

const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const GERMAN: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];

/// `22 December 2026, 10:30 UTC` in English, and as usual in German; `2026-12-22 10:30 UTC`, which
/// nobody misunderstands, in other languages.
pub(super) fn told(moment: Timestamp, language: &str) -> String {
    let rfc3339 = moment.to_rfc3339();
    let (date, time) = rfc3339.split_once('T').unwrap_or((&rfc3339, ""));
    let time = time.get(..5).unwrap_or_default();
    let mut parts = date.split('-');
    let mut next = || parts.next().unwrap_or_default();
    let (year, month, day) = (next(), next(), next());
    let day = day.trim_start_matches('0');
    let month = |names: &[&'static str; 12]| {
        let number: usize = month.parse().unwrap_or_default();
        names[number.saturating_sub(1) % 12]
    };
    match language.split('-').next() {
        Some("en") => format!("{day} {} {year}, {time} UTC", month(&ENGLISH)),
        Some("de") => format!("{day}. {} {year}, {time} Uhr UTC", month(&GERMAN)),
        _ => format!("{date} {time} UTC"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_told_as_is_usual() {
        let at = |text| Timestamp::parse_rfc3339(text).unwrap();
        let (spring, winter) = (at("2026-03-05T09:07:59Z"), at("2026-12-31T23:59:00.001Z"));
        assert_eq!(told(spring, "en-GB"), "5 March 2026, 09:07 UTC");
        assert_eq!(told(winter, "en"), "31 December 2026, 23:59 UTC");
        assert_eq!(told(spring, "de"), "5. März 2026, 09:07 Uhr UTC");
        assert_eq!(told(winter, "de-AT"), "31. Dezember 2026, 23:59 Uhr UTC");
        assert_eq!(told(spring, "fr"), "2026-03-05 09:07 UTC");
    }
}
