//! Both databases have the same tables, and Diesel knows them as they are.

mod diesel_schema;
mod postgres;
mod sqlite;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use diesel::QueryableByName;
use diesel::sql_types::{Bool, Text};

use crate::support::{Outcome, TestDatabase};

/// The tables of a database by name; Diesel's own is left out.
type Schema = BTreeMap<String, Table>;

/// What both databases must agree on.
#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    columns: BTreeMap<String, Column>,
    primary_key: Vec<String>,
    indexes: BTreeSet<Index>,
    foreign_keys: BTreeSet<ForeignKey>,
}

/// A column, with its type in the words of its database.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    kind: String,
    nullable: bool,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Index {
    name: String,
    unique: bool,
    columns: Vec<String>,
    predicate: Option<String>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct ForeignKey {
    columns: Vec<String>,
    table: String,
    references: Vec<String>,
    on_delete: String,
}

/// Three texts and a truth value: enough for every question to either catalogue.
#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Text)]
    one: String,
    #[diesel(sql_type = Text)]
    two: String,
    #[diesel(sql_type = Text)]
    three: String,
    #[diesel(sql_type = Bool)]
    yes: bool,
}

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

/// Two spellings of a condition: without brackets and types, in lower case, with single spaces.
fn condition(text: &str) -> Option<String> {
    let text = text
        .replace("::text", "")
        .replace(['(', ')'], " ")
        .replace('"', "");
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split_whitespace().collect();
    (!words.is_empty()).then(|| words.join(" "))
}

fn foreign_key(key: Answer) -> Outcome<ForeignKey> {
    assert!(key.yes, "ids never change: {} needs no ON UPDATE", key.one);
    let (table, references) = key
        .two
        .split_once('.')
        .ok_or("a reference without a table")?;
    Ok(ForeignKey {
        columns: list(&key.one),
        table: table.to_owned(),
        references: list(references),
        on_delete: key.three,
    })
}

/// What SQLite keeps for a type of PostgreSQL's.
fn in_sqlite(kind: &str) -> Outcome<&'static str> {
    match kind {
        "uuid" | "bytea" => Ok("BLOB"),
        "timestamp with time zone" | "boolean" | "bigint" | "integer" => Ok("INTEGER"),
        "text" => Ok("TEXT"),
        other => Err(format!("a new type, '{other}': say here what SQLite keeps for it").into()),
    }
}

#[test]
fn both_databases_have_the_same_tables() {
    let sqlite = sqlite::schema(&TestDatabase::sqlite().unwrap()).unwrap();
    let mut postgres = postgres::schema(&TestDatabase::postgres().unwrap()).unwrap();
    assert!(postgres.len() >= 18, "only {:?}", postgres.keys());
    for column in postgres
        .values_mut()
        .flat_map(|table| table.columns.values_mut())
    {
        column.kind = in_sqlite(&column.kind).unwrap().to_owned();
    }
    assert_eq!(
        sqlite.keys().collect::<Vec<_>>(),
        postgres.keys().collect::<Vec<_>>()
    );
    for (name, table) in sqlite {
        assert_eq!(
            table, postgres[&name],
            "{name}: SQLite left, PostgreSQL right"
        );
    }
}

/// Where PostgreSQL has a stricter type, SQLite has a check. (A foreign key refers to what was
/// checked.)
#[test]
fn ids_and_truth_values_are_checked_on_sqlite() {
    let texts = sqlite::texts(&TestDatabase::sqlite().unwrap()).unwrap();
    let postgres = postgres::schema(&TestDatabase::postgres().unwrap()).unwrap();
    let mut checks = 0;
    for (name, table) in postgres {
        let refers = |column| {
            table
                .foreign_keys
                .iter()
                .any(|key| key.columns.contains(column))
        };
        for (column, Column { kind, .. }) in &table.columns {
            let check = match kind.as_str() {
                "uuid" if !refers(column) => format!("CHECK (length({column}) = 16)"),
                "boolean" => format!("CHECK ({column} IN (0, 1))"),
                _ => continue,
            };
            assert!(texts[&name].contains(&check), "{name} lacks {check}");
            checks += 1;
        }
    }
    assert!(checks >= 21, "only {checks} checks");
}

#[test]
fn both_databases_have_the_same_migrations() {
    let folders = |database| -> Outcome<BTreeSet<String>> {
        let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
        let names = std::fs::read_dir(all.join(database))?;
        let names = names.map(|name| Ok(name?.file_name().to_string_lossy().into_owned()));
        names.collect()
    };
    let sqlite = folders("sqlite").unwrap();
    assert!(!sqlite.is_empty());
    assert_eq!(sqlite, folders("postgres").unwrap());
}

#[test]
fn diesel_knows_the_tables_as_they_are() {
    let postgres = postgres::schema(&TestDatabase::postgres().unwrap()).unwrap();
    let diesel = diesel_schema::schema().unwrap();
    assert_eq!(
        diesel.keys().collect::<Vec<_>>(),
        postgres.keys().collect::<Vec<_>>()
    );
    for (name, table) in diesel {
        let same = &postgres[&name];
        assert_eq!(
            table.columns, same.columns,
            "{name}: Diesel left, PostgreSQL right"
        );
        assert_eq!(table.primary_key, same.primary_key, "{name}");
    }
}
