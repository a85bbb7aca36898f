//! What SQLite says about its tables.

use std::collections::{BTreeMap, BTreeSet};

use diesel::sql_types::Text;
use diesel::{RunQueryDsl, SqliteConnection, sql_query};

use crate::support::{Outcome, TestDatabase};
use crate::{Answer, Column, ForeignKey, Index, Schema, Table, condition, foreign_key, list};

pub(crate) fn schema(database: &TestDatabase) -> Outcome<Schema> {
    let connection = &mut database.bare_sqlite()?;
    let mut schema = Schema::new();
    for (name, _) in texts(database)? {
        let table = Table {
            columns: columns(connection, &name)?,
            primary_key: primary_key(connection, &name)?,
            indexes: indexes(connection, &name)?,
            foreign_keys: foreign_keys(connection, &name)?,
        };
        schema.insert(name, table);
    }
    Ok(schema)
}

fn columns(connection: &mut SqliteConnection, table: &str) -> Outcome<BTreeMap<String, Column>> {
    let columns: Vec<Answer> = sql_query(
        "SELECT name AS one, type AS two, '' AS three, \"notnull\" = 0 AS yes \
         FROM pragma_table_xinfo($1)",
    )
    .bind::<Text, _>(table)
    .load(connection)?;
    let columns = columns.into_iter().map(|column| {
        let (kind, nullable) = (column.two, column.yes);
        (column.one, Column { kind, nullable })
    });
    Ok(columns.collect())
}

fn primary_key(connection: &mut SqliteConnection, table: &str) -> Outcome<Vec<String>> {
    let columns: Vec<Answer> = sql_query(
        "SELECT name AS one, '' AS two, '' AS three, 1 AS yes \
         FROM pragma_table_xinfo($1) WHERE pk > 0 ORDER BY pk",
    )
    .bind::<Text, _>(table)
    .load(connection)?;
    Ok(columns.into_iter().map(|column| column.one).collect())
}

fn indexes(connection: &mut SqliteConnection, table: &str) -> Outcome<BTreeSet<Index>> {
    let indexes: Vec<Answer> = sql_query(
        "SELECT i.name AS one, (SELECT group_concat(c.name) FROM pragma_index_info(i.name) c) \
         AS two, coalesce(s.sql, '') AS three, i.\"unique\" AS yes \
         FROM pragma_index_list($1) i LEFT JOIN sqlite_schema s ON s.name = i.name \
         WHERE i.origin <> 'pk'",
    )
    .bind::<Text, _>(table)
    .load(connection)?;
    let indexes = indexes.into_iter().map(|index| Index {
        name: index.one,
        unique: index.yes,
        columns: list(&index.two),
        predicate: index
            .three
            .split_once(" WHERE ")
            .and_then(|(_, it)| condition(it)),
    });
    Ok(indexes.collect())
}

fn foreign_keys(connection: &mut SqliteConnection, table: &str) -> Outcome<BTreeSet<ForeignKey>> {
    let keys: Vec<Answer> = sql_query(
        "SELECT group_concat(\"from\") AS one, \"table\" || '.' || group_concat(\"to\") AS two, \
         on_delete AS three, on_update = 'NO ACTION' AS yes \
         FROM pragma_foreign_key_list($1) GROUP BY id",
    )
    .bind::<Text, _>(table)
    .load(connection)?;
    keys.into_iter().map(foreign_key).collect()
}

/// The statements that made the tables, which are all strict.
pub(crate) fn texts(database: &TestDatabase) -> Outcome<BTreeMap<String, String>> {
    let tables: Vec<Answer> = sql_query(
        "SELECT name AS one, sql AS two, '' AS three, strict AS yes \
         FROM pragma_table_list JOIN sqlite_schema USING (name) \
         WHERE sqlite_schema.type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\' \
         AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .load(&mut database.bare_sqlite()?)?;
    let texts = tables.into_iter().map(|table| {
        assert!(table.yes, "{} is not STRICT", table.one);
        (table.one, table.two)
    });
    Ok(texts.collect())
}
