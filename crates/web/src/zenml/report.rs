//! What is wrong with a request, item by item, word for word as pydantic 2 says it and `FastAPI`
//! sends it.

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::dialect::Fault;

/// Where an input is: `["body", "links", 0]`.
pub(super) type Loc = Vec<Value>;

/// Everything that is wrong with a request.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Item>);

/// One thing that is wrong.
#[derive(Debug, Serialize)]
pub(super) struct Item {
    /// pydantic's name of the error.
    #[serde(rename = "type")]
    kind: &'static str,
    loc: Loc,
    msg: String,
    input: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    ctx: Option<Value>,
}

impl Item {
    pub(super) fn new(kind: &'static str, loc: Loc, msg: impl Into<String>, input: Value) -> Self {
        Self {
            kind,
            loc,
            msg: msg.into(),
            input,
            ctx: None,
        }
    }

    pub(super) fn with(self, ctx: Value) -> Self {
        Self {
            ctx: Some(ctx),
            ..self
        }
    }

    /// A rule that pydantic knows nothing of.
    pub(super) fn value(loc: Loc, reason: &str, input: Value) -> Self {
        let msg = format!("Value error, {reason}");
        Self::new("value_error", loc, msg, input).with(json!({"error": {}}))
    }
}

impl Report {
    /// With one thing that is wrong.
    pub(super) fn of(item: Item) -> Self {
        Self(vec![item])
    }

    pub(super) fn add(&mut self, item: Item) {
        self.0.push(item);
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether nothing is wrong; otherwise everything that is.
    pub(super) fn done(self) -> Result<(), Fault> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(self.into())
        }
    }

    /// A text of a length, in characters.
    pub(super) fn text<'v>(
        &mut self,
        loc: Loc,
        value: &'v Value,
        length: Option<(usize, usize)>,
    ) -> Option<&'v str> {
        let Some(text) = value.as_str() else {
            let msg = "Input should be a valid string";
            self.add(Item::new("string_type", loc, msg, value.clone()));
            return None;
        };
        let count = text.chars().count();
        let (least, most) = length.unwrap_or((0, usize::MAX));
        if count < least {
            let msg = format!("String should have at least {}", characters(least));
            let item = Item::new("string_too_short", loc, msg, value.clone());
            self.add(item.with(json!({"min_length": least})));
            return None;
        }
        if count > most {
            let msg = format!("String should have at most {}", characters(most));
            let item = Item::new("string_too_long", loc, msg, value.clone());
            self.add(item.with(json!({"max_length": most})));
            return None;
        }
        Some(text)
    }

    /// A UUID in any spelling.
    pub(super) fn uuid(&mut self, loc: Loc, value: &Value) -> Option<Uuid> {
        let Some(text) = value.as_str() else {
            let msg = "UUID input should be a string, bytes or UUID object";
            self.add(Item::new("uuid_type", loc, msg, value.clone()));
            return None;
        };
        // pydantic asks the same library.
        Uuid::parse_str(text)
            .map_err(|wrong| {
                let msg = format!("Input should be a valid UUID, {wrong}");
                let item = Item::new("uuid_parsing", loc, msg, value.clone());
                self.add(item.with(json!({"error": wrong.to_string()})));
            })
            .ok()
    }

    /// A whole number within bounds. Texts are read as pydantic's lax mode does.
    pub(super) fn integer(
        &mut self,
        loc: Loc,
        value: &Value,
        least: i64,
        most: Option<i64>,
    ) -> Option<i64> {
        let number = match integer(value) {
            Ok(number) => number,
            Err((kind, reason)) => {
                let msg = format!("Input should be a valid integer{reason}");
                self.add(Item::new(kind, loc, msg, value.clone()));
                return None;
            }
        };
        if number < least {
            let msg = format!("Input should be greater than or equal to {least}");
            let item = Item::new("greater_than_equal", loc, msg, value.clone());
            self.add(item.with(json!({"ge": least})));
            return None;
        }
        if let Some(most) = most.filter(|most| number > *most) {
            let msg = format!("Input should be less than or equal to {most}");
            let item = Item::new("less_than_equal", loc, msg, value.clone());
            self.add(item.with(json!({"le": most})));
            return None;
        }
        Some(number)
    }

    /// A truth value of a query, in one of the many spellings that pydantic knows.
    pub(super) fn boolean(&mut self, loc: Loc, text: &str) -> Option<bool> {
        match text.to_ascii_lowercase().as_str() {
            "1" | "t" | "true" | "y" | "yes" | "on" => Some(true),
            "0" | "f" | "false" | "n" | "no" | "off" => Some(false),
            _ => {
                let msg = "Input should be a valid boolean, unable to interpret input";
                self.add(Item::new("bool_parsing", loc, msg, text.into()));
                None
            }
        }
    }

    /// One of a few words; its place among them.
    pub(super) fn word(&mut self, loc: Loc, value: &Value, words: &[&str]) -> Option<usize> {
        let found = words.iter().position(|word| value.as_str() == Some(word));
        if found.is_none() {
            let quoted: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
            let expected = match quoted.split_last() {
                Some((last, [])) => last.clone(),
                Some((last, others)) => format!("{} or {last}", others.join(", ")),
                None => String::new(),
            };
            let msg = format!("Input should be {expected}");
            let item = Item::new("enum", loc, msg, value.clone());
            self.add(item.with(json!({"expected": expected})));
        }
        found
    }
}

