//! Events: what happened in an organization, for those who want to hear of it. An event is an entry
//! of the organization's audit log, seen from outside: it was committed with what it tells, its
//! place in the log is the cursor of whoever reads on, and nothing is written twice.

use std::fmt::Write as _;

use crate::audit::{Act, Chain, Entry, json_string};
use crate::id::{MessageId, OrganizationId};

/// What the type of a test is, which is no event.
pub const TEST: &str = "webhook.test";

/// An event: an entry of an organization's audit log.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    organization_id: OrganizationId,
    entry: &'a Entry,
}

impl<'a> Event<'a> {
    /// The event that an entry is; `None`: it is about no organization.
    #[must_use]
    pub const fn of(entry: &'a Entry) -> Option<Self> {
        match entry.chain {
            Chain::Organization(organization_id) => Some(Self {
                organization_id,
                entry,
            }),
            Chain::User(_) => None,
        }
    }

    /// The type, such as `membership.created`: the key of an [`Act`].
    #[must_use]
    pub fn kind(&self) -> &'a str {
        &self.entry.act
    }

    /// The id, the same wherever and whenever the event is told ([`id`]).
    #[must_use]
    pub fn id(&self) -> String {
        id(self.organization_id, self.entry.sequence)
    }

    /// The entry.
    #[must_use]
    pub const fn entry(&self) -> &'a Entry {
        self.entry
    }

    /// The event as it is told, JSON with `type`, `timestamp` and `data` (Standard Webhooks 1.0.0,
    /// "payload structure"); docs/events.md describes it. The same text for webhooks and for
    /// those who pull.
    #[must_use]
    pub fn json(&self) -> String {
        let entry = self.entry;
        let mut text = String::with_capacity(512);
        text.push_str("{\"type\":");
        json_string(&entry.act, &mut text);
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            ",\"timestamp\":\"{}\",\"data\":{{\"id\":\"{}\",\"organization_id\":\"{}\",\"sequence\":{}",
            entry.at.to_rfc3339(),
            self.id(),
            self.organization_id,
            entry.sequence
        );
        text.push_str(",\"actor\":{\"type\":");
        json_string(&entry.actor_kind, &mut text);
        if let Some(id) = entry.actor_id {
            let _ = write!(text, ",\"id\":\"{id}\"");
        }
        text.push_str("},\"target\":{\"type\":");
        json_string(&entry.target_kind, &mut text);
        let _ = write!(text, ",\"id\":\"{}\"}}", entry.target_id.hyphenated());
        if let Some(request) = &entry.request_id {
            text.push_str(",\"request_id\":");
            json_string(request, &mut text);
        }
        let _ = write!(text, ",\"changes\":{}}}}}", entry.changes);
        text
    }
}

/// The id of the event at this place of an organization's log: `evt_`, the organization's id
/// without hyphens, `_`, and the place.
#[must_use]
pub fn id(organization: OrganizationId, sequence: u64) -> String {
    format!("evt_{}_{sequence}", organization.uuid().simple())
}

/// `webhook-id` of a message to an endpoint: the event's id, so that it is the same for all messages
/// about one event; that of a test, which is no event, is made of the message's id.
#[must_use]
pub fn webhook_id(
    organization: OrganizationId,
    sequence: Option<u64>,
    message: MessageId,
) -> String {
    match sequence {
        Some(sequence) => id(organization, sequence),
        None => format!("msg_{}", message.uuid().simple()),
    }
}

/// Whether there are events of this type, or some behind this prefix (`invitation.*`).
#[must_use]
pub fn is_type(pattern: &str) -> bool {
    let mut acts = Act::ALL.iter();
    acts.any(|act| act.is_event() && matches(pattern, act.key()))
}

/// Whether an event's type is the one that the pattern names, or begins as it says
/// (`invitation.*`).
#[must_use]
pub fn matches(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(prefix) => prefix.ends_with('.') && kind.starts_with(prefix),
        None => pattern == kind,
    }
}

#[cfg(all(test, feature = "mock"))]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_type_or_all_types_of_a_thing() {
        for (pattern, kind, expected) in [
            ("membership.created", "membership.created", true),
            ("membership.created", "membership.deleted", false),
            ("membership.*", "membership.deleted", true),
            ("membership.*", "workspace_membership.deleted", false),
            ("member*", "membership.created", false),
            ("*", "membership.created", false),
        ] {
            assert_eq!(matches(pattern, kind), expected, "{pattern} {kind}");
        }
        assert!(is_type("invitation.*") && is_type("organization.created"));
        assert!(!is_type("invitations.*") && !is_type("organization.exploded"));
        assert!(is_type("user.created") && !is_type("user.deactivated"));
    }
}
