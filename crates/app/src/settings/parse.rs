//! From the texts of settings to their values. Each refusal says what is allowed.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use rollbook_domain::id::ClientId;
use rollbook_domain::value::Url;
use rollbook_domain::webhook::{Destinations, Network};
use tracing_subscriber::EnvFilter;

use super::LogFormat;

/// A value, or a clause that says what it must be.
pub(crate) type Parsed<T> = Result<T, String>;

const DURATION: &str = "must be a number with a unit, such as 500ms, 30s, 5m, 12h or 90d";
const SIZE: &str = "must be a number of bytes, alone or with a unit, such as 65536, 64KiB or 1MiB";
const LEVEL: &str =
    "must be error, warn, info, debug, trace or off, or a list such as info,rollbook_store=debug";

/// `true` or `false`.
pub(crate) fn flag(text: &str) -> Parsed<bool> {
    text.parse().map_err(|_| "must be true or false".to_owned())
}

/// A number within limits.
pub(crate) fn number(text: &str, allowed: RangeInclusive<u32>) -> Parsed<u32> {
    match text.parse() {
        Ok(number) if allowed.contains(&number) => Ok(number),
        _ => Err(format!(
            "must be a number from {} to {}",
            allowed.start(),
            allowed.end()
        )),
    }
}

/// `auto`, or a number within limits.
pub(crate) fn number_or_auto(text: &str, allowed: RangeInclusive<u32>) -> Parsed<Option<usize>> {
    if text == "auto" {
        return Ok(None);
    }
    number(text, allowed.clone())
        .map(|number| Some(number as usize))
        .map_err(|_| {
            format!(
                "must be auto or a number from {} to {}",
                allowed.start(),
                allowed.end()
            )
        })
}

/// A length of time: a whole number and a unit.
pub(crate) fn duration(text: &str) -> Parsed<Duration> {
    let (number, unit) = split(text).ok_or(DURATION)?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(DURATION.to_owned()),
    };
    number
        .checked_mul(millis)
        .map(Duration::from_millis)
        .ok_or_else(|| DURATION.to_owned())
}

/// A length of time that is not zero and not longer than a day: a limit on how long to wait.
pub(crate) fn patience(text: &str) -> Parsed<Duration> {
    let patience = duration(text)?;
    if patience.is_zero() || patience > Duration::from_secs(86_400) {
        return Err(format!("{DURATION}; more than zero and at most 24h"));
    }
    Ok(patience)
}

/// How long sending something may take: less than the minute for which a message is its sender's.
pub(crate) fn errand(text: &str) -> Parsed<Duration> {
    let errand = duration(text)?;
    if errand.is_zero() || errand > Duration::from_secs(50) {
        return Err(format!("{DURATION}; more than zero and at most 50s"));
    }
    Ok(errand)
}

/// How long until something ends: at least a second, at most a hundred years.
pub(crate) fn lifetime(text: &str) -> Parsed<Duration> {
    let lifetime = duration(text)?;
    if !(1..=36_525 * 86_400).contains(&lifetime.as_secs()) {
        return Err(format!("{DURATION}; at least 1s and at most 36525d"));
    }
    Ok(lifetime)
}

/// A number of bytes, at least 1 KiB and at most 1 GiB.
pub(crate) fn size(text: &str) -> Parsed<usize> {
    let (number, unit) = split(text).ok_or(SIZE)?;
    let factor = match unit {
        "" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(SIZE.to_owned()),
    };
    number
        .checked_mul(factor)
        .filter(|bytes| (1 << 10..=1 << 30).contains(bytes))
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| format!("{SIZE}; at least 1KiB and at most 1GiB"))
}

/// Where to listen: a host and a port.
pub(crate) fn listen(text: &str) -> Parsed<String> {
    let is_address = text.parse::<SocketAddr>().is_ok();
    let is_name = text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && !host.contains([':', '/', ' ', '[']) && port.parse::<u16>().is_ok()
    });
    if is_address || is_name {
        Ok(text.to_owned())
    } else {
        Err("must be a host and a port, such as 127.0.0.1:8080, [::]:8080 or localhost:8080; port 0 takes a free one".to_owned())
    }
}

/// `system`, or the address of a DNS server. Its name would need another one to be resolved.
pub(crate) fn resolver(text: &str) -> Parsed<Option<SocketAddr>> {
    if text == "system" {
        return Ok(None);
    }
    match text.parse::<SocketAddr>() {
        Ok(address) if address.port() > 0 => Ok(Some(address)),
        _ => Err(
            "must be system, or an IP address and a port, such as 127.0.0.1:53 or [::1]:53"
                .to_owned(),
        ),
    }
}

/// `none`, or the URL of a page, with `{organization}` and `{workspace}` where their ids shall be.
/// Its origin goes into a header, where some characters mean more.
pub(crate) fn after_accept_url(text: &str) -> Parsed<Option<String>> {
    if text == "none" {
        return Ok(None);
    }
    let filled = ["{organization}", "{workspace}"]
        .iter()
        .fold(text.to_owned(), |url, name| url.replace(name, "0"));
    let is_plain = |c: char| c.is_ascii_graphic() && !";,'\"{}".contains(c);
    if filled.chars().all(is_plain) && Url::parse(&filled).is_ok() {
        Ok(Some(text.to_owned()))
    } else {
        Err(
            "must be none or a URL, such as https://app.example/?organization={organization}, in which {organization} and {workspace} stand for their ids"
                .to_owned(),
        )
    }
}

