//! Transactions: all or nothing, nobody else's business, and seen by whoever asks afterwards.

use rollbook_domain::mock::sample;
use rollbook_domain::organization::{Organization, OrganizationView};
use rollbook_domain::port::{Access, Store, Tx, Work};
use rollbook_domain::role::Role;
use rollbook_domain::subscription::Plan;
use rollbook_domain::user::User;
use rollbook_domain::{Error, Refusal, Result};

use crate::harness::{Occupied, all_at_once, assert_error, gate, on_both};
use crate::support::{Outcome, TestDatabase};

on_both! {
    an_error_undoes_every_repository,
    a_refusal_undoes_only_its_own_use_case,
    an_error_that_is_swallowed_is_not_committed,
    what_was_acknowledged_is_read,
    a_reading_use_case_sees_one_moment,
    reading_use_cases_cannot_write,
    a_use_case_sees_what_it_wrote,
}

/// Something in every table.
fn write_everywhere(tx: &mut dyn Tx) -> Result<()> {
    let ann = sample::user("ann");
    let acme = sample::organization("Acme", &ann);
    tx.users().add(&ann)?;
    tx.organizations().add(&acme, &Plan::default())?;
    tx.memberships()
        .add(&sample::membership(&acme, &ann, &[Role::Admin]), &ann)?;
    tx.tokens()
        .add(&sample::token("ann", &ann), &sample::secret("ann").digest())?;
    tx.installation().add_page_token_key(&[1; 32])?;
    Ok(())
}

/// Which tables have what [`write_everywhere`] writes.
fn look_everywhere(tx: &mut dyn Tx) -> Result<[bool; 5]> {
    let ann = sample::user("ann");
    let acme = sample::organization("Acme", &ann);
    let digest = sample::secret("ann").digest();
    Ok([
        tx.users().any()?,
        tx.organizations().find(acme.id)?.is_some(),
        tx.memberships().count(acme.id)? > 0,
        tx.access().authenticate(&digest)?.is_some(),
        tx.installation().page_token_key()?.is_some(),
    ])
}

async fn an_error_undoes_every_repository(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let outcome = store
        .write(|tx| {
            write_everywhere(tx)?;
            Err::<(), _>(Refusal::AlreadyMember.into())
        })
        .await;
    assert_error!(outcome, Error::Refused(Refusal::AlreadyMember));
    assert_eq!(store.read(look_everywhere).await?, [false; 5]);
    store.write(write_everywhere).await?;
    assert_eq!(store.read(look_everywhere).await?, [true; 5]);
    Ok(())
}

/// 90 use cases that share their commits on SQLite: every third changes its mind.
async fn a_refusal_undoes_only_its_own_use_case(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let occupied = Occupied::all(database)?;
    let work = |number: usize| {
        move |tx: &mut dyn Tx| {
            tx.users().add(&sample::user(&format!("u{number}")))?;
            if number.is_multiple_of(3) {
                return Err(Refusal::EmailTaken.into());
            }
            Ok(number)
        }
    };
    let outcomes = {
        let asked = all_at_once(&store, (0..90).map(work));
        let (outcomes, released) = tokio::join!(asked, occupied.release());
        released?;
        outcomes?
    };
    for (number, outcome) in outcomes.into_iter().enumerate() {
        let refused = number.is_multiple_of(3);
        if refused {
            assert_error!(outcome, Error::Refused(Refusal::EmailTaken));
        } else {
            assert_eq!(outcome?, number);
        }
        let user = sample::user(&format!("u{number}"));
        let found = store.read_one(move |tx| tx.users().find(user.id)).await?;
        assert_eq!(found.is_none(), refused, "u{number}");
    }
    Ok(())
}

/// After a failed statement PostgreSQL answers COMMIT by rolling back, without an error.
async fn an_error_that_is_swallowed_is_not_committed(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let outcome = store
        .write(|tx| {
            tx.users().add(&sample::user("ann"))?;
            let orphan = sample::organization("Orphan", &sample::user("nobody"));
            let swallowed = tx.organizations().add(&orphan, &Plan::default());
            assert_error!(swallowed, Error::Storage(_));
            Ok(())
        })
        .await;
    assert_error!(outcome, Error::Storage(_));
    assert!(!store.read_one(|tx| tx.users().any()).await?);
    store.write(write_everywhere).await?;
    assert_eq!(store.read(look_everywhere).await?, [true; 5]);
    Ok(())
}

/// Whoever was told that something is written finds it, while others write and read.
async fn what_was_acknowledged_is_read(database: &TestDatabase) -> Outcome {
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..8 {
        let store = database.store()?;
        writers.spawn(async move {
            for number in 0..40 {
                let user = sample::user(&format!("u{writer}n{number}"));
                write_and_read(&*store, user).await?;
            }
            Ok::<_, Error>(())
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer??;
    }
    Ok(())
}

async fn write_and_read(store: &dyn Store, user: User) -> Result<()> {
    let (id, email) = (user.id, user.email.clone());
    store.write(move |tx| tx.users().add(&user)).await?;
    let one = store.read_one(move |tx| tx.users().find(id)).await?;
    assert!(one.is_some(), "{id} was not read");
    let two = store
        .read(move |tx| Ok((tx.users().find_by_email(&email)?, tx.users().find(id)?)))
        .await?;
    assert_eq!(two, (one.clone(), one));
    Ok(())
}

/// A write that is acknowledged between two calls of a reading use case does not show.
async fn a_reading_use_case_sees_one_moment(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (gate, keeper) = gate();
    let reader = {
        let store = database.store()?;
        let read = move |tx: &mut dyn Tx| {
            let before = look_everywhere(tx)?;
            gate.pass();
            Ok((before, look_everywhere(tx)?))
        };
        tokio::spawn(async move { store.read(read).await })
    };
    keeper.meet(1)?;
    store.write(write_everywhere).await?;
    assert_eq!(store.read(look_everywhere).await?, [true; 5]);
    keeper.open();
    assert_eq!(reader.await??, ([false; 5], [false; 5]));
    Ok(())
}

async fn reading_use_cases_cannot_write(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    for access in [Access::ReadOne, Access::Read] {
        let work: Work = Box::new(|tx| Ok(Box::new(tx.users().add(&sample::user("ann"))?)));
        let outcome = store.run(access, work).await;
        assert!(matches!(outcome, Err(Error::Storage(_))), "{access:?}");
        assert_eq!(store.read(look_everywhere).await?, [false; 5]);
    }
    store.write(write_everywhere).await?;
    Ok(())
}

async fn a_use_case_sees_what_it_wrote(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let acme = sample::organization_view("Acme", &sample::user("ann"));
    let (id, seen) = (acme.organization.id, acme.organization.version);
    let changed = OrganizationView {
        organization: Organization {
            version: seen.next(),
            ..acme.organization
        },
        ..acme
    };
    let written = changed.organization.clone();
    let (before, after, view) = store
        .write(move |tx| {
            let before = look_everywhere(tx)?;
            write_everywhere(tx)?;
            let after = look_everywhere(tx)?;
            tx.organizations().update(&written, seen)?;
            Ok((before, after, tx.organizations().find(id)?))
        })
        .await?;
    assert_eq!((before, after), ([false; 5], [true; 5]));
    assert_eq!(view, Some(changed));
    Ok(())
}
