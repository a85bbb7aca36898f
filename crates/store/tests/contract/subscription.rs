//! The repository of plans.

use rollbook_domain::id::OrganizationId;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::port::Store;
use rollbook_domain::subscription::{Plan, Quota, Subscription, SubscriptionStatus};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::{Error, Refusal, Result};

use crate::harness::{assert_error, on_both};
use crate::house::house;
use crate::support::{Outcome, TestDatabase};

on_both! {
    a_new_organization_has_the_default,
    every_plan_is_kept,
    a_plan_outlives_changes_of_its_organization,
    what_is_refused_leaves_nothing,
}

async fn find(store: &dyn Store, id: OrganizationId) -> Result<Option<Plan>> {
    store.read_one(move |tx| tx.plans().find(id)).await
}

async fn set(store: &dyn Store, id: OrganizationId, plan: Plan) -> Result<()> {
    store.write(move |tx| tx.plans().set(id, &plan)).await
}

fn full() -> Plan {
    Plan {
        subscription: Subscription::trial(FixedClock::START, Span::days(14)),
        members: Quota(u32::MAX),
        workspaces: Quota(3),
    }
}

async fn a_new_organization_has_the_default(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let found = find(&*store, house.acme.id).await?;
    assert_eq!(found, Some(Plan::default()));
    let nowhere = sample::organization("Nowhere", &house.ann).id;
    assert_eq!(find(&*store, nowhere).await?, None);
    let outcome = set(&*store, nowhere, full()).await;
    assert_error!(outcome, Error::Storage(_));
    Ok(())
}

async fn every_plan_is_kept(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let statuses = SubscriptionStatus::ALL.map(|status| Plan {
        subscription: Subscription {
            status,
            trial_ends_at: Some(Timestamp::from_millis(1)),
        },
        ..full()
    });
    for plan in statuses.into_iter().chain([full(), Plan::default()]) {
        set(&*store, house.acme.id, plan).await?;
        assert_eq!(find(&*store, house.acme.id).await?, Some(plan));
        let theirs = find(&*store, house.globex.id).await?;
        assert_eq!(theirs, Some(Plan::default()));
    }
    Ok(())
}

/// They share a row, of which each writes its own part.
async fn a_plan_outlives_changes_of_its_organization(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let (id, seen) = (house.acme.id, house.acme.version);
    set(&*store, id, full()).await?;
    let mut changed = house.acme.clone();
    changed.touch(FixedClock::START);
    changed.deleted_at = Some(FixedClock::START);
    let written = changed.clone();
    let updated = store.write(move |tx| tx.organizations().update(&written, seen));
    assert!(updated.await?);
    assert_eq!(find(&*store, id).await?, Some(full()));
    set(&*store, id, Plan::default()).await?;
    let found = store
        .read_one(move |tx| tx.organizations().find(id))
        .await?;
    assert_eq!(found.map(|view| view.organization), Some(changed));
    Ok(())
}

async fn what_is_refused_leaves_nothing(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let id = house.acme.id;
    let outcome: Result<()> = store
        .write(move |tx| {
            tx.plans().set(id, &full())?;
            Err(Refusal::VersionMismatch.into())
        })
        .await;
    assert_error!(outcome, Error::Refused(Refusal::VersionMismatch));
    assert_eq!(find(&*store, id).await?, Some(Plan::default()));
    Ok(())
}
