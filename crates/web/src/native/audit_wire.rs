//! The audit log as the native dialect sends it.

use rollbook_domain::audit::{Break, Entry};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::service::audit::{EntryPage, Verdict as DomainVerdict};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::name::Name;

/// One entry of the audit log: who did what, in the order of the doing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "name": "organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/auditEntries/3",
    "sequence": "3",
    "create_time": "2025-01-15T10:30:00Z",
    "act": "organization.updated",
    "actor_type": "person",
    "actor": "users/01980c5e-0000-7000-8000-000000000001",
    "token_id": "01980c5e-0000-7000-8000-000000000002",
    "target_type": "organization",
    "target": "01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59",
    "address": "192.0.2.7",
    "request_id": "job-7",
    "changes": [{"field": "name", "before": "Acme", "after": "Acme Corp"}],
    "digest": "5b0c1bb1c3f4a2d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e"
}))]
pub(super) struct AuditEntry<'a> {
    /// The resource name, `organizations/{organization}/auditEntries/{sequence}`.
    #[schema(value_type = String)]
    name: Name,
    /// Its place in the log, from 1.
    sequence: String,
    /// When it was done.
    #[schema(format = DateTime)]
    create_time: String,
    /// What was done, such as `membership.created`.
    act: &'a str,
    /// Who did it: `person`, `service_account`, `invitee` or `system`.
    actor_type: &'a str,
    /// The resource name of the user who did it; left out when it was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    actor: Option<Name>,
    /// The id of the token with which it was done; left out when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token_id: Option<String>,
    /// On what kind of thing, such as `membership`.
    target_type: &'a str,
    /// On which: its id. Members are known by the ids of their users.
    target: String,
    /// From which address; left out when it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    address: Option<String>,
    /// With which request; left out when it is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    request_id: Option<&'a str>,
    /// What changed.
    changes: Vec<Change>,
    /// The SHA-256 digest of the entry and the digest of the one before, in hexadecimal.
    digest: String,
}

/// A field that changed.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
pub(super) struct Change {
    /// The field.
    field: String,
    /// What it was; left out when there was nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    before: Option<String>,
    /// What it is; left out when there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    after: Option<String>,
}

impl<'a> AuditEntry<'a> {
    pub(super) fn new(organization: OrganizationId, entry: &'a Entry) -> Self {
        Self {
            name: Name::from(organization).child("auditEntries", entry.sequence),
            sequence: entry.sequence.to_string(),
            create_time: entry.at.to_rfc3339(),
            act: &entry.act,
            actor_type: &entry.actor_kind,
            actor: entry.actor_id.map(Name::from),
            token_id: entry.token_id.map(|id| id.to_string()),
            target_type: &entry.target_kind,
            target: entry.target_id.hyphenated().to_string(),
            address: entry.address.map(|address| address.to_string()),
            request_id: entry.request_id.as_deref(),
            changes: changes(&entry.changes),
            digest: entry.digest.to_hex(),
        }
    }
}

/// Reads what the domain wrote.
fn changes(json: &str) -> Vec<Change> {
    serde_json::from_str(json).unwrap_or_default()
}

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditEntryList<'a> {
    /// The entries, the latest first.
    audit_entries: Vec<AuditEntry<'a>>,
    /// What continues the list as `page_token`; empty at its end.
    next_page_token: String,
}

impl<'a> AuditEntryList<'a> {
    pub(super) fn new(
        organization: OrganizationId,
        page: &'a EntryPage,
        next_page_token: String,
    ) -> Self {
        let entries = page.items.iter();
        Self {
            audit_entries: entries
                .map(|entry| AuditEntry::new(organization, entry))
                .collect(),
            next_page_token,
        }
    }
}

/// What came of following the audit log from its beginning.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "entry_count": "1204",
    "digest": "5b0c1bb1c3f4a2d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e",
    "intact": true
}))]
pub(super) struct Verdict {
    /// How many entries are as they were written.
    entry_count: String,
    /// The digest of the last of them. Whoever keeps it elsewhere can tell later that nothing was
    /// cut off.
    digest: String,
    /// Whether nothing is missing or changed.
    intact: bool,
    /// What is wrong, and with which entry; left out when nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    fault: Option<String>,
}

impl From<&DomainVerdict> for Verdict {
    fn from(verdict: &DomainVerdict) -> Self {
        let fault = verdict.broken.map(|broken| match broken {
            Break::Missing(at) => format!("entry {at} is missing"),
            Break::Unlinked(at) => format!("entry {at} does not follow the one before"),
            Break::Changed(at) => format!("entry {at} was changed"),
        });
        Self {
            entry_count: verdict.entries.to_string(),
            digest: verdict.digest.to_hex(),
            intact: fault.is_none(),
            fault,
        }
    }
}
