//! The repository of memberships.

use rollbook_domain::id::{MembershipId, UserId};
use rollbook_domain::membership::Membership;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::role::{Role, Roles};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::user::User;
use rollbook_domain::{Error, Result};

use crate::harness::{assert_error, on_both};
use crate::support::{Outcome, TestDatabase};

on_both! {
    what_is_added_is_found,
    a_pair_has_one_membership,
    every_set_of_roles_is_kept,
    roles_are_replaced,
    orphans_are_refused,
    members_come_in_the_order_of_their_ids,
    a_list_is_of_one_organization,
}

/// Ann and her organization.
fn found(tx: &mut dyn Tx) -> Result<(User, Organization)> {
    let ann = sample::user("ann");
    let acme = sample::organization("Acme", &ann);
    tx.users().add(&ann)?;
    tx.organizations().add(&acme)?;
    Ok((ann, acme))
}

async fn what_is_added_is_found(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, acme) = store.write(found).await?;
    let bob = sample::service_account("bob");
    let mut view = sample::member_view(&acme, &bob, &[Role::Viewer, Role::Billing]);
    view.membership.created_at = Timestamp::from_millis(1);
    view.membership.updated_at = Timestamp::from_millis(999);
    let membership = view.membership.clone();
    let added = store
        .write(move |tx| {
            tx.users().add(&bob)?;
            tx.memberships().add(&membership)
        })
        .await?;
    assert!(added);
    let bob = view.membership.user_id;
    let find = async |organization, user| {
        store
            .read_one(move |tx| tx.memberships().find(organization, user))
            .await
    };
    assert_eq!(find(acme.id, bob).await?, Some(view));
    assert_eq!(find(acme.id, ann.id).await?, None);
    let elsewhere = sample::organization("Elsewhere", &ann).id;
    assert_eq!(find(elsewhere, bob).await?, None);
    Ok(())
}

async fn a_pair_has_one_membership(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, acme) = store.write(found).await?;
    let first = sample::membership(&acme, &ann, &[Role::Admin]);
    let second = Membership {
        id: MembershipId::new(sample::uuid("another")),
        roles: Roles::of(&[Role::Viewer]),
        ..first.clone()
    };
    let (one, same, other) = (first.clone(), first.clone(), second);
    let outcome = store
        .write(move |tx| {
            let added = [&one, &same, &other].map(|it| tx.memberships().add(it));
            let [one, same, other] = added;
            Ok((one?, same?, other?, tx.memberships().count(acme.id)?))
        })
        .await?;
    assert_eq!(outcome, (true, false, false, 1));
    let kept = store
        .read_one(move |tx| tx.memberships().find(acme.id, ann.id))
        .await?;
    assert_eq!(kept.map(|view| view.membership), Some(first));
    Ok(())
}

async fn every_set_of_roles_is_kept(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, acme) = store.write(found).await?;
    let membership = sample::membership(&acme, &ann, &[Role::Member]);
    store
        .write(move |tx| tx.memberships().add(&membership))
        .await?;
    for bits in 1_u8..1 << Role::ALL.len() {
        let chosen = (0..).zip(Role::ALL).filter(|(bit, _)| bits >> bit & 1 == 1);
        let roles = Roles::of(&chosen.map(|(_, role)| role).collect::<Vec<_>>());
        let kept = store
            .write(move |tx| {
                tx.memberships()
                    .set_roles(acme.id, ann.id, roles, FixedClock::START)?;
                tx.memberships().find(acme.id, ann.id)
            })
            .await?;
        assert_eq!(kept.map(|view| view.membership.roles), Some(roles));
    }
    Ok(())
}

async fn roles_are_replaced(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, acme) = store.write(found).await?;
    let before = sample::membership(&acme, &ann, &[Role::Admin]);
    let membership = before.clone();
    store
        .write(move |tx| tx.memberships().add(&membership))
        .await?;
    let later = FixedClock::START.plus(Span::seconds(1));
    let roles = Roles::of(&[Role::Manager, Role::Member]);
    let set = async |user| {
        store
            .write(move |tx| tx.memberships().set_roles(acme.id, user, roles, later))
            .await
    };
    assert!(!set(UserId::new(sample::uuid("absent"))).await?);
    assert!(set(ann.id).await?);
    let after = store
        .read_one(move |tx| tx.memberships().find(acme.id, ann.id))
        .await?;
    let expected = Membership {
        roles,
        updated_at: later,
        ..before
    };
    assert_eq!(after.map(|view| view.membership), Some(expected));
    Ok(())
}

async fn orphans_are_refused(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, acme) = store.write(found).await?;
    let nobody = sample::membership(&acme, &sample::user("nobody"), &[Role::Member]);
    let nowhere = sample::organization("Nowhere", &ann);
    let nowhere = sample::membership(&nowhere, &ann, &[Role::Member]);
    for orphan in [nobody, nowhere] {
        let outcome = store.write(move |tx| tx.memberships().add(&orphan)).await;
        assert_error!(outcome, Error::Storage(_));
    }
    Ok(())
}

/// Thirty members whose ids do not come in the order in which they were written.
fn crowd(tx: &mut dyn Tx) -> Result<(Organization, Vec<MembershipId>)> {
    let (_, acme) = found(tx)?;
    let mut ids = Vec::new();
    for number in 0..30 {
        let user = sample::user(&format!("u{number}"));
        tx.users().add(&user)?;
        let membership = sample::membership(&acme, &user, &[Role::Member]);
        tx.memberships().add(&membership)?;
        ids.push(membership.id);
    }
    assert!(!ids.is_sorted(), "the sample is no good");
    ids.sort_unstable();
    Ok((acme, ids))
}

async fn members_come_in_the_order_of_their_ids(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (acme, ids) = store.write(crowd).await?;
    let cases = [
        (Window::first(12), 0..12, true),
        (Window::after(ids[11], 12), 12..24, true),
        (Window::after(ids[23], 12).counted(), 24..30, false),
        (Window::after(ids[29], 12), 30..30, false),
        (Window::skip(0, 30).counted(), 0..30, false),
        (Window::skip(7, 5).counted(), 7..12, true),
        (Window::skip(31, 5).counted(), 30..30, false),
    ];
    for (window, expected, more) in cases {
        let asked = window.clone();
        let page = store
            .read(move |tx| tx.memberships().list(acme.id, &asked))
            .await?;
        let found: Vec<_> = page.items.iter().map(|view| view.membership.id).collect();
        assert_eq!(found, ids[expected], "{window:?}");
        let last = found.last().copied().filter(|_| more);
        assert_eq!(page.next, last, "{window:?}");
        assert_eq!(page.total, window.count.then_some(30), "{window:?}");
    }
    Ok(())
}

async fn a_list_is_of_one_organization(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, acme) = store.write(found).await?;
    let other = sample::organization("Other", &ann);
    let (empty, member) = (acme.id, sample::member_view(&other, &ann, &[Role::Admin]));
    let (organization, membership) = (other.clone(), member.membership.clone());
    store
        .write(move |tx| {
            tx.organizations().add(&organization)?;
            tx.memberships().add(&membership)
        })
        .await?;
    let list = async |organization| {
        store
            .read(move |tx| {
                let page = tx
                    .memberships()
                    .list(organization, &Window::first(9).counted())?;
                Ok((
                    page.items,
                    page.total,
                    tx.memberships().count(organization)?,
                ))
            })
            .await
    };
    assert_eq!(list(empty).await?, (vec![], Some(0), 0));
    assert_eq!(list(other.id).await?, (vec![member], Some(1), 1));
    Ok(())
}
