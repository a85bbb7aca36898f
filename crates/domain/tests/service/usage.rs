use std::sync::Arc;

use rollbook_domain::mock::{Account, FlakyStore, World, sample};
use rollbook_domain::service::{Organizations, Tokens, Users};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::{Error, Result};

use super::assert_error;

async fn last_used(world: &World, account: &Account) -> Result<Option<i64>> {
    let token = world.tokens.get(account.caller, account.token.id).await?;
    Ok(token.last_used_at.map(Timestamp::minute))
}

pub(crate) async fn a_use_is_noted_to_the_minute(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    world.users.me(ann.caller).await?;
    assert_eq!(last_used(&world, &ann).await?, None, "not written yet");
    assert_eq!(world.core.flush_usage().await?, 1);
    let first = world.now().minute();
    assert_eq!(last_used(&world, &ann).await?, Some(first));
    world.clock.advance(Span::seconds(60));
    assert_eq!(last_used(&world, &ann).await?, Some(first));
    assert_eq!(world.core.flush_usage().await?, 1);
    assert_eq!(last_used(&world, &ann).await?, Some(first + 1));
    Ok(())
}

pub(crate) async fn one_write_a_token_and_minute(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    assert_eq!(world.core.flush_usage().await?, 0, "nothing was used");
    for _ in 0..5 {
        world.users.me(ann.caller).await?;
        world.users.me(bob.caller).await?;
    }
    assert_eq!(world.core.flush_usage().await?, 2);
    for _ in 0..5 {
        world.clock.advance(Span::seconds(10));
        world.users.me(ann.caller).await?;
        world.create(&ann, "Acme").await?;
        assert_eq!(world.core.flush_usage().await?, 0, "same minute");
    }
    world.clock.advance(Span::seconds(10));
    world.users.me(ann.caller).await?;
    assert_eq!(world.core.flush_usage().await?, 1);
    Ok(())
}

/// What is written together is from one minute.
pub(crate) async fn each_use_has_its_own_minute(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    world.users.me(ann.caller).await?;
    let first = world.now().minute();
    world.clock.advance(Span::seconds(60));
    world.users.me(bob.caller).await?;
    assert_eq!(world.core.flush_usage().await?, 2);
    assert_eq!(last_used(&world, &ann).await?, Some(first));
    assert_eq!(last_used(&world, &bob).await?, Some(first + 1));
    Ok(())
}

/// More than one transaction marks.
pub(crate) async fn many_uses_are_all_written(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let mut others = Vec::new();
    for number in 0..201 {
        let other = world.sign_up(&format!("u{number}")).await?;
        world.users.me(other.caller).await?;
        others.push(other);
    }
    assert_eq!(world.core.flush_usage().await?, 201);
    assert_eq!(world.core.flush_usage().await?, 0);
    let now = world.now().minute();
    for other in &others {
        assert_eq!(last_used(&world, other).await?, Some(now));
    }
    assert_eq!(last_used(&world, &ann).await?, None);
    Ok(())
}

pub(crate) async fn a_refusal_is_not_a_use(world: World) -> Result<()> {
    let (ann, eve) = (world.sign_up("ann").await?, world.sign_up("eve").await?);
    let acme = sample::organization("absent", &ann.user);
    let outcome = world.organizations.get(eve.caller, acme.id).await;
    assert_error!(outcome, Error::Denied { .. });
    assert_eq!(world.core.flush_usage().await?, 0);
    Ok(())
}

pub(crate) async fn a_failed_flush_is_kept(world: World) -> Result<()> {
    let flaky = Arc::new(FlakyStore::new(Arc::clone(&world.store)));
    let ann = world.sign_up("ann").await?;
    let world = world.through(Arc::<FlakyStore>::clone(&flaky));
    world.users.me(ann.caller).await?;
    let used = world.now().minute();
    flaky.fail_next_commits(2);
    for _ in 0..2 {
        assert_error!(world.core.flush_usage().await, Error::Busy);
        assert_eq!(last_used(&world, &ann).await?, None);
    }
    assert_eq!(world.core.flush_usage().await?, 1);
    assert_eq!(last_used(&world, &ann).await?, Some(used));
    assert_eq!(world.core.flush_usage().await?, 0);
    Ok(())
}

/// Uses that pile up while the store is away end with the latest, and a late write of an early
/// use does not turn the time back.
pub(crate) async fn the_latest_use_wins(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let late_replica = world.through(Arc::clone(&world.store));
    late_replica.users.me(ann.caller).await?;
    world.users.me(ann.caller).await?;
    world.clock.advance(Span::seconds(600));
    world.users.me(ann.caller).await?;
    world.core.flush_usage().await?;
    assert_eq!(last_used(&world, &ann).await?, Some(world.now().minute()));
    late_replica.core.flush_usage().await?;
    assert_eq!(last_used(&world, &ann).await?, Some(world.now().minute()));
    Ok(())
}
