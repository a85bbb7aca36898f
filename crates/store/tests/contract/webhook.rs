//! The repository of webhook endpoints, and the way from the log to the outbox.

use std::collections::BTreeMap;

use diesel::{QueryableByName, RunQueryDsl as _, sql_query};
use rollbook_domain::audit::Chain;
use rollbook_domain::id::{MessageId, OrganizationId, WebhookEndpointId};
use rollbook_domain::mock::{FixedClock, World, sample};
use rollbook_domain::organization::{Organization, Version};
use rollbook_domain::outbox::{Allowance, Content, Message};
use rollbook_domain::page::Window;
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::secret::Secret;
use rollbook_domain::service::webhook::Dispatched;
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::Timestamp;
use rollbook_domain::value::{Description, Url};
use rollbook_domain::webhook::{EndpointStatus, WebhookEndpoint};
use rollbook_domain::{Error, Refusal, Result};

use rollbook_store::DatabaseUrl;

use crate::explain::{parts, plans, rows_read};
use crate::harness::{ask, assert_error, gate, on_both, on_postgres};
use crate::house::{House, house};
use crate::plan::plan;
use crate::recorder;
use crate::support::{Outcome, TestDatabase};

on_both! {
    every_field_is_kept,
    every_field_is_updated,
    only_the_seen_version_is_updated,
    lists_are_in_order,
    what_is_deleted_is_gone_with_its_secrets,
    who_is_behind,
    who_has_enough_waits,
    a_limit_holds_and_a_position_is_noted,
    what_is_refused_leaves_nothing,
    many_that_are_not_behind_cost_little,
    dispatchers_at_once_tell_once,
}

mod taken {
    use super::*;

    on_postgres! {
        what_another_dispatches_is_passed_over,
        what_is_written_during_a_dispatch_is_not_missed,
        what_is_not_committed_yet_is_found_later,
    }
}

/// How many untried messages do not matter.
const MOST: u32 = 5;

async fn add(store: &dyn Store, endpoint: &WebhookEndpoint) -> Result<()> {
    let endpoint = endpoint.clone();
    store.write(move |tx| tx.webhooks().add(&endpoint)).await
}

async fn update(store: &dyn Store, endpoint: &WebhookEndpoint, before: Version) -> Result<bool> {
    let endpoint = endpoint.clone();
    store
        .write(move |tx| tx.webhooks().update(&endpoint, before))
        .await
}

async fn find(
    store: &dyn Store,
    organization: OrganizationId,
    id: WebhookEndpointId,
) -> Result<Option<WebhookEndpoint>> {
    let found = store.read_one(move |tx| tx.webhooks().find(organization, id));
    let found = found.await?;
    let locked = store.write(move |tx| tx.webhooks().find_locked(organization, id));
    assert_eq!(locked.await?, found);
    Ok(found)
}

async fn behind(store: &dyn Store, limit: u32) -> Result<Vec<WebhookEndpoint>> {
    let mut found = store
        .write(move |tx| tx.webhooks().behind(MOST, limit))
        .await?;
    let any = store
        .read_one(|tx| tx.webhooks().is_any_behind(MOST))
        .await?;
    assert_eq!(any, !found.is_empty());
    found.sort_unstable_by_key(|it| it.id);
    Ok(found)
}

/// Entries of the organization's log.
async fn write_log(store: &dyn Store, organization: &Organization, places: &[u64]) -> Result<()> {
    let (id, owner, places) = (organization.id, organization.owner_id, places.to_vec());
    store
        .write(move |tx| {
            let mut all = places.iter().map(|place| sample::entry(id, *place, owner));
            all.try_for_each(|entry| tx.audit().add(&entry))
        })
        .await
}

fn full(organization: &Organization) -> WebhookEndpoint {
    WebhookEndpoint {
        url: Url::from_stored("https://hooks.example/'; --?ü".to_owned()),
        description: Description::from_stored("ü".repeat(256)),
        event_types: vec!["membership.*".to_owned(), "role.created".to_owned()],
        status: EndpointStatus::Failing,
        secret: Secret::webhook(&[1; 32]),
        previous_secret: Some((Secret::webhook(&[2; 32]), Timestamp::from_millis(7))),
        position: i64::MAX.unsigned_abs(),
        failing_since: Some(Timestamp::from_millis(3)),
        version: Version::new(i64::MAX),
        created_at: Timestamp::from_millis(1),
        updated_at: Timestamp::from_millis(946_684_799_999),
        ..sample::webhook_endpoint(organization, "full")
    }
}

