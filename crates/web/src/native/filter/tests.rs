//! The cases of docs/filters.md, and what no page can list.

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use rollbook_domain::value::fold;

use super::*;

/// A test of a row of the page.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    Title(TextTest),
    Search(TextTest),
    State(&'static str),
    NotBefore(Timestamp),
    Before(Timestamp),
    Owner(Uuid),
    Type(String),
}

const FIELDS: &[Field<Test>] = &[
    Field {
        name: "title",
        kind: Kind::Text(Test::Title),
    },
    Field {
        name: "search",
        kind: Kind::Search(Test::Search),
    },
    Field {
        name: "state",
        kind: Kind::Word(|word| {
            let words = ["open", "closed"];
            words.into_iter().find(|it| *it == word).map(Test::State)
        }),
    },
    Field {
        name: "create_time",
        kind: Kind::Time {
            not_before: Test::NotBefore,
            before: Test::Before,
        },
    },
    Field {
        name: "owner",
        kind: Kind::Id(Test::Owner),
    },
    Field {
        name: "type",
        kind: Kind::Word(|pattern| {
            let Kind::Word(read) = crate::native::event::EVENT_TYPE else {
                return None;
            };
            read(pattern).map(Test::Type)
        }),
    },
];

/// A row of the page.
struct Row {
    number: String,
    title: String,
    state: String,
    created: Timestamp,
    owner: Uuid,
    kind: String,
}

impl Row {
    fn passes(&self, test: &Test) -> bool {
        match test {
            Test::Title(test) => test.passes(&fold(&self.title)),
            Test::Search(test) => test.passes(&fold(&self.title)) || test.passes(&self.state),
            Test::State(state) => self.state == *state,
            Test::NotBefore(time) => self.created >= *time,
            Test::Before(time) => self.created < *time,
            Test::Owner(id) => self.owner == *id,
            Test::Type(pattern) => rollbook_domain::event::matches(pattern, &self.kind),
        }
    }
}

/// The rows of the table with this head, each with its cells, without the quotes of code.
fn table(head: &str) -> Vec<Vec<String>> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/filters.md");
    let page = fs::read_to_string(page).unwrap();
    let lines = page.lines().skip_while(|line| *line != head).skip(2);
    let rows: Vec<Vec<String>> = lines
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells = line.trim_matches('|').split('|');
            cells
                .map(|cell| cell.trim().trim_matches('`').to_owned())
                .collect()
        })
        .collect();
    assert!(rows.len() > 5, "the page lacks a table: {head}");
    rows
}

fn rows() -> Vec<Row> {
    let rows = table("| row | title | state | create_time | owner | type |").into_iter();
    rows.map(|cells| Row {
        number: cells[0].clone(),
        title: cells[1].clone(),
        state: cells[2].clone(),
        created: Timestamp::parse_rfc3339(&cells[3]).unwrap(),
        owner: cells[4].parse().unwrap(),
        kind: cells[5].clone(),
    })
    .collect()
}

fn passing(filter: &Filter<Test>, rows: &[Row]) -> String {
    let passing = rows
        .iter()
        .filter(|row| filter.holds(&|test| row.passes(test)));
    let numbers: Vec<&str> = passing.map(|row| row.number.as_str()).collect();
    numbers.join(" ")
}

#[test]
fn what_the_page_accepts() {
    let rows = rows();
    for cells in table("| filter | rows |") {
        let filter = parse(&cells[0], FIELDS);
        let filter = filter.unwrap_or_else(|error| panic!("{}: {error}", cells[0]));
        assert_eq!(passing(&filter, &rows), cells[1], "{}", cells[0]);
    }
}

#[test]
fn nothing_is_no_condition() {
    for text in ["", "  ", "\t\n"] {
        assert_eq!(parse(text, FIELDS).ok(), Some(Filter::everything()));
    }
}

/// Checks that a filter is refused, and says why.
fn reason(text: &str) -> String {
    let Err(Error::Invalid(violations)) = parse(text, FIELDS) else {
        panic!("accepted: {text}");
    };
    assert_eq!(violations[0].field, "filter");
    violations[0].reason.clone()
}

#[test]
fn what_the_page_refuses() {
    for cells in table("| filter | why |") {
        let reason = reason(&cells[0]);
        assert!(reason.len() > 10, "{}: {reason}", cells[0]);
        if cells[1].starts_with("functions") {
            assert_eq!(reason, cells[1], "{}", cells[0]);
        }
        if cells[1] == "no such field" {
            assert!(reason.contains("title, search, state"), "{reason}");
        }
    }
}

#[test]
fn the_limits_are_inclusive() {
    let deep = |levels| format!("{}title:a{}", "(".repeat(levels), ")".repeat(levels));
    let long = |bytes| format!("title = \"{}\"", "x".repeat(bytes - 10));
    let many = |terms| vec!["title:a"; terms].join(" ");
    for filter in [deep(32), long(LENGTH_MAX), many(TERMS_MAX)] {
        assert!(parse(&filter, FIELDS).is_ok(), "{filter}");
    }
    for filter in [deep(33), long(LENGTH_MAX + 1), many(TERMS_MAX + 1)] {
        reason(&filter);
    }
}

/// Filters that are well formed, of few and simple parts in many arrangements.
fn any_filter() -> impl Strategy<Value = String> {
    let quoted = "[a-z*\\\\\"' ]{0,6}".prop_map(|text| {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{text}\"")
    });
    let value = prop_oneof!["[a-z*_][a-z*_-]{0,5}", quoted];
    let leaf = (prop_oneof!["title", "state"], "!?=|:", value)
        .prop_map(|(field, comparator, value)| format!("{field} {comparator} {value}"));
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} AND {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} OR {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} {b}")),
            inner.clone().prop_map(|it| format!("NOT ({it})")),
            inner.clone().prop_map(|it| format!("-({it})")),
            inner.prop_map(|it| format!("({it})")),
        ]
    })
}

/// Like [`FIELDS`], but every word is one.
const LAX: &[Field<(&str, TextTest)>] = &[
    Field {
        name: "title",
        kind: Kind::Text(|test| ("title", test)),
    },
    Field {
        name: "state",
        kind: Kind::Text(|test| ("state", test)),
    },
];

proptest! {
    #[test]
    fn parsing_never_panics(text in "\\PC{0,80}") {
        let _ = parse(&text, FIELDS);
    }

    #[test]
    fn nor_with_what_filters_are_made_of(
        text in "(title|state|create_time|NOT|AND|OR|[-=:!<>()*.,\"'\\\\ é]|acme){0,30}"
    ) {
        let _ = parse(&text, FIELDS);
    }

    /// What is printed again means the same.
    #[test]
    fn printing_and_reading_change_nothing(text in any_filter()) {
        let printed = parse_filter(&text).unwrap().to_string();
        let filter = parse(&text, LAX).unwrap();
        prop_assert_eq!(parse(&printed, LAX).unwrap(), filter, "{}", printed);
    }
}
