use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType};
use rollbook_domain::id::UserId;
use rollbook_domain::idempotency::{Remembered, RequestKey};
use rollbook_domain::port::RequestRepo;
use rollbook_domain::time::Timestamp;
use rollbook_domain::{Error, Result};

use crate::row::digest;
use crate::schema::requests;
use crate::sql::{Instant, Key, Moment};
use crate::statement::update;
use crate::tx::{SqlTx, change, each, failed};

/// How often a request that vanishes before it is read is remembered anew.
const ATTEMPTS: usize = 3;

impl RequestRepo for SqlTx<'_> {
    fn remember(
        &mut self,
        user: UserId,
        key: &RequestKey,
        request: &Remembered,
        expired: Timestamp,
    ) -> Result<Option<Remembered>> {
        for _ in 0..ATTEMPTS {
            if self.add_request(user, key, request)? {
                return Ok(None);
            }
            match self.find_request(user, key)? {
                Some(first) if first.at > expired => return Ok(Some(first)),
                // Somebody else may have overwritten or forgotten it since.
                Some(_) if self.replace_request(user, key, request, expired)? => return Ok(None),
                _ => {}
            }
        }
        Err(Error::Busy)
    }

    fn forget(&mut self, expired: Timestamp, limit: u32) -> Result<u32> {
        let forget = Forget {
            expired: Moment(expired),
            limit: limit.into(),
        };
        let forgotten = change!(self, forget);
        Ok(u32::try_from(forgotten.map_err(failed)?).unwrap_or(u32::MAX))
    }
}

impl SqlTx<'_> {
    /// Adds a request unless there is one; waits for a transaction that is just adding it.
    fn add_request(
        &mut self,
        user: UserId,
        key: &RequestKey,
        request: &Remembered,
    ) -> Result<bool> {
        let row = (
            requests::user_id.eq(Key(user.uuid())),
            requests::request_key.eq(key.as_str()),
            requests::fingerprint.eq(request.fingerprint.bytes().as_slice()),
            requests::made.eq(Key(request.made)),
            requests::at.eq(Moment(request.at)),
        );
        let added = change!(
            self,
            diesel::insert_into(requests::table)
                .values(row)
                .on_conflict((requests::user_id, requests::request_key))
                .do_nothing()
        );
        Ok(added.map_err(failed)? == 1)
    }

    fn find_request(&mut self, user: UserId, key: &RequestKey) -> Result<Option<Remembered>> {
        let found: Option<(Vec<u8>, Key, Moment)> = each!(self, |connection| requests::table
            .find((Key(user.uuid()), key.as_str()))
            .select((requests::fingerprint, requests::made, requests::at))
            .first(*connection)
            .optional())
        .map_err(failed)?;
        let remembered = |(fingerprint, made, at): (Vec<u8>, Key, Moment)| {
            Ok(Remembered {
                fingerprint: digest(fingerprint)?,
                made: made.0,
                at: at.0,
            })
        };
        found.map(remembered).transpose()
    }

    /// Overwrites a request that has expired; `false` when it has not.
    fn replace_request(
        &mut self,
        user: UserId,
        key: &RequestKey,
        request: &Remembered,
        expired: Timestamp,
    ) -> Result<bool> {
        let replaced = change!(
            self,
            update(
                requests::table
                    .find((Key(user.uuid()), key.as_str()))
                    .filter(requests::at.le(Moment(expired)))
            )
            .set((
                requests::fingerprint.eq(request.fingerprint.bytes().as_slice()),
                requests::made.eq(Key(request.made)),
                requests::at.eq(Moment(request.at)),
            ))
        );
        Ok(replaced.map_err(failed)? == 1)
    }
}

/// Deletes the oldest expired requests, up to a limit. Diesel has no words for rows in a subquery.
#[derive(Clone, Copy, Debug, QueryId)]
struct Forget {
    expired: Moment,
    limit: i64,
}

impl<Connection> RunQueryDsl<Connection> for Forget {}

impl<DB> QueryFragment<DB> for Forget
where
    DB: Backend + HasSqlType<Instant> + HasSqlType<BigInt>,
    Moment: ToSql<Instant, DB>,
    i64: ToSql<BigInt, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(
            "DELETE FROM requests WHERE (user_id, request_key) IN \
             (SELECT user_id, request_key FROM requests WHERE at < ",
        );
        out.push_bind_param::<Instant, _>(&self.expired)?;
        out.push_sql(" ORDER BY at LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(")");
        Ok(())
    }
}