async fn every_field_is_kept(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let mut all = vec![full(&house.acme)];
    for status in EndpointStatus::ALL {
        all.push(WebhookEndpoint {
            status,
            ..sample::webhook_endpoint(&house.acme, status.key())
        });
    }
    for endpoint in all {
        add(&*store, &endpoint).await?;
        let found = find(&*store, house.acme.id, endpoint.id).await?;
        assert_eq!(found.as_ref(), Some(&endpoint));
        let theirs = find(&*store, house.globex.id, endpoint.id).await?;
        assert_eq!(theirs, None, "of another organization");
    }
    let nowhere = sample::organization("Nowhere", &house.ann);
    let orphan = sample::webhook_endpoint(&nowhere, "orphan");
    assert_error!(add(&*store, &orphan).await, Error::Storage(_));
    let twin = WebhookEndpoint {
        id: full(&house.acme).id,
        ..sample::webhook_endpoint(&house.globex, "twin")
    };
    assert_error!(add(&*store, &twin).await, Error::Storage(_));
    Ok(())
}

async fn every_field_is_updated(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let full = full(&house.acme);
    let plain = WebhookEndpoint {
        id: full.id,
        ..sample::webhook_endpoint(&house.acme, "plain")
    };
    let bystander = sample::webhook_endpoint(&house.acme, "bystander");
    add(&*store, &plain).await?;
    add(&*store, &bystander).await?;
    for (next, before) in [(&full, plain.version), (&plain, full.version)] {
        assert!(update(&*store, next, before).await?);
        let found = find(&*store, house.acme.id, plain.id).await?;
        assert_eq!(found.as_ref(), Some(next));
    }
    let found = find(&*store, house.acme.id, bystander.id).await?;
    assert_eq!(found, Some(bystander));
    Ok(())
}

async fn only_the_seen_version_is_updated(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let kept = sample::webhook_endpoint(&house.acme, "kept");
    add(&*store, &kept).await?;
    let mut changed = kept.clone();
    changed.status = EndpointStatus::Disabled;
    changed.touch(FixedClock::START);
    assert!(!update(&*store, &changed, changed.version).await?);
    let elsewhere = WebhookEndpoint {
        organization_id: house.globex.id,
        ..changed.clone()
    };
    assert!(!update(&*store, &elsewhere, kept.version).await?);
    let found = find(&*store, house.acme.id, kept.id).await?;
    assert_eq!(found.as_ref(), Some(&kept));
    assert!(update(&*store, &changed, kept.version).await?);
    Ok(())
}

async fn lists_are_in_order(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let mut all = Vec::new();
    for number in 0..9 {
        all.push(sample::webhook_endpoint(&house.acme, &format!("e{number}")));
        add(&*store, &all[number]).await?;
    }
    add(&*store, &sample::webhook_endpoint(&house.globex, "theirs")).await?;
    all.sort_unstable_by_key(|endpoint| endpoint.id);
    let acme = house.acme.id;
    let list = async |window: Window<WebhookEndpointId>| {
        store
            .read(move |tx| tx.webhooks().list(acme, &window))
            .await
    };
    let page = list(Window::first(5).counted()).await?;
    assert_eq!(page.items, all[..5]);
    assert_eq!((page.next, page.total), (Some(all[4].id), Some(9)));
    let page = list(Window::after(all[4].id, 5)).await?;
    assert_eq!((&*page.items, page.next), (&all[5..], None));
    let page = list(Window::skip(3, 2)).await?;
    assert_eq!(page.items, all[3..5]);
    let count = store.read_one(move |tx| tx.webhooks().count(acme)).await?;
    assert_eq!(count, 9);
    Ok(())
}

async fn what_is_deleted_is_gone_with_its_secrets(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, globex, .. } = house(&*store).await?;
    write_log(&*store, &acme, &[1]).await?;
    let endpoint = WebhookEndpoint {
        previous_secret: Some((Secret::webhook(&[2; 32]), FixedClock::START)),
        ..sample::webhook_endpoint(&acme, "gone")
    };
    add(&*store, &endpoint).await?;
    let (id, version) = (endpoint.id, endpoint.version);
    let delete = async |organization, version| {
        let now = FixedClock::START;
        store
            .write(move |tx| tx.webhooks().delete(organization, id, version, now))
            .await
    };
    assert!(!delete(globex.id, version).await?);
    assert!(!delete(acme.id, version.next()).await?);
    assert_eq!(behind(&*store, 5).await?, std::slice::from_ref(&endpoint));
    assert!(delete(acme.id, version).await?);
    assert!(!delete(acme.id, version).await?);
    assert_eq!(find(&*store, acme.id, id).await?, None);
    assert!(!update(&*store, &endpoint, version).await?);
    assert!(behind(&*store, 5).await?.is_empty());
    let secrets = "SELECT count(*) AS count FROM webhook_endpoints \
                   WHERE secret <> '' OR previous_secret IS NOT NULL";
    assert_eq!(database.count(secrets)?, 0);
    Ok(())
}

