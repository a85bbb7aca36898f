//! What Diesel is told about the tables: the text of `src/schema.rs`, which no other crate sees.

use crate::support::Outcome;
use crate::{Column, Schema, Table};

const TEXT: &str = include_str!("../../src/schema.rs");

/// The tables with their columns and primary keys.
pub(crate) fn schema() -> Outcome<Schema> {
    let blocks = TEXT.split("table! {").skip(1);
    blocks.map(table).collect()
}

/// One `table!`: `name (key, key) { column -> Type, … }` after its imports.
fn table(block: &str) -> Outcome<(String, Table)> {
    let mut lines = block.lines().map(str::trim);
    let head = lines
        .by_ref()
        .find_map(|line| line.strip_suffix(") {"))
        .ok_or("a table without a head")?;
    let (name, key) = head.split_once(" (").ok_or("a table without a key")?;
    let mut table = Table {
        primary_key: key.split(", ").map(str::to_owned).collect(),
        ..Table::default()
    };
    for line in lines.take_while(|line| *line != "}") {
        let (name, kind) = line.split_once(" -> ").ok_or("a column without a type")?;
        table.columns.insert(name.to_owned(), column(kind)?);
    }
    Ok((name.to_owned(), table))
}

/// The column that a Diesel type stands for, in PostgreSQL's words.
fn column(kind: &str) -> Outcome<Column> {
    let kind = kind.trim_end_matches(',');
    let inner = kind
        .strip_prefix("Nullable<")
        .and_then(|kind| kind.strip_suffix('>'));
    let words = match inner.unwrap_or(kind) {
        "Id" => "uuid",
        "Instant" => "timestamp with time zone",
        "Bool" => "boolean",
        "BigInt" => "bigint",
        "Integer" => "integer",
        "Text" => "text",
        "Binary" => "bytea",
        other => return Err(format!("a new type, '{other}': say here what it stands for").into()),
    };
    Ok(Column {
        kind: words.to_owned(),
        nullable: inner.is_some(),
    })
}
