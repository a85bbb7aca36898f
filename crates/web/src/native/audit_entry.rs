//! The audit log of an organization.

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Bytes, Data};
use rollbook_domain::access::Caller as Who;
use rollbook_domain::audit::{Act, Entry, EntryTest};
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::role::Permission;
use rollbook_domain::service::audit::CHUNK;
use utoipa::IntoParams;

use super::answer::{self, Answer};
use super::audit_wire::{AuditEntry, AuditEntryList, Verdict};
use super::filter::{Field, Kind};
use super::list::{Listing, PageQuery};
use super::path::OrganizationPath;
use super::status::Refusals;
use super::{Caller, operation};
use crate::operation::{Operation, Policy};
use crate::state::State;

const POLICY: Policy = Policy::needs(Permission::ReadAuditEntry);

/// What can be asked about the audit log.
pub(super) static OPERATIONS: &[Operation] = &[
    operation(
        "auditEntries.list",
        Method::GET,
        "/api/v1/organizations/{organization_id}/auditEntries",
        POLICY,
        || web::to(list),
    ),
    operation(
        "auditEntries.verify",
        Method::POST,
        "/api/v1/organizations/{organization_id}/auditEntries:verify",
        POLICY,
        || web::to(verify),
    ),
    operation(
        "auditEntries.export",
        Method::GET,
        "/api/v1/organizations/{organization_id}/auditEntries:export",
        POLICY,
        || web::to(export),
    ),
];

/// What entries can be filtered by.
const FIELDS: &[Field<EntryTest>] = &[
    Field {
        name: "act",
        kind: Kind::Word(|word| {
            Act::from_key(word).map(|act| EntryTest::Act(act.key().to_owned()))
        }),
    },
    Field {
        name: "actor",
        kind: Kind::Id(|id| EntryTest::Actor(UserId::new(id))),
    },
    Field {
        name: "target",
        kind: Kind::Id(EntryTest::Target),
    },
    Field {
        name: "create_time",
        kind: Kind::Time {
            not_before: EntryTest::NotBefore,
            before: EntryTest::Before,
        },
    },
];

/// The query of a list of entries that can be filtered.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only described")]
pub(super) struct EntryFilterQuery {
    /// Which entries to answer (AIP-160): `act`, `actor` and `target` compared with `=` or `!=`,
    /// `create_time` with any comparison of order, and `AND`, `OR`, `NOT` and parentheses.
    #[param(example = "act = \"membership.created\" AND create_time >= \"2026-01-01T00:00:00Z\"")]
    filter: Option<String>,
}

/// List the audit log of an organization
///
/// The latest entries come first.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/auditEntries",
    operation_id = "auditEntries.list",
    tag = "auditEntries",
    params(OrganizationPath, PageQuery, EntryFilterQuery),
    responses((status = 200, description = "A page of it", body = AuditEntryList), Refusals)
)]
pub(super) async fn list(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    listing: Listing,
    state: Data<State>,
) -> Answer {
    let (filter, window) = (listing.filter(FIELDS)?, listing.window()?);
    let service = &state.services.audit;
    let page = service
        .list(caller.who, organization, filter, window)
        .await?;
    let next = listing.next_page_token(page.next.as_ref());
    answer::json(&AuditEntryList::new(organization, &page, next))
}

/// Verify the audit log of an organization
///
/// Follows the chain of digests from the first entry on.
#[utoipa::path(
    post,
    path = "/api/v1/organizations/{organization_id}/auditEntries:verify",
    operation_id = "auditEntries.verify",
    tag = "auditEntries",
    params(OrganizationPath),
    responses((status = 200, description = "What came of it", body = Verdict), Refusals)
)]
pub(super) async fn verify(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    state: Data<State>,
) -> Answer {
    let verdict = state
        .services
        .audit
        .verify(caller.who, organization)
        .await?;
    answer::json(&Verdict::from(&verdict))
}

/// Export the audit log of an organization
///
/// One entry a line (`application/jsonl`), the oldest first, streamed. An export that ends with a
/// broken connection is not complete.
#[utoipa::path(
    get,
    path = "/api/v1/organizations/{organization_id}/auditEntries:export",
    operation_id = "auditEntries.export",
    tag = "auditEntries",
    params(OrganizationPath),
    responses(
        (status = 200, description = "All of it", body = AuditEntry, content_type = "application/jsonl"),
        Refusals,
    )
)]
pub(super) async fn export(
    caller: Caller,
    OrganizationPath(organization): OrganizationPath,
    state: Data<State>,
) -> Answer {
    let audit = &state.services.audit;
    // The first piece is had before the status is sent: whoever may not is told so.
    let first = audit.export(caller.who, organization, 0, CHUNK).await?;
    let piece = Piece {
        caller: caller.who,
        organization,
        entries: first,
        state,
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/jsonl"))
        .streaming(futures_util::stream::try_unfold(piece, Piece::send)))
}

/// A piece of an export, and what it takes to get the next.
struct Piece {
    caller: Who,
    organization: OrganizationId,
    entries: Vec<Entry>,
    state: Data<State>,
}

impl Piece {
    /// Writes this piece and fetches the next one; nothing when it is empty.
    async fn send(mut self) -> Result<Option<(Bytes, Self)>, Box<dyn std::error::Error>> {
        let Some(last) = self.entries.last() else {
            return Ok(None);
        };
        let after = last.sequence;
        let mut lines = Vec::new();
        for entry in &self.entries {
            serde_json::to_writer(&mut lines, &AuditEntry::new(self.organization, entry))?;
            lines.push(b'\n');
        }
        let audit = &self.state.services.audit;
        self.entries = audit
            .export(self.caller, self.organization, after, CHUNK)
            .await?;
        Ok(Some((Bytes::from(lines), self)))
    }
}
