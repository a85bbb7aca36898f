//! Filters of lists (AIP-160), translated into the domain's. Only `title` can be filtered on.

use aip_160::{
    Arg, Comparable, Comparator, Expression, Restriction, StringMatch, Value, parse_filter,
};
use rollbook_domain::Error;
use rollbook_domain::filter::{Filter, Place, TextTest};

/// The longest filter, in bytes. AIP-160 lets a service set such limits; the parser has its own
/// for the depth, 32.
const LENGTH_MAX: usize = 2048;
/// The most comparisons in one filter.
const TERMS_MAX: usize = 100;

/// Reads a filter over titles.
pub(super) fn titles(text: &str) -> Result<Filter<TextTest>, Error> {
    parse(text).map_err(|reason| Error::invalid("filter", reason))
}

fn parse(text: &str) -> Result<Filter<TextTest>, String> {
    if text.len() > LENGTH_MAX {
        return Err(format!("a filter has at most {LENGTH_MAX} bytes"));
    }
    let filter = parse_filter(text).map_err(|error| error.to_string())?;
    let mut budget = TERMS_MAX;
    match filter.expression {
        Some(expression) => translate(&expression, &mut budget),
        None => Ok(Filter::everything()),
    }
}

fn translate(expression: &Expression, budget: &mut usize) -> Result<Filter<TextTest>, String> {
    match expression {
        Expression::And(parts) | Expression::Sequence(parts) => {
            Ok(Filter::All(all(parts, budget)?))
        }
        Expression::Or(parts) => Ok(Filter::Any(all(parts, budget)?)),
        Expression::Not(inner) => Ok(Filter::Not(Box::new(translate(inner, budget)?))),
        Expression::Global(_) => {
            Err("a comparison is missing: write title:\"…\" to search in titles".to_owned())
        }
        Expression::Restriction(restriction) => {
            *budget = budget
                .checked_sub(1)
                .ok_or_else(|| format!("a filter has at most {TERMS_MAX} comparisons"))?;
            compare(restriction)
        }
    }
}

fn all(parts: &[Expression], budget: &mut usize) -> Result<Vec<Filter<TextTest>>, String> {
    parts.iter().map(|part| translate(part, budget)).collect()
}

fn compare(restriction: &Restriction) -> Result<Filter<TextTest>, String> {
    match &restriction.comparable {
        Comparable::Member(_)
            if restriction.comparable.field_path().as_deref() == Some("title") => {}
        Comparable::Member(member) => {
            return Err(format!("'{member}' cannot be filtered on, only title can"));
        }
        Comparable::Function(_) => return Err("functions are not supported".to_owned()),
    }
    let wanted = literal(&restriction.arg)?;
    match restriction.comparator {
        Comparator::Equal => Ok(equal(&wanted)),
        Comparator::NotEqual => Ok(Filter::Not(Box::new(equal(&wanted)))),
        Comparator::Has => Ok(has(&wanted)),
        other => Err(format!(
            "title can be compared with =, != and :, not with {other}"
        )),
    }
}

/// The text on the right of a comparison. Unquoted text with dots in it, such as `acme.example`,
/// is a path to the parser and a text to us.
fn literal(arg: &Arg) -> Result<Value, String> {
    let text = match arg {
        Arg::Comparable(comparable) => match arg.as_value() {
            Some(value) => Some(value.as_str().to_owned()),
            None => comparable.field_path(),
        },
        Arg::Composite(_) => None,
    };
    text.map(Value::String)
        .ok_or_else(|| "title is compared with a text, such as title = \"Acme Corp\"".to_owned())
}

/// `=`: the whole text, or a part of it with `*` at an end. The parser unescapes `\*` to `*`, so
/// an asterisk at an end is always a wildcard.
fn equal(wanted: &Value) -> Filter<TextTest> {
    Filter::Test(match wanted.string_match() {
        Some(StringMatch::Prefix(text)) => TextTest::new(Place::Start, text),
        Some(StringMatch::Suffix(text)) => TextTest::new(Place::End, text),
        Some(StringMatch::Contains(text)) => TextTest::new(Place::Anywhere, text),
        Some(StringMatch::Exact(text)) => TextTest::new(Place::Whole, text),
        None => TextTest::new(Place::Whole, wanted.as_str()),
    })
}

