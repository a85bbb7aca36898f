//! The audit log, remembered requests, the outbox, tokens and users in memory.

use std::sync::Arc;

use pollster::block_on;
use proptest::prelude::*;
use rollbook_domain::access::Sponsor;
use rollbook_domain::audit::{Chain, Entry, EntryTest, Head};
use rollbook_domain::filter::Filter;
use rollbook_domain::idempotency::{Remembered, RequestKey};
use rollbook_domain::mock::{FixedClock, MemoryStore, sample};
use rollbook_domain::page::Window;
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::role::{Permissions, Role};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::user::User;
use rollbook_domain::{Error, Refusal, Result};

use super::{acme, fill, is_storage, memory, other, run};

const NOW: Timestamp = FixedClock::START;

fn entry(sequence: u64) -> Entry {
    let who = sample::user(if sequence.is_multiple_of(2) {
        "ann"
    } else {
        "bob"
    });
    Entry {
        at: Timestamp::from_millis(NOW.millis() + 1000 * sequence.cast_signed()),
        ..sample::entry(acme().id, sequence, who.id)
    }
}

proptest! {
    #[test]
    fn the_log_is_read_backwards(count in 0..7u64, from in 0..8u32, to in 0..8u32, limit in 1..4u32) {
        let ann = sample::user("ann").id;
        let (from, to) = (NOW.plus(Span::seconds(from)), NOW.plus(Span::seconds(to)));
        let filter = Filter::All(vec![
            Filter::Test(EntryTest::NotBefore(from)),
            Filter::Test(EntryTest::Before(to)),
            Filter::Not(Box::new(Filter::Test(EntryTest::Actor(ann)))),
        ]);
        let wanted: Vec<Entry> = (1..=count)
            .rev()
            .map(entry)
            .filter(|e| e.at >= from && e.at < to && e.actor_id != Some(ann))
            .collect();
        let seen = block_on(memory().write(move |tx| {
            (1..=count).try_for_each(|sequence| tx.audit().add(&entry(sequence)))?;
            let chain = Chain::Organization(acme().id);
            let mut seen = Vec::new();
            let mut window = Window::first(limit);
            loop {
                let page = tx.audit().list(chain, &filter, &window)?;
                seen.extend(page.items);
                match page.next {
                    Some(last) => window = Window::after(last, limit),
                    None => return Ok(seen),
                }
            }
        }))
        .unwrap();
        prop_assert_eq!(seen, wanted);
    }
}

#[test]
fn a_log_goes_on_behind_its_head() {
    run(|tx| {
        let chain = Chain::Organization(acme().id);
        assert_eq!(tx.audit().head(chain)?, None);
        (1..=3).try_for_each(|sequence| tx.audit().add(&entry(sequence)))?;
        let head = Head {
            sequence: 3,
            digest: entry(3).digest,
        };
        assert_eq!(tx.audit().head(chain)?, Some(head));
        assert_eq!(tx.audit().head(Chain::User(sample::user("ann").id))?, None);
        assert_eq!(tx.audit().follow(chain, 1, 1)?, [entry(2)]);
        assert_eq!(tx.audit().follow(chain, 1, 9)?, [entry(2), entry(3)]);
        let outcome = tx.audit().add(&entry(3));
        assert!(is_storage(&outcome), "{outcome:?}");
        Ok(())
    })
    .unwrap();
}

fn request(name: &str, at: Timestamp) -> Remembered {
    Remembered {
        fingerprint: sample::secret(name).digest(),
        made: sample::uuid(name),
        at,
    }
}

