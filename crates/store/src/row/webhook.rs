use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use rollbook_domain::Result;
use rollbook_domain::id::{OrganizationId, WebhookEndpointId};
use rollbook_domain::organization::Version;
use rollbook_domain::secret::Secret;
use rollbook_domain::value::{Description, Url};
use rollbook_domain::webhook::{EndpointStatus, WebhookEndpoint};

use super::{place, unknown};
use crate::schema::webhook_endpoints;
use crate::sql::{Key, Moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = webhook_endpoints)]
pub(crate) struct EndpointRow {
    id: Key,
    organization_id: Key,
    url: String,
    description: String,
    event_types: String,
    status: String,
    secret: String,
    previous_secret: Option<String>,
    previous_secret_until: Option<Moment>,
    position: i64,
    failing_since: Option<Moment>,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
}

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = webhook_endpoints, treat_none_as_null = true, treat_none_as_default_value = false)]
#[diesel(primary_key(organization_id, id))]
pub(crate) struct NewEndpoint<'a> {
    id: Key,
    organization_id: Key,
    url: &'a str,
    description: &'a str,
    event_types: String,
    status: &'static str,
    secret: &'a str,
    previous_secret: Option<&'a str>,
    previous_secret_until: Option<Moment>,
    position: i64,
    head: i64,
    failing_since: Option<Moment>,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
}

impl<'a> NewEndpoint<'a> {
    /// `head` is where the log of its organization ends.
    pub(crate) fn of(endpoint: &'a WebhookEndpoint, head: u64) -> Self {
        let previous = endpoint.previous_secret.as_ref();
        Self {
            id: Key(endpoint.id.uuid()),
            organization_id: Key(endpoint.organization_id.uuid()),
            url: endpoint.url.as_str(),
            description: endpoint.description.as_str(),
            event_types: endpoint.event_types.join(" "),
            status: endpoint.status.key(),
            secret: endpoint.secret.reveal(),
            previous_secret: previous.map(|(secret, _)| secret.reveal()),
            previous_secret_until: previous.map(|(_, until)| Moment(*until)),
            position: place(endpoint.position),
            head: place(head),
            failing_since: endpoint.failing_since.map(Moment),
            version: endpoint.version.number(),
            created_at: Moment(endpoint.created_at),
            updated_at: Moment(endpoint.updated_at),
        }
    }
}

impl EndpointRow {
    pub(crate) fn into_endpoint(self) -> Result<WebhookEndpoint> {
        let status = EndpointStatus::from_key(&self.status);
        let previous = self.previous_secret.map(Secret::from_stored);
        let types = self.event_types.split_ascii_whitespace();
        Ok(WebhookEndpoint {
            id: WebhookEndpointId::new(self.id.0),
            organization_id: OrganizationId::new(self.organization_id.0),
            url: Url::from_stored(self.url),
            description: Description::from_stored(self.description),
            event_types: types.map(str::to_owned).collect(),
            status: status.ok_or_else(|| unknown("status", &self.status))?,
            secret: Secret::from_stored(self.secret),
            previous_secret: previous.zip(self.previous_secret_until.map(|until| until.0)),
            position: self.position.unsigned_abs(),
            failing_since: self.failing_since.map(|at| at.0),
            version: Version::new(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }
}
