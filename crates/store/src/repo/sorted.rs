//! Lists that clients sort by a field of their choice, and by id where that is equal. Order and
//! start are written out by hand since in Diesel every order of every field is a type of its own,
//! which multiplies the statements to compile.

use diesel::backend::Backend;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{Bool, HasSqlType, Text};
use rollbook_domain::membership::Direction;

use crate::sql::{Id, Instant, Key, Moment};

/// How a list is sorted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sorting {
    /// The table with the columns.
    pub(super) table: &'static str,
    /// The column of the field; `None`: by id alone.
    pub(super) field: Option<&'static str>,
    /// The column of the id.
    pub(super) id: &'static str,
    /// Smallest or largest first.
    pub(super) direction: Direction,
}

/// The value of the field in the row behind which a list goes on.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Moment(Moment),
}

/// `ORDER BY` what the sorting says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order(pub(super) Sorting);

/// The condition that a row stands behind another; without one, every row does.
#[derive(Clone, Debug)]
pub(super) struct Behind {
    pub(super) sorting: Sorting,
    pub(super) row: Option<(Option<Value>, Key)>,
}

impl Expression for Order {
    type SqlType = Bool;
}

impl Expression for Behind {
    type SqlType = Bool;
}

macro_rules! of_any_table {
    ($($node:ty)+) => {
        $(impl<QS> AppearsOnTable<QS> for $node {}
        impl<QS> SelectableExpression<QS> for $node {}

        impl<G> ValidGrouping<G> for $node {
            type IsAggregate = is_aggregate::No;
        }

        /// Every order has a text of its own.
        impl QueryId for $node {
            type QueryId = ();
            const HAS_STATIC_QUERY_ID: bool = false;
        })+
    };
}

of_any_table!(Order Behind);

impl<DB: Backend> QueryFragment<DB> for Order {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let direction = match self.0.direction {
            Direction::Ascending => " ASC",
            Direction::Descending => " DESC",
        };
        if let Some(field) = self.0.field {
            column(self.0.table, field, &mut out)?;
            out.push_sql(direction);
            out.push_sql(", ");
        }
        column(self.0.table, self.0.id, &mut out)?;
        out.push_sql(direction);
        Ok(())
    }
}

impl<DB> QueryFragment<DB> for Behind
where
    DB: Backend + HasSqlType<Text> + HasSqlType<Id> + HasSqlType<Instant>,
    str: ToSql<Text, DB>,
    Key: ToSql<Id, DB>,
    Moment: ToSql<Instant, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        let Some((value, id)) = &self.row else {
            out.push_sql("TRUE");
            return Ok(());
        };
        // Both databases compare rows field by field, and find the first one by an index.
        out.push_sql("(");
        if let (Some(field), Some(_)) = (self.sorting.field, value) {
            column(self.sorting.table, field, &mut out)?;
            out.push_sql(", ");
        }
        column(self.sorting.table, self.sorting.id, &mut out)?;
        out.push_sql(match self.sorting.direction {
            Direction::Ascending => ") > (",
            Direction::Descending => ") < (",
        });
        match value {
            None => {}
            Some(Value::Text(text)) => out.push_bind_param::<Text, str>(text)?,
            Some(Value::Moment(moment)) => out.push_bind_param::<Instant, _>(moment)?,
        }
        if value.is_some() {
            out.push_sql(", ");
        }
        out.push_bind_param::<Id, _>(id)?;
        out.push_sql(")");
        Ok(())
    }
}

fn column<DB: Backend>(
    table: &str,
    name: &str,
    out: &mut AstPass<'_, '_, DB>,
) -> QueryResult<()> {
    out.push_identifier(table)?;
    out.push_sql(".");
    out.push_identifier(name)
}
