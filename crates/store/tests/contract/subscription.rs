//! The repository of plans.

use rollbook_domain::id::OrganizationId;
use rollbook_domain::invitation::{Invitation, InvitationState};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::role::Role;
use rollbook_domain::subscription::{Plan, Quota, Subscription, SubscriptionStatus};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::{Error, Refusal, Result};

use crate::harness::{assert_error, on_both};
use crate::house::{House, house};
use crate::support::{Outcome, TestDatabase};

on_both! {
    a_new_organization_has_the_default,
    every_plan_is_kept,
    what_is_added_has_its_plan,
    pending_invitations_are_counted_whatever_the_quota,
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

async fn what_is_added_has_its_plan(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let house = house(&*store).await?;
    let new = sample::organization("Initech", &house.ann);
    let (id, again) = (new.id, new.clone());
    let add = move |tx: &mut dyn Tx| tx.organizations().add(&new, &full());
    assert!(store.write(add).await?);
    assert_eq!(find(&*store, id).await?, Some(full()));
    // One that is not added changes nothing.
    let add = move |tx: &mut dyn Tx| tx.organizations().add(&again, &Plan::default());
    assert!(!store.write(add).await?);
    assert_eq!(find(&*store, id).await?, Some(full()));
    Ok(())
}

/// How many invitations of two organizations are pending.
async fn pending(store: &dyn Store, of: [OrganizationId; 2]) -> Result<[u32; 2]> {
    let count = move |tx: &mut dyn Tx| {
        let mut count = |id| tx.invitations().count_pending(id, FixedClock::START);
        Ok([count(of[0])?, count(of[1])?])
    };
    store.read(count).await
}

async fn invite(store: &dyn Store, to: &Organization, name: &str) -> Result<Invitation> {
    let invitation = sample::invitation(to, name, &[Role::Member]);
    let digest = sample::invitation_secret(invitation.id, name).digest();
    let new = invitation.clone();
    let added = store.write(move |tx| tx.invitations().add(&new, &digest));
    assert!(added.await?);
    Ok(invitation)
}

async fn turn(store: &dyn Store, before: Invitation, to: InvitationState) -> Result<Invitation> {
    let mut after = before.clone();
    after.state = to;
    after.touch(FixedClock::START);
    let written = after.clone();
    let updated = store.write(move |tx| tx.invitations().update(&written, &before));
    assert!(updated.await?);
    Ok(after)
}

async fn limit(store: &dyn Store, id: OrganizationId, quota: u32) -> Result<()> {
    let members = Quota(quota);
    set(store, id, Plan { members, ..full() }).await
}

/// Those of an organization with a quota are in an index of their own. They come into it, and leave it,
/// with the quota, whatever became of them before.
async fn pending_invitations_are_counted_whatever_the_quota(database: &TestDatabase) -> Outcome {
    let store = &*database.store()?;
    let House { acme, globex, .. } = house(store).await?;
    let both = [acme.id, globex.id];
    invite(store, &acme, "bob").await?;
    invite(store, &globex, "bob").await?;
    let cat = invite(store, &acme, "cat").await?;
    let cat = turn(store, cat, InvitationState::Expired).await?;
    assert_eq!(pending(store, both).await?, [1, 1]);
    limit(store, acme.id, 3).await?;
    assert_eq!(pending(store, both).await?, [1, 1]);
    // It had run out when the quota came.
    let cat = turn(store, cat, InvitationState::Pending).await?;
    let dan = invite(store, &acme, "dan").await?;
    assert_eq!(pending(store, both).await?, [3, 1]);
    limit(store, acme.id, 9).await?;
    turn(store, dan, InvitationState::Revoked).await?;
    assert_eq!(pending(store, both).await?, [2, 1]);
    limit(store, acme.id, 0).await?;
    let cat = turn(store, cat, InvitationState::Declined).await?;
    invite(store, &acme, "eve").await?;
    assert_eq!(pending(store, both).await?, [2, 1]);
    limit(store, acme.id, 1).await?;
    turn(store, cat, InvitationState::Pending).await?;
    assert_eq!(pending(store, both).await?, [3, 1]);
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
