//! What PostgreSQL says about its tables.

use std::collections::BTreeSet;

use diesel::sql_types::Text;
use diesel::{PgConnection, RunQueryDsl, sql_query};

use crate::support::{Outcome, TestDatabase};
use crate::{Answer, Column, ForeignKey, Index, Schema, condition, foreign_key, list};

pub(crate) fn schema(database: &TestDatabase) -> Outcome<Schema> {
    let connection = &mut database.bare_postgres()?;
    let columns: Vec<Answer> = sql_query(
        "SELECT table_name::text AS one, column_name::text AS two, data_type::text AS three, \
         is_nullable = 'YES' AS yes FROM information_schema.columns \
         WHERE table_schema = current_schema() AND table_name NOT LIKE '\\_\\_%'",
    )
    .load(connection)?;
    let mut schema = Schema::new();
    for column in columns {
        let kind = column.three;
        let nullable = column.yes;
        let table = schema.entry(column.one).or_default();
        table.columns.insert(column.two, Column { kind, nullable });
    }
    for (name, table) in &mut schema {
        table.primary_key = primary_key(connection, name)?;
        table.indexes = indexes(connection, name)?;
        table.foreign_keys = foreign_keys(connection, name)?;
    }
    Ok(schema)
}

fn primary_key(connection: &mut PgConnection, table: &str) -> Outcome<Vec<String>> {
    let key: Vec<Answer> = sql_query(
        "SELECT string_agg(a.attname, ',' ORDER BY k.place) AS one, '' AS two, '' AS three, \
         true AS yes FROM pg_constraint c, unnest(c.conkey) WITH ORDINALITY k (number, place), \
         pg_attribute a WHERE c.conrelid = $1::regclass AND c.contype = 'p' \
         AND a.attrelid = c.conrelid AND a.attnum = k.number GROUP BY c.oid",
    )
    .bind::<Text, _>(table)
    .load(connection)?;
    Ok(key.iter().flat_map(|columns| list(&columns.one)).collect())
}

fn indexes(connection: &mut PgConnection, table: &str) -> Outcome<BTreeSet<Index>> {
    let indexes: Vec<Answer> = sql_query(
        "SELECT i.indexrelid::regclass::text AS one, \
         (SELECT string_agg(a.attname, ',' ORDER BY k.place) \
         FROM unnest(i.indkey) WITH ORDINALITY k (number, place) JOIN pg_attribute a \
         ON a.attrelid = i.indrelid AND a.attnum = k.number) AS two, \
         coalesce(pg_get_expr(i.indpred, i.indrelid), '') AS three, i.indisunique AS yes \
         FROM pg_index i WHERE i.indrelid = $1::regclass AND NOT i.indisprimary",
    )
    .bind::<Text, _>(table)
    .load(connection)?;
    let indexes = indexes.into_iter().map(|index| Index {
        name: index.one,
        unique: index.yes,
        columns: list(&index.two),
        predicate: condition(&index.three),
    });
    Ok(indexes.collect())
}

fn foreign_keys(connection: &mut PgConnection, table: &str) -> Outcome<BTreeSet<ForeignKey>> {
    let keys: Vec<Answer> = sql_query(
        "SELECT string_agg(a.attname, ',' ORDER BY k.place) AS one, \
         c.confrelid::regclass::text || '.' || string_agg(b.attname, ',' ORDER BY k.place) AS two, \
         CASE c.confdeltype WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' \
         WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' ELSE 'SET DEFAULT' END AS three, \
         c.confupdtype = 'a' AS yes FROM pg_constraint c, \
         unnest(c.conkey, c.confkey) WITH ORDINALITY k (here, there, place), \
         pg_attribute a, pg_attribute b \
         WHERE c.conrelid = $1::regclass AND c.contype = 'f' \
         AND a.attrelid = c.conrelid AND a.attnum = k.here \
         AND b.attrelid = c.confrelid AND b.attnum = k.there GROUP BY c.oid",
    )
    .bind::<Text, _>(table)
    .load(connection)?;
    keys.into_iter().map(foreign_key).collect()
}
