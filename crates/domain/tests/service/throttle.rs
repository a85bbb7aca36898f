//! How many passwords can be tried.

use std::net::IpAddr;

use rollbook_domain::access::Origin;
use rollbook_domain::error::Unauthenticated::Invalid;
use rollbook_domain::limit::{Policy, Quotas};
use rollbook_domain::mock::{World, sample};
use rollbook_domain::service::session::SignedIn;
use rollbook_domain::service::{Passwords, Sessions};
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal, Result};

use super::password::{GOOD, password, setting, with_password};
use super::password_reset::mailed;
use super::{assert_error, assert_refused};

const HOME: &str = "192.0.2.1";
const EVIL: &str = "203.0.113.66";

fn quotas(account: u32, address: u32) -> Quotas {
    Quotas {
        sign_ins_per_account_hour: Some(account),
        sign_ins_per_address_hour: Some(address),
        ..Quotas::default()
    }
}

fn from(address: &str) -> Origin {
    Origin {
        address: address.parse::<IpAddr>().ok(),
        request: None,
    }
}

async fn sign_in(world: &World, address: &str, name: &str, text: &str) -> Result<SignedIn> {
    let sessions = &world.sessions;
    sessions
        .sign_in_with_password(from(address), sample::email(name), password(text))
        .await
}

async fn guess(world: &World, address: &str, name: &str) -> Result<()> {
    match sign_in(world, address, name, "not it").await {
        Err(Error::Unauthenticated(Invalid)) => Ok(()),
        Err(other) => Err(other),
        Ok(_) => Err(Error::storage("that was it")),
    }
}

fn beyond(policy: Policy, quota: u32) -> Refusal {
    Refusal::RateLimited {
        policy,
        quota,
        retry_after: Span::seconds(3600 / quota),
    }
}

/// The same for an account that is there and for one that is not.
pub(crate) async fn so_many_guesses_an_account(world: World) -> Result<()> {
    let world = world.limited(quotas(4, 1000));
    with_password(&world, "ann").await?;
    let refusal = beyond(Policy::SignInsPerAccount, 4);
    for name in ["ann", "nobody"] {
        for number in 0..4 {
            // From wherever they come.
            guess(&world, &format!("203.0.113.{number}"), name).await?;
        }
        let _ = world.hasher.take_verified();
        for text in ["not it", GOOD] {
            let outcome = sign_in(&world, EVIL, name, text).await;
            assert_refused!(outcome, refusal.clone());
        }
        assert_eq!(
            world.hasher.take_verified(),
            [] as [bool; 0],
            "nothing is computed"
        );
    }
    // Nobody is locked out for good.
    world.clock.advance(Span::seconds(900));
    sign_in(&world, HOME, "ann", GOOD).await?;
    Ok(())
}

pub(crate) async fn the_right_one_costs_nothing(world: World) -> Result<()> {
    let world = world.limited(quotas(1, 1));
    let ann = with_password(&world, "ann").await?;
    for _ in 0..5 {
        sign_in(&world, HOME, "ann", GOOD).await?;
    }
    let (flaky, store) = super::reliability::flaky(&world);
    for _ in 0..3 {
        store.fail_next_commits(1);
        assert_error!(sign_in(&flaky, HOME, "ann", GOOD).await, Error::Busy);
    }
    for _ in 0..3 {
        let command = setting(Some(GOOD), GOOD);
        world.passwords.set(ann.caller, command).await?;
    }
    guess(&world, HOME, "ann").await
}

/// Who guesses at somebody's account does not keep them out of it.
pub(crate) async fn who_was_there_before_need_not_wait(world: World) -> Result<()> {
    let world = world.limited(quotas(2, 1000));
    with_password(&world, "ann").await?;
    sign_in(&world, HOME, "ann", GOOD).await?;
    for _ in 0..2 {
        guess(&world, EVIL, "ann").await?;
    }
    let refusal = beyond(Policy::SignInsPerAccount, 2);
    assert_refused!(guess(&world, EVIL, "ann").await, refusal.clone());
    sign_in(&world, HOME, "ann", GOOD).await?;
    // But from there, too, there are only so many guesses.
    for _ in 0..2 {
        guess(&world, HOME, "ann").await?;
    }
    assert_refused!(sign_in(&world, HOME, "ann", GOOD).await, refusal);
    Ok(())
}

