use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::expression::expression_types::NotSelectable;
use diesel::expression::{
    AppearsOnTable, Expression, SelectableExpression, TypedExpressionType, ValidGrouping,
    is_aggregate,
};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{Bool, HasSqlType, Text};

use crate::sql::{Id, Instant, Key, Moment};

/// An expression that is written out by hand, where its form depends on what a caller asks:
/// Diesel's boxed expressions name the database and every joined table in their type.
#[derive(Clone, Debug)]
pub(super) struct Written<T> {
    pieces: Vec<Piece>,
    /// Whether there are only so many texts of it that each can stay prepared. Clients invent
    /// filters without end; a cache of statements must not grow with them.
    kept: bool,
    kind: PhantomData<T>,
}

/// A condition for `filter`.
pub(super) type Condition = Written<Bool>;

/// What stands behind `ORDER BY`.
pub(super) type Ordering = Written<NotSelectable>;

/// Text of a statement or a value that it binds. The text never comes from a caller.
#[derive(Clone, Debug)]
enum Piece {
    Sql(&'static str),
    Text(String),
    Id(Key),
    Moment(Moment),
}

impl<T> Written<T> {
    /// An expression without any text as yet, one of few that share their place in a statement.
    pub(super) const fn new() -> Self {
        Self {
            pieces: Vec::new(),
            kept: true,
            kind: PhantomData,
        }
    }

    /// The same text every time.
    pub(super) fn fixed(sql: &'static str) -> Self {
        let mut written = Self::new();
        written.sql(sql);
        written
    }

    /// Forbids to keep the statement prepared.
    pub(super) const fn do_not_keep(&mut self) {
        self.kept = false;
    }

    pub(super) fn sql(&mut self, sql: &'static str) {
        self.pieces.push(Piece::Sql(sql));
    }

    pub(super) fn text(&mut self, text: impl Into<String>) {
        self.pieces.push(Piece::Text(text.into()));
    }

    /// Compares with a key, which has no NUL; PostgreSQL refuses a text that has.
    pub(super) fn is(&mut self, column_is: &'static str, key: &str) {
        if key.contains('\0') {
            return self.sql("FALSE");
        }
        self.sql(column_is);
        self.text(key);
    }

    pub(super) fn id(&mut self, id: Key) {
        self.pieces.push(Piece::Id(id));
    }

    pub(super) fn moment(&mut self, moment: Moment) {
        self.pieces.push(Piece::Moment(moment));
    }

    /// Writes parts in brackets with `joint` between them; `empty` when there are none.
    pub(super) fn join<P>(
        &mut self,
        parts: impl IntoIterator<Item = P>,
        joint: &'static str,
        empty: &'static str,
        mut write: impl FnMut(&mut Self, P),
    ) {
        self.sql("(");
        let mut any = false;
        for part in parts {
            if any {
                self.sql(joint);
            }
            any = true;
            write(self, part);
        }
        if !any {
            self.sql(empty);
        }
        self.sql(")");
    }
}

impl<T: TypedExpressionType> Expression for Written<T> {
    type SqlType = T;
}

impl<T: TypedExpressionType, QS> AppearsOnTable<QS> for Written<T> {}
impl<T: TypedExpressionType, QS> SelectableExpression<QS> for Written<T> {}

impl<T, G> ValidGrouping<G> for Written<T> {
    type IsAggregate = is_aggregate::No;
}

/// The text is not the same for all values of the type, so statements are known by their text.
impl<T> QueryId for Written<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T, DB> QueryFragment<DB> for Written<T>
where
    DB: Backend + HasSqlType<Id> + HasSqlType<Instant> + HasSqlType<Text>,
    Key: ToSql<Id, DB>,
    Moment: ToSql<Instant, DB>,
    str: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if !self.kept {
            out.unsafe_to_cache_prepared();
        }
        for piece in &self.pieces {
            match piece {
                Piece::Sql(sql) => out.push_sql(sql),
                Piece::Text(text) => out.push_bind_param::<Text, str>(text)?,
                Piece::Id(id) => out.push_bind_param::<Id, _>(id)?,
                Piece::Moment(moment) => out.push_bind_param::<Instant, _>(moment)?,
            }
        }
        Ok(())
    }
}
