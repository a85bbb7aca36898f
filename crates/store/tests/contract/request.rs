//! The repository of remembered requests.

use rollbook_domain::id::UserId;
use rollbook_domain::idempotency::{Remembered, RequestKey};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::secret::Digest;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::user::User;
use rollbook_domain::{Error, Refusal, Result};

use crate::harness::{all_at_once, assert_error, gate, on_both, on_postgres};
use crate::support::{Outcome, TestDatabase};

on_both! {
    the_first_request_is_remembered,
    keys_are_their_users_own,
    an_expired_request_is_overwritten,
    what_is_refused_is_not_remembered,
    the_oldest_are_forgotten_first,
    nobody_has_no_requests,
    one_of_many_makes_it,
    one_of_many_overwrites_an_expired_one,
}

mod waiting {
    super::on_postgres!(the_second_waits_for_the_first);
    use super::the_second_waits_for_the_first;
}

const NOW: Timestamp = FixedClock::START;
const RACERS: usize = 20;

async fn users(store: &dyn Store) -> Outcome<(User, User)> {
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    let users = [ann.clone(), bob.clone()];
    store
        .write(move |tx| {
            for user in &users {
                tx.users().add(user)?;
            }
            Ok(())
        })
        .await?;
    Ok((ann, bob))
}

fn request(name: &str, at: Timestamp) -> Remembered {
    Remembered {
        fingerprint: sample::secret(name).digest(),
        made: sample::uuid(name),
        at,
    }
}

fn key(text: &str) -> Outcome<RequestKey> {
    Ok(RequestKey::parse(text).map_err(|error| error.in_field("key"))?)
}

async fn remember(
    store: &dyn Store,
    user: UserId,
    key: &RequestKey,
    request: Remembered,
    expired: Timestamp,
) -> Result<Option<Remembered>> {
    let key = key.clone();
    store
        .write(move |tx| tx.requests().remember(user, &key, &request, expired))
        .await
}

fn before(seconds: u32) -> Timestamp {
    NOW.minus(Span::seconds(seconds))
}

async fn the_first_request_is_remembered(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, _) = users(&*store).await?;
    let longest = "~!'%_\\;\"".repeat(16);
    for text in ["k", "K", &longest] {
        let key = key(text)?;
        let first = Remembered {
            fingerprint: Digest::new([0xFF; 32]),
            ..request(text, NOW)
        };
        let answer = remember(&*store, ann.id, &key, first, before(60)).await?;
        assert_eq!(answer, None, "{text}");
        for name in ["second", "third"] {
            let next = request(name, NOW.plus(Span::seconds(1)));
            let answer = remember(&*store, ann.id, &key, next, before(60)).await?;
            assert_eq!(answer, Some(first), "{text}");
        }
    }
    Ok(())
}

/// One user's key must not answer with another user's thing.
async fn keys_are_their_users_own(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, bob) = users(&*store).await?;
    let key = key("order-66")?;
    for user in [&ann, &bob] {
        let theirs = request(user.display_name.as_str(), NOW);
        let answer = remember(&*store, user.id, &key, theirs, before(60)).await?;
        assert_eq!(answer, None);
        let again = remember(&*store, user.id, &key, request("again", NOW), before(60));
        assert_eq!(again.await?, Some(theirs));
    }
    Ok(())
}

async fn an_expired_request_is_overwritten(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, bob) = users(&*store).await?;
    let key = key("order-66")?;
    let first = request("first", before(100));
    for user in [ann.id, bob.id] {
        let answer = remember(&*store, user, &key, first, before(200)).await?;
        assert_eq!(answer, None);
    }
    let just_not = Timestamp::from_millis(before(100).millis() - 1);
    let next = request("next", NOW);
    let answer = remember(&*store, ann.id, &key, next, just_not).await?;
    assert_eq!(answer, Some(first), "made after that moment");
    let answer = remember(&*store, ann.id, &key, next, before(100)).await?;
    assert_eq!(answer, None, "made at that moment");
    let answer = remember(&*store, ann.id, &key, first, before(100)).await?;
    assert_eq!(answer, Some(next));
    let answer = remember(&*store, bob.id, &key, next, just_not).await?;
    assert_eq!(answer, Some(first), "bob's is his own");
    Ok(())
}

/// better-auth #10590: what was rolled back has had no effect, so it can be tried again.
async fn what_is_refused_is_not_remembered(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, _) = users(&*store).await?;
    let key = key("order-66")?;
    let (refused, user) = (key.clone(), ann.id);
    let outcome: Result<()> = store
        .write(move |tx| {
            let first = request("first", NOW);
            let answer = tx.requests().remember(user, &refused, &first, before(60))?;
            assert_eq!(answer, None);
            Err(Refusal::SeatLimit { limit: 1 }.into())
        })
        .await;
    assert_error!(outcome, Error::Refused(Refusal::SeatLimit { limit: 1 }));
    let second = request("second", NOW);
    let answer = remember(&*store, ann.id, &key, second, before(60)).await?;
    assert_eq!(answer, None);
    Ok(())
}