impl From<Report> for Fault {
    fn from(report: Report) -> Self {
        match serde_json::to_value(report.0) {
            Ok(items) => Self::Unprocessable(items),
            Err(error) => Self::Defect(Box::new(error)),
        }
    }
}

fn characters(count: usize) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} character{plural}")
}

/// The whole number in a JSON value; otherwise pydantic's name for what is wrong, and the end of
/// its sentence.
fn integer(value: &Value) -> Result<i64, (&'static str, &'static str)> {
    const TEXT: (&str, &str) = ("int_parsing", ", unable to parse string as an integer");
    const FRACTION: (&str, &str) = ("int_from_float", ", got a number with a fractional part");
    match value {
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Ok(whole),
            (None, Some(float)) if float.fract() == 0.0 => Ok(clamped(float)),
            _ => Err(FRACTION),
        },
        Value::String(text) => parsed(text).ok_or(TEXT),
        Value::Bool(truth) => Ok(i64::from(*truth)),
        Value::Null | Value::Array(_) | Value::Object(_) => Err(("int_type", "")),
    }
}

/// What is too large for the type is too large for every bound.
#[expect(
    clippy::cast_possible_truncation,
    reason = "such a cast saturates, which is what is wanted"
)]
const fn clamped(float: f64) -> i64 {
    float as i64
}

/// Digits with an optional sign, single underscores between them, spaces around and a fraction of
/// zero behind.
fn parsed(text: &str) -> Option<i64> {
    let text = text.trim();
    let whole = match text.split_once('.') {
        Some((whole, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    let digits = whole.strip_prefix(['+', '-']).unwrap_or(whole);
    let parts: Vec<&str> = digits.split('_').collect();
    let all_digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !parts.iter().all(all_digits) {
        return None;
    }
    let number = parts.concat().parse().unwrap_or(i64::MAX);
    Some(if whole.starts_with('-') {
        -number
    } else {
        number
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_pydantic_reads_them() {
        for (text, number) in [
            ("5", Some(5)),
            ("+5", Some(5)),
            (" -5 ", Some(-5)),
            ("1.0", Some(1)),
            ("1_000", Some(1000)),
            ("99999999999999999999", Some(i64::MAX)),
            ("1.5", None),
            ("1.", None),
            ("1__0", None),
            ("_1", None),
            ("abc", None),
            ("", None),
            ("None", None),
        ] {
            assert_eq!(parsed(text), number, "{text}");
        }
        assert_eq!(integer(&json!(7.0)), Ok(7));
        assert_eq!(integer(&json!(1.5)).unwrap_err().0, "int_from_float");
        assert_eq!(integer(&json!([])).unwrap_err().0, "int_type");
    }
}
