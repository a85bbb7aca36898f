//! The queries of requests.

use actix_web::{HttpRequest, web};
use rollbook_domain::value::Email;
use serde_json::Value;
use uuid::Uuid;

use super::report::Report;

/// The most items that a list answers.
pub(super) const LIMIT_MAX: u32 = 100;
/// The most items of lists that are published without pages.
pub(super) const UNPAGED_MAX: u32 = 1000;

/// The parameters of a query. Of one that comes twice the last one counts, as with `FastAPI`.
pub(super) struct Query(Vec<(String, String)>);

/// Which part of a list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// How many items to pass over.
    pub(super) offset: u32,
    /// How many items to answer at the most.
    pub(super) limit: u32,
}

impl Query {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string());
        Self(pairs.map(web::Query::into_inner).unwrap_or_default())
    }

    fn get(&self, name: &str) -> Option<&str> {
        let mut pairs = self.0.iter().rev();
        pairs
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// A parameter that may be null. ZenML's client prints what it does not say as `None`.
    fn nullable(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| *value != "None")
    }

    /// A text, if there is one.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.nullable(name)
    }

    /// A UUID, if there is one.
    pub(super) fn uuid(&self, report: &mut Report, name: &str) -> Option<Uuid> {
        let text = self.nullable(name)?;
        report.uuid(loc(name), &Value::from(text))
    }

    /// An e-mail address, if there is one; `Err`: something that can be nobody's.
    pub(super) fn email(&self, name: &str) -> Option<Result<Email, ()>> {
        let text = self.nullable(name)?;
        Some(Email::parse(text).map_err(drop))
    }

    /// A truth value.
    pub(super) fn boolean(&self, report: &mut Report, name: &str, default: bool) -> bool {
        let Some(text) = self.get(name) else {
            return default;
        };
        report.boolean(loc(name), text).unwrap_or(default)
    }

    /// One of a few words, if there is one: its place among them.
    pub(super) fn word(&self, report: &mut Report, name: &str, words: &[&str]) -> Option<usize> {
        let text = self.nullable(name)?;
        report.word(loc(name), &Value::from(text), words)
    }

    /// `offset` and `limit`; without a limit, `most` items.
    pub(super) fn part(&self, report: &mut Report, most: u32) -> Part {
        let mut number = |name, default: u32, least, most| {
            let Some(text) = self.get(name) else {
                return default;
            };
            let number = report.integer(loc(name), &Value::from(text), least, most);
            number.map_or(default, |it| u32::try_from(it).unwrap_or(u32::MAX))
        };
        Part {
            offset: number("offset", 0, 0, None),
            limit: number("limit", most, 1, Some(i64::from(most))),
        }
    }
}

fn loc(name: &str) -> Vec<Value> {
    vec![Value::from("query"), Value::from(name)]
}
