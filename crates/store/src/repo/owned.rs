use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::RunQueryDsl;
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType};

use crate::sql::{Id, Key};

/// How many live organizations a user owns, counted up to a limit. Diesel cannot express a limit
/// within a count, and loading the rows to count them costs many times as much.
#[derive(Clone, Copy, Debug, QueryId)]
pub(super) struct CountOwned {
    pub(super) owner: Key,
    pub(super) at_most: i64,
}

impl Query for CountOwned {
    type SqlType = BigInt;
}

impl<Connection> RunQueryDsl<Connection> for CountOwned {}

impl<DB> QueryFragment<DB> for CountOwned
where
    DB: Backend + HasSqlType<Id> + HasSqlType<BigInt>,
    Key: ToSql<Id, DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT count(*) FROM (SELECT 1 FROM organizations WHERE owner_id = ");
        out.push_bind_param::<Id, _>(&self.owner)?;
        out.push_sql(" AND deleted_at IS NULL LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.at_most)?;
        out.push_sql(") AS owned");
        Ok(())
    }
}
