use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::query_source::Column;
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{Bool, HasSqlType, Text};
use rollbook_domain::filter::{Filter, Place, TextTest};

use crate::schema::organizations;

/// The domain's filter on an organization's folded name, as an SQL condition. It is written out
/// by hand since Diesel's boxed expressions name the database and every joined table in their type.
#[derive(Debug)]
pub(super) struct NameCondition<'f> {
    filter: &'f Filter<TextTest>,
    /// The patterns of all `LIKE` tests, in the order in which the condition is written.
    patterns: Vec<String>,
}

impl<'f> NameCondition<'f> {
    pub(super) fn new(filter: &'f Filter<TextTest>) -> Self {
        let mut patterns = Vec::new();
        collect_patterns(filter, &mut patterns);
        Self { filter, patterns }
    }
}

fn collect_patterns(filter: &Filter<TextTest>, patterns: &mut Vec<String>) {
    match filter {
        Filter::All(parts) | Filter::Any(parts) => {
            for part in parts {
                collect_patterns(part, patterns);
            }
        }
        Filter::Not(inner) => collect_patterns(inner, patterns),
        Filter::Test(test) if is_impossible(test) || test.place == Place::Whole => {}
        Filter::Test(test) => patterns.push(test.like_pattern()),
    }
}

/// No name has a NUL. PostgreSQL refuses such a text, and SQLite's LIKE takes it for the end.
fn is_impossible(test: &TextTest) -> bool {
    test.key.contains('\0')
}

impl Expression for NameCondition<'_> {
    type SqlType = Bool;
}

impl<QS> AppearsOnTable<QS> for NameCondition<'_> {}
impl<QS> SelectableExpression<QS> for NameCondition<'_> {}

impl<G> ValidGrouping<G> for NameCondition<'_> {
    type IsAggregate = is_aggregate::No;
}

/// Every filter has a text of its own.
impl QueryId for NameCondition<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB> QueryFragment<DB> for NameCondition<'_>
where
    DB: Backend + HasSqlType<Text>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if !self.filter.is_everything() {
            // Clients invent filters without end; a cache of statements must not grow with them.
            out.unsafe_to_cache_prepared();
        }
        write(self.filter, &mut self.patterns.iter(), &mut out)
    }
}

fn write<'b, DB>(
    filter: &'b Filter<TextTest>,
    patterns: &mut std::slice::Iter<'b, String>,
    out: &mut AstPass<'_, 'b, DB>,
) -> QueryResult<()>
where
    DB: Backend + HasSqlType<Text>,
    str: ToSql<Text, DB>,
{
    match filter {
        Filter::All(parts) => write_parts(parts, "TRUE", " AND ", patterns, out),
        Filter::Any(parts) => write_parts(parts, "FALSE", " OR ", patterns, out),
        Filter::Not(inner) => {
            out.push_sql("NOT ");
            write_parts(std::slice::from_ref(inner), "TRUE", "", patterns, out)
        }
        Filter::Test(test) if is_impossible(test) => {
            out.push_sql("FALSE");
            Ok(())
        }
        Filter::Test(test) => {
            out.push_identifier("organizations")?;
            out.push_sql(".");
            out.push_identifier(organizations::name_key::NAME)?;
            if test.place == Place::Whole {
                out.push_sql(" = ");
                return out.push_bind_param::<Text, str>(&test.key);
            }
            out.push_sql(" LIKE ");
            let pattern = patterns.next().map_or("", String::as_str);
            out.push_bind_param::<Text, str>(pattern)?;
            out.push_sql(" ESCAPE '\\'");
            Ok(())
        }
    }
}

fn write_parts<'b, DB>(
    parts: &'b [impl std::borrow::Borrow<Filter<TextTest>>],
    empty: &str,
    joint: &str,
    patterns: &mut std::slice::Iter<'b, String>,
    out: &mut AstPass<'_, 'b, DB>,
) -> QueryResult<()>
where
    DB: Backend + HasSqlType<Text>,
    str: ToSql<Text, DB>,
{
    out.push_sql("(");
    if parts.is_empty() {
        out.push_sql(empty);
    }
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            out.push_sql(joint);
        }
        write(part.borrow(), patterns, out)?;
    }
    out.push_sql(")");
    Ok(())
}
