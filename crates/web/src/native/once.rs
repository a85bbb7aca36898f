//! Creating once: the `Idempotency-Key` header (IETF draft 07) and the `request_id` field
//! (AIP-155), which are two spellings of one thing.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderMap, HeaderName};
use actix_web::{FromRequest, HttpRequest, web};
use rollbook_domain::Error;
use rollbook_domain::idempotency::{self, RequestKey};
use rollbook_domain::secret::Digest;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use utoipa::IntoParams;

use super::{Body, Fail};
use crate::dialect::Fault;
use crate::operation::Operation;

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const HEADER_NAME: &str = "Idempotency-Key";
/// The spellings of the field, which is no part of what is asked for.
const FIELD: [&str; 2] = ["request_id", "requestId"];

/// The name of a request in its header.
#[derive(IntoParams)]
#[into_params(names("Idempotency-Key"), parameter_in = Header)]
#[expect(dead_code, reason = "only described")]
pub(super) struct IdempotencyKey(
    /// What the client calls the request, the same for every attempt: it has its effect only once.
    #[param(value_type = Option<String>, example = "8e03978e-40d5-43dd-bc93-6894a57f9324")]
    Option<String>,
);

/// The name of a request in its query.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OnceQuery {
    /// The same as the `Idempotency-Key` header; the body may have it, too (AIP-155). 1 to 128
    /// visible ASCII characters, remembered for a day.
    #[serde(alias = "requestId")]
    request_id: Option<String>,
}

/// What a request is called, as far as header and query say it.
pub(super) struct Once {
    key: Option<RequestKey>,
    /// What is asked for, but for the body.
    asked: Sha256,
}

impl Once {
    /// The request with its body, of which `request_id` is the field of that name: `None` when it
    /// has no name and may have its effect many times.
    pub(super) fn claim<T>(
        self,
        body: &Body<T>,
        request_id: Option<&str>,
    ) -> Result<Option<idempotency::Once>, Error> {
        let field = request_id.filter(|text| !text.is_empty());
        let field = field.map(in_field).transpose()?;
        let Some(key) = agree(self.key, field)? else {
            return Ok(None);
        };
        let mut asked = self.asked;
        if let Ok(body) = serde_json::from_slice(&body.bytes) {
            canonical(&body, true, &mut |part| asked.update(part));
        }
        let fingerprint = Digest::new(asked.finalize().into());
        Ok(Some(idempotency::Once { key, fingerprint }))
    }

    fn read(request: &HttpRequest) -> Result<Self, Fault> {
        let query = web::Query::<OnceQuery>::from_query(request.query_string());
        let query = query.map_err(|error| Fault::Query {
            reason: error.to_string(),
        })?;
        let field = query.request_id.as_deref().filter(|text| !text.is_empty());
        let field = field.map(in_field).transpose()?;
        Ok(Self {
            key: agree(in_header(request.headers())?, field)?,
            asked: asked(request),
        })
    }
}

impl FromRequest for Once {
    type Error = Fail;
    type Future = Ready<Result<Self, Fail>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request).map_err(Fail::from))
    }
}

/// The draft's header is a string of RFC 9651, in quotes; many clients leave them out.
fn in_header(headers: &HeaderMap) -> Result<Option<RequestKey>, Fault> {
    let fault = |reason: String| Fault::Header {
        name: HEADER_NAME,
        reason,
    };
    let mut values = headers.get_all(HEADER);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(fault("a request has one key".to_owned()));
    }
    let text = value.to_str().unwrap_or_default();
    let quoted = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    RequestKey::parse(quoted.unwrap_or(text))
        .map(Some)
        .map_err(|malformed| fault(malformed.0))
}

fn in_field(text: &str) -> Result<RequestKey, Error> {
    RequestKey::parse(text).map_err(|malformed| malformed.in_field("request_id"))
}

fn agree(one: Option<RequestKey>, other: Option<RequestKey>) -> Result<Option<RequestKey>, Error> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => Err(Error::invalid(
            "request_id",
            "it and the Idempotency-Key differ; a request has one key",
        )),
        (one, other) => Ok(one.or(other)),
    }
}

/// Operation, path and query: of the query everything but the key, in the order of the names.
fn asked(request: &HttpRequest) -> Sha256 {
    let mut asked = Sha256::new();
    let operation = Operation::of(request).map_or("", |operation| operation.id);
    for part in [operation, request.path()] {
        update(&mut asked, part);
    }
    let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
    let mut pairs = pairs.map(web::Query::into_inner).unwrap_or_default();
    pairs.retain(|(name, _)| !FIELD.contains(&name.as_str()));
    pairs.sort();
    for (name, value) in &pairs {
        update(&mut asked, name);
        update(&mut asked, value);
    }
    asked
}

/// Adds a text, so that where it ends counts.
fn update(asked: &mut Sha256, part: &str) {
    asked.update((part.len() as u64).to_be_bytes());
    asked.update(part.as_bytes());
}

/// Writes a JSON value in one way for all its spellings: members in the order of their names, no
/// spaces. At the `root`, the key of the request is left out.
fn canonical(value: &Value, root: bool, write: &mut impl FnMut(&[u8])) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.retain(|(name, _)| !(root && FIELD.contains(&name.as_str())));
            members.sort_by_key(|(name, _)| *name);
            write(b"{");
            for (name, member) in members {
                write(Value::from(name.as_str()).to_string().as_bytes());
                write(b":");
                canonical(member, false, write);
                write(b",");
            }
            write(b"}");
        }
        Value::Array(items) => {
            write(b"[");
            for item in items {
                canonical(item, false, write);
                write(b",");
            }
            write(b"]");
        }
        plain => write(plain.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> String {
        let mut bytes = Vec::new();
        canonical(&serde_json::from_str(json).unwrap(), true, &mut |part| {
            bytes.extend_from_slice(part);
        });
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn spellings_of_one_body_are_one() {
        let one = text(r#"{"b":[1,{"y":"é","x":null}],"a":"x","request_id":"7"}"#);
        assert_eq!(one, r#"{"a":"x","b":[1,{"x":null,"y":"é",},],}"#);
        let same =
            r#" { "a" : "\u0078", "requestId": "8", "b" : [ 1, {"x":null, "y":"\u00e9"} ] }"#;
        assert_eq!(text(same), one);
        for other in [
            r#"{"a":"x","b":[1,{"x":null,"y":"e"}]}"#,
            r#"{"a":"x","b":[1,{"y":"é"}]}"#,
            r#"{"a":"x","b":[{"x":null,"y":"é"},1]}"#,
            r#"{"a":"x","b":[1,{"x":null,"y":"é","request_id":"7"}]}"#,
        ] {
            assert_ne!(text(other), one, "{other}");
        }
    }
}
