use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType};
use rollbook_domain::Result;
use rollbook_domain::id::{OrganizationId, TokenId, UserId};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::TokenRepo;
use rollbook_domain::secret::Digest;
use rollbook_domain::time::Timestamp;
use rollbook_domain::token::{Token, TokenKind};
use uuid::Uuid;

use super::{CHUNK, start};
use crate::row::TokenRow;
use crate::schema::tokens;
use crate::sql::{Instant, Key, Moment};
use crate::statement::update;
use crate::tx::{SqlTx, alter, change, each, failed, unlocked};

/// Not yet revoked, sessions among them.
macro_rules! unrevoked_of {
    ($user:expr) => {
        tokens::table
            .filter(tokens::user_id.eq(Key($user.uuid())))
            .filter(tokens::revoked_at.is_null())
    };
}

/// What a user sees of it: no sessions, and nothing that a client has.
macro_rules! listed_of {
    ($user:expr) => {
        unrevoked_of!($user)
            .filter(tokens::kind.eq(TokenKind::Access.key()))
            .filter(tokens::client_id.is_null())
    };
}

/// Revokes what a query finds; answers how many there were.
macro_rules! revoke {
    ($tx:expr, $tokens:expr, $now:expr) => {{
        let revoked = change!(
            $tx,
            update($tokens).set(tokens::revoked_at.eq(Moment($now)))
        );
        Ok(u32::try_from(revoked.map_err(failed)?).unwrap_or(u32::MAX))
    }};
}