async fn who_is_behind(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, globex, .. } = house(&*store).await?;
    let at = |organization, name: &str, position, status| WebhookEndpoint {
        position,
        status,
        ..sample::webhook_endpoint(organization, name)
    };
    let enabled = EndpointStatus::Enabled;
    let late = at(&acme, "late", 2, enabled);
    for endpoint in [
        &late,
        &at(&acme, "current", 3, enabled),
        &at(&acme, "ahead", 4, enabled),
        &at(&acme, "disabled", 0, EndpointStatus::Disabled),
        &at(&acme, "dead", 0, EndpointStatus::Gone),
        &at(&acme, "failing", 0, EndpointStatus::Failing),
        &at(&globex, "unlogged", 0, enabled),
    ] {
        add(&*store, endpoint).await?;
    }
    assert!(behind(&*store, 9).await?.is_empty());
    write_log(&*store, &acme, &[1, 2, 3]).await?;
    assert_eq!(behind(&*store, 9).await?, std::slice::from_ref(&late));
    // Of a deleted organization too: its deletion has to be told.
    let (mut dead, seen) = (acme.clone(), acme.version);
    dead.touch(FixedClock::START);
    dead.deleted_at = Some(FixedClock::START);
    let deleted = store.write(move |tx| tx.organizations().update(&dead, seen));
    assert!(deleted.await?);
    assert_eq!(behind(&*store, 9).await?, [late]);
    Ok(())
}

async fn a_limit_holds_and_a_position_is_noted(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    write_log(&*store, &acme, &[1, 2]).await?;
    for name in ["a", "b", "c"] {
        add(&*store, &sample::webhook_endpoint(&acme, name)).await?;
    }
    let some = behind(&*store, 2).await?;
    assert_eq!(some.len(), 2);
    let taken = some.clone();
    let advance = store.write(move |tx| {
        tx.webhooks().advance(&taken[0], 2)?;
        tx.webhooks().advance(&taken[1], 1)
    });
    advance.await?;
    let noted = WebhookEndpoint {
        position: 2,
        ..some[0].clone()
    };
    assert_eq!(
        find(&*store, acme.id, noted.id).await?.as_ref(),
        Some(&noted)
    );
    let left = behind(&*store, 9).await?;
    assert!(left.len() == 2 && !left.contains(&noted), "{left:?}");
    Ok(())
}

async fn what_is_refused_leaves_nothing(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    write_log(&*store, &acme, &[1]).await?;
    let kept = sample::webhook_endpoint(&acme, "kept");
    add(&*store, &kept).await?;
    let lost = sample::webhook_endpoint(&acme, "lost");
    let id = lost.id;
    let outcome: Result<()> = store
        .write(move |tx| {
            tx.webhooks().add(&lost)?;
            for endpoint in tx.webhooks().behind(MOST, 5)? {
                tx.webhooks().advance(&endpoint, 1)?;
            }
            Err(Refusal::VersionMismatch.into())
        })
        .await;
    assert_error!(outcome, Error::Refused(Refusal::VersionMismatch));
    assert_eq!(find(&*store, acme.id, id).await?, None);
    assert_eq!(behind(&*store, 5).await?, [kept]);
    Ok(())
}

