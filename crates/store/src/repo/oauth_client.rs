use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::id::{ClientId, ClientSecretId, OrganizationId};
use rollbook_domain::oauth::{ClientSecret, OAuthClient};
use rollbook_domain::organization::Version;
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::OAuthClientRepo;
use rollbook_domain::secret::Digest;
use rollbook_domain::time::Timestamp;

use super::start;
use crate::row::{ClientRow, NewClient, SecretRow};
use crate::schema::{oauth_client_secrets as secrets, oauth_clients as clients};
use crate::sql::{Key, Moment};
use crate::statement::update;
use crate::tx::{SqlTx, change, each, failed, locked};

/// Runs a query over the clients of an organization or, where there is none, of the installation:
/// no comparison serves both, and an index serves each.
macro_rules! clients_of {
    ($organization:expr, |$clients:ident| $query:expr) => {{
        let live = clients::table.filter(clients::deleted_at.is_null());
        match $organization {
            Some(id) => {
                let $clients = live.filter(clients::organization_id.eq(Key(id.uuid())));
                $query
            }
            None => {
                let $clients = live.filter(clients::organization_id.is_null());
                $query
            }
        }
    }};
}

impl OAuthClientRepo for SqlTx<'_> {
    fn add(&mut self, client: &OAuthClient) -> Result<()> {
        let added = change!(
            self,
            diesel::insert_into(clients::table).values(NewClient::of(client))
        );
        added.map(drop).map_err(failed)
    }

    fn find(&mut self, id: ClientId) -> Result<Option<OAuthClient>> {
        let found = each!(self, |connection| clients::table
            .find(Key(id.uuid()))
            .select(ClientRow::as_select())
            .first(*connection)
            .optional());
        found
            .map_err(failed)?
            .map(ClientRow::into_client)
            .transpose()
    }

    fn lock(&mut self, id: ClientId) -> Result<Option<OAuthClient>> {
        let row = clients::table.find(Key(id.uuid()));
        let found = locked!(self, row, |query, connection| query
            .select(ClientRow::as_select())
            .first(*connection)
            .optional());
        found
            .map_err(failed)?
            .map(ClientRow::into_client)
            .transpose()
    }

    fn list(
        &mut self,
        organization: Option<OrganizationId>,
        window: &Window<ClientId>,
    ) -> Result<Page<OAuthClient, ClientId>> {
        let (after, skip) = start(window, ClientId::uuid);
        let rows: Vec<ClientRow> =
            clients_of!(organization, |theirs| each!(self, |connection| theirs
                .filter(clients::id.gt(after))
                .order(clients::id)
                .limit(window.fetch())
                .offset(skip)
                .select(ClientRow::as_select())
                .load(*connection)))
            .map_err(failed)?;
        let total = if window.count {
            Some(OAuthClientRepo::count(self, organization)?.into())
        } else {
            None
        };
        let items = rows.into_iter().map(ClientRow::into_client);
        let items = items.collect::<Result<_>>()?;
        Ok(Page::cut(items, window, total, |client: &OAuthClient| {
            client.id
        }))
    }

    fn count(&mut self, organization: Option<OrganizationId>) -> Result<u32> {
        let count: i64 = clients_of!(organization, |theirs| each!(self, |connection| theirs
            .count()
            .get_result(*connection)))
        .map_err(failed)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn update(&mut self, client: &OAuthClient, seen: Version) -> Result<bool> {
        let updated = change!(
            self,
            update(
                clients::table
                    .find(Key(client.id.uuid()))
                    .filter(clients::version.eq(seen.number()))
            )
            .set(NewClient::of(client))
        );
        Ok(updated.map_err(failed)? == 1)
    }

    fn add_secret(&mut self, secret: &ClientSecret, digest: &Digest) -> Result<()> {
        let row = (
            secrets::id.eq(Key(secret.id.uuid())),
            secrets::client_id.eq(Key(secret.client_id.uuid())),
            secrets::digest.eq(digest.bytes().as_slice()),
            secrets::last_four.eq(&secret.last_four),
            secrets::created_by.eq(secret.created_by.map(|id| Key(id.uuid()))),
            secrets::created_at.eq(Moment(secret.created_at)),
            secrets::expires_at.eq(secret.expires_at.map(Moment)),
        );
        let added = change!(self, diesel::insert_into(secrets::table).values(row));
        added.map(drop).map_err(failed)
    }

    fn find_secret(&mut self, client: ClientId, digest: &Digest) -> Result<Option<ClientSecret>> {
        let found = each!(self, |connection| secrets::table
            .filter(secrets::client_id.eq(Key(client.uuid())))
            .filter(secrets::digest.eq(digest.bytes().as_slice()))
            .select(SecretRow::as_select())
            .first(*connection)
            .optional());
        Ok(found.map_err(failed)?.map(SecretRow::into_secret))
    }

    fn secrets(&mut self, client: ClientId) -> Result<Vec<ClientSecret>> {
        let rows: Vec<SecretRow> = each!(self, |connection| secrets::table
            .filter(secrets::client_id.eq(Key(client.uuid())))
            .select(SecretRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        let found = rows.into_iter().map(SecretRow::into_secret);
        let mut found: Vec<ClientSecret> = found.collect();
        // A few at the most: no index is needed for their order.
        found.sort_unstable_by_key(|secret| std::cmp::Reverse(secret.id));
        Ok(found)
    }

    fn end_secret(&mut self, id: ClientSecretId, at: Timestamp) -> Result<()> {
        let ended = change!(
            self,
            update(secrets::table.find(Key(id.uuid()))).set(secrets::expires_at.eq(Moment(at)))
        );
        ended.map(drop).map_err(failed)
    }

    fn remove_secret(&mut self, id: ClientSecretId) -> Result<()> {
        let removed = change!(self, diesel::delete(secrets::table.find(Key(id.uuid()))));
        removed.map(drop).map_err(failed)
    }
}