async fn the_oldest_are_forgotten_first(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, bob) = users(&*store).await?;
    for number in 0..10_u32 {
        let user = if number % 2 == 0 { ann.id } else { bob.id };
        // Not in the order of their keys.
        let key = key(&format!("k{}", (number * 7) % 10))?;
        let request = request("made", before(100 - number));
        remember(&*store, user, &key, request, before(1000)).await?;
    }
    let forget = async |expired, limit| {
        store
            .write(move |tx| tx.requests().forget(expired, limit))
            .await
    };
    let left = || database.count("SELECT count(*) AS count FROM requests");
    let oldest = |expected: u32| -> Outcome {
        let k = (expected * 7) % 10;
        let sql = format!("SELECT count(*) AS count FROM requests WHERE request_key = 'k{k}'");
        assert_eq!(database.count(&sql)?, 1, "k{k} is gone");
        Ok(())
    };
    assert_eq!(forget(before(100), 9).await?, 0, "made at that moment");
    assert_eq!(forget(before(95), 0).await?, 0);
    assert_eq!(left()?, 10);
    assert_eq!(forget(before(95), 3).await?, 3);
    assert_eq!(left()?, 7);
    for number in 3..10 {
        oldest(number)?;
    }
    assert_eq!(forget(before(95), 3).await?, 2);
    assert_eq!(forget(before(95), 3).await?, 0);
    assert_eq!(forget(NOW, u32::MAX).await?, 5);
    assert_eq!(left()?, 0);
    Ok(())
}

async fn nobody_has_no_requests(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let nobody = sample::user("nobody").id;
    let outcome = remember(&*store, nobody, &key("k")?, request("r", NOW), before(60)).await;
    assert_error!(outcome, Error::Storage(_));
    Ok(())
}

/// Twenty attempts at once, each with a thing of its own; all get the one thing that was made.
async fn one_of_many_makes_it(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, _) = users(&*store).await?;
    for heat in 0..5 {
        race(&*store, &ann, &key(&format!("heat-{heat}"))?, database).await?;
    }
    Ok(())
}

async fn one_of_many_overwrites_an_expired_one(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, _) = users(&*store).await?;
    for heat in 0..5 {
        let key = key(&format!("heat-{heat}"))?;
        let old = request("old", before(100));
        remember(&*store, ann.id, &key, old, before(200)).await?;
        race(&*store, &ann, &key, database).await?;
    }
    Ok(())
}

async fn race(
    store: &dyn Store,
    user: &User,
    key: &RequestKey,
    database: &TestDatabase,
) -> Outcome {
    let attempts = (0..RACERS).map(|number| {
        let (user, key) = (user.id, key.clone());
        let request = request(&format!("racer {number}"), NOW);
        move |tx: &mut dyn Tx| {
            let answer = tx.requests().remember(user, &key, &request, before(60))?;
            Ok(answer.map_or((true, request), |first| (false, first)))
        }
    });
    let mut made = Vec::new();
    let mut answered = Vec::new();
    for outcome in all_at_once(&database.store()?, attempts).await? {
        let (is_first, request) = outcome?;
        if is_first {
            made.push(request);
        }
        answered.push(request);
    }
    assert_eq!(made.len(), 1);
    assert_eq!(answered, vec![made[0]; RACERS]);
    let last = remember(store, user.id, key, request("late", NOW), before(60)).await?;
    assert_eq!(last, Some(made[0]));
    Ok(())
}

/// The second attempt learns what became of the first, be it made or refused, and does not answer
/// before.
async fn the_second_waits_for_the_first(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (ann, _) = users(&*store).await?;
    for is_made in [true, false] {
        let key = key(&format!("made-{is_made}"))?;
        let (gate, keeper) = gate();
        let (user, claimed) = (ann.id, key.clone());
        let first = request("first", NOW);
        let attempt = crate::harness::ask(&store, move |tx| {
            let answer = tx.requests().remember(user, &claimed, &first, before(60))?;
            gate.pass();
            if is_made {
                Ok(answer)
            } else {
                Err(Refusal::VersionMismatch.into())
            }
        });
        keeper.meet(1)?;
        let second = request("second", NOW);
        let claimed = key.clone();
        let mut waiting = crate::harness::ask(&store, move |tx| {
            tx.requests().remember(user, &claimed, &second, before(60))
        });
        crate::harness::wait_for_a_lock(database, &mut waiting).await?;
        keeper.open();
        let answer = (&mut waiting).await??;
        if is_made {
            assert_eq!((attempt.await??, answer), (None, Some(first)));
        } else {
            assert_error!(attempt.await?, Error::Refused(Refusal::VersionMismatch));
            assert_eq!(answer, None);
        }
    }
    Ok(())
}
