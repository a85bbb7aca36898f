//! The personal access token as the native dialect takes it.

use rollbook_domain::id::OrganizationId;
use rollbook_domain::idempotency::Once;
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::time::Timestamp;
use rollbook_domain::value::TokenName;
use rollbook_domain::{Error, Result};
use serde::Deserialize;
use serde::de::IgnoredAny;
use utoipa::ToSchema;

/// A personal access token to be issued.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"display_name": "laptop", "ttl": "7776000s"}))]
pub(super) struct TokenBody {
    /// What to call it: 1 to 100 characters.
    #[serde(alias = "displayName")]
    #[schema(value_type = String, required)]
    display_name: Option<String>,
    /// From when on it shall not work. Without this and `ttl` it works until it is revoked.
    #[serde(alias = "expireTime")]
    #[schema(format = DateTime)]
    expire_time: Option<String>,
    /// How long it shall work, in seconds, such as `7776000s`; instead of `expire_time`.
    ttl: Option<String>,
    /// The resource name of the only organization in which it shall work,
    /// `organizations/{organization}`. Without it, it works wherever its user does.
    organization: Option<String>,
    /// What the client calls the request, as in the `Idempotency-Key` header.
    #[serde(alias = "requestId")]
    request_id: Option<String>,
    #[serde(rename = "name")]
    #[schema(ignore)]
    _name: Option<IgnoredAny>,
    #[serde(rename = "last_four", alias = "lastFour")]
    #[schema(ignore)]
    _last_four: Option<IgnoredAny>,
    #[serde(rename = "create_time", alias = "createTime")]
    #[schema(ignore)]
    _create_time: Option<IgnoredAny>,
    #[serde(rename = "last_use_time", alias = "lastUseTime")]
    #[schema(ignore)]
    _last_use_time: Option<IgnoredAny>,
}

impl TokenBody {
    /// The command to issue it.
    pub(super) fn issue(&self, now: Timestamp, once: Option<Once>) -> Result<IssueToken> {
        let name = TokenName::parse(self.display_name.as_deref().unwrap_or_default());
        Ok(IssueToken {
            name: name.map_err(|reason| reason.in_field("display_name"))?,
            expires_at: self.expires_at(now)?,
            organization_id: self.organization_id()?,
            once,
        })
    }

    /// What the client calls the request.
    pub(super) fn request_id(&self) -> Option<&str> {
        given(self.request_id.as_ref())
    }

    fn organization_id(&self) -> Result<Option<OrganizationId>> {
        let name = given(self.organization.as_ref());
        name.map(|name| {
            let id = name.strip_prefix("organizations/");
            id.and_then(OrganizationId::parse)
                .ok_or_else(|| Error::invalid("organization", "it must be organizations/{id}"))
        })
        .transpose()
    }

    fn expires_at(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        match (given(self.expire_time.as_ref()), given(self.ttl.as_ref())) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(Error::invalid("ttl", "set expire_time or ttl, not both")),
            (Some(time), None) => Timestamp::parse_rfc3339(time).map(Some).ok_or_else(|| {
                let reason = "it must be a time such as 2030-01-31T12:00:00Z";
                Error::invalid("expire_time", reason)
            }),
            (None, Some(ttl)) => positive_millis(ttl)
                .map(|millis| Some(Timestamp::from_millis(now.millis().saturating_add(millis))))
                .ok_or_else(|| {
                    let reason = "it must be a positive number of seconds such as 7776000s";
                    Error::invalid("ttl", reason)
                }),
        }
    }
}

/// The text; none when it is empty, which to protobuf is the same as absent.
fn given(field: Option<&String>) -> Option<&str> {
    field.map(String::as_str).filter(|text| !text.is_empty())
}

/// Reads a duration as protobuf's JSON mapping writes it: seconds with up to nine digits of
/// fraction, and `s`. What is finer than a millisecond is cut off.
fn positive_millis(text: &str) -> Option<i64> {
    let number = text.strip_suffix('s')?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str, most| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !digits(whole, 12) || !digits(fraction, 9) {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(seconds * 1000 + millis).filter(|sum| *sum > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, millis) in [
            ("1s", 1000),
            ("7776000s", 7_776_000_000),
            ("0.5s", 500),
            ("1.000999999s", 1000),
            ("1.23s", 1230),
        ] {
            assert_eq!(positive_millis(text), Some(millis), "{text}");
        }
        for text in [
            "",
            "s",
            "1",
            "1m",
            "0s",
            "0.0001s",
            "-1s",
            "+1s",
            ".5s",
            "1.s",
            "1.1.1s",
            "1e3s",
            "1 s",
            "9999999999999s",
            "1.0000000000s",
            "١s",
        ] {
            assert_eq!(positive_millis(text), None, "{text}");
        }
    }
}
