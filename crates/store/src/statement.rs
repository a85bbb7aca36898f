//! Statements with a fixed text, prepared once a connection.

use std::any::TypeId;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use diesel::QuerySource;
use diesel::backend::Backend;
use diesel::connection::Connection;
use diesel::debug_query;
use diesel::query_builder::{
    AsChangeset, AstPass, IntoUpdateTarget, Query, QueryFragment, QueryId, UpdateTarget,
};
use diesel::query_dsl::RunQueryDsl;
use diesel::result::QueryResult;

/// A statement without parameters, kept prepared under its text. (`batch_execute` would parse it
/// each time.)
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixed(pub(crate) &'static str);

impl QueryId for Fixed {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<DB: Backend> QueryFragment<DB> for Fixed {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

impl<Connection> RunQueryDsl<Connection> for Fixed {}

/// A statement whose text is the same whatever values it binds. It is known by the place in the
/// code that it comes from, so it is prepared once a connection, and its text is not written anew
/// to find out that it is known. Made by [`kept!`].
#[derive(Debug)]
pub(crate) struct Kept<Place, Q> {
    query: Q,
    place: PhantomData<Place>,
}

impl<Place: 'static, Q> Kept<Place, Q> {
    pub(crate) const fn new(query: Q) -> Self {
        Self {
            query,
            place: PhantomData,
        }
    }

    /// Executes a change; answers how many rows it changed.
    pub(crate) fn change<C>(self, connection: &mut C) -> QueryResult<usize>
    where
        C: Connection,
        C::Backend: Default,
        <C::Backend as Backend>::QueryBuilder: Default,
        Q: QueryFragment<C::Backend>,
    {
        if cfg!(debug_assertions) {
            let shown = debug_query::<C::Backend, _>(&self.query).to_string();
            let text = shown.split(" -- binds").next().unwrap_or_default();
            assert_same_text(TypeId::of::<Place>(), text);
        }
        self.execute(connection)
    }
}

/// Keeps a statement prepared under its place in the code: see [`Kept`].
macro_rules! kept {
    ($query:expr) => {{
        enum Here {}
        $crate::statement::Kept::<Here, _>::new($query)
    }};
}
pub(crate) use kept;

impl<Place: 'static, Q> QueryId for Kept<Place, Q> {
    type QueryId = Place;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<Place, Q: Query> Query for Kept<Place, Q> {
    type SqlType = Q::SqlType;
}

impl<Place, Q: QueryFragment<DB>, DB: Backend> QueryFragment<DB> for Kept<Place, Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.query.walk_ast(out)
    }

    /// Diesel would walk through the whole statement to find out, each time that it is executed; it
    /// does for changes, which it gets by reference.
    fn is_safe_to_cache_prepared(&self, backend: &DB) -> QueryResult<bool> {
        debug_assert!(
            self.query.is_safe_to_cache_prepared(backend)?,
            "a statement that is kept may have more than one text"
        );
        Ok(true)
    }
}

impl<Place, Q, C> RunQueryDsl<C> for Kept<Place, Q> {}

/// Two changes that PostgreSQL carries out in one round trip: of its statements, those in `WITH`
/// are executed whether anything reads from them or not.
#[cfg(feature = "postgres")]
#[derive(Debug)]
pub(crate) struct Both<F, S>(pub(crate) F, pub(crate) S);

#[cfg(feature = "postgres")]
impl<F, S> QueryFragment<diesel::pg::Pg> for Both<F, S>
where
    F: QueryFragment<diesel::pg::Pg>,
    S: QueryFragment<diesel::pg::Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
        out.push_sql("WITH first AS (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") ");
        self.1.walk_ast(out)
    }
}

/// A query of tokens and their users that locks first the user, then the token, as whoever ends the
/// credentials of a user does. Diesel's locks are for all tables of a query, in the order in which it
/// names them.
#[cfg(feature = "postgres")]
#[derive(Debug, QueryId)]
pub(crate) struct HoldingUserFirst<Q>(pub(crate) Q);

#[cfg(feature = "postgres")]
impl<Q: Query> Query for HoldingUserFirst<Q> {
    type SqlType = Q::SqlType;
}

#[cfg(feature = "postgres")]
impl<Q, C> RunQueryDsl<C> for HoldingUserFirst<Q> {}

#[cfg(feature = "postgres")]
impl<Q: QueryFragment<diesel::pg::Pg>> QueryFragment<diesel::pg::Pg> for HoldingUserFirst<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, diesel::pg::Pg>) -> QueryResult<()> {
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(" FOR NO KEY UPDATE OF users, tokens");
        Ok(())
    }
}

/// One place with two texts would run the first one for both. The tests notice.
fn assert_same_text(place: TypeId, text: &str) {
    static TEXTS: Mutex<BTreeMap<TypeId, String>> = Mutex::new(BTreeMap::new());
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let first = texts.entry(place).or_insert_with(|| text.to_owned());
    assert_eq!(first, text, "a statement that is kept has two texts");
}

/// Begins an `UPDATE` of the rows of `target` that can be kept. Diesel's own is prepared again
/// every time, since the columns that it sets may depend on values; ours do not.
pub(crate) fn update<T: IntoUpdateTarget>(target: T) -> Target<T::Table, T::WhereClause> {
    Target(target.into_update_target())
}

/// What is to be updated.
pub(crate) struct Target<Table, Filter>(UpdateTarget<Table, Filter>);

impl<Table: QuerySource, Filter> Target<Table, Filter> {
    /// What becomes of it.
    pub(crate) fn set<V>(self, values: V) -> Update<Table::FromClause, V::Changeset, Filter>
    where
        V: AsChangeset<Target = Table>,
    {
        Update {
            table: self.0.table.from_clause(),
            changes: values.as_changeset(),
            filter: self.0.where_clause,
        }
    }
}

/// An `UPDATE` that always sets the same columns.
#[derive(Debug)]
pub(crate) struct Update<Table, Changes, Filter> {
    table: Table,
    changes: Changes,
    filter: Filter,
}

impl<DB, Table, Changes, Filter> QueryFragment<DB> for Update<Table, Changes, Filter>
where
    DB: Backend,
    Table: QueryFragment<DB>,
    Changes: QueryFragment<DB>,
    Filter: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        self.table.walk_ast(out.reborrow())?;
        out.push_sql(" SET ");
        self.changes.walk_ast(out.reborrow())?;
        self.filter.walk_ast(out)
    }
}
