//! What a transaction keeps of an organization that it has locked is never out of date.

use rollbook_domain::audit::{Chain, Head};
use rollbook_domain::id::InvitationId;
use rollbook_domain::mock::sample;
use rollbook_domain::organization::Organization;
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::role::Role;
use rollbook_domain::subscription::{Plan, Quota};
use rollbook_domain::{Error, Result};

use crate::harness::{assert_error, on_both};
use crate::house::{House, house};
use crate::recorder;
use crate::support::{Outcome, TestDatabase};

on_both! {
    a_plan_that_is_set_is_found,
    an_entry_is_behind_the_last_one,
    whoever_listens_is_told,
    whoever_begins_to_listen_is_told,
    what_was_just_made_has_an_empty_log,
    what_is_kept_ends_with_the_transaction,
    an_invitation_is_found_with_the_end_of_the_log,
    whoever_listens_is_told_of_an_acceptance,
    what_is_deleted_invites_nobody,
}

/// Ann's token, so that she arrives.
async fn with_token(store: &dyn Store) -> Outcome<House> {
    let house = house(store).await?;
    let token = sample::token("ann", &house.ann);
    let digest = sample::secret("ann").digest();
    store
        .write(move |tx| tx.tokens().add(&token, &digest))
        .await?;
    Ok(house)
}

/// Locks an organization and lets ann in.
fn enter(tx: &mut dyn Tx, organization: &Organization) -> Result<()> {
    tx.organizations().hold(organization.id)?;
    let digest = sample::secret("ann").digest();
    let arrival = tx.access().arrive(&digest, organization.id)?;
    assert!(arrival.is_some_and(|arrival| arrival.place.is_some()));
    Ok(())
}

/// Writes the entry at this place.
fn note(tx: &mut dyn Tx, organization: &Organization, place: u64) -> Result<Head> {
    let entry = sample::entry(organization.id, place, organization.owner_id);
    tx.audit().add(&entry)?;
    Ok(Head {
        sequence: place,
        digest: entry.digest,
    })
}

fn limited(members: u32) -> Plan {
    Plan {
        members: Quota(members),
        ..Plan::default()
    }
}

async fn a_plan_that_is_set_is_found(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, globex, .. } = with_token(&*store).await?;
    store
        .write(move |tx| {
            tx.plans().set(globex.id, &limited(9))?;
            enter(tx, &acme)?;
            assert_eq!(tx.plans().find(acme.id)?, Some(Plan::default()));
            tx.plans().set(acme.id, &limited(3))?;
            assert_eq!(tx.plans().find(acme.id)?, Some(limited(3)));
            assert_eq!(tx.plans().find(globex.id)?, Some(limited(9)));
            enter(tx, &acme)?;
            assert_eq!(tx.plans().find(acme.id)?, Some(limited(3)));
            tx.plans().set(globex.id, &limited(8))?;
            assert_eq!(tx.plans().find(globex.id)?, Some(limited(8)));
            Ok(())
        })
        .await?;
    Ok(())
}

async fn an_entry_is_behind_the_last_one(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, globex, .. } = with_token(&*store).await?;
    store
        .write(move |tx| {
            let (ours, theirs) = (Chain::Organization(acme.id), Chain::Organization(globex.id));
            enter(tx, &acme)?;
            assert_eq!(tx.audit().head(ours)?, None);
            let first = note(tx, &acme, 1)?;
            assert_eq!(tx.audit().head(ours)?, Some(first));
            enter(tx, &acme)?;
            assert_eq!(tx.audit().head(ours)?, Some(first));
            let second = note(tx, &acme, 2)?;
            // Another log, and back.
            let elsewhere = note(tx, &globex, 1)?;
            assert_eq!(tx.audit().head(theirs)?, Some(elsewhere));
            assert_eq!(tx.audit().head(ours)?, Some(second));
            let third = note(tx, &acme, 3)?;
            assert_eq!(tx.audit().head(ours)?, Some(third));
            assert_eq!(tx.audit().head(theirs)?, Some(elsewhere));
            Ok(())
        })
        .await?;
    Ok(())
}

/// The endpoints that have something to be told.
async fn told(store: &dyn Store) -> Result<usize> {
    let behind = store.write(|tx| tx.webhooks().behind(5, 9)).await?;
    Ok(behind.len())
}

async fn whoever_listens_is_told(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = with_token(&*store).await?;
    let endpoint = sample::webhook_endpoint(&acme, "hook");
    store.write(move |tx| tx.webhooks().add(&endpoint)).await?;
    assert_eq!(told(&*store).await?, 0);
    // With an entry, so that there is something to keep of the log.
    let first = acme.clone();
    store.write(move |tx| note(tx, &first, 1)).await?;
    assert_eq!(told(&*store).await?, 1);
    for place in [2, 3] {
        // Where it was told everything, nothing but the entry below can be what it is told.
        let all = "UPDATE webhook_endpoints SET position = head";
        database.execute(all)?;
        assert_eq!(told(&*store).await?, 0);
        let listened = acme.clone();
        store
            .write(move |tx| {
                if place == 2 {
                    enter(tx, &listened)?;
                } else {
                    tx.organizations().hold(listened.id)?;
                }
                tx.audit().head(Chain::Organization(listened.id))?;
                note(tx, &listened, place)
            })
            .await?;
        assert_eq!(told(&*store).await?, 1);
    }
    Ok(())
}

