//! The doubles themselves: a double that forgives what a database does not hides mistakes.

mod inside;
mod invitations;
mod ledger;
mod listing;
mod members;
mod workspaces;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use pollster::block_on;
use rollbook_domain::mock::{FlakyStore, MemoryStore, MockStore, MockTx, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::port::{Access, Probe, Store, Tx};
use rollbook_domain::role::Role;
use rollbook_domain::subscription::{Plan, Quota};
use rollbook_domain::time::Span;
use rollbook_domain::value::Slug;
use rollbook_domain::{Error, Refusal, Result};

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// Ann and her organization.
fn fill(tx: &mut dyn Tx) -> Result<()> {
    let ann = sample::user("ann");
    assert!(tx.users().add(&ann)?);
    assert!(tx.organizations().add(&acme(), &Plan::default())?);
    let membership = sample::membership(&acme(), &ann, &[Role::Admin]);
    assert!(tx.memberships().add(&membership, &ann)?);
    tx.tokens()
        .add(&sample::token("ci", &ann), &sample::secret("ci").digest())
}

fn acme() -> Organization {
    sample::organization("Acme", &sample::user("ann"))
}

/// Another organization of ann's, of which she is no member.
fn other() -> Organization {
    sample::organization("Other", &sample::user("ann"))
}

/// Runs a case where ann has both.
fn run(case: fn(&mut dyn Tx) -> Result<()>) -> Result<()> {
    block_on(memory().write(move |tx| {
        fill(tx)?;
        assert!(tx.organizations().add(&other(), &Plan::default())?);
        case(tx)
    }))
}

fn is_storage<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::Storage(_)))
}

#[test]
fn a_read_of_one_call_allows_one() {
    let store = memory();
    block_on(store.read_one(|tx| tx.users().any())).unwrap();
    let twice = block_on(store.read_one(|tx| {
        tx.users().any()?;
        tx.users().any()
    }));
    assert!(matches!(twice, Err(Error::Storage(_))), "{twice:?}");
    block_on(store.read(|tx| {
        tx.users().any()?;
        tx.users().any()
    }))
    .unwrap();
}

#[test]
fn reads_neither_write_nor_lock() {
    let store = memory();
    let ann = || sample::user("ann");
    let outcome = block_on(store.read(move |tx| tx.users().add(&ann())));
    assert!(matches!(outcome, Err(Error::Storage(_))), "{outcome:?}");
    let outcome = block_on(store.read_one(move |tx| tx.organizations().lock(acme().id)));
    assert!(matches!(outcome, Err(Error::Storage(_))), "{outcome:?}");
    let digest = sample::secret("ci").digest();
    let outcome = block_on(store.read(move |tx| tx.access().authenticate_locking(&digest)));
    assert!(matches!(outcome, Err(Error::Storage(_))), "{outcome:?}");
    assert!(!block_on(store.read(|tx| tx.users().any())).unwrap());
}

#[test]
fn memory_keeps_foreign_keys() {
    let store = memory();
    let acme = acme();
    let organization = acme.clone();
    let outcome =
        block_on(store.write(move |tx| tx.organizations().add(&organization, &Plan::default())));
    assert!(matches!(outcome, Err(Error::Storage(_))), "{outcome:?}");
    let ann = sample::user("ann");
    let membership = sample::membership(&acme, &ann, &[Role::Admin]);
    let outcome = block_on(store.write(move |tx| {
        tx.users().add(&ann)?;
        tx.memberships().add(&membership, &ann)
    }));
    assert!(matches!(outcome, Err(Error::Storage(_))), "{outcome:?}");
}

#[test]
fn memory_keeps_unique_keys() {
    let store = memory();
    block_on(store.write(fill)).unwrap();
    block_on(store.write(|tx| {
        let ann = sample::user("ann");
        let mut twin = sample::user("twin");
        twin.email = ann.email.clone();
        assert!(!tx.users().add(&twin)?);
        let mut other = sample::organization("Other", &ann);
        other.slug = acme().slug;
        assert!(!tx.organizations().add(&other, &Plan::default())?);
        assert!(!tx.organizations().add(&acme(), &Plan::default())?);
        other.slug = Slug::from_stored("other".to_owned());
        let plan = Plan {
            members: Quota(3),
            ..Plan::default()
        };
        assert!(tx.organizations().add(&other, &plan)?);
        assert!(!tx.organizations().add(&other, &Plan::default())?);
        assert_eq!(tx.plans().find(other.id)?, Some(plan));
        let membership = sample::membership(&acme(), &ann, &[Role::Viewer]);
        assert!(!tx.memberships().add(&membership, &ann)?);
        let digest = sample::secret("ci").digest();
        let again = tx.tokens().add(&sample::token("again", &ann), &digest);
        assert!(matches!(again, Err(Error::Storage(_))), "{again:?}");
        Ok(())
    }))
    .unwrap();
}