/// The worker asks every second, mostly for nothing.
async fn many_that_are_not_behind_cost_little(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { ann, .. } = house(&*store).await?;
    let organizations: Vec<_> = (0..1000)
        .map(|number| sample::organization(&format!("Org {number}"), &ann))
        .collect();
    let all = organizations.clone();
    store
        .write(move |tx| {
            for organization in &all {
                tx.organizations().add(organization, &Plan::default())?;
                for place in 1..=20 {
                    let entry = sample::entry(organization.id, place, organization.owner_id);
                    tx.audit().add(&entry)?;
                }
                for number in 0..10 {
                    tx.webhooks().add(&WebhookEndpoint {
                        position: 20,
                        ..sample::webhook_endpoint(organization, &format!("e{number}"))
                    })?;
                }
            }
            Ok(())
        })
        .await?;
    database.execute("ANALYZE")?;
    let look = |tx: &mut dyn Tx| tx.webhooks().is_any_behind(MOST).map(drop);
    let queries = recorder::record(database, look).await?;
    let query = queries.first().ok_or("nothing was asked")?;
    let index = "webhook_endpoints_behind";
    if let DatabaseUrl::Sqlite(_) = database.url {
        let steps = plan(&mut database.bare_sqlite()?, query)?;
        let expected = format!("SCAN webhook_endpoints USING INDEX {index}");
        assert_eq!(steps.first(), Some(&expected), "{query}");
    } else {
        for plan in plans(&mut database.bare_postgres()?, &parts(query)?)? {
            let through = plan.iter().any(|line| line.contains(index));
            assert!(through && rows_read(&plan) == 0, "{query}: {plan:#?}");
        }
    }
    let began = std::time::Instant::now();
    assert!(behind(&*store, 20).await?.is_empty());
    println!("asked twice in {:?}", began.elapsed());
    write_log(&*store, &organizations[77], &[21]).await?;
    assert_eq!(behind(&*store, 20).await?.len(), 10);
    Ok(())
}

/// Two dispatchers, and people who go on working: each event once for each endpoint.
async fn dispatchers_at_once_tell_once(database: &TestDatabase) -> Outcome {
    let world = database.world()?;
    let ann = world.sign_up("ann").await?;
    let mut endpoints = Vec::new();
    for name in ["Acme", "Globex", "Initech"] {
        let organization = world.create(&ann, name).await?.organization;
        for _ in 0..2 {
            let hook = crate::service::webhook::hook(&world, &ann, &organization, &[]);
            endpoints.push((organization.clone(), hook.await?));
        }
    }
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let world = world.clone();
        tasks.push(tokio::spawn(async move {
            for _ in 0..60 {
                world.webhooks.dispatch().await?;
            }
            Result::Ok(())
        }));
    }
    for number in 0..10 {
        for (organization, _) in &endpoints {
            let title = format!("Lab {number}");
            world.found_workspace(&ann, organization, &title).await?;
        }
    }
    for task in tasks {
        task.await??;
    }
    while world.webhooks.dispatch().await? != Dispatched::default() {}
    for (organization, endpoint) in &endpoints {
        let wanted = wanted(&world, organization, endpoint).await?;
        assert_eq!(told(database, endpoint)?, wanted);
    }
    Ok(())
}

/// The places behind the endpoint's first position, each once.
async fn wanted(
    world: &World,
    organization: &Organization,
    endpoint: &WebhookEndpoint,
) -> Result<BTreeMap<i64, i64>> {
    let entries = crate::service::role::log(world, organization.id).await?;
    let behind = entries.iter().filter(|it| it.sequence > endpoint.position);
    Ok(behind
        .map(|it| (i64::try_from(it.sequence).unwrap_or(i64::MAX), 1))
        .collect())
}

/// How many messages there are of each place, and that they were written in the places' order.
fn told(database: &TestDatabase, endpoint: &WebhookEndpoint) -> Outcome<BTreeMap<i64, i64>> {
    #[derive(QueryableByName)]
    struct Told {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        sequence: i64,
    }
    let id = endpoint.id.uuid().simple();
    let query = "SELECT sequence FROM outbox WHERE endpoint_id = ";
    let rows: Vec<Told> = match database.bare_postgres() {
        Ok(mut connection) => {
            sql_query(format!("{query}'{id}' ORDER BY id")).load(&mut connection)?
        }
        Err(_) => {
            sql_query(format!("{query}x'{id}' ORDER BY id")).load(&mut database.bare_sqlite()?)?
        }
    };
    let places: Vec<i64> = rows.iter().map(|it| it.sequence).collect();
    assert!(places.is_sorted(), "{places:?}");
    let mut counts = BTreeMap::new();
    for place in places {
        *counts.entry(place).or_default() += 1;
    }
    Ok(counts)
}

/// The only endpoint of Acme, whose log has one entry.
async fn listening(store: &dyn Store) -> Outcome<WebhookEndpoint> {
    let House { acme, .. } = house(store).await?;
    let endpoint = sample::webhook_endpoint(&acme, "ours");
    add(store, &endpoint).await?;
    write_log(store, &acme, &[1]).await?;
    Ok(endpoint)
}