/// `:`: anywhere in the text. Wildcards at the ends add nothing.
fn has(wanted: &Value) -> Filter<TextTest> {
    let Filter::Test(test) = equal(wanted) else {
        return Filter::everything();
    };
    Filter::Test(TextTest {
        place: Place::Anywhere,
        ..test
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Which of some titles pass a filter.
    fn passing(filter: &str) -> String {
        let filter = titles(filter).unwrap_or_else(|error| panic!("{filter}: {error}"));
        let keys = [
            "acme",
            "acme corp",
            "beta",
            "acme.example",
            "50% *off",
            "o'neil",
        ];
        let passing = keys
            .into_iter()
            .filter(|key| filter.holds(&|test| test.passes(key)));
        passing.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn what_filters_mean() {
        let all = "acme, acme corp, beta, acme.example, 50% *off, o'neil";
        for (filter, expected) in [
            ("", all),
            ("  ", all),
            ("title = acme", "acme"),
            ("title=\"ACME\"", "acme"),
            ("title='Acme Corp'", "acme corp"),
            ("title = \"o'neil\"", "o'neil"),
            ("title = 'o\\'neil'", "o'neil"),
            ("title = acme.example", "acme.example"),
            ("title = \"acme*\"", "acme, acme corp, acme.example"),
            ("title = acme*", "acme, acme corp, acme.example"),
            ("title = \"*corp\"", "acme corp"),
            ("title = \"*e c*\"", "acme corp"),
            ("title = \"*\"", all),
            ("title = \"**\"", all),
            ("title = \"\"", ""),
            ("title = \"50% *off\"", "50% *off"),
            ("title != \"acme*\"", "beta, 50% *off, o'neil"),
            ("title:corp", "acme corp"),
            ("title:\"corp*\"", "acme corp"),
            ("title:*", all),
            ("title:\"%\"", "50% *off"),
            ("NOT title:acme", "beta, 50% *off, o'neil"),
            ("-title:acme", "beta, 50% *off, o'neil"),
            ("title:acme AND title:corp", "acme corp"),
            ("title:acme title:corp", "acme corp"),
            ("title = beta OR title:corp", "acme corp, beta"),
            // OR binds tighter than AND.
            ("title:a AND title:corp OR title = beta", "acme corp, beta"),
            (
                "(title:a AND title:corp) OR title = beta",
                "acme corp, beta",
            ),
            ("title:acme AND NOT (title:corp OR title:example)", "acme"),
        ] {
            assert_eq!(passing(filter), expected, "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter() {
        let deep = format!("{}title:a{}", "(".repeat(33), ")".repeat(33));
        let long = format!("title = \"{}\"", "x".repeat(2040));
        let many = vec!["title:a"; 101].join(" ");
        for filter in [
            "acme",
            "\"acme\"",
            "title",
            "title =",
            "= acme",
            "title = acme AND",
            "title = acme and title = beta",
            "(title = acme",
            "title = acme)",
            "title = \"acme",
            "title = (acme OR beta)",
            "title = \"a\".b",
            "title == acme",
            "title < acme",
            "title >= acme",
            "name = acme",
            "Title = acme",
            "\"title\" = acme",
            "title.x = acme",
            "acme = title",
            "regex(title, \"a\")",
            "title = lower(\"a\")",
            "not title = acme",
            "title = 2025-01-15T10:30:00Z",
            &deep,
            &long,
            &many,
        ] {
            let Err(Error::Invalid(violations)) = titles(filter) else {
                panic!("accepted: {filter}");
            };
            assert_eq!(violations[0].field, "filter");
            assert!(!violations[0].reason.is_empty());
        }
    }

    #[test]
    fn the_limits_are_inclusive() {
        let deep = format!("{}title:a{}", "(".repeat(32), ")".repeat(32));
        let long = format!("title = \"{}\"", "x".repeat(LENGTH_MAX - 10));
        let many = vec!["title:a"; TERMS_MAX].join(" ");
        assert_eq!(long.len(), LENGTH_MAX);
        for filter in [deep, long, many] {
            assert!(titles(&filter).is_ok(), "{filter}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC{0,80}") {
            let _ = titles(&text);
        }

        #[test]
        fn nor_with_what_filters_are_made_of(
            text in "(title|NOT|AND|OR|[-=:!<>()*.,\"'\\\\ é]|acme){0,30}"
        ) {
            let _ = titles(&text);
        }
    }
}
