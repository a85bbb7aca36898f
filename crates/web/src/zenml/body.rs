//! The bodies of requests.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use serde_json::error::Category;
use serde_json::{Map, Value, json};

use super::Fail;
use super::report::{Item, Report};
use crate::body::read;
use crate::dialect::Fault;

/// A body of JSON, which must be an object, whatever media type it claims to have.
#[derive(Debug)]
pub(super) struct Body(pub(super) Map<String, Value>);

impl FromRequest for Body {
    type Error = Fail;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Fail>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let bytes = read(request, payload);
        Box::pin(async move { Ok(Self(parse(&bytes.await?)?)) })
    }
}

fn parse(bytes: &web::Bytes) -> Result<Map<String, Value>, Fault> {
    let body = || vec![Value::from("body")];
    if bytes.is_empty() {
        let item = Item::new("missing", body(), "Field required", Value::Null);
        return Err(Report::of(item).into());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(fields)) => Ok(fields),
        Ok(other) => {
            let msg = "Input should be a valid dictionary or object to extract fields from";
            let item = Item::new("model_attributes_type", body(), msg, other);
            Err(Report::of(item).into())
        }
        Err(error) => Err(Report::of(syntax(bytes, &error)).into()),
    }
}

/// What is wrong with a text that is no JSON. Place and words are those of Python's parser as far
/// as ours says the same.
fn syntax(bytes: &web::Bytes, error: &serde_json::Error) -> Item {
    let lines = bytes.split(|byte| *byte == b'\n');
    let before: usize = lines
        .take(error.line().saturating_sub(1))
        .map(|it| it.len() + 1)
        .sum();
    let at = match error.classify() {
        Category::Eof => bytes.len(),
        _ => before + error.column().saturating_sub(1),
    };
    let text = error.to_string();
    let reason = [
        ("expected `:`", "Expecting ':' delimiter"),
        ("expected `,`", "Expecting ',' delimiter"),
        (
            "key must be a string",
            "Expecting property name enclosed in double quotes",
        ),
        ("EOF while parsing a string", "Unterminated string"),
        (
            "EOF while parsing an object",
            "Expecting property name enclosed in double quotes",
        ),
        ("trailing characters", "Extra data"),
    ];
    let reason = reason.iter().find(|(ours, _)| text.starts_with(ours));
    let reason = reason.map_or("Expecting value", |(_, theirs)| theirs);
    let loc = vec![Value::from("body"), Value::from(at)];
    let item = Item::new("json_invalid", loc, "JSON decode error", json!({}));
    item.with(json!({"error": reason}))
}
