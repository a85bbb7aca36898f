//! As much of JSON Schema (2020-12) as docs/event.schema.json uses; another keyword fails the test.

use rollbook_domain::time::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// The schema of an event.
pub(super) fn read() -> Value {
    serde_json::from_str(include_str!("../../../../../docs/event.schema.json")).unwrap()
}

/// Whether the value fits the schema, otherwise where it does not.
pub(super) fn check(schema: &Value, value: &Value) -> Result<(), String> {
    let rules = schema.as_object().expect("a schema is an object");
    for (keyword, rule) in rules {
        let fits = match keyword.as_str() {
            "$schema" | "title" | "description" => true,
            "type" => is_a(rule.as_str().unwrap(), value),
            "required" => strings(rule).all(|name| value.get(name).is_some()),
            "properties" => {
                for (name, inner) in rule.as_object().unwrap() {
                    if let Some(member) = value.get(name) {
                        check(inner, member).map_err(|wrong| format!("{name}: {wrong}"))?;
                    }
                }
                true
            }
            "items" => {
                let items = value.as_array().into_iter().flatten();
                items
                    .map(|item| check(rule, item))
                    .collect::<Result<Vec<_>, _>>()?;
                true
            }
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_i64() >= rule.as_i64(),
            "format" => is_formatted(rule.as_str().unwrap(), value.as_str().unwrap_or_default()),
            "pattern" => matches(rule.as_str().unwrap(), value.as_str().unwrap_or_default()),
            other => panic!("this validator does not know {other}"),
        };
        if !fits {
            return Err(format!("{value} does not fit {keyword}: {rule}"));
        }
    }
    Ok(())
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn is_a(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("this validator does not know the type {other}"),
    }
}

fn is_formatted(format: &str, text: &str) -> bool {
    match format {
        "uuid" => text.len() == 36 && Uuid::try_parse(text).is_ok(),
        "date-time" => Timestamp::parse_rfc3339(text).is_some(),
        other => panic!("this validator does not know the format {other}"),
    }
}

/// The two patterns that there are.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[a-z_]+\\.[a-z_]+$" => {
            let is_word = |it: &str| {
                !it.is_empty() && it.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            };
            text.split_once('.')
                .is_some_and(|(one, other)| is_word(one) && is_word(other))
        }
        "^evt_[0-9a-f]{32}_[1-9][0-9]*$" => {
            let parts: Vec<&str> = text.split('_').collect();
            let [prefix, organization, place] = parts[..] else {
                return false;
            };
            let is_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
            prefix == "evt"
                && organization.len() == 32
                && organization.bytes().all(is_hex)
                && !place.starts_with('0')
                && !place.is_empty()
                && place.bytes().all(|b| b.is_ascii_digit())
        }
        other => panic!("this validator does not know the pattern {other}"),
    }
}