/// Who never stops guessing locks nobody out for good: a new password opens the account.
pub(crate) async fn who_chose_a_new_one_need_not_wait(world: World) -> Result<()> {
    let world = world.limited(quotas(2, 1000));
    with_password(&world, "ann").await?;
    let refusal = beyond(Policy::SignInsPerAccount, 2);
    // From the Internet, and from behind a proxy.
    for address in [HOME, "10.0.0.1"] {
        for _ in 0..2 {
            guess(&world, EVIL, "ann").await?;
        }
        assert_refused!(sign_in(&world, address, "ann", GOOD).await, refusal.clone());
        let secret = mailed(&world, "ann@example.com").await?;
        let chosen = world.passwords.reset(from(address), secret, password(GOOD));
        chosen.await?;
        sign_in(&world, address, "ann", GOOD).await?;
    }
    for _ in 0..2 {
        guess(&world, EVIL, "ann").await?;
    }
    assert_refused!(guess(&world, EVIL, "ann").await, refusal);
    // Where she is known by now.
    sign_in(&world, HOME, "ann", GOOD).await?;
    Ok(())
}

/// All clients of a proxy have its address. That somebody has signed in from there shows nobody else
/// that there is an account.
pub(crate) async fn behind_a_proxy_nobody_was_there_before(world: World) -> Result<()> {
    let world = world.limited(quotas(2, 1000));
    with_password(&world, "ann").await?;
    let refusal = beyond(Policy::SignInsPerAccount, 2);
    for name in ["ann", "nobody"] {
        guess(&world, "10.0.0.1", name).await?;
        if name == "ann" {
            sign_in(&world, "10.0.0.1", name, GOOD).await?;
        }
        guess(&world, "10.0.0.1", name).await?;
        let outcome = guess(&world, "10.0.0.1", name).await;
        assert_refused!(outcome, refusal.clone());
    }
    Ok(())
}

pub(crate) async fn so_many_guesses_an_address(world: World) -> Result<()> {
    let world = world.limited(quotas(1000, 3));
    with_password(&world, "ann").await?;
    for (number, name) in ["bob", "cid", "dan"].into_iter().enumerate() {
        // One network of IPv6 is one client.
        guess(&world, &format!("2001:db8::{number}"), name).await?;
    }
    let refusal = beyond(Policy::SignInsPerAddress, 3);
    let outcome = sign_in(&world, "2001:db8::99", "ann", GOOD).await;
    assert_refused!(outcome, refusal);
    sign_in(&world, "2001:db8:0:1::99", "ann", GOOD).await?;
    // Behind a proxy all have its address.
    for name in ["bob", "cid", "dan", "eve"] {
        guess(&world, "10.0.0.1", name).await?;
    }
    Ok(())
}

/// Whoever finds a browser unlocked has no more tries than anybody else.
pub(crate) async fn the_current_one_is_no_easier_to_guess(world: World) -> Result<()> {
    let world = world.limited(quotas(2, 1000));
    let ann = with_password(&world, "ann").await?;
    let set = |current| {
        world
            .passwords
            .set(ann.caller, setting(Some(current), GOOD))
    };
    for _ in 0..2 {
        assert_refused!(set("not it").await, Refusal::WrongPassword);
    }
    let refusal = beyond(Policy::SignInsPerAccount, 2);
    assert_refused!(set(GOOD).await, refusal.clone());
    let outcome = world.passwords.remove(ann.caller, password(GOOD)).await;
    assert_refused!(outcome, refusal);
    Ok(())
}
