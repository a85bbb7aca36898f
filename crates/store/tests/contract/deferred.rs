//! Changes that wait to be sent together: nobody notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rollbook_domain::id::InvitationId;
use rollbook_domain::invitation::Invitation;
use rollbook_domain::mock::sample;
use rollbook_domain::organization::Version;
use rollbook_domain::port::Tx;
use rollbook_domain::role::Role;
use rollbook_domain::user::User;
use rollbook_domain::value::Email;
use rollbook_domain::{Error, Refusal, Result};
use rollbook_store::DatabaseUrl;

use crate::harness::on_both;
use crate::house::{House, house};
use crate::support::{Outcome, TestDatabase};

on_both! {
    what_waits_is_read,
    any_number_may_wait,
    a_change_that_did_not_happen_is_told,
    a_refusal_for_what_did_not_happen_is_not_believed,
    a_row_is_changed_twice,
    what_fails_last_undoes_everything,
    whoever_was_told_in_error_runs_again,
}

fn add(tx: &mut dyn Tx, invitation: &Invitation) -> Result<bool> {
    let digest = sample::invitation_secret(invitation.id, "any").digest();
    tx.invitations().add(invitation, &digest)
}

/// An invitation like another, with an id of its own.
fn another(invitation: &Invitation, name: &str) -> Invitation {
    Invitation {
        id: InvitationId::new(sample::uuid(name)),
        ..invitation.clone()
    }
}

async fn what_waits_is_read(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    let cat = sample::invitation(&acme, "cat", &[Role::Member]);
    let expected = cat.clone();
    let found = store
        .write(move |tx| {
            assert!(add(tx, &cat)?);
            let pending = tx.invitations().find_pending(acme.id, &cat.email)?;
            let addressee = tx.invitations().addressee(acme.id, &cat.email)?;
            assert_eq!(addressee.pending, pending);
            Ok(pending)
        })
        .await?;
    assert_eq!(found, Some(expected));
    Ok(())
}

async fn any_number_may_wait(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    let all: Vec<_> = (0..21)
        .map(|number| sample::invitation(&acme, &format!("guest{number}"), &[Role::Member]))
        .collect();
    let added = all.clone();
    store
        .write(move |tx| {
            for invitation in &added {
                assert!(add(tx, invitation)?);
            }
            Ok(())
        })
        .await?;
    for invitation in all {
        let (organization, id) = (invitation.organization_id, invitation.id);
        let found = store
            .read(move |tx| tx.invitations().find(organization, id))
            .await?;
        assert_eq!(found.map(|view| view.invitation), Some(invitation));
    }
    Ok(())
}

async fn a_change_that_did_not_happen_is_told(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    let first = sample::invitation(&acme, "cat", &[Role::Member]);
    let second = another(&first, "second");
    let email = first.email.clone();
    let told = store
        .write(move |tx| Ok((add(tx, &first)?, add(tx, &second)?)))
        .await?;
    assert_eq!(told, (true, false));
    let pending = store
        .read(move |tx| tx.invitations().find_pending(acme.id, &email))
        .await?;
    let id = InvitationId::new(sample::uuid("second"));
    assert!(pending.is_some_and(|it| it.id != id));
    Ok(())
}

async fn a_refusal_for_what_did_not_happen_is_not_believed(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    let first = sample::invitation(&acme, "cat", &[Role::Member]);
    let second = another(&first, "second");
    store.write(move |tx| add(tx, &first)).await?;
    let outcome: Result<()> = store
        .write(move |tx| {
            Err(if add(tx, &second)? {
                Refusal::AlreadyMember.into()
            } else {
                Refusal::AlreadyInvited.into()
            })
        })
        .await;
    assert!(matches!(
        outcome,
        Err(Error::Refused(Refusal::AlreadyInvited))
    ));
    Ok(())
}

/// The second change is of what the first has made of the row, which may wait as well.
async fn a_row_is_changed_twice(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { ann, .. } = house(&*store).await?;
    let id = ann.id;
    let (updated, version) = store
        .write(move |tx| {
            let first = touched(&ann);
            let second = touched(&first);
            let updated = [
                tx.users().update(&first, ann.version)?,
                tx.users().update(&second, first.version)?,
                tx.users().update(&second, first.version)?,
            ];
            Ok((updated, second.version))
        })
        .await?;
    let found = store.read_one(move |tx| tx.users().find(id)).await?;
    assert_eq!(updated, [true, true, false]);
    assert_eq!(found.map(|user| user.version), Some(version));
    Ok(())
}

fn touched(user: &User) -> User {
    User {
        version: user.version.next(),
        ..user.clone()
    }
}

/// An address that somebody else has is refused by the database, behind what was well.
async fn what_fails_last_undoes_everything(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, ann, bob, .. } = house(&*store).await?;
    let cat = sample::invitation(&acme, "cat", &[Role::Member]);
    let email: Email = cat.email.clone();
    let taken = User {
        email: bob.email.clone(),
        ..touched(&ann)
    };
    let seen: Version = ann.version;
    let outcome = store
        .write(move |tx| {
            assert!(add(tx, &cat)?);
            tx.users().update(&taken, seen)
        })
        .await;
    assert!(matches!(outcome, Err(Error::Refused(Refusal::EmailTaken))));
    let pending = store
        .read(move |tx| tx.invitations().find_pending(acme.id, &email))
        .await?;
    assert_eq!(pending, None);
    Ok(())
}

/// On PostgreSQL once with the changes together and once one by one. Whoever was told the truth runs once.
async fn whoever_was_told_in_error_runs_again(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let House { acme, .. } = house(&*store).await?;
    let first = sample::invitation(&acme, "cat", &[Role::Member]);
    let second = another(&first, "second");
    let twice = match database.url {
        DatabaseUrl::Sqlite(_) => 1,
        DatabaseUrl::Postgres(_) => 2,
    };
    for (invitation, expected) in [(first, (true, 1)), (second, (false, twice))] {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let added = store
            .write(move |tx| {
                counted.fetch_add(1, Ordering::Relaxed);
                add(tx, &invitation)
            })
            .await?;
        assert_eq!((added, runs.load(Ordering::Relaxed)), expected);
    }
    Ok(())
}