async fn whoever_begins_to_listen_is_told(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, globex, .. } = with_token(&*store).await?;
    // The first entry is there, so that what is kept says that nobody listens.
    for organization in [&acme, &globex] {
        let organization = organization.clone();
        store.write(move |tx| note(tx, &organization, 1)).await?;
    }
    let (added, enabled) = (acme.clone(), globex.clone());
    store
        .write(move |tx| {
            enter(tx, &added)?;
            tx.audit().head(Chain::Organization(added.id))?;
            tx.webhooks()
                .add(&sample::webhook_endpoint(&added, "added"))?;
            note(tx, &added, 2)
        })
        .await?;
    assert_eq!(told(&*store).await?, 1);
    store
        .write(move |tx| {
            let endpoint = sample::webhook_endpoint(&enabled, "enabled");
            tx.webhooks().add(&endpoint)?;
            tx.organizations().hold(enabled.id)?;
            tx.audit().head(Chain::Organization(enabled.id))?;
            assert!(tx.webhooks().update(&endpoint, endpoint.version)?);
            tx.audit().head(Chain::Organization(enabled.id))?;
            note(tx, &enabled, 2)
        })
        .await?;
    assert_eq!(told(&*store).await?, 2);
    Ok(())
}

async fn what_was_just_made_has_an_empty_log(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { ann, .. } = with_token(&*store).await?;
    let new = sample::organization("Initech", &ann);
    // What a use case is told of a change holds when it is over, so nothing is asserted inside.
    let (added, heads, first) = store
        .write(move |tx| {
            let chain = Chain::Organization(new.id);
            let added = tx.organizations().add(&new, &Plan::default())?;
            let before = tx.audit().head(chain)?;
            let first = note(tx, &new, 1)?;
            let after = tx.audit().head(chain)?;
            // Not added a second time: its log is what it was.
            let again = tx.organizations().add(&new, &Plan::default())?;
            let heads = [before, after, tx.audit().head(chain)?];
            Ok(([added, again], heads, first))
        })
        .await?;
    assert_eq!(added, [true, false]);
    assert_eq!(heads, [None, Some(first), Some(first)]);
    Ok(())
}

async fn what_is_kept_ends_with_the_transaction(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = with_token(&*store).await?;
    let undone = acme.clone();
    let outcome: Result<()> = store
        .write(move |tx| {
            enter(tx, &undone)?;
            tx.plans().set(undone.id, &limited(3))?;
            note(tx, &undone, 1)?;
            Err(Error::Busy)
        })
        .await;
    assert_error!(outcome, Error::Busy);
    store
        .write(move |tx| {
            enter(tx, &acme)?;
            assert_eq!(tx.plans().find(acme.id)?, Some(Plan::default()));
            assert_eq!(tx.audit().head(Chain::Organization(acme.id))?, None);
            Ok(())
        })
        .await?;
    Ok(())
}

/// An invitation to Acme, and the first entry in its log.
async fn invited(store: &dyn Store, acme: &Organization) -> Outcome<InvitationId> {
    let invitation = sample::invitation(acme, "cat", &[Role::Member]);
    let digest = sample::invitation_secret(invitation.id, "cat").digest();
    let (id, acme) = (invitation.id, acme.clone());
    store
        .write(move |tx| {
            tx.invitations().add(&invitation, &digest)?;
            note(tx, &acme, 1).map(drop)
        })
        .await?;
    Ok(id)
}

/// Whoever accepts locks the organization by the id of the invitation.
async fn an_invitation_is_found_with_the_end_of_the_log(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = with_token(&*store).await?;
    let id = invited(&*store, &acme).await?;
    let (ours, theirs) = (Chain::Organization(acme.id), acme.clone());
    store
        .write(move |tx| {
            for place in 2..=3 {
                let found = tx.invitations().find_locked(id)?;
                assert_eq!(found.map(|view| view.invitation.id), Some(id));
                let head = tx.audit().head(ours)?;
                assert_eq!(head.map(|head| head.sequence), Some(place - 1));
                let next = note(tx, &theirs, place)?;
                assert_eq!(tx.audit().head(ours)?, Some(next));
            }
            Ok(())
        })
        .await?;
    // With the invitation, and not by asking again.
    let queries = recorder::record_change(database, move |tx| {
        tx.invitations().find_locked(id)?;
        assert_eq!(tx.audit().head(ours)?.map(|head| head.sequence), Some(3));
        Ok(())
    });
    let asked = queries.await?;
    let asks_for_the_log = |query: &&String| {
        ["FROM `audit_entries`", "FROM \"audit_entries\""]
            .iter()
            .any(|from| query.contains(from))
    };
    let apart = asked.iter().filter(asks_for_the_log).count();
    assert_eq!(apart, 0, "{asked:#?}");
    Ok(())
}

async fn whoever_listens_is_told_of_an_acceptance(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = with_token(&*store).await?;
    let id = invited(&*store, &acme).await?;
    let endpoint = sample::webhook_endpoint(&acme, "hook");
    store.write(move |tx| tx.webhooks().add(&endpoint)).await?;
    database.execute("UPDATE webhook_endpoints SET position = head")?;
    assert_eq!(told(&*store).await?, 0);
    store
        .write(move |tx| {
            tx.invitations().find_locked(id)?;
            note(tx, &acme, 2).map(drop)
        })
        .await?;
    assert_eq!(told(&*store).await?, 1);
    Ok(())
}

async fn what_is_deleted_invites_nobody(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, ann, .. } = with_token(&*store).await?;
    let id = invited(&*store, &acme).await?;
    store
        .write(move |tx| {
            let mut deleted = acme.clone();
            deleted.deleted_at = Some(ann.created_at);
            deleted.version = acme.version.next();
            assert!(tx.organizations().update(&deleted, acme.version)?);
            assert_eq!(tx.invitations().find_locked(id)?, None);
            Ok(())
        })
        .await?;
    Ok(())
}