#[test]
fn a_request_is_remembered_until_it_expires() {
    run(|tx| {
        let ann = sample::user("ann").id;
        let key = RequestKey::parse("k").unwrap();
        let later = NOW.plus(Span::seconds(1));
        let (first, second) = (request("first", NOW), request("second", later));
        let before = NOW.minus(Span::seconds(1));
        assert_eq!(tx.requests().remember(ann, &key, &first, before)?, None);
        let kept = tx.requests().remember(ann, &key, &second, before)?;
        assert_eq!(kept, Some(first));
        assert_eq!(tx.requests().remember(ann, &key, &second, NOW)?, None);
        let kept = tx.requests().remember(ann, &key, &first, before)?;
        assert_eq!(kept, Some(second));
        let nobody = sample::user("nobody").id;
        let outcome = tx.requests().remember(nobody, &key, &first, before);
        assert!(is_storage(&outcome), "{outcome:?}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn old_requests_are_forgotten_a_few_at_a_time() {
    run(|tx| {
        let ann = sample::user("ann").id;
        let before = NOW.minus(Span::seconds(1));
        for (name, at) in [("a", before), ("b", before), ("c", before), ("d", NOW)] {
            let key = RequestKey::parse(name).unwrap();
            let made = request(name, at);
            assert_eq!(
                tx.requests()
                    .remember(ann, &key, &made, at.minus(Span::days(1)))?,
                None
            );
        }
        assert_eq!(tx.requests().forget(NOW, 2)?, 2);
        assert_eq!(tx.requests().forget(NOW, 2)?, 1);
        assert_eq!(tx.requests().forget(NOW, 2)?, 0);
        Ok(())
    })
    .unwrap();
}

#[test]
fn only_what_was_committed_waits_to_be_sent() {
    let memory = Arc::new(MemoryStore::new());
    let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(&memory);
    let message = || sample::message(&sample::invitation(&acme(), "bob", &[Role::Member]));
    let undone = block_on(store.write(move |tx| {
        fill(tx)?;
        tx.outbox().add(&message())?;
        Err::<(), _>(Error::Busy)
    }));
    assert!(undone.is_err() && memory.messages().is_empty());
    block_on(store.write(move |tx| {
        fill(tx)?;
        tx.outbox().add(&message())
    }))
    .unwrap();
    let messages = memory.messages();
    let recipients: Vec<_> = messages.iter().map(|m| m.content.recipient()).collect();
    assert_eq!(recipients, [Some(&sample::email("bob"))]);
    let again = block_on(store.write(move |tx| tx.outbox().add(&message())));
    assert!(is_storage(&again), "{again:?}");
}

/// Acme's service account, and bob, who makes its keys and is a member.
fn hire(tx: &mut dyn Tx) -> Result<(User, User)> {
    let (robot, bob) = (
        sample::service_account_of(&acme(), "robot"),
        sample::user("bob"),
    );
    assert!(tx.users().add(&robot)? && tx.users().add(&bob)?);
    let membership = sample::membership(&acme(), &bob, &[Role::Viewer]);
    assert!(tx.memberships().add(&membership, &bob)?);
    Ok((robot, bob))
}

#[test]
fn a_key_arrives_with_its_sponsor() {
    run(|tx| {
        let (robot, bob) = hire(tx)?;
        let key = sample::key("deploy", &acme(), &robot, &bob);
        let digest = sample::key_secret("deploy").digest();
        tx.tokens().add(&key, &digest)?;
        let arrival = tx.access().arrive(&digest, acme().id)?.unwrap();
        let place = arrival.place.unwrap();
        assert_eq!((place.held, place.granted), (None, Permissions::NONE));
        let held = tx.memberships().held(acme().id, bob.id)?;
        assert!(held.is_some());
        let sponsor = Sponsor {
            active: true,
            superuser: false,
            held,
        };
        assert_eq!(arrival.sponsor, Some(sponsor));
        assert!(tx.memberships().remove(acme().id, bob.id)?);
        let arrival = tx.access().arrive(&digest, acme().id)?.unwrap();
        assert_eq!(
            arrival.sponsor,
            Some(Sponsor {
                held: None,
                ..sponsor
            })
        );
        let own = sample::secret("ci").digest();
        let arrival = tx.access().arrive(&own, acme().id)?.unwrap();
        assert_eq!(arrival.sponsor, None);
        assert!(arrival.place.is_some_and(|place| place.held.is_some()));
        Ok(())
    })
    .unwrap();
}

#[test]
fn tokens_are_revoked_where_they_are_bound() {
    run(|tx| {
        let (robot, bob) = hire(tx)?;
        for (name, account) in [("one", &robot), ("two", &robot), ("three", &bob)] {
            let key = sample::key(name, &acme(), account, &bob);
            tx.tokens().add(&key, &sample::key_secret(name).digest())?;
        }
        let free = sample::token("free", &bob);
        tx.tokens().add(&free, &sample::secret("free").digest())?;
        assert_eq!(tx.tokens().revoke_in(acme().id, robot.id, NOW)?, 2);
        assert_eq!(tx.tokens().revoke_in(acme().id, robot.id, NOW)?, 0);
        assert_eq!(tx.tokens().revoke_bound(acme().id, NOW)?, 1);
        assert_eq!(tx.tokens().find(bob.id, free.id)?, Some(free));
        assert_eq!(tx.tokens().revoke_all(bob.id, NOW)?, 1);
        assert_eq!(tx.tokens().count_usable(sample::user("ann").id, NOW)?, 1);
        Ok(())
    })
    .unwrap();
}

#[test]
fn users_are_changed_listed_and_never_share_an_address() {
    run(|tx| {
        let (robot, mut bob) = hire(tx)?;
        let ann = sample::user("ann");
        let mut thief = bob.clone();
        thief.email = ann.email.clone();
        assert!(!tx.users().update(&thief, bob.version.next())?);
        let outcome = tx.users().update(&thief, bob.version);
        let taken = matches!(outcome, Err(Error::Refused(Refusal::EmailTaken)));
        assert!(taken, "{outcome:?}");
        let mut wanted = vec![ann.id, robot.id, bob.id];
        wanted.sort();
        let list = |tx: &mut dyn Tx| {
            let page = tx.users().list(&Window::first(9))?;
            Ok::<_, Error>(page.items.iter().map(|user| user.id).collect::<Vec<_>>())
        };
        assert_eq!(list(tx)?, wanted);
        bob.deleted_at = Some(NOW);
        assert!(tx.users().update(&bob, bob.version)?);
        wanted.retain(|id| *id != bob.id);
        assert_eq!(list(tx)?, wanted);
        let page = tx
            .users()
            .list_service_accounts(acme().id, &Window::first(9))?;
        assert_eq!(page.items, [robot]);
        let mut owned = vec![acme().id, other().id];
        owned.sort();
        assert_eq!(tx.users().owned(ann.id, 9)?, owned);
        assert_eq!(tx.users().owned(ann.id, 1)?, owned[..1]);
        Ok(())
    })
    .unwrap();
}