async fn what_is_written_during_a_dispatch_is_not_missed(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let endpoint = listening(&*store).await?;
    let (gate, keeper) = gate();
    let dispatch = ask(&store, move |tx: &mut dyn Tx| {
        let taken = tx.webhooks().behind(MOST, 1)?;
        let chain = Chain::Organization(taken[0].organization_id);
        let entries = tx.audit().follow(chain, taken[0].position, 9)?;
        gate.pass();
        let last = entries.last().map_or(0, |it| it.sequence);
        tx.webhooks().advance(&taken[0], last)?;
        Ok(last)
    });
    keeper.meet(1)?;
    let entry = sample::entry(endpoint.organization_id, 2, sample::user("ann").id);
    let write = ask(&store, move |tx: &mut dyn Tx| tx.audit().add(&entry));
    keeper.open();
    assert_eq!(dispatch.await??, 1);
    write.await??;
    let left = behind(&*store, 9).await?;
    assert_eq!(left.iter().map(|it| it.position).collect::<Vec<_>>(), [1]);
    Ok(())
}

async fn what_is_not_committed_yet_is_found_later(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let endpoint = listening(&*store).await?;
    let (gate, keeper) = gate();
    let entry = sample::entry(endpoint.organization_id, 2, sample::user("ann").id);
    let write = ask(&store, move |tx: &mut dyn Tx| {
        tx.audit().add(&entry)?;
        gate.pass();
        Ok(())
    });
    keeper.meet(1)?;
    let found = store.write(|tx| tx.webhooks().behind(MOST, 9)).await?;
    assert_eq!(found, [], "whoever writes has locked it");
    keeper.open();
    write.await??;
    assert_eq!(behind(&*store, 9).await?, [endpoint]);
    Ok(())
}

/// What waits and was never tried counts, and nothing else.
async fn who_has_enough_waits(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let endpoint = listening(&*store).await?;
    let mut other = endpoint.clone();
    other.id = WebhookEndpointId::new(sample::uuid("another"));
    add(&*store, &other).await?;
    let both = behind(&*store, 9).await?;
    assert_eq!(both.len(), 2);
    let send = async |count: u32| {
        let endpoint = endpoint.clone();
        let untried = store.write(move |tx| {
            for number in 0..count {
                let name = format!("{number} of {count}");
                tx.outbox().add(&Message {
                    id: MessageId::new(sample::uuid(&name)),
                    content: Content::Event {
                        organization_id: endpoint.organization_id,
                        endpoint_id: endpoint.id,
                        sequence: Some(1),
                    },
                    created_at: FixedClock::START,
                })?;
            }
            tx.outbox().untried(endpoint.id, 7)
        });
        untried.await
    };
    assert_eq!(send(MOST - 1).await?, MOST - 1);
    assert_eq!(behind(&*store, 9).await?.len(), 2);
    assert_eq!(send(1).await?, MOST);
    assert_eq!(behind(&*store, 9).await?, [other.clone()]);
    assert_eq!(send(3).await?, 7, "it does not count on");
    let now = FixedClock::START;
    let attempt = async |messages| {
        let claim = store.write(move |tx| tx.outbox().claim(now, now, &Allowance::of(messages)));
        claim.await
    };
    assert_eq!(attempt(3).await?.len(), 3);
    assert_eq!(behind(&*store, 9).await?, [other.clone()]);
    assert_eq!(attempt(9).await?.len(), 8);
    assert_eq!(behind(&*store, 9).await?.len(), 2);
    let (id, theirs) = (endpoint.id, other.id);
    let untried = store.read(move |tx| {
        let outbox = tx.outbox();
        Ok((outbox.untried(id, 9)?, outbox.untried(theirs, 9)?))
    });
    assert_eq!(untried.await?, (0, 0));
    Ok(())
}

async fn what_another_dispatches_is_passed_over(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, globex, .. } = house(&*store).await?;
    write_log(&*store, &acme, &[1]).await?;
    write_log(&*store, &globex, &[1]).await?;
    add(&*store, &sample::webhook_endpoint(&acme, "ours")).await?;
    add(&*store, &sample::webhook_endpoint(&globex, "theirs")).await?;
    let (gate, keeper) = gate();
    let first = ask(&store, move |tx: &mut dyn Tx| {
        let taken = tx.webhooks().behind(MOST, 1)?;
        gate.pass();
        for endpoint in &taken {
            tx.webhooks().advance(endpoint, 1)?;
        }
        Ok(taken)
    });
    keeper.meet(1)?;
    let second = store.write(|tx| tx.webhooks().behind(MOST, 9)).await?;
    keeper.open();
    let first = first.await??;
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first[0].id, second[0].id);
    assert_eq!(behind(&*store, 9).await?, second);
    Ok(())
}
