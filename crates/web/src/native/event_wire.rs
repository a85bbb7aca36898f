//! Events as the native dialect sends them: the text is the domain's, the same that webhooks get.

use rollbook_domain::event::Event as DomainEvent;
use rollbook_domain::service::event::EventPage;
use serde::Deserialize;
use utoipa::ToSchema;

use super::audit_wire::Change;
use crate::json::{WriteJson, write_json};

/// A page of events.
#[derive(ToSchema)]
pub(super) struct EventList<'a> {
    /// The events, the oldest first.
    #[schema(value_type = Vec<Event>)]
    events: Vec<Told<'a>>,
    /// What continues as `page_token`. It is always there.
    next_page_token: String,
}

write_json!(EventList {
    events,
    next_page_token
});

impl<'a> EventList<'a> {
    pub(super) fn new(page: &'a EventPage, next_page_token: String) -> Self {
        let events = page.entries.iter().filter_map(DomainEvent::of);
        Self {
            events: events.map(Told).collect(),
            next_page_token,
        }
    }
}

/// An event as the domain tells it.
struct Told<'a>(DomainEvent<'a>);

impl WriteJson for Told<'_> {
    fn write_json(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(self.0.json().as_bytes());
    }
}

/// Something that happened. What each type tells is in docs/events.md.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only described")]
#[schema(example = json!({
    "type": "organization.updated",
    "timestamp": "2026-01-15T10:30:00Z",
    "data": {
        "id": "evt_01980c5e7a107c3a9b1e6f1d2c3b4a59_3",
        "organization_id": "01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59",
        "sequence": 3,
        "actor": {"type": "person", "id": "01980c5e-0000-7000-8000-000000000001"},
        "target": {"type": "organization", "id": "01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59"},
        "request_id": "job-7",
        "changes": [{"field": "name", "before": "Acme", "after": "Acme Corp"}]
    }
}))]
struct Event {
    /// What happened, such as `membership.created`.
    #[serde(rename = "type")]
    kind: String,
    /// When.
    #[schema(format = DateTime)]
    timestamp: String,
    /// The rest.
    data: EventData,
}

/// What an event tells.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only described")]
struct EventData {
    /// The event's id, the same wherever it is told.
    id: String,
    /// The id of the organization where it happened.
    organization_id: String,
    /// Its place in the organization's log, from 1.
    #[schema(minimum = 1)]
    sequence: u64,
    /// Who did it.
    actor: EventActor,
    /// On what.
    target: EventTarget,
    /// With which request; left out when it is not known.
    #[schema(nullable = false)]
    request_id: Option<String>,
    /// What changed.
    changes: Vec<Change>,
}

/// Who did something.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only described")]
struct EventActor {
    /// `person`, `service_account`, `invitee` or `system`.
    #[serde(rename = "type")]
    kind: String,
    /// The id of the user; left out when it was none.
    #[schema(nullable = false)]
    id: Option<String>,
}

/// On what something was done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only described")]
struct EventTarget {
    /// The kind of thing, such as `membership`.
    #[serde(rename = "type")]
    kind: String,
    /// Its id. Members are known by the ids of their users.
    id: String,
}

#[cfg(test)]
mod tests {
    use rollbook_domain::mock::sample;

    use super::*;

    #[test]
    fn what_is_described_is_what_is_sent() {
        let owner = sample::user("ann");
        let acme = sample::organization("Acme", &owner);
        let mut entry = sample::entry(acme.id, 3, owner.id);
        for request in [None, Some("job \"7\"".to_owned())] {
            entry.request_id = request;
            let sent = DomainEvent::of(&entry).unwrap().json();
            let event: Event = serde_json::from_str(&sent).unwrap();
            assert_eq!(event.data.sequence, 3, "{sent}");
            assert_eq!(event.data.request_id, entry.request_id);
        }
    }
}
