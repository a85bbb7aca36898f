//! Entity tags (AIP-154, RFC 9110 §8.8.3): the version of a resource in quotes. Clients treat them
//! as opaque.

use std::fmt::{self, Display};
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName, IF_MATCH, IF_NONE_MATCH};
use actix_web::{FromRequest, HttpRequest};
use rollbook_domain::organization::Version;
use serde::{Serialize, Serializer};
use utoipa::IntoParams;

use super::Fail;
use crate::dialect::Fault;
use crate::json::{WriteJson, write_parts};

/// A version that no resource has: what a tag stands for that was not made here.
const FOREIGN: Version = Version::new(0);

/// The tag of a version.
pub(super) fn of(version: Version) -> String {
    Tag(version).to_string()
}

/// The tag of a version in a list, written without an allocation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tag(pub(super) Version);

impl Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.number())
    }
}

impl Serialize for Tag {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl WriteJson for Tag {
    fn write_json(&self, json: &mut Vec<u8>) {
        let mut digits = itoa::Buffer::new();
        let number = digits.format(self.0.number());
        write_parts(&[b"\\\"", number.as_bytes(), b"\\\""], json);
    }
}

/// The version of a tag. A weak tag is as good as its strong form: a proxy that compresses makes
/// it weak, and it still names the version.
fn version(tag: &str) -> Version {
    let strong = tag.strip_prefix("W/").unwrap_or(tag);
    let number = strong
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .and_then(|digits| digits.parse().ok());
    number
        .map(Version::new)
        .filter(|it| of(*it) == strong)
        .unwrap_or(FOREIGN)
}

/// The `If-Match` header: which version the caller saw. `*` stands for any.
#[derive(IntoParams)]
#[into_params(names("If-Match"), parameter_in = Header)]
pub(super) struct IfMatch(
    /// The entity tag of the resource as the caller saw it.
    #[param(value_type = Option<String>, example = "\"1\"")]
    Option<Version>,
);

impl IfMatch {
    /// The version in the header or in the resource's or query's `etag` field, which must agree.
    pub(super) fn or_field(&self, etag: Option<&str>) -> Result<Option<Version>, Fail> {
        let field = etag.filter(|tag| !tag.is_empty()).map(version);
        match (self.0, field) {
            (Some(header), Some(field)) if header != field => {
                Err(contradiction("etag and If-Match differ"))
            }
            (header, field) => Ok(header.or(field)),
        }
    }
}

impl FromRequest for IfMatch {
    type Error = Fail;
    type Future = Ready<Result<Self, Fail>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut tags = tags(request.headers(), IF_MATCH);
        let first = tags.next();
        ready(match (first, tags.next()) {
            (_, Some(_)) => Err(contradiction("only one entity tag can be required")),
            (None | Some("*"), None) => Ok(Self(None)),
            (Some(tag), None) => Ok(Self(Some(version(tag)))),
        })
    }
}

/// Whether the caller already has this version (`If-None-Match`).
pub(super) fn is_known(request: &HttpRequest, current: Version) -> bool {
    tags(request.headers(), IF_NONE_MATCH).any(|tag| tag == "*" || version(tag) == current)
}

fn tags(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name);
    values
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(str::trim)
        .filter(|tag| !tag.is_empty())
}

fn contradiction(reason: &str) -> Fail {
    Fault::Header {
        name: "If-Match",
        reason: reason.to_owned(),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_a_version_in_quotes() {
        assert_eq!(version(&of(Version::new(3))), Version::new(3));
        assert_eq!(version("W/\"3\""), Version::new(3));
        for text in [
            "", "3", "\"", "\"\"", "\"03\"", "\"+3\"", "\"x\"", "w/\"3\"", "\"3\"x",
        ] {
            assert_eq!(version(text), FOREIGN, "{text}");
        }
    }
}
