//! The repository of verifications of addresses.

use rollbook_domain::Error;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::secret::{Digest, Secret};
use rollbook_domain::time::Span;
use rollbook_domain::verification::EmailVerification;

use crate::harness::{assert_error, on_both};
use crate::support::{Outcome, TestDatabase};

on_both! {
    a_user_has_one_verification,
    a_digest_is_unique_and_has_a_user,
}

fn digest(byte: u8) -> Digest {
    Secret::email_verification(&[byte; 32]).digest()
}

async fn a_user_has_one_verification(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    let first = EmailVerification::of(&ann, FixedClock::START);
    let second = EmailVerification::of(&ann, FixedClock::START.plus(Span::seconds(1)));
    let (written, bobs) = (
        second.clone(),
        EmailVerification::of(&bob, FixedClock::START),
    );
    let (ann_id, bob_id) = (ann.id, bob.id);
    let kept = bobs.clone();
    store
        .write(move |tx| {
            tx.users().add(&ann)?;
            tx.users().add(&bob)?;
            tx.verifications().put(&first, &digest(1))?;
            tx.verifications().put(&kept, &digest(2))?;
            tx.verifications().put(&written, &digest(3))
        })
        .await?;
    let find = async |byte| {
        store
            .read_one(move |tx| tx.verifications().find_by_secret(&digest(byte)))
            .await
    };
    assert_eq!(find(1).await?, None, "it was replaced");
    assert_eq!(find(2).await?, Some(bobs.clone()));
    assert_eq!(find(3).await?, Some(second));
    let remove = async |user| store.write(move |tx| tx.verifications().remove(user)).await;
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
    let anns = EmailVerification::of(&ann, FixedClock::START);
    let bobs = EmailVerification::of(&bob, FixedClock::START);
    let orphan = EmailVerification::of(&sample::user("nobody"), FixedClock::START);
    store
        .write(move |tx| {
            tx.users().add(&ann)?;
            tx.users().add(&bob)?;
            tx.verifications().put(&anns, &digest(1))
        })
        .await?;
    for (verification, byte) in [(bobs, 1), (orphan, 2)] {
        let outcome = store
            .write(move |tx| tx.verifications().put(&verification, &digest(byte)))
            .await;
        assert_error!(outcome, Error::Storage(_));
    }
    Ok(())
}
