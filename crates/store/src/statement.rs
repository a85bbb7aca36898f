//! Fixed statements that Diesel has no words for, prepared once a connection.

use diesel::backend::Backend;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
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