/// `none`, or the id of an OAuth client.
pub(crate) fn client_id(text: &str) -> Parsed<Option<ClientId>> {
    if text == "none" {
        return Ok(None);
    }
    let id = ClientId::parse(text).map(Some);
    id.ok_or_else(|| "must be none or the id of a client (rollbook client list)".to_owned())
}

/// The public addresses, and those of a list of networks; `none`: only the public ones.
pub(crate) fn destinations(text: &str) -> Parsed<Destinations> {
    networks(text).map(Destinations::new)
}

/// A list of networks, or `none`.
pub(crate) fn networks(text: &str) -> Parsed<Vec<Network>> {
    if text == "none" {
        return Ok(Vec::new());
    }
    let networks = text.split(',').map(|it| Network::parse(it.trim()));
    let networks: Result<Vec<_>, _> = networks.collect();
    networks.map_err(|wrong| {
        format!("must be none or networks such as 10.0.0.0/8 with commas in between: {wrong}")
    })
}

/// How log lines look.
pub(crate) fn log_format(text: &str) -> Parsed<LogFormat> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "pretty" => Ok(LogFormat::Pretty),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be auto, pretty or json".to_owned()),
    }
}

/// What is logged. A bare word is a level: `EnvFilter` would take a misspelled one for a target.
pub(crate) fn log_level(text: &str) -> Parsed<String> {
    let is_level = |word: &str| {
        ["off", "error", "warn", "info", "debug", "trace"]
            .iter()
            .any(|level| level.eq_ignore_ascii_case(word))
    };
    let directives: Vec<&str> = text.split(',').map(str::trim).collect();
    let are_plain = directives
        .iter()
        .all(|directive| directive.contains('=') || is_level(directive));
    let filter = directives.join(",");
    if are_plain && EnvFilter::builder().parse(&filter).is_ok() {
        Ok(filter)
    } else {
        Err(LEVEL.to_owned())
    }
}

/// Splits the digits off the front.
fn split(text: &str) -> Option<(u64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    Some((number.parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, millis) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("5 m", 300_000),
            ("90d", 7_776_000_000),
            ("0s", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in [
            "",
            "30",
            "s",
            "-1s",
            "1.5h",
            "1w",
            "1 s s",
            "99999999999999999999d",
            "999999999999999d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert!(errand("0s").is_err() && errand("51s").is_err() && errand("50s").is_ok());
        assert!(patience("0s").is_err() && patience("25h").is_err() && patience("24h").is_ok());
        assert!(
            lifetime("0s").is_err() && lifetime("36525d").is_ok() && lifetime("36526d").is_err()
        );
    }

    #[test]
    fn sizes_may_have_a_unit() {
        assert_eq!(size("65536"), Ok(65_536));
        assert_eq!(size("64 KiB"), Ok(65_536));
        assert_eq!(size("1MiB"), Ok(1 << 20));
        for text in ["", "1", "1MB", "2GiB", "-1", "x", "99999999999999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn addresses_have_host_and_port() {
        for text in ["127.0.0.1:8080", "[::1]:0", "0.0.0.0:80", "localhost:8080"] {
            assert_eq!(listen(text).as_deref(), Ok(text));
        }
        for text in [
            "",
            "8080",
            ":8080",
            "localhost",
            "::1:80",
            "host:99999",
            "http://x:80",
            "[x]:80",
        ] {
            assert!(listen(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_resolver_is_the_systems_or_has_an_address() {
        assert_eq!(resolver("system"), Ok(None));
        for text in ["127.0.0.1:53", "[::1]:5353"] {
            assert_eq!(resolver(text), Ok(text.parse().ok()));
        }
        for text in ["", "127.0.0.1", "localhost:53", "127.0.0.1:0"] {
            assert!(resolver(text).is_err(), "{text}");
        }
    }

    #[test]
    fn whoever_accepts_is_led_to_a_url() {
        assert_eq!(after_accept_url("none"), Ok(None));
        for text in [
            "https://app.example",
            "http://localhost:3000/{organization}/{workspace}",
            "https://app.example/?organization={organization}#joined",
        ] {
            assert_eq!(after_accept_url(text), Ok(Some(text.to_owned())));
        }
        for text in [
            "",
            "/home",
            "//app.example",
            "javascript:alert(1)",
            "https://app.example/{user}",
            "https://app.example; script-src *",
            "https://app.example/a b",
            "https://app;x.example/",
        ] {
            assert!(after_accept_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn misspelled_levels_are_refused() {
        for text in [
            "info",
            "WARN",
            "off",
            "info,rollbook_store=debug",
            "info, actix_server=warn",
        ] {
            assert_eq!(log_level(text), Ok(text.replace(' ', "")));
        }
        for text in ["", "loud", "info,loud", "rollbook=loud", "info,"] {
            assert!(log_level(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_have_limits() {
        assert_eq!(number_or_auto("auto", 1..=4), Ok(None));
        assert_eq!(number_or_auto("4", 1..=4), Ok(Some(4)));
        assert!(number_or_auto("0", 1..=4).is_err());
        assert!(number("5", 1..=4).is_err() && number("x", 1..=4).is_err());
        assert!(flag("yes").is_err() && flag("true") == Ok(true));
    }
}
