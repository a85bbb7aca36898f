//! The audit log of an organization.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::test::TestRequest;
use rollbook_domain::Error;
use rollbook_domain::audit::{Break, Entry};
use rollbook_domain::error::Kind;
use rollbook_domain::id::TokenId;
use rollbook_domain::mock::sample;
use rollbook_domain::page::Page;
use rollbook_domain::policy::Action;
use rollbook_domain::role::Permission;
use rollbook_domain::secret::Digest;
use rollbook_domain::service::audit::Verdict;
use serde_json::json;

use super::{check, check_refusals, last, post};
use crate::native::support::{Make, Mocks, acme, acme_path, jane};

fn entry(sequence: u64) -> Entry {
    sample::entry(acme().organization.id, sequence, jane().id)
}

/// One with everything filled in.
fn full(sequence: u64) -> Entry {
    let mut entry = Entry {
        token_id: Some(TokenId::new(sample::uuid("token"))),
        address: Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7))),
        request_id: Some("job-7".to_owned()),
        changes:
            r#"[{"field":"name","after":"Acme \"2\""},{"field":"description","before":"Anvils"}]"#
                .to_owned(),
        ..entry(sequence)
    };
    entry.digest = entry.computed_digest();
    entry
}

/// What nobody did who could be named.
fn nobodys(sequence: u64) -> Entry {
    let mut entry = Entry {
        actor_kind: "system".to_owned(),
        actor_id: None,
        changes: "[]".to_owned(),
        ..entry(sequence)
    };
    entry.digest = entry.computed_digest();
    entry
}

fn list() -> String {
    acme_path("/auditEntries")
}

fn verify() -> TestRequest {
    post(&acme_path("/auditEntries:verify"), &json!({}))
}

fn export() -> TestRequest {
    TestRequest::get().uri(&acme_path("/auditEntries:export"))
}

#[actix_web::test]
async fn answers() {
    let mut mocks = Mocks::default();
    let it = &mut mocks.audit;
    it.expect_list().returning(|_, _, _, _| {
        let page = last(vec![full(3), nobodys(2)]);
        Ok(Page {
            next: Some(2),
            ..page
        })
    });
    it.expect_verify().returning(|_, _| {
        Ok(Verdict {
            entries: 3,
            digest: full(3).digest,
            broken: None,
        })
    });
    it.expect_export().returning(|_, _, after, _| {
        Ok(match after {
            0 => vec![entry(1), nobodys(2)],
            2 => vec![full(3)],
            _ => Vec::new(),
        })
    });
    let server = mocks.serve();
    check("list_audit_entries", &server.get(&list()).await);
    check("verify_audit_log", &server.send(verify()).await);
    check("export_audit_entries", &server.send(export()).await);
}

#[actix_web::test]
async fn answers_where_nothing_is_or_something_is_wrong() {
    let mut mocks = Mocks::default();
    let it = &mut mocks.audit;
    it.expect_list().returning(|_, _, _, _| Ok(last(vec![])));
    it.expect_verify().returning(|_, _| {
        Ok(Verdict {
            entries: 3,
            digest: Digest::new([0; 32]),
            broken: Some(Break::Changed(4)),
        })
    });
    let server = mocks.serve();
    check("list_audit_entries_empty", &server.get(&list()).await);
    check("verify_audit_log_broken", &server.send(verify()).await);
}

const DENIED: Make = || Error::Denied {
    action: Action::Use(Permission::ReadAuditEntry),
    visible: true,
};
const ABSENT: Make = || Error::NotFound(Kind::Organization);

/// An export is refused before anything of it is sent.
#[actix_web::test]
async fn refusals() {
    let listing = |mocks: &mut Mocks, make: Make| {
        let it = mocks.audit.expect_list().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    let verifying = |mocks: &mut Mocks, make: Make| {
        let it = mocks.audit.expect_verify().once();
        it.returning(move |_, _| Err(make()));
    };
    let exporting = |mocks: &mut Mocks, make: Make| {
        let it = mocks.audit.expect_export().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    let errors = [DENIED, ABSENT];
    check_refusals(
        "audit_entry_refusals",
        &[
            (
                "auditEntries.list",
                || TestRequest::get().uri(&list()),
                listing,
                &errors,
            ),
            ("auditEntries.verify", verify, verifying, &errors),
            ("auditEntries.export", export, exporting, &errors),
        ],
    )
    .await;
}
