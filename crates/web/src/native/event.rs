//! The events of an organization, for those who come and ask.

use actix_web::http::Method;
use actix_web::web::{self, Data, Query};
use rollbook_domain::Error;
use rollbook_domain::event::is_type;
use rollbook_domain::role::Permission;
use rollbook_domain::service::event::Start;
use rollbook_domain::time::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::answer::{self, Answer};
use super::event_wire::EventList;
use super::filter::{Field, Kind};
use super::list::Listing;
use super::path::OrganizationPath;
use super::status::Refusals;
use super::{Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

/// What can be asked about events.
pub(super) static OPERATIONS: &[Operation] = &[operation(
    "events.list",
    Method::GET,
    "/api/v1/organizations/{organization_id}/events",
    Policy::needs(Permission::ReadAuditEntry),
    || web::to(list),
)];

/// What events can be filtered by.
const FIELDS: &[Field<String>] = &[Field {
    name: "type",
    kind: EVENT_TYPE,
}];

/// A type of event, or all of a thing.
pub(super) const EVENT_TYPE: Kind<String> =
    Kind::Word(|pattern| is_type(pattern).then(|| pattern.to_owned()));

/// The query of a list of events. Names are understood in snake case and in camel case.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only described")]
pub(super) struct EventQuery {
    /// How many events to answer at the most: 50 unless given, and never more than 1000. With a
    /// filter, a page may have fewer, or none, and there may still be more.
    #[param(value_type = Option<i32>, minimum = 0, example = 50)]
    page_size: Option<String>,
    /// The `next_page_token` of the page before, however long ago that was. Page size and filter
    /// may differ from then.
    page_token: Option<String>,
    /// Which events to answer (AIP-160): `type` compared with `=` or `!=`, where `invitation.*`
    /// stands for all types of invitations, and `AND`, `OR`, `NOT` and parentheses.
    #[param(example = "type = \"membership.*\" OR type = \"invitation.accepted\"")]
    filter: Option<String>,
}

/// Where to begin without a page token.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct StartQuery {
    /// Without a page token: begin with the first event at this moment or later (RFC 3339), and
    /// not with the first of all. Beside a page token it does not matter.
    #[serde(alias = "startTime")]
    #[param(value_type = Option<String>, format = DateTime, example = "2026-01-01T00:00:00Z")]
    start_time: Option<String>,
}

/// Read the events of an organization
///
/// The oldest come first. The token is always there, also when there is nothing more: keep it, and
/// ask again with it when you like. It does not expire, and whoever asks so hears of every event,
/// once.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/events",
    operation_id = "events.list",
    tag = "events",
    params(OrganizationPath, EventQuery, StartQuery),
    responses((status = 200, description = "What happened next", body = EventList), Refusals)
)]
pub(super) async fn list(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    listing: Listing,
    query: Query<StartQuery>,
    state: Data<State>,
) -> Answer {
    let whose = organization.to_string();
    let filter = listing.filter(FIELDS)?;
    let start = match listing.place(&whose)? {
        Some(place) => Start::After(place),
        None => start(query.start_time.as_deref())?,
    };
    let audit = &state.services.audit;
    let page = audit
        .events(caller.who, organization, filter, start, listing.limit())
        .await?;
    let next = listing.place_token(&whose, &page.position);
    Ok(answer::list(&EventList::new(&page, next)))
}

fn start(time: Option<&str>) -> Result<Start, Error> {
    let Some(text) = time.filter(|text| !text.is_empty()) else {
        return Ok(Start::First);
    };
    let moment = Timestamp::parse_rfc3339(text);
    let reason = "it must be a time, such as 2030-01-31T12:00:00Z";
    moment
        .map(Start::At)
        .ok_or_else(|| Error::invalid("start_time", reason))
}
