//! What OAuth clients were given is forgotten some time after its end.

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType};
use rollbook_domain::Result;
use rollbook_domain::time::Timestamp;

use crate::sql::{Instant, Moment};
use crate::tx::{SqlTx, alter, failed};

/// What ends at a moment, and is of no use from then on; each as the beginning of a statement.
const ENDING: [&str; 2] = [
    "DELETE FROM tokens WHERE id IN \
     (SELECT id FROM tokens WHERE client_id IS NOT NULL AND expires_at < ",
    "DELETE FROM oauth_devices WHERE id IN \
     (SELECT id FROM oauth_devices WHERE expires_at < ",
];
/// What works once: whoever uses it twice gives themselves away, some time longer.
const USED_ONCE: [&str; 2] = [
    "DELETE FROM oauth_codes WHERE digest IN \
     (SELECT digest FROM oauth_codes WHERE expires_at < ",
    "DELETE FROM oauth_refresh_tokens WHERE digest IN \
     (SELECT digest FROM oauth_refresh_tokens WHERE expires_at < ",
];
const BY_END: &str = " ORDER BY expires_at LIMIT ";

/// Grants under which nothing is left.
const GRANTS: &str = "DELETE FROM oauth_grants WHERE id IN (SELECT id FROM oauth_grants WHERE \
     NOT EXISTS (SELECT 1 FROM tokens WHERE tokens.grant_id = oauth_grants.id) AND \
     NOT EXISTS (SELECT 1 FROM oauth_codes WHERE oauth_codes.grant_id = oauth_grants.id) AND \
     NOT EXISTS (SELECT 1 FROM oauth_refresh_tokens \
     WHERE oauth_refresh_tokens.grant_id = oauth_grants.id) AND \
     NOT EXISTS (SELECT 1 FROM oauth_devices WHERE oauth_devices.grant_id = oauth_grants.id) AND \
     created_at < ";
const BY_BEGINNING: &str = " ORDER BY created_at LIMIT ";

impl SqlTx<'_> {
    /// Forgets what ended before `now`, what works once and ended before `noticed`, and grants from
    /// before `remembered` under which nothing is left, at most `limit` of each; answers the largest
    /// of these numbers.
    pub(super) fn forget_oauth(
        &mut self,
        now: Timestamp,
        noticed: Timestamp,
        remembered: Timestamp,
        limit: u32,
    ) -> Result<u32> {
        let mut most = 0;
        for (kinds, moment) in [(ENDING, now), (USED_ONCE, noticed)] {
            for what in kinds {
                most = most.max(self.forget_before(what, BY_END, moment, limit)?);
            }
        }
        Ok(most.max(self.forget_before(GRANTS, BY_BEGINNING, remembered, limit)?))
    }

    fn forget_before(
        &mut self,
        what: &'static str,
        order: &'static str,
        moment: Timestamp,
        limit: u32,
    ) -> Result<u32> {
        let forget = Forget {
            what,
            order,
            moment: Moment(moment),
            limit: limit.into(),
        };
        let forgotten = alter!(self, |connection| forget.execute(*connection));
        Ok(u32::try_from(forgotten.map_err(failed)?).unwrap_or(u32::MAX))
    }
}

/// Deletes the oldest rows of a kind, up to a limit. Diesel has no words for rows in a subquery, and
/// only literals let SQLite take partial indices.
#[derive(Clone, Copy, Debug)]
struct Forget {
    what: &'static str,
    order: &'static str,
    moment: Moment,
    limit: i64,
}

impl QueryId for Forget {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Connection> RunQueryDsl<Connection> for Forget {}

impl<DB> QueryFragment<DB> for Forget
where
    DB: Backend + HasSqlType<Instant> + HasSqlType<BigInt>,
    Moment: ToSql<Instant, DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(self.what);
        out.push_bind_param::<Instant, _>(&self.moment)?;
        out.push_sql(self.order);
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(")");
        Ok(())
    }
}
