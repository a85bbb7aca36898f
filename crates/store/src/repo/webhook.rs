use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use rollbook_domain::Result;
use rollbook_domain::id::{OrganizationId, WebhookEndpointId};
use rollbook_domain::organization::Version;
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::WebhookRepo;
use rollbook_domain::time::Timestamp;
use rollbook_domain::webhook::WebhookEndpoint;

use super::start;
use crate::row::{EndpointRow, NewEndpoint, place};
use crate::schema::{audit_entries as entries, webhook_endpoints as endpoints};
use crate::sql::{Key, Moment};
use crate::tx::{SqlTx, alter, each, failed, locked, unlocked};

/// The endpoints of an organization.
macro_rules! endpoints_of {
    ($organization:expr) => {
        endpoints::table
            .filter(endpoints::organization_id.eq(Key($organization.uuid())))
            .filter(endpoints::deleted_at.is_null())
    };
}

/// The enabled endpoints behind whose position the log goes on. The conditions of the first line
/// stand as they do in the index `webhook_endpoints_enabled`: a bound value could be anything, and
/// the index would not be used. The last place of a log is one step into its primary key; the kind
/// of log need not be asked for, since no two have the same id.
macro_rules! behind {
    () => {
        endpoints::table
            .filter(sql::<Bool>(
                "webhook_endpoints.status = 'enabled' AND webhook_endpoints.deleted_at IS NULL",
            ))
            .filter(
                endpoints::position.nullable().lt(entries::table
                    .filter(entries::chain_id.eq(endpoints::organization_id))
                    .order(entries::sequence.desc())
                    .select(entries::sequence)
                    .single_value()),
            )
    };
}

impl WebhookRepo for SqlTx<'_> {
    fn add(&mut self, endpoint: &WebhookEndpoint) -> Result<()> {
        let added = alter!(self, |connection| diesel::insert_into(endpoints::table)
            .values(NewEndpoint::of(endpoint))
            .execute(*connection));
        added.map(drop).map_err(failed)
    }

    fn find(
        &mut self,
        organization: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<Option<WebhookEndpoint>> {
        let found = each!(self, |connection| endpoints_of!(organization)
            .filter(endpoints::id.eq(Key(id.uuid())))
            .select(EndpointRow::as_select())
            .first(*connection)
            .optional());
        found
            .map_err(failed)?
            .map(EndpointRow::into_endpoint)
            .transpose()
    }

    fn find_locked(
        &mut self,
        organization: OrganizationId,
        id: WebhookEndpointId,
    ) -> Result<Option<WebhookEndpoint>> {
        let row = endpoints_of!(organization).filter(endpoints::id.eq(Key(id.uuid())));
        let found = locked!(self, row, |query, connection| query
            .select(EndpointRow::as_select())
            .first(*connection)
            .optional());
        found
            .map_err(failed)?
            .map(EndpointRow::into_endpoint)
            .transpose()
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        window: &Window<WebhookEndpointId>,
    ) -> Result<Page<WebhookEndpoint, WebhookEndpointId>> {
        let (after, skip) = start(window, WebhookEndpointId::uuid);
        let rows: Vec<EndpointRow> = each!(self, |connection| endpoints_of!(organization)
            .filter(endpoints::id.gt(after))
            .order(endpoints::id)
            .limit(window.fetch())
            .offset(skip)
            .select(EndpointRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        let total = if window.count {
            Some(WebhookRepo::count(self, organization)?.into())
        } else {
            None
        };
        let items = rows.into_iter().map(EndpointRow::into_endpoint);
        let items = items.collect::<Result<_>>()?;
        Ok(Page::cut(items, window, total, |it: &WebhookEndpoint| {
            it.id
        }))
    }

    fn count(&mut self, organization: OrganizationId) -> Result<u32> {
        let count: i64 = each!(self, |connection| endpoints_of!(organization)
            .count()
            .get_result(*connection))
        .map_err(failed)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn update(&mut self, endpoint: &WebhookEndpoint, before: Version) -> Result<bool> {
        let updated = alter!(self, |connection| diesel::update(
            endpoints::table.find(key(endpoint))
        )
        .filter(endpoints::version.eq(before.number()))
        .filter(endpoints::deleted_at.is_null())
        .set(NewEndpoint::of(endpoint))
        .execute(*connection));
        Ok(updated.map_err(failed)? == 1)
    }

    fn delete(
        &mut self,
        organization: OrganizationId,
        id: WebhookEndpointId,
        before: Version,
        now: Timestamp,
    ) -> Result<bool> {
        let row = endpoints::table.find((Key(organization.uuid()), Key(id.uuid())));
        let deleted = alter!(self, |connection| diesel::update(row)
            .filter(endpoints::version.eq(before.number()))
            .filter(endpoints::deleted_at.is_null())
            .set((
                endpoints::deleted_at.eq(Moment(now)),
                endpoints::secret.eq(""),
                endpoints::previous_secret.eq(None::<&str>),
                endpoints::previous_secret_until.eq(None::<Moment>),
            ))
            .execute(*connection));
        Ok(deleted.map_err(failed)? == 1)
    }

    fn is_any_behind(&mut self) -> Result<bool> {
        let found: Option<Key> = each!(self, |connection| behind!()
            .select(endpoints::id)
            .first(*connection)
            .optional())
        .map_err(failed)?;
        Ok(found.is_some())
    }

    fn behind(&mut self, limit: u32) -> Result<Vec<WebhookEndpoint>> {
        let query = behind!().limit(limit.into());
        let rows: Vec<EndpointRow> = unlocked!(self, query, |query, connection| query
            .select(EndpointRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        rows.into_iter().map(EndpointRow::into_endpoint).collect()
    }

    fn advance(&mut self, endpoint: &WebhookEndpoint, position: u64) -> Result<()> {
        let advanced = alter!(self, |connection| diesel::update(
            endpoints::table.find(key(endpoint))
        )
        .set(endpoints::position.eq(place(position)))
        .execute(*connection));
        advanced.map(drop).map_err(failed)
    }
}

const fn key(endpoint: &WebhookEndpoint) -> (Key, Key) {
    (
        Key(endpoint.organization_id.uuid()),
        Key(endpoint.id.uuid()),
    )
}
