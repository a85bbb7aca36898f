//! The repositories of passwords and of the ways to new ones.

use rollbook_domain::Error;
use rollbook_domain::id::UserId;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::password::{KeptPassword, PasswordHash, PasswordReset};
use rollbook_domain::secret::{Digest, Secret};
use rollbook_domain::time::Span;
use rollbook_domain::user::User;

use crate::harness::{assert_error, on_both};
use crate::support::{Outcome, TestDatabase};

on_both! {
    a_user_has_one_password,
    a_password_has_a_user,
    a_user_has_one_reset,
    a_digest_is_unique_and_has_a_user,
}

fn digest(byte: u8) -> Digest {
    Secret::password_reset(&[byte; 32]).digest()
}

async fn a_user_has_one_reset(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    let first = PasswordReset::of(&ann, FixedClock::START);
    let second = PasswordReset::of(&ann, FixedClock::START.plus(Span::seconds(1)));
    let (written, bobs) = (second.clone(), PasswordReset::of(&bob, FixedClock::START));
    let (ann_id, bob_id) = (ann.id, bob.id);
    let kept = bobs.clone();
    store
        .write(move |tx| {
            tx.users().add(&ann)?;
            tx.users().add(&bob)?;
            tx.password_resets().put(&first, &digest(1))?;
            tx.password_resets().put(&kept, &digest(2))?;
            tx.password_resets().put(&written, &digest(3))
        })
        .await?;
    let find = async |byte| {
        store
            .read_one(move |tx| tx.password_resets().find_by_secret(&digest(byte)))
            .await
    };
    assert_eq!(find(1).await?, None, "it was replaced");
    assert_eq!(find(2).await?, Some(bobs.clone()));
    assert_eq!(find(3).await?, Some(second));
    let remove = async |user| {
        store
            .write(move |tx| tx.password_resets().remove(user))
            .await
    };
    assert!(remove(ann_id).await?);
    assert!(!remove(ann_id).await?);
    assert_eq!(find(3).await?, None);
    assert_eq!(find(2).await?, Some(bobs));
    assert!(remove(bob_id).await?);
    Ok(())
}

async fn a_digest_is_unique_and_has_a_user(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    let anns = PasswordReset::of(&ann, FixedClock::START);
    let bobs = PasswordReset::of(&bob, FixedClock::START);
    let orphan = PasswordReset::of(&sample::user("nobody"), FixedClock::START);
    store
        .write(move |tx| {
            tx.users().add(&ann)?;
            tx.users().add(&bob)?;
            tx.password_resets().put(&anns, &digest(1))
        })
        .await?;
    for (reset, byte) in [(bobs, 1), (orphan, 2)] {
        let outcome = store
            .write(move |tx| tx.password_resets().put(&reset, &digest(byte)))
            .await;
        assert_error!(outcome, Error::Storage(_));
    }
    Ok(())
}

fn kept(user: &User, hash: &str, seconds: u32) -> KeptPassword {
    KeptPassword {
        user_id: user.id,
        hash: PasswordHash::new(hash.to_owned()),
        changed_at: FixedClock::START.plus(Span::seconds(seconds)),
    }
}

async fn a_user_has_one_password(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    let (first, second) = (kept(&ann, "$a$1", 0), kept(&ann, "$a$2", 1));
    let (written, bobs) = (second.clone(), kept(&bob, "$a$1", 2));
    let (ann_id, bob_id) = (ann.id, bob.id);
    let others = bobs.clone();
    store
        .write(move |tx| {
            tx.users().add(&ann)?;
            tx.users().add(&bob)?;
            tx.passwords().put(&first)?;
            tx.passwords().put(&others)?;
            tx.passwords().put(&written)
        })
        .await?;
    let find = async |user| store.read_one(move |tx| tx.passwords().find(user)).await;
    assert_eq!(find(ann_id).await?, Some(second));
    assert_eq!(find(bob_id).await?, Some(bobs.clone()));
    let nobody = UserId::new(sample::uuid("nobody"));
    assert_eq!(find(nobody).await?, None);
    let remove = async |user| store.write(move |tx| tx.passwords().remove(user)).await;
    assert!(remove(ann_id).await?);
    assert!(!remove(ann_id).await?);
    assert_eq!(find(ann_id).await?, None);
    assert_eq!(find(bob_id).await?, Some(bobs));
    Ok(())
}

async fn a_password_has_a_user(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let orphan = kept(&sample::user("nobody"), "$a$1", 0);
    let outcome = store.write(move |tx| tx.passwords().put(&orphan)).await;
    assert_error!(outcome, Error::Storage(_));
    Ok(())
}
