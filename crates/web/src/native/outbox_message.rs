//! What waits to be sent and what became of it, for superusers.

use actix_web::http::Method;
use actix_web::web::{self, Data};
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{MessageId, OrganizationId, WebhookEndpointId};
use rollbook_domain::outbox::{Content, DeliveryState, DeliveryTest};
use rollbook_domain::policy::Action;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::answer::{self, Answer};
use super::filter::{self, Field, Kind};
use super::list::{Listing, PageQuery};
use super::outbox_wire::{OutboxMessage, OutboxMessageList, ReplayedMessages};
use super::path::id_path;
use super::status::Refusals;
use super::{Body, Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

id_path!(
    /// The message in the path.
    MessagePath,
    "message_id",
    /// The message's id.
    MessageId
);

const POLICY: Policy = Policy::Caller(Action::AdministerOutbox);

/// What superusers can ask about messages.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "outboxMessages.list",
        Method::GET,
        "/api/v1/outboxMessages",
        POLICY,
        || web::to(list),
    ),
    operation(
        "outboxMessages.replayDead",
        Method::POST,
        "/api/v1/outboxMessages:replay",
        POLICY,
        || web::to(replay_dead),
    ),
    operation(
        "outboxMessages.get",
        Method::GET,
        "/api/v1/outboxMessages/{message_id}",
        POLICY,
        || web::to(get),
    ),
    operation(
        "outboxMessages.replay",
        Method::POST,
        "/api/v1/outboxMessages/{message_id}:replay",
        POLICY,
        || web::to(replay),
    ),
];

/// What messages can be filtered by.
const FIELDS: &[Field<DeliveryTest>] = &[
    Field {
        name: "state",
        kind: Kind::Word(|word| {
            DeliveryState::from_key(&word.to_ascii_lowercase()).map(DeliveryTest::State)
        }),
    },
    Field {
        name: "kind",
        kind: Kind::Word(|word| {
            let known = Content::KINDS.contains(&word);
            known.then(|| DeliveryTest::Kind(word.to_owned()))
        }),
    },
    Field {
        name: "organization",
        kind: Kind::Id(|id| DeliveryTest::Organization(OrganizationId::new(id))),
    },
    Field {
        name: "endpoint",
        kind: Kind::Id(|id| DeliveryTest::Endpoint(WebhookEndpointId::new(id))),
    },
    Field {
        name: "create_time",
        kind: Kind::Time {
            not_before: DeliveryTest::NotBefore,
            before: DeliveryTest::Before,
        },
    },
];

/// The query of a list of messages that can be filtered.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only described")]
pub(super) struct MessageFilterQuery {
    /// Which messages to answer (AIP-160): `state`, `kind`, `organization` and `endpoint` compared
    /// with `=` or `!=`, `create_time` with any comparison of order, and `AND`, `OR`, `NOT` and
    /// parentheses.
    #[param(example = "state = \"dead\" AND create_time >= \"2026-01-01T00:00:00Z\"")]
    filter: Option<String>,
}

/// Which messages to send again.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(example = json!({"filter": "kind = \"invitation\""}))]
pub(super) struct ReplayMessagesRequest {
    /// Which of the dead ones, as in a list; all of them when it is left out.
    filter: String,
}

impl ReplayMessagesRequest {
    fn filter(&self) -> Result<Filter<DeliveryTest>, rollbook_domain::Error> {
        filter::parse(&self.filter, FIELDS)
    }
}

/// List what waits to be sent and what became of it
///
/// For superusers. The latest messages come first.
#[utoipa::path(
    get,
    path = "/api/v1/outboxMessages",
    operation_id = "outboxMessages.list",
    tag = "outboxMessages",
    params(PageQuery, MessageFilterQuery),
    responses((status = 200, description = "A page of them", body = OutboxMessageList), Refusals)
)]
pub(super) async fn list(caller: Caller, listing: Listing, state: Data<State>) -> Answer {
    let (filter, window) = (listing.filter(FIELDS)?, listing.window()?);
    let page = state
        .services
        .outbox
        .list(caller.who, filter, window)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&OutboxMessageList::new(&page, next))
}

/// Get a message with the attempts to send it
///
/// For superusers.
#[utoipa::path(
    get,
    path = "/api/v1/outboxMessages/{message_id}",
    operation_id = "outboxMessages.get",
    tag = "outboxMessages",
    params(MessagePath),
    responses((status = 200, description = "The message", body = OutboxMessage), Refusals)
)]
pub(super) async fn get(
    caller: Caller,
    MessagePath(id): MessagePath,
    state: Data<State>,
) -> Answer {
    let view = state.services.outbox.get(caller.who, id).await?;
    answer::json(&OutboxMessage::with_attempts(&view))
}

/// Send a message again
///
/// For superusers. A message that was given up, or that waits for its next attempt, is due at once,
/// and begins anew. What was delivered or canceled is not sent again.
#[utoipa::path(
    post,
    path = "/api/v1/outboxMessages/{message_id}:replay",
    operation_id = "outboxMessages.replay",
    tag = "outboxMessages",
    params(MessagePath),
    responses((status = 200, description = "The message as it waits now", body = OutboxMessage), Refusals)
)]
pub(super) async fn replay(
    caller: Caller,
    MessagePath(id): MessagePath,
    state: Data<State>,
) -> Answer {
    let delivery = state.services.outbox.replay(caller.who, id).await?;
    answer::json(&OutboxMessage::from(&delivery))
}

/// Send messages again that were given up
///
/// For superusers. At most 100 of those that pass the filter, the latest first; repeat it while
/// `more` is true.
#[utoipa::path(
    post,
    path = "/api/v1/outboxMessages:replay",
    operation_id = "outboxMessages.replayDead",
    tag = "outboxMessages",
    request_body = ReplayMessagesRequest,
    responses((status = 200, description = "How many wait now", body = ReplayedMessages), Refusals)
)]
pub(super) async fn replay_dead(
    caller: Caller,
    body: Body<ReplayMessagesRequest>,
    state: Data<State>,
) -> Answer {
    let filter = body.value.filter()?;
    let replayed = state
        .services
        .outbox
        .replay_dead(caller.who, filter)
        .await?;
    answer::json(&ReplayedMessages::from(replayed))
}
