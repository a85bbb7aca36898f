use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::id::{ClientId, GrantId, OrganizationId, UserId};
use rollbook_domain::oauth::{AuthorizationCode, Grant, RefreshToken, Scopes};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::OAuthGrantRepo;
use rollbook_domain::secret::Digest;
use rollbook_domain::time::Timestamp;

use super::start;
use crate::row::{CodeRow, GrantRow, RefreshTokenRow, scopes};
use crate::schema::{
    oauth_codes as codes, oauth_grants as grants, oauth_refresh_tokens as refresh_tokens, tokens,
};
use crate::sql::{Key, Moment};
use crate::statement::update;
use crate::tx::{SqlTx, change, each, failed, locked};

/// Revokes the grants that a condition finds, and the access tokens under them; answers how many
/// grants there were. The grants come first: whoever issues a token has locked its grant, so that
/// the second statement sees the token.
macro_rules! revoke {
    ($tx:expr, $now:expr, $which:expr) => {{
        let unrevoked = grants::table
            .filter($which)
            .filter(grants::revoked_at.is_null());
        let revoked = change!(
            $tx,
            update(unrevoked).set(grants::revoked_at.eq(Moment($now)))
        );
        let revoked = revoked.map_err(failed)?;
        let theirs = grants::table.filter($which).select(grants::id.nullable());
        let under = tokens::table
            .filter(tokens::grant_id.eq_any(theirs))
            .filter(tokens::revoked_at.is_null());
        change!($tx, update(under).set(tokens::revoked_at.eq(Moment($now)))).map_err(failed)?;
        Ok(u32::try_from(revoked).unwrap_or(u32::MAX))
    }};
}

macro_rules! unrevoked_of {
    ($user:expr) => {
        grants::table
            .filter(grants::user_id.eq(Key($user.uuid())))
            .filter(grants::revoked_at.is_null())
    };
}

