//! Domains of an organization.

use actix_web::test::TestRequest;
use rollbook_domain::domain::{Enrollment, OrganizationDomain};
use rollbook_domain::error::Kind;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Version;
use rollbook_domain::page::Page;
use rollbook_domain::role::Permission;
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal};
use serde_json::{Value, json};

use super::{REUSED, STALE, check, check_refusals, delete, last, patch, post};
use crate::native::support::{Make, Mocks, acme, acme_path};

fn added() -> OrganizationDomain {
    sample::domain(&acme().organization, "acme.example")
}

fn verified() -> OrganizationDomain {
    let later = FixedClock::START.plus(Span::days(1));
    OrganizationDomain {
        verified_at: Some(later),
        primary: true,
        enrollment: Enrollment::AutomaticJoin,
        version: Version::new(3),
        updated_at: later,
        ..added()
    }
}

fn list() -> String {
    acme_path("/domains")
}

fn path(rest: &str) -> String {
    format!("{}/{}{rest}", list(), added().id)
}

fn body() -> Value {
    json!({"domain": "acme.example"})
}

fn change() -> Value {
    json!({"primary": true, "enrollment_mode": "ENROLLMENT_MODE_AUTOMATIC_JOIN"})
}

fn happy() -> Mocks {
    let mut mocks = Mocks::default();
    let it = &mut mocks.domains;
    it.expect_list().returning(|_, _, _| {
        let invited = OrganizationDomain {
            enrollment: Enrollment::AutomaticInvitation,
            ..sample::domain(&acme().organization, "acme.test")
        };
        let next = Some(invited.id);
        let page = last(vec![verified(), invited]);
        Ok(Page { next, ..page })
    });
    it.expect_get().returning(|_, _, _| Ok(verified()));
    it.expect_add().returning(|_, _, _| Ok(added()));
    it.expect_update().returning(|_, _, _, _| Ok(verified()));
    it.expect_remove().returning(|_, _, _, _| Ok(()));
    it.expect_verify().returning(|_, _, _| Ok(verified()));
    mocks
}

#[actix_web::test]
async fn answers() {
    let server = happy().serve();
    for (name, path) in [("list_domains", list()), ("get_domain", path(""))] {
        check(name, &server.get(&path).await);
    }
    for (name, request) in [
        ("create_domain", post(&list(), &body())),
        ("update_domain", patch(&path(""), &change())),
        ("delete_domain", delete(&path(""))),
        ("verify_domain", post(&path(":verify"), &json!({}))),
    ] {
        check(name, &server.send(request).await);
    }
    let mut mocks = Mocks::default();
    let it = mocks.domains.expect_list();
    it.returning(|_, _, _| Ok(last(vec![])));
    check("list_domains_empty", &mocks.serve().get(&list()).await);
}

const ABSENT: Make = || Error::NotFound(Kind::Domain);
const EXISTS: Make = || Refusal::DomainExists.into();
const TAKEN: Make = || Refusal::DomainTaken.into();
const ENOUGH: Make = || Refusal::DomainLimit { limit: 10 }.into();
const PUBLIC: Make = || {
    let reason = "anybody can have an address there; give a domain of your own";
    Error::invalid("domain", reason)
};
const UNVERIFIED: Make = || Refusal::DomainNotVerified.into();
const BEYOND: Make = || {
    let permission = Permission::CreateMembership.key();
    Refusal::BeyondOwnRights { permission }.into()
};
const NO_CHALLENGE: Make = || {
    let record = added().record_name();
    Refusal::ChallengeNotFound { record }.into()
};

#[actix_web::test]
async fn refusals() {
    let get = |mocks: &mut Mocks, make: Make| {
        let it = mocks.domains.expect_get().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let add = |mocks: &mut Mocks, make: Make| {
        let it = mocks.domains.expect_add().once();
        it.returning(move |_, _, _| Err(make()));
    };
    let update = |mocks: &mut Mocks, make: Make| {
        let it = mocks.domains.expect_update().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    let remove = |mocks: &mut Mocks, make: Make| {
        let it = mocks.domains.expect_remove().once();
        it.returning(move |_, _, _, _| Err(make()));
    };
    let verify = |mocks: &mut Mocks, make: Make| {
        let it = mocks.domains.expect_verify().once();
        it.returning(move |_, _, _| Err(make()));
    };
    check_refusals(
        "domain_refusals",
        &[
            (
                "domains.create",
                || post(&list(), &body()),
                add,
                &[ABSENT, EXISTS, ENOUGH, PUBLIC, REUSED],
            ),
            (
                "domains.get",
                || TestRequest::get().uri(&path("")),
                get,
                &[ABSENT],
            ),
            (
                "domains.update",
                || patch(&path(""), &change()),
                update,
                &[ABSENT, UNVERIFIED, BEYOND, STALE],
            ),
            (
                "domains.delete",
                || delete(&path("")),
                remove,
                &[ABSENT, STALE],
            ),
            (
                "domains.verify",
                || post(&path(":verify"), &json!({})),
                verify,
                &[ABSENT, TAKEN, NO_CHALLENGE, STALE],
            ),
        ],
    )
    .await;
}