#[test]
fn memory_checks_versions_before_slugs() {
    let store = memory();
    block_on(store.write(fill)).unwrap();
    let outcome = block_on(store.write(|tx| {
        let ann = sample::user("ann");
        let mut other = sample::organization("Other", &ann);
        assert!(tx.organizations().add(&other, &Plan::default())?);
        let seen = other.version;
        other.slug = acme().slug;
        assert!(!tx.organizations().update(&other, seen.next())?);
        tx.organizations().update(&other, seen)
    }));
    assert!(matches!(&outcome, Err(Error::Refused(Refusal::SlugTaken(slug))) if slug == "acme"));
}

#[test]
fn memory_answers_what_is_not_there() {
    let store = memory();
    block_on(store.write(|tx| {
        let (ann, at) = (sample::user("ann"), acme().created_at);
        let token = sample::token("ci", &ann);
        assert!(!tx.tokens().revoke(ann.id, token.id, at)?);
        tx.tokens().mark_used(&[token.id], at)?;
        assert!(!tx.organizations().update(&acme(), acme().version)?);
        let membership = sample::membership(&acme(), &ann, &[Role::Admin]);
        assert!(!tx.memberships().update(&membership, membership.version)?);
        assert!(!tx.memberships().remove(acme().id, ann.id)?);
        assert!(!tx.users().update(&ann, ann.version)?);
        assert_eq!(tx.plans().find(acme().id)?, None);
        assert_eq!(tx.users().lock(ann.id)?, None);
        assert_eq!(
            tx.access().authenticate(&sample::secret("ci").digest())?,
            None
        );
        Ok(())
    }))
    .unwrap();
    block_on(MemoryStore::new().ready()).unwrap();
}

#[test]
fn uses_never_go_back_in_time() {
    let store = memory();
    block_on(store.write(fill)).unwrap();
    block_on(store.write(|tx| {
        let ann = sample::user("ann");
        let (id, late) = (sample::token("ci", &ann).id, acme().created_at);
        for at in [late, late.minus(Span::seconds(60))] {
            tx.tokens().mark_used(&[id], at)?;
            let token = tx.tokens().find(ann.id, id)?;
            assert_eq!(token.and_then(|token| token.last_used_at), Some(late));
        }
        Ok(())
    }))
    .unwrap();
}

#[test]
fn a_flaky_store_runs_everything_twice_and_keeps_one() {
    let inner = memory();
    let store: Arc<dyn Store> = Arc::new(FlakyStore::new(Arc::clone(&inner)));
    let runs = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&runs);
    block_on(store.write(move |tx| {
        counted.fetch_add(1, Ordering::SeqCst);
        assert!(tx.users().add(&sample::user("ann"))?, "it is there already");
        Ok(())
    }))
    .unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert!(block_on(inner.read_one(|tx| tx.users().any())).unwrap());
}

#[test]
fn a_flaky_store_fails_writes_only() {
    let flaky = Arc::new(FlakyStore::new(memory()));
    flaky.fail_next_commits(1);
    let store: Arc<dyn Store> = flaky;
    assert!(!block_on(store.read_one(|tx| tx.users().any())).unwrap());
    let add = || store.write(|tx| tx.users().add(&sample::user("ann")));
    assert!(matches!(block_on(add()), Err(Error::Busy)));
    assert!(!block_on(store.read(|tx| tx.users().any())).unwrap());
    assert!(block_on(add()).unwrap());
}

#[test]
fn a_mock_store_remembers_what_was_asked() {
    let mut tx = MockTx::default();
    tx.users.expect_any().times(2).returning(|| Ok(true));
    let mock = Arc::new(MockStore::new(tx));
    let store: Arc<dyn Store> = Arc::<MockStore>::clone(&mock);
    block_on(store.read_one(|tx| tx.users().any())).unwrap();
    block_on(store.write(|tx| tx.users().any())).unwrap();
    assert_eq!(mock.runs(), [Access::ReadOne, Access::Write]);
}
