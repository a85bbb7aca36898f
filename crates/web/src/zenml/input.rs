//! What requests say, in path, query and body, and everything that is wrong with it.

use actix_web::HttpRequest;
use percent_encoding::percent_decode_str;
use rollbook_domain::value::Malformed;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::report::{Item, Report};
use crate::router;

/// A variable segment of the path, decoded.
pub(super) fn segment(request: &HttpRequest, name: &str) -> String {
    // Actix leaves encoded what would change the path.
    percent_decode_str(router::segment(request, name))
        .decode_utf8_lossy()
        .into_owned()
}

/// A UUID in the path; the nil UUID, which nothing has, when it is none.
pub(super) fn path_uuid(report: &mut Report, request: &HttpRequest, name: &str) -> Uuid {
    let text = Value::from(segment(request, name));
    let loc = vec![Value::from("path"), Value::from(name)];
    report.uuid(loc, &text).unwrap_or_default()
}

/// The fields of a body. Unknown ones are ignored, and null is the same as not there.
pub(super) struct Form<'b> {
    fields: &'b Map<String, Value>,
    report: &'b mut Report,
}

impl<'b> Form<'b> {
    pub(super) fn new(fields: &'b Map<String, Value>, report: &'b mut Report) -> Self {
        Self { fields, report }
    }

    /// The value of a field that may be null.
    fn given(&self, name: &str) -> Option<&'b Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    /// The value of a field that must be there.
    fn required(&mut self, name: &str) -> Option<&'b Value> {
        let value = self.fields.get(name);
        if value.is_none() {
            let input = Value::Object(self.fields.clone());
            let item = Item::new("missing", loc(name), "Field required", input);
            self.report.add(item);
        }
        value
    }

    /// A text of such a length, as a value of the domain.
    pub(super) fn value<T>(
        &mut self,
        name: &str,
        length: Option<(usize, usize)>,
        parse: impl FnOnce(&str) -> Result<T, Malformed>,
    ) -> Option<T> {
        let value = self.given(name)?;
        self.parse(name, value, length, parse)
    }

    /// [`Self::value`] of a field that must be there.
    pub(super) fn required_value<T>(
        &mut self,
        name: &str,
        length: Option<(usize, usize)>,
        parse: impl FnOnce(&str) -> Result<T, Malformed>,
    ) -> Option<T> {
        let value = self.required(name)?;
        self.parse(name, value, length, parse)
    }

    fn parse<T>(
        &mut self,
        name: &str,
        value: &'b Value,
        length: Option<(usize, usize)>,
        parse: impl FnOnce(&str) -> Result<T, Malformed>,
    ) -> Option<T> {
        let text = self.report.text(loc(name), value, length)?;
        let parsed = parse(text);
        let refused = |Malformed(reason)| {
            self.report
                .add(Item::value(loc(name), &reason, value.clone()));
        };
        parsed.map_err(refused).ok()
    }

    /// A UUID.
    pub(super) fn uuid(&mut self, name: &str) -> Option<Uuid> {
        let value = self.given(name)?;
        self.report.uuid(loc(name), value)
    }

    /// A UUID that must be there; the nil UUID when it is none.
    pub(super) fn required_uuid(&mut self, name: &str) -> Uuid {
        let value = self.required(name);
        let uuid = value.and_then(|value| self.report.uuid(loc(name), value));
        uuid.unwrap_or_default()
    }

    /// A whole number from 1 on.
    pub(super) fn positive(&mut self, name: &str) -> Option<i64> {
        let value = self.given(name)?;
        self.report.integer(loc(name), value, 1, None)
    }

    /// One of a few words: its place among them.
    pub(super) fn word(&mut self, name: &str, words: &[&str]) -> Option<usize> {
        let value = self.given(name)?;
        self.report.word(loc(name), value, words)
    }

    /// A list of texts, each as a value.
    pub(super) fn texts<T>(
        &mut self,
        name: &str,
        mut parse: impl FnMut(&str) -> Result<T, Malformed>,
    ) -> Option<Vec<T>> {
        let items = self.items(name)?;
        let mut values = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            let text = self.report.text(loc_of(name, place), item, None)?;
            match parse(text) {
                Ok(value) => values.push(value),
                Err(Malformed(reason)) => {
                    let loc = loc_of(name, place);
                    self.report.add(Item::value(loc, &reason, item.clone()));
                }
            }
        }
        Some(values)
    }

    /// A list of objects, each as its text.
    pub(super) fn objects<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&[String]) -> Result<T, Malformed>,
    ) -> Option<T> {
        let items = self.items(name)?;
        let mut texts = Vec::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            if item.is_object() {
                texts.push(item.to_string());
            } else {
                let msg = "Input should be a valid dictionary";
                let item = Item::new("dict_type", loc_of(name, place), msg, item.clone());
                self.report.add(item);
            }
        }
        if texts.len() < items.len() {
            return None;
        }
        let refused = |Malformed(reason)| {
            let input = Value::Array(items.clone());
            self.report.add(Item::value(loc(name), &reason, input));
        };
        parse(&texts).map_err(refused).ok()
    }

    fn items(&mut self, name: &str) -> Option<&'b Vec<Value>> {
        let value = self.given(name)?;
        if !value.is_array() {
            let msg = "Input should be a valid list";
            let item = Item::new("list_type", loc(name), msg, value.clone());
            self.report.add(item);
        }
        value.as_array()
    }
}

fn loc(name: &str) -> Vec<Value> {
    vec![Value::from("body"), Value::from(name)]
}

fn loc_of(name: &str, place: usize) -> Vec<Value> {
    vec![Value::from("body"), Value::from(name), Value::from(place)]
}
