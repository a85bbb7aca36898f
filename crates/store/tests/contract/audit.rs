//! The repository of the audit log.

use std::net::IpAddr;

use rollbook_domain::audit::{Chain, Entry, EntryTest, Head, Links};
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{OrganizationId, TokenId, UserId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::secret::Digest;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::{Error, Refusal, Result};

use crate::harness::{all_at_once, assert_error, on_both};
use crate::house::house;
use crate::support::{Outcome, TestDatabase};

on_both! {
    every_entry_still_has_its_digest,
    the_head_is_the_last_entry,
    a_place_is_taken_once,
    logs_do_not_mix,
    every_log_is_listed_once,
    the_windows_of_a_log,
    filters_decide_what_the_domain_decides,
    a_log_is_followed_to_its_end,
    what_is_refused_leaves_no_trace,
    writers_who_lock_make_one_chain,
}

fn acme() -> Chain {
    Chain::Organization(OrganizationId::new(sample::uuid("acme")))
}

/// An entry of which nothing is known but what must be.
fn bare(chain: Chain, sequence: u64) -> Entry {
    sealed(Entry {
        chain,
        sequence,
        at: FixedClock::START,
        actor_kind: "system".to_owned(),
        actor_id: None,
        token_id: None,
        act: "organization.updated".to_owned(),
        target_kind: "organization".to_owned(),
        target_id: sample::uuid("acme"),
        address: None,
        request_id: None,
        changes: "[]".to_owned(),
        previous: Digest::new([0; 32]),
        digest: Digest::new([0; 32]),
    })
}

fn sealed(mut entry: Entry) -> Entry {
    entry.digest = entry.computed_digest();
    entry
}

async fn add(store: &dyn Store, entries: &[Entry]) -> Result<()> {
    let entries = entries.to_vec();
    store
        .write(move |tx| entries.iter().try_for_each(|entry| tx.audit().add(entry)))
        .await
}

async fn follow(store: &dyn Store, chain: Chain, after: u64, limit: u32) -> Result<Vec<Entry>> {
    store
        .read_one(move |tx| tx.audit().follow(chain, after, limit))
        .await
}

async fn head(store: &dyn Store, chain: Chain) -> Result<Option<Head>> {
    store.read_one(move |tx| tx.audit().head(chain)).await
}

async fn list(
    store: &dyn Store,
    chain: Chain,
    filter: &Filter<EntryTest>,
    window: Window<u64>,
) -> Result<Page<Entry, u64>> {
    let filter = filter.clone();
    store
        .read(move |tx| tx.audit().list(chain, &filter, &window))
        .await
}

/// Every optional field with and without a value, and texts that a database might tidy up: a
/// changed byte would break the chain.
async fn every_entry_still_has_its_digest(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let changes = [
        r#"[{"field":"name","before":"a","after":"b"}]"#,
        r#"[ ["b", null , 1.0],["a" ,"\u0000","é\u0301"],["a",null,null] ]"#,
        "'; -- \\ \" %_ 🦀 \u{feff} \u{202e} \r\n\t ",
    ];
    let addresses = ["192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1", "::"];
    let mut entries = Vec::new();
    for set in 0..16_u64 {
        let has = |bit: u64| set & (1 << bit) != 0;
        let at = usize::try_from(set)?;
        let address: IpAddr = addresses[at % 4].parse()?;
        entries.push(sealed(Entry {
            at: Timestamp::from_millis(FixedClock::START.millis() + 1),
            actor_id: has(0).then(|| UserId::new(sample::uuid("ann"))),
            token_id: has(1).then(|| TokenId::new(sample::uuid("token"))),
            address: has(2).then_some(address),
            request_id: has(3).then(|| "r-1._".repeat(25)),
            changes: changes[at % 3].to_owned(),
            previous: Digest::new([u8::MAX; 32]),
            ..bare(acme(), set + 1)
        }));
    }
    for (sequence, at) in [(17, 1), (18, 946_684_799_999), (19, i64::MAX)] {
        entries.push(sealed(Entry {
            at: Timestamp::from_millis(at),
            changes: "[]".repeat(20_000),
            ..bare(acme(), sequence)
        }));
    }
    add(&*store, &entries).await?;
    let found = follow(&*store, acme(), 0, 99).await?;
    for entry in &found {
        assert_eq!(entry.computed_digest(), entry.digest, "{entry:?}");
    }
    assert_eq!(found, entries);
    let page = list(&*store, acme(), &Filter::everything(), Window::first(99)).await?;
    let backwards: Vec<_> = entries.into_iter().rev().collect();
    assert_eq!(page.items, backwards);
    Ok(())
}

async fn the_head_is_the_last_entry(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    assert_eq!(head(&*store, acme()).await?, None);
    for sequence in [1, 2, 11, 9] {
        let entry = bare(acme(), sequence);
        add(&*store, std::slice::from_ref(&entry)).await?;
        let last = bare(acme(), sequence.max(if sequence == 9 { 11 } else { 0 }));
        let expected = Head {
            sequence: last.sequence,
            digest: last.digest,
        };
        assert_eq!(head(&*store, acme()).await?, Some(expected));
    }
    Ok(())
}

async fn a_place_is_taken_once(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let first = bare(acme(), 1);
    add(&*store, std::slice::from_ref(&first)).await?;
    let forged = sealed(Entry {
        changes: "[[]]".to_owned(),
        ..first.clone()
    });
    assert_error!(add(&*store, &[forged]).await, Error::Storage(_));
    assert_eq!(follow(&*store, acme(), 0, 9).await?, [first]);
    Ok(())
}

/// Two organizations, and a user: none sees an entry of another.
async fn logs_do_not_mix(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let globex = Chain::Organization(OrganizationId::new(sample::uuid("globex")));
    let ann = Chain::User(UserId::new(sample::uuid("ann")));
    let logs = [(acme(), 3), (globex, 2), (ann, 1)];
    for (chain, length) in logs {
        let entries: Vec<_> = (1..=length).map(|at| bare(chain, at)).collect();
        add(&*store, &entries).await?;
    }
    for (chain, length) in logs {
        let entries: Vec<_> = (1..=length).map(|at| bare(chain, at)).collect();
        assert_eq!(follow(&*store, chain, 0, 9).await?, entries);
        let window = Window::first(9).counted();
        let page = list(&*store, chain, &Filter::everything(), window).await?;
        assert_eq!(page.total, Some(length));
        assert!(page.items.iter().all(|entry| entry.chain == chain));
        let head = head(&*store, chain).await?;
        assert_eq!(head.map(|head| head.sequence), Some(length));
    }
    // The same id is another log when it is of another kind.
    let namesake = Chain::User(UserId::new(sample::uuid("acme")));
    assert_eq!(head(&*store, namesake).await?, None);
    assert_eq!(follow(&*store, namesake, 0, 9).await?, []);
    Ok(())
}

async fn every_log_is_listed_once(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let organization = |name| Chain::Organization(OrganizationId::new(sample::uuid(name)));
    let user = |name| Chain::User(UserId::new(sample::uuid(name)));
    let mut logs = vec![acme(), organization("globex"), user("ann"), user("bob")];
    for chain in &logs {
        let entries: Vec<_> = (1..=3).map(|at| bare(*chain, at)).collect();
        add(&*store, &entries).await?;
    }
    // A log that somebody made out of a part of another's.
    let namesake = user("acme");
    add(&*store, &[bare(namesake, 4)]).await?;
    logs.push(namesake);
    logs.sort();
    for limit in [1, 2, 9] {
        let mut listed = Vec::new();
        loop {
            let after = listed.last().copied();
            let work = move |tx: &mut dyn Tx| tx.audit().chains(after, limit);
            let page = store.read_one(work).await?;
            if page.is_empty() {
                break;
            }
            listed.extend(page);
        }
        listed.sort();
        assert_eq!(listed, logs, "{limit} at once");
    }
    Ok(())
}

async fn the_windows_of_a_log(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let mut entries: Vec<_> = (1..=23).map(|at| bare(acme(), at)).collect();
    add(&*store, &entries).await?;
    entries.reverse();
    let cases = [
        (Window::first(1), 0..1, true),
        (Window::first(22), 0..22, true),
        (Window::first(u32::MAX).counted(), 0..23, false),
        (Window::after(19, 5), 5..10, true),
        (Window::after(6, 5).counted(), 18..23, false),
        (Window::after(1, 5), 23..23, false),
        (Window::after(0, 5), 23..23, false),
        (Window::after(u64::MAX, 5), 0..5, true),
        (Window::skip(20, 5).counted(), 20..23, false),
        (Window::skip(u32::MAX, 5).counted(), 23..23, false),
    ];
    for (window, expected, more) in cases {
        let page = list(&*store, acme(), &Filter::everything(), window.clone()).await?;
        assert_eq!(page.items, entries[expected.clone()], "{window:?}");
        let next = more.then(|| entries[expected.end - 1].sequence);
        assert_eq!(page.next, next, "{window:?}");
        assert_eq!(page.total, window.count.then_some(23), "{window:?}");
    }
    Ok(())
}

fn passes(test: &EntryTest, entry: &Entry) -> bool {
    match test {
        EntryTest::Act(key) => entry.act == *key,
        EntryTest::Actor(id) => entry.actor_id == Some(*id),
        EntryTest::TargetKind(key) => entry.target_kind == *key,
        EntryTest::Target(id) => entry.target_id == *id,
        EntryTest::NotBefore(at) => entry.at >= *at,
        EntryTest::Before(at) => entry.at < *at,
    }
}

/// 24 entries: half of them of no user, of which `NOT` must not lose one.
fn various() -> Vec<Entry> {
    let various = |at: u32| {
        sealed(Entry {
            at: FixedClock::START.plus(Span::seconds(at)),
            actor_id: at
                .is_multiple_of(2)
                .then(|| UserId::new(sample::uuid(["ann", "bob"][at as usize / 2 % 2]))),
            act: ["member.created", "member.updated", "it's"][at as usize % 3].to_owned(),
            target_kind: ["membership", "role"][at as usize / 12].to_owned(),
            target_id: sample::uuid(["one", "two", "three"][at as usize % 3]),
            ..bare(acme(), u64::from(at) + 1)
        })
    };
    (0..24).map(various).collect()
}

/// Every test, and what can be made of them.
fn filters() -> [Filter<EntryTest>; 18] {
    use Filter::{All, Any, Not, Test};
    let ann = || Test(EntryTest::Actor(UserId::new(sample::uuid("ann"))));
    let act = |key: &str| Test(EntryTest::Act(key.to_owned()));
    let role = || Test(EntryTest::TargetKind("role".to_owned()));
    let later = |seconds| {
        Test(EntryTest::NotBefore(
            FixedClock::START.plus(Span::seconds(seconds)),
        ))
    };
    let earlier = |seconds| {
        Test(EntryTest::Before(
            FixedClock::START.plus(Span::seconds(seconds)),
        ))
    };
    [
        Filter::everything(),
        Any(vec![]),
        ann(),
        Not(Box::new(ann())),
        act("member.created"),
        act("it's"),
        act("member.%"),
        act("\0"),
        Not(Box::new(act("\0"))),
        role(),
        Not(Box::new(role())),
        Test(EntryTest::Target(sample::uuid("two"))),
        Test(EntryTest::Target(sample::uuid("absent"))),
        later(7),
        earlier(7),
        All(vec![later(5), earlier(20), Not(Box::new(ann()))]),
        Any(vec![All(vec![ann(), role()]), act("member.updated")]),
        Not(Box::new(Any(vec![ann(), act("it's")]))),
    ]
}

async fn filters_decide_what_the_domain_decides(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let mut entries = various();
    add(&*store, &entries).await?;
    entries.reverse();
    for filter in filters() {
        let holds = |entry: &&Entry| filter.holds(&|test| passes(test, entry));
        let expected: Vec<_> = entries.iter().filter(holds).cloned().collect();
        let window = Window::first(99).counted();
        let page = list(&*store, acme(), &filter, window).await?;
        assert_eq!(page.items, expected, "{filter:?}");
        assert_eq!(page.total, Some(expected.len() as u64), "{filter:?}");
        if let Some(third) = expected.get(2) {
            let window = Window::after(third.sequence, 2);
            let page = list(&*store, acme(), &filter, window).await?;
            let rest = &expected[3..expected.len().min(5)];
            assert_eq!(page.items, rest, "{filter:?}");
        }
    }
    Ok(())
}

async fn a_log_is_followed_to_its_end(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let entries: Vec<_> = (1..=7).map(|at| bare(acme(), at)).collect();
    add(&*store, &entries).await?;
    let mut read = Vec::new();
    loop {
        let after = read.last().map_or(0, |entry: &Entry| entry.sequence);
        let next = follow(&*store, acme(), after, 3).await?;
        if next.is_empty() {
            break;
        }
        assert!(next.len() <= 3);
        read.extend(next);
    }
    assert_eq!(read, entries);
    assert_eq!(follow(&*store, acme(), u64::MAX, 3).await?, []);
    Ok(())
}

async fn what_is_refused_leaves_no_trace(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let outcome: Result<()> = store
        .write(|tx| {
            tx.audit().add(&bare(acme(), 1))?;
            Err(Refusal::VersionMismatch.into())
        })
        .await;
    assert_error!(outcome, Error::Refused(Refusal::VersionMismatch));
    assert_eq!(head(&*store, acme()).await?, None);
    Ok(())
}

/// Twenty at once, who lock the organization as every use case does.
async fn writers_who_lock_make_one_chain(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let id = house(&*store).await?.acme.id;
    let chain = Chain::Organization(id);
    let writers = (0..20).map(|_| {
        move |tx: &mut dyn rollbook_domain::port::Tx| {
            tx.organizations().lock(id)?;
            let head = tx.audit().head(chain)?;
            let (sequence, previous) = head.map_or((0, Digest::new([0; 32])), |head| {
                (head.sequence, head.digest)
            });
            tx.audit().add(&sealed(Entry {
                previous,
                ..bare(chain, sequence + 1)
            }))
        }
    });
    for outcome in all_at_once(&store, writers).await? {
        outcome?;
    }
    let mut links = Links::default();
    for entry in follow(&*store, chain, 0, 99).await? {
        let broken = links.follow(&entry);
        assert_eq!(broken, Ok(()));
    }
    assert_eq!(links.count(), 20);
    Ok(())
}