impl TokenRepo for SqlTx<'_> {
    fn add(&mut self, token: &Token, digest: &Digest) -> Result<()> {
        let row = (
            tokens::id.eq(Key(token.id.uuid())),
            tokens::user_id.eq(Key(token.user_id.uuid())),
            tokens::name.eq(token.name.as_str()),
            tokens::digest.eq(digest.bytes().as_slice()),
            tokens::last_four.eq(&token.last_four),
            tokens::created_at.eq(Moment(token.created_at)),
            tokens::expires_at.eq(token.expires_at.map(Moment)),
            tokens::last_used_at.eq(token.last_used_at.map(Moment)),
            tokens::revoked_at.eq(token.revoked_at.map(Moment)),
            tokens::organization_id.eq(token.organization_id.map(|id| Key(id.uuid()))),
            tokens::created_by.eq(token.created_by.map(|id| Key(id.uuid()))),
            tokens::kind.eq(token.kind.key()),
            tokens::parent_id.eq(token.parent_id.map(|id| Key(id.uuid()))),
            tokens::client_id.eq(token.oauth.map(|it| Key(it.client_id.uuid()))),
            tokens::grant_id.eq(token
                .oauth
                .and_then(|it| it.grant_id)
                .map(|id| Key(id.uuid()))),
            tokens::scopes.eq(token.oauth.map(|it| it.scopes.to_keys())),
        );
        let added = change!(self, diesel::insert_into(tokens::table).values(row));
        added.map(drop).map_err(failed)
    }

    fn find(&mut self, user: UserId, id: TokenId) -> Result<Option<Token>> {
        let found = each!(self, |connection| listed_of!(user)
            .filter(tokens::id.eq(Key(id.uuid())))
            .select(TokenRow::as_select())
            .first(*connection)
            .optional());
        found.map_err(failed)?.map(TokenRow::into_token).transpose()
    }

    fn list(&mut self, user: UserId, window: &Window<TokenId>) -> Result<Page<Token, TokenId>> {
        let (after, skip) = start(window, TokenId::uuid);
        let rows: Vec<TokenRow> = each!(self, |connection| listed_of!(user)
            .filter(tokens::id.gt(after))
            .order(tokens::id)
            .limit(window.fetch())
            .offset(skip)
            .select(TokenRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        let total = if window.count {
            let count: i64 = each!(self, |connection| listed_of!(user)
                .count()
                .get_result(*connection))
            .map_err(failed)?;
            Some(count.unsigned_abs())
        } else {
            None
        };
        let items: Result<_> = rows.into_iter().map(TokenRow::into_token).collect();
        Ok(Page::cut(items?, window, total, |token: &Token| token.id))
    }

    fn count_usable(&mut self, user: UserId, now: Timestamp) -> Result<u32> {
        let count: i64 = each!(self, |connection| listed_of!(user)
            .filter(
                tokens::expires_at
                    .is_null()
                    .or(tokens::expires_at.gt(Moment(now)))
            )
            .count()
            .get_result(*connection))
        .map_err(failed)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn revoke(&mut self, user: UserId, id: TokenId, now: Timestamp) -> Result<bool> {
        let id = Key(id.uuid());
        let meant = tokens::id.nullable().eq(id).or(tokens::parent_id.eq(id));
        let revoked: Result<u32> = revoke!(self, unrevoked_of!(user).filter(meant), now);
        Ok(revoked? > 0)
    }

    fn revoke_all(&mut self, user: UserId, now: Timestamp) -> Result<u32> {
        revoke!(self, unrevoked_of!(user), now)
    }

    fn revoke_sessions(
        &mut self,
        user: UserId,
        but: Option<TokenId>,
        now: Timestamp,
    ) -> Result<u32> {
        // No token has the nil UUID.
        let but = Key(but.map_or(Uuid::nil(), TokenId::uuid));
        let sessions = unrevoked_of!(user)
            .filter(tokens::kind.eq(TokenKind::Session.key()))
            .filter(tokens::id.ne(but));
        revoke!(self, sessions, now)
    }

    fn revoke_in(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        now: Timestamp,
    ) -> Result<u32> {
        let bound = tokens::organization_id.eq(Key(organization.uuid()));
        revoke!(self, unrevoked_of!(user).filter(bound), now)
    }

    fn revoke_bound(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32> {
        let bound = tokens::table
            .filter(tokens::organization_id.eq(Key(organization.uuid())))
            .filter(tokens::revoked_at.is_null());
        revoke!(self, bound, now)
    }

    fn mark_used(&mut self, ids: &[TokenId], at: Timestamp) -> Result<()> {
        let at = Moment(at);
        for ids in ids.chunks(CHUNK) {
            let ids: Vec<_> = ids.iter().map(|id| Key(id.uuid())).collect();
            // What somebody has locked is in use, and will be noted again. Whoever has locked their
            // own token may want another one, so nothing waits for them here.
            let free: Vec<Key> = unlocked!(
                self,
                tokens::table
                    .filter(tokens::id.eq_any(&ids))
                    .select(tokens::id),
                |free, connection| free.load(*connection)
            )
            .map_err(failed)?;
            let used_before = tokens::last_used_at
                .is_null()
                .or(tokens::last_used_at.lt(at));
            let unknown = tokens::table
                .filter(tokens::id.eq_any(free))
                .filter(used_before);
            alter!(self, |connection| diesel::update(unknown)
                .set(tokens::last_used_at.eq(at))
                .execute(*connection))
            .map_err(failed)?;
        }
        Ok(())
    }

    fn forget_sessions(&mut self, expired: Timestamp, limit: u32) -> Result<u32> {
        let forget = Forget {
            expired: Moment(expired),
            limit: limit.into(),
        };
        let forgotten = alter!(self, |connection| forget.execute(*connection));
        Ok(u32::try_from(forgotten.map_err(failed)?).unwrap_or(u32::MAX))
    }
}

/// Deletes the oldest sessions whose end has come, up to a limit. Diesel has no words for rows in
/// a subquery, and only a literal lets SQLite take the index of sessions.
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
            "DELETE FROM tokens WHERE id IN \
             (SELECT id FROM tokens WHERE kind = 'session' AND expires_at < ",
        );
        out.push_bind_param::<Instant, _>(&self.expired)?;
        out.push_sql(" ORDER BY expires_at LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(")");
        Ok(())
    }
}
