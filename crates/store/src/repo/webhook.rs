use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool};
use rollbook_domain::Result;
use rollbook_domain::audit::Chain;
use rollbook_domain::id::{OrganizationId, WebhookEndpointId};
use rollbook_domain::organization::Version;
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::{AuditRepo, WebhookRepo};
use rollbook_domain::time::Timestamp;
use rollbook_domain::webhook::WebhookEndpoint;

use super::start;
use super::written::Condition;
use crate::row::{EndpointRow, NewEndpoint, place};
use crate::schema::webhook_endpoints as endpoints;
use crate::sql::{Key, Moment};
use crate::statement::update;
use crate::tx::{SqlTx, change, each, failed, locked, unlocked};

/// The endpoints of an organization.
macro_rules! endpoints_of {
    ($organization:expr) => {
        endpoints::table
            .filter(endpoints::organization_id.eq(Key($organization.uuid())))
            .filter(endpoints::deleted_at.is_null())
    };
}

/// The endpoints of an organization that are sent something. The conditions that are written out
/// stand as they do in the index `webhook_endpoints_enabled`: a bound value could be anything, and
/// the index would not be used.
macro_rules! listening {
    ($organization:expr) => {{
        use crate::schema::webhook_endpoints as endpoints;
        endpoints::table
            .filter(endpoints::organization_id.eq(Key($organization.uuid())))
            .filter(Condition::fixed(
                "webhook_endpoints.status = 'enabled' AND webhook_endpoints.deleted_at IS NULL",
            ))
    }};
}
pub(super) use listening;

/// The enabled endpoints behind whose position the log goes on, as in `webhook_endpoints_behind`,
/// and for which fewer messages than so many wait that were never tried. Those with short logs first,
/// so that whoever writes much keeps nobody else waiting.
macro_rules! behind {
    ($most:expr) => {
        endpoints::table
            .filter(Condition::fixed(
                "webhook_endpoints.status = 'enabled' AND webhook_endpoints.deleted_at IS NULL \
                 AND webhook_endpoints.position < webhook_endpoints.head",
            ))
            .filter(
                sql::<Bool>(
                    "NOT EXISTS (SELECT 1 FROM outbox WHERE outbox.state = 'pending' \
                     AND outbox.attempts = 0 AND outbox.endpoint_id = webhook_endpoints.id \
                     LIMIT 1 OFFSET ",
                )
                .bind::<BigInt, _>(i64::from($most) - 1)
                .sql(")"),
            )
            // As they stand in the index: PostgreSQL would rather look for the first one in the table,
            // thinking that a third of all are behind.
            .order((endpoints::head, endpoints::id))
    };
}

impl WebhookRepo for SqlTx<'_> {
    fn add(&mut self, endpoint: &WebhookEndpoint) -> Result<()> {
        let head = self.end_of_log(endpoint.organization_id)?;
        let row = NewEndpoint::of(endpoint, head);
        let added = change!(self, diesel::insert_into(endpoints::table).values(row));
        // Who listens to the log may be another now.
        self.trail = None;
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
        let head = self.end_of_log(endpoint.organization_id)?;
        let row = endpoints::table
            .find(key(endpoint))
            .filter(endpoints::version.eq(before.number()))
            .filter(endpoints::deleted_at.is_null());
        let values = NewEndpoint::of(endpoint, head);
        let updated = change!(self, update(row).set(values));
        self.trail = None;
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
        let row = row
            .filter(endpoints::version.eq(before.number()))
            .filter(endpoints::deleted_at.is_null());
        let values = (
            endpoints::deleted_at.eq(Moment(now)),
            endpoints::secret.eq(""),
            endpoints::previous_secret.eq(None::<&str>),
            endpoints::previous_secret_until.eq(None::<Moment>),
        );
        let deleted = change!(self, update(row).set(values));
        Ok(deleted.map_err(failed)? == 1)
    }

    fn is_any_behind(&mut self, most: u32) -> Result<bool> {
        let found: Option<Key> = each!(self, |connection| behind!(most)
            .select(endpoints::id)
            .first(*connection)
            .optional())
        .map_err(failed)?;
        Ok(found.is_some())
    }

    fn behind(&mut self, most: u32, limit: u32) -> Result<Vec<WebhookEndpoint>> {
        let rows: Vec<EndpointRow> = unlocked!(
            self,
            behind!(most)
                .limit(limit.into())
                .select(EndpointRow::as_select()),
            |mine, connection| mine.load(*connection)
        )
        .map_err(failed)?;
        rows.into_iter().map(EndpointRow::into_endpoint).collect()
    }

    fn advance(&mut self, endpoint: &WebhookEndpoint, position: u64) -> Result<()> {
        let row = endpoints::table.find(key(endpoint));
        let advanced = change!(
            self,
            update(row).set(endpoints::position.eq(place(position)))
        );
        advanced.map(drop).map_err(failed)
    }
}

impl SqlTx<'_> {
    fn end_of_log(&mut self, organization: OrganizationId) -> Result<u64> {
        let head = AuditRepo::head(self, Chain::Organization(organization))?;
        Ok(head.map_or(0, |head| head.sequence))
    }
}

const fn key(endpoint: &WebhookEndpoint) -> (Key, Key) {
    (
        Key(endpoint.organization_id.uuid()),
        Key(endpoint.id.uuid()),
    )
}