impl OAuthGrantRepo for SqlTx<'_> {
    fn add(&mut self, grant: &Grant) -> Result<()> {
        let row = (
            grants::id.eq(Key(grant.id.uuid())),
            grants::client_id.eq(Key(grant.client_id.uuid())),
            grants::user_id.eq(Key(grant.user_id.uuid())),
            grants::organization_id.eq(grant.organization_id.map(|id| Key(id.uuid()))),
            grants::scopes.eq(grant.scopes.to_keys()),
            grants::authenticated_at.eq(Moment(grant.authenticated_at)),
            grants::created_at.eq(Moment(grant.created_at)),
            grants::revoked_at.eq(grant.revoked_at.map(Moment)),
        );
        let added = change!(self, diesel::insert_into(grants::table).values(row));
        added.map(drop).map_err(failed)
    }

    fn find(&mut self, id: GrantId) -> Result<Option<Grant>> {
        let found = each!(self, |connection| grants::table
            .find(Key(id.uuid()))
            .select(GrantRow::as_select())
            .first(*connection)
            .optional());
        found.map_err(failed)?.map(GrantRow::into_grant).transpose()
    }

    fn lock(&mut self, id: GrantId) -> Result<Option<Grant>> {
        let row = grants::table.find(Key(id.uuid()));
        let found = locked!(self, row, |query, connection| query
            .select(GrantRow::as_select())
            .first(*connection)
            .optional());
        found.map_err(failed)?.map(GrantRow::into_grant).transpose()
    }

    fn list(&mut self, user: UserId, window: &Window<GrantId>) -> Result<Page<Grant, GrantId>> {
        let (after, skip) = start(window, GrantId::uuid);
        let rows: Vec<GrantRow> = each!(self, |connection| unrevoked_of!(user)
            .filter(grants::id.gt(after))
            .order(grants::id)
            .limit(window.fetch())
            .offset(skip)
            .select(GrantRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        let total = if window.count {
            let count: i64 = each!(self, |connection| unrevoked_of!(user)
                .count()
                .get_result(*connection))
            .map_err(failed)?;
            Some(count.unsigned_abs())
        } else {
            None
        };
        let items: Result<_> = rows.into_iter().map(GrantRow::into_grant).collect();
        Ok(Page::cut(items?, window, total, |grant: &Grant| grant.id))
    }

    fn allowed(
        &mut self,
        user: UserId,
        client: ClientId,
        organization: Option<OrganizationId>,
    ) -> Result<Vec<Scopes>> {
        let client = grants::client_id.eq(Key(client.uuid()));
        // Each visit wrote one: how many there are must not matter.
        let found: QueryResult<Vec<String>> = match organization.map(|id| Key(id.uuid())) {
            None => each!(self, |connection| unrevoked_of!(user)
                .filter(client)
                .filter(grants::organization_id.is_null())
                .select(grants::scopes)
                .distinct()
                .load(*connection)),
            Some(id) => each!(self, |connection| unrevoked_of!(user)
                .filter(client)
                .filter(grants::organization_id.eq(id))
                .select(grants::scopes)
                .distinct()
                .load(*connection)),
        };
        found.map_err(failed)?.iter().map(|it| scopes(it)).collect()
    }

    fn revoke(&mut self, id: GrantId, now: Timestamp) -> Result<bool> {
        let revoked: Result<u32> = revoke!(self, now, grants::id.eq(Key(id.uuid())));
        Ok(revoked? > 0)
    }

    fn revoke_allowed(
        &mut self,
        user: UserId,
        client: ClientId,
        organization: Option<OrganizationId>,
        now: Timestamp,
    ) -> Result<u32> {
        let theirs = grants::user_id
            .eq(Key(user.uuid()))
            .and(grants::client_id.eq(Key(client.uuid())));
        match organization.map(|id| Key(id.uuid())) {
            None => revoke!(self, now, theirs.and(grants::organization_id.is_null())),
            Some(id) => revoke!(self, now, grants::organization_id.eq(id).and(theirs)),
        }
    }

    fn revoke_of_user(&mut self, user: UserId, now: Timestamp) -> Result<u32> {
        revoke!(self, now, grants::user_id.eq(Key(user.uuid())))
    }

    fn revoke_in(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        now: Timestamp,
    ) -> Result<u32> {
        let organization = Key(organization.uuid());
        revoke!(
            self,
            now,
            grants::organization_id
                .eq(organization)
                .and(grants::user_id.eq(Key(user.uuid())))
        )
    }

    fn revoke_bound(&mut self, organization: OrganizationId, now: Timestamp) -> Result<u32> {
        revoke!(
            self,
            now,
            grants::organization_id.eq(Key(organization.uuid()))
        )
    }

    fn revoke_of_client(&mut self, client: ClientId, now: Timestamp) -> Result<u32> {
        let id = Key(client.uuid());
        let revoked: Result<u32> = revoke!(self, now, grants::client_id.eq(id));
        let own = tokens::table
            .filter(tokens::client_id.eq(id))
            .filter(tokens::revoked_at.is_null());
        change!(self, update(own).set(tokens::revoked_at.eq(Moment(now)))).map_err(failed)?;
        revoked
    }

    fn add_code(&mut self, code: &AuthorizationCode, digest: &Digest) -> Result<()> {
        let row = (
            codes::digest.eq(digest.bytes().as_slice()),
            codes::grant_id.eq(Key(code.grant_id.uuid())),
            codes::redirect_uri.eq(&code.redirect_uri),
            codes::challenge.eq(code.challenge.as_str()),
            codes::nonce.eq(code.nonce.as_deref()),
            codes::expires_at.eq(Moment(code.expires_at)),
            codes::used_at.eq(code.used_at.map(Moment)),
        );
        let added = change!(self, diesel::insert_into(codes::table).values(row));
        added.map(drop).map_err(failed)
    }

    fn find_code(&mut self, digest: &Digest) -> Result<Option<AuthorizationCode>> {
        let found = each!(self, |connection| codes::table
            .find(digest.bytes().as_slice())
            .select(CodeRow::as_select())
            .first(*connection)
            .optional());
        Ok(found.map_err(failed)?.map(CodeRow::into_code))
    }

    fn use_code(&mut self, digest: &Digest, now: Timestamp) -> Result<bool> {
        let used = change!(
            self,
            update(
                codes::table
                    .find(digest.bytes().as_slice())
                    .filter(codes::used_at.is_null())
            )
            .set(codes::used_at.eq(Moment(now)))
        );
        Ok(used.map_err(failed)? == 1)
    }

    fn add_refresh_token(&mut self, token: &RefreshToken, digest: &Digest) -> Result<()> {
        let row = (
            refresh_tokens::digest.eq(digest.bytes().as_slice()),
            refresh_tokens::grant_id.eq(Key(token.grant_id.uuid())),
            refresh_tokens::created_at.eq(Moment(token.created_at)),
            refresh_tokens::expires_at.eq(Moment(token.expires_at)),
            refresh_tokens::used_at.eq(token.used_at.map(Moment)),
        );
        let added = change!(self, diesel::insert_into(refresh_tokens::table).values(row));
        added.map(drop).map_err(failed)
    }

    fn find_refresh_token(&mut self, digest: &Digest) -> Result<Option<RefreshToken>> {
        let found = each!(self, |connection| refresh_tokens::table
            .find(digest.bytes().as_slice())
            .select(RefreshTokenRow::as_select())
            .first(*connection)
            .optional());
        Ok(found.map_err(failed)?.map(RefreshTokenRow::into_token))
    }

    fn use_refresh_token(&mut self, digest: &Digest, now: Timestamp) -> Result<bool> {
        let used = change!(
            self,
            update(
                refresh_tokens::table
                    .find(digest.bytes().as_slice())
                    .filter(refresh_tokens::used_at.is_null())
            )
            .set(refresh_tokens::used_at.eq(Moment(now)))
        );
        Ok(used.map_err(failed)? == 1)
    }

    fn forget(
        &mut self,
        now: Timestamp,
        noticed: Timestamp,
        remembered: Timestamp,
        limit: u32,
    ) -> Result<u32> {
        self.forget_oauth(now, noticed, remembered, limit)
    }
}
