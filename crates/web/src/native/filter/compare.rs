//! One comparison of one field.

use aip_160::{Comparator, StringMatch, Value};
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::time::Timestamp;
use uuid::Uuid;

use super::Kind;

/// Why a comparison is none.
pub(super) enum Misfit {
    /// The field can be compared with these only.
    Comparator(&'static str),
    /// The field is compared with this only.
    Value(&'static str),
}

impl<T> Kind<T> {
    /// The test that a comparison stands for.
    pub(super) fn test(&self, comparator: Comparator, wanted: &str) -> Result<Filter<T>, Misfit> {
        match self {
            Self::Text(make) => text(comparator, wanted, *make),
            Self::Search(make) => match comparator {
                Comparator::Has => Ok(Filter::Test(make(anywhere(wanted)))),
                _ => Err(Misfit::Comparator(":")),
            },
            Self::Word(make) => {
                let test = || make(wanted).ok_or(Misfit::Value("one of its values"));
                equality(comparator, test)
            }
            Self::Time { not_before, before } => {
                let moment = Timestamp::parse_rfc3339(wanted);
                let moment = moment.ok_or(Misfit::Value(
                    "a time in quotes, such as \"2030-01-31T12:00:00Z\"",
                ))?;
                time(comparator, moment, *not_before, *before)
            }
            Self::Id(make) => {
                let test = || id(wanted).map(make).ok_or(Misfit::Value("an id or a name"));
                equality(comparator, test)
            }
        }
    }
}

fn not<T>(filter: Filter<T>) -> Filter<T> {
    Filter::Not(Box::new(filter))
}

fn text<T>(
    comparator: Comparator,
    wanted: &str,
    make: fn(TextTest) -> T,
) -> Result<Filter<T>, Misfit> {
    match comparator {
        Comparator::Equal => Ok(Filter::Test(make(wildcard(wanted)))),
        Comparator::NotEqual => Ok(not(Filter::Test(make(wildcard(wanted))))),
        Comparator::Has => Ok(Filter::Test(make(anywhere(wanted)))),
        _ => Err(Misfit::Comparator("=, != and :")),
    }
}

fn equality<T>(
    comparator: Comparator,
    test: impl Fn() -> Result<T, Misfit>,
) -> Result<Filter<T>, Misfit> {
    match comparator {
        Comparator::Equal => Ok(Filter::Test(test()?)),
        Comparator::NotEqual => Ok(not(Filter::Test(test()?))),
        _ => Err(Misfit::Comparator("= and !=")),
    }
}

/// Moments are whole milliseconds, so what is behind one is not before the next.
fn time<T>(
    comparator: Comparator,
    moment: Timestamp,
    not_before: fn(Timestamp) -> T,
    before: fn(Timestamp) -> T,
) -> Result<Filter<T>, Misfit> {
    let next = Timestamp::from_millis(moment.millis().saturating_add(1));
    let from = |at| Filter::Test(not_before(at));
    let until = |at| Filter::Test(before(at));
    let exactly = || Filter::All(vec![from(moment), until(next)]);
    Ok(match comparator {
        Comparator::Equal => exactly(),
        Comparator::NotEqual => not(exactly()),
        Comparator::GreaterThanOrEqual => from(moment),
        Comparator::GreaterThan => from(next),
        Comparator::LessThan => until(moment),
        Comparator::LessThanOrEqual => until(next),
        Comparator::Has => return Err(Misfit::Comparator("=, !=, <, <=, > and >=")),
    })
}

/// The id in canonical spelling, behind the last slash of a name.
fn id(wanted: &str) -> Option<Uuid> {
    let text = wanted.rsplit('/').next().unwrap_or_default();
    let id = Uuid::try_parse(text).ok()?;
    (id.hyphenated().to_string() == text).then_some(id)
}

/// `=`: the whole text, or a part of it with `*` at an end. The parser unescapes `\*` to `*`, so
/// an asterisk at an end is always a wildcard.
fn wildcard(wanted: &str) -> TextTest {
    match Value::String(wanted.to_owned()).string_match() {
        Some(StringMatch::Prefix(text)) => TextTest::new(Place::Start, text),
        Some(StringMatch::Suffix(text)) => TextTest::new(Place::End, text),
        Some(StringMatch::Contains(text)) => TextTest::new(Place::Anywhere, text),
        Some(StringMatch::Exact(text)) => TextTest::new(Place::Whole, text),
        None => TextTest::new(Place::Whole, wanted),
    }
}

/// `:`: anywhere in the text. Wildcards at the ends add nothing.
fn anywhere(wanted: &str) -> TextTest {
    TextTest {
        place: Place::Anywhere,
        ..wildcard(wanted)
    }
}
