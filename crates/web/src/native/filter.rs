//! Filters of lists (AIP-160), translated into the domain's. docs/filters.md says what is accepted
//! and what is refused; the tests read their cases there.

mod compare;
#[cfg(test)]
mod tests;

use aip_160::{Arg, Comparable, Expression, Restriction, parse_filter};
use rollbook_domain::Error;
use rollbook_domain::filter::{Filter, TextTest};
use rollbook_domain::time::Timestamp;
use uuid::Uuid;

use compare::Misfit;

/// The longest filter, in bytes. AIP-160 lets a service set such limits; the parser has its own
/// for the depth, 32.
const LENGTH_MAX: usize = 2048;
/// The most comparisons in one filter.
const TERMS_MAX: usize = 100;

/// A field that a list can be filtered by.
pub(super) struct Field<T> {
    /// Its name in filters.
    pub(super) name: &'static str,
    /// What it can be compared with, and how.
    pub(super) kind: Kind<T>,
}

/// What a field is, and the test that a comparison with it makes.
pub(super) enum Kind<T> {
    /// A text: `=` and `!=`, with `*` at either end, and `:` for a part of it.
    Text(fn(TextTest) -> T),
    /// Texts to search in: only `:`.
    Search(fn(TextTest) -> T),
    /// One of a few words: `=` and `!=`. `None` when it is none of them.
    Word(fn(&str) -> Option<T>),
    /// A moment: every comparison but `:`.
    Time {
        /// The field is this moment or later.
        not_before: fn(Timestamp) -> T,
        /// The field is before this moment.
        before: fn(Timestamp) -> T,
    },
    /// An id, alone or at the end of a resource name: `=` and `!=`.
    Id(fn(Uuid) -> T),
}

/// What a list can be filtered by that is filtered by titles.
pub(super) const TITLE: &[Field<TextTest>] = &[Field {
    name: "title",
    kind: Kind::Text(std::convert::identity),
}];

/// Reads a filter over these fields.
pub(super) fn parse<T>(text: &str, fields: &[Field<T>]) -> Result<Filter<T>, Error> {
    let budget = TERMS_MAX;
    let filter = Reader { fields, budget }.read(text);
    filter.map_err(|reason| Error::invalid("filter", reason))
}

struct Reader<'a, T> {
    fields: &'a [Field<T>],
    /// How many comparisons there may still be.
    budget: usize,
}

impl<T> Reader<'_, T> {
    fn read(mut self, text: &str) -> Result<Filter<T>, String> {
        if text.len() > LENGTH_MAX {
            return Err(format!("a filter has at most {LENGTH_MAX} bytes"));
        }
        let filter = parse_filter(text).map_err(|error| error.to_string())?;
        match filter.expression {
            Some(expression) => self.translate(&expression),
            None => Ok(Filter::everything()),
        }
    }

    fn translate(&mut self, expression: &Expression) -> Result<Filter<T>, String> {
        match expression {
            Expression::And(parts) | Expression::Sequence(parts) => {
                Ok(Filter::All(self.all(parts)?))
            }
            Expression::Or(parts) => Ok(Filter::Any(self.all(parts)?)),
            Expression::Not(inner) => Ok(Filter::Not(Box::new(self.translate(inner)?))),
            Expression::Global(Comparable::Function(_)) => Err(NO_FUNCTIONS.to_owned()),
            Expression::Global(Comparable::Member(_)) => Err(format!(
                "a comparison is missing, such as {} = \"…\"",
                self.fields.first().map_or("", |field| field.name)
            )),
            Expression::Restriction(restriction) => {
                self.budget = self
                    .budget
                    .checked_sub(1)
                    .ok_or_else(|| format!("a filter has at most {TERMS_MAX} comparisons"))?;
                self.compare(restriction)
            }
        }
    }

    fn all(&mut self, parts: &[Expression]) -> Result<Vec<Filter<T>>, String> {
        parts.iter().map(|part| self.translate(part)).collect()
    }

    fn compare(&self, restriction: &Restriction) -> Result<Filter<T>, String> {
        let Comparable::Member(member) = &restriction.comparable else {
            return Err(NO_FUNCTIONS.to_owned());
        };
        let path = member.field_path();
        let known = self.fields.iter();
        let field = known
            .clone()
            .find(|field| path.as_deref() == Some(field.name))
            .ok_or_else(|| {
                let names: Vec<&str> = known.map(|field| field.name).collect();
                format!("'{member}' cannot be filtered by, {} can", names.join(", "))
            })?;
        let name = field.name;
        let wanted = literal(&restriction.arg, name)?;
        let comparator = restriction.comparator;
        field
            .kind
            .test(comparator, &wanted)
            .map_err(|misfit| match misfit {
                Misfit::Comparator(understood) => {
                    format!("{name} can be compared with {understood}, not with {comparator}")
                }
                Misfit::Value(expected) => format!("{name} is compared with {expected}"),
            })
    }
}

const NO_FUNCTIONS: &str = "functions are not supported";

/// The text on the right of a comparison. Unquoted text with dots in it, such as `acme.example`,
/// is a path to the parser and a text to us.
fn literal(arg: &Arg, name: &str) -> Result<String, String> {
    let text = match arg {
        Arg::Comparable(Comparable::Function(_)) => return Err(NO_FUNCTIONS.to_owned()),
        Arg::Comparable(comparable) => match arg.as_value() {
            Some(value) => Some(value.as_str().to_owned()),
            None => comparable.field_path(),
        },
        Arg::Composite(_) => None,
    };
    text.ok_or_else(|| format!("{name} is compared with a value, such as {name} = \"…\""))
}
