use rollbook_domain::error::Kind;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::MessageId;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::outbox::{Allowance, Delivery, DeliveryState, DeliveryTest, Outcome};
use rollbook_domain::page::Window;
use rollbook_domain::service::webhook::{
    Dispatched, MOST_WAITING, Replayed, Stretch, UpdateEndpoint,
};
use rollbook_domain::service::{Organizations, Webhooks};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::webhook::WebhookEndpoint;
use rollbook_domain::{Error, Refusal, Result};

use super::role::log;
use super::webhook::{enabled, hook, set};
use super::{assert_denied, assert_error, assert_refused};

/// Tells every endpoint everything; answers how many messages there were.
async fn dispatch_all(world: &World) -> Result<u32> {
    let mut messages = 0;
    loop {
        let done = world.webhooks.dispatch().await?;
        messages += done.messages;
        if done == Dispatched::default() {
            return Ok(messages);
        }
    }
}

/// What was or shall be sent to the endpoint, the first one first.
async fn sent(
    world: &World,
    account: &Account,
    endpoint: &WebhookEndpoint,
) -> Result<Vec<Delivery>> {
    let (organization, id) = (endpoint.organization_id, endpoint.id);
    let (all, window) = (Filter::everything(), Window::first(500));
    let page = world
        .webhooks
        .list_deliveries(account.caller, organization, id, all, window);
    Ok(page.await?.items.into_iter().rev().collect())
}

/// The events of which the endpoint is told, by their places in the log.
async fn told(world: &World, account: &Account, endpoint: &WebhookEndpoint) -> Result<Vec<u64>> {
    let sent = sent(world, account, endpoint).await?;
    Ok(sent.iter().filter_map(|it| it.sequence).collect())
}

/// The places in the log of what was of this type.
async fn places(world: &World, organization: &Organization, prefix: &str) -> Result<Vec<u64>> {
    let entries = log(world, organization.id).await?;
    let such = entries.iter().filter(|it| it.act.starts_with(prefix));
    Ok(such.map(|it| it.sequence).collect())
}

async fn grow(world: &World, account: &Account, acme: &Organization, count: u32) -> Result<()> {
    for number in 0..count {
        let title = format!("Lab {number}");
        world.found_workspace(account, acme, &title).await?;
    }
    Ok(())
}

pub(crate) async fn each_event_is_told_once_and_in_order(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let before = places(&world, &acme, "").await?;
    let all = hook(&world, &ann, &acme, &[]).await?;
    grow(&world, &ann, &acme, 20).await?;
    let some = hook(&world, &ann, &acme, &["webhook.*", "role.created"]).await?;
    let mut expected = places(&world, &acme, "").await?;
    expected.retain(|place| !before.contains(place));
    let messages = dispatch_all(&world).await?;
    assert_eq!(
        told(&world, &ann, &all).await?,
        expected,
        "its own creation first"
    );
    let webhooks = places(&world, &acme, "webhook.").await?;
    assert_eq!(told(&world, &ann, &some).await?, webhooks[1..]);
    assert_eq!(messages as usize, expected.len() + 1);
    assert_eq!(dispatch_all(&world).await?, 0);
    let kept = world.webhooks.get(ann.caller, acme.id, some.id).await?;
    assert_eq!(
        Some(&kept.position),
        expected.last(),
        "what it does not want is passed"
    );
    let first = &sent(&world, &ann, &all).await?[0];
    assert_eq!((first.kind.as_str(), first.attempts), ("event", 0));
    assert_eq!(first.state, DeliveryState::Pending);
    assert_eq!((first.due_at, first.created_at), (world.now(), world.now()));
    Ok(())
}

/// Begins to send what is due, at most so much; answers how much that was.
async fn attempt(world: &World, messages: u32) -> Result<usize> {
    let now = world.now();
    let until = now.plus(Span::seconds(60));
    let claimed = world
        .store
        .write(move |tx| tx.outbox().claim(now, until, &Allowance::of(messages)));
    Ok(claimed.await?.len())
}

pub(crate) async fn who_is_slow_is_not_flooded(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let slow = hook(&world, &ann, &acme, &["workspace.*"]).await?;
    grow(&world, &ann, &acme, 120).await?;
    let quick = hook(&world, &ann, &acme, &["webhook.*"]).await?;
    let first = dispatch_all(&world).await?;
    let some = told(&world, &ann, &slow).await?;
    assert!((50..100).contains(&some.len()), "{} wait", some.len());
    // Nobody else waits for it.
    assert_eq!(told(&world, &ann, &quick).await?.len(), 1);
    assert_eq!(first as usize, some.len() + 1);
    assert_eq!(dispatch_all(&world).await?, 0);
    // What was tried once, and shall be again, holds nothing up.
    while attempt(&world, 30).await? > 0 {
        dispatch_all(&world).await?;
    }
    let all = sent(&world, &ann, &slow).await?;
    assert!(all.iter().all(|it| it.state == DeliveryState::Pending));
    let all = told(&world, &ann, &slow).await?;
    assert!(all.is_sorted_by(|one, next| one < next), "{all:?}");
    assert_eq!((&all[..some.len()], all.len()), (&some[..], 120));
    Ok(())
}

pub(crate) async fn only_so_much_waits_for_an_endpoint(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let endpoint = hook(&world, &ann, &acme, &["workspace.*"]).await?;
    let other = hook(&world, &ann, &acme, &["role.*"]).await?;
    grow(&world, &ann, &acme, 3).await?;
    dispatch_all(&world).await?;
    let (caller, id) = (ann.caller, endpoint.id);
    let test = async || world.webhooks.test(caller, acme.id, id).await;
    for _ in 3..MOST_WAITING - 2 {
        test().await?;
    }
    // Two more, of three that there are.
    let replay = async || {
        let stretch = stretch(Timestamp::from_millis(0), None);
        let all = Window::first(100);
        world
            .webhooks
            .replay_events(caller, acme.id, id, stretch, all)
            .await
    };
    let piece = replay().await?;
    assert!(piece.messages <= 2 && piece.next.is_some(), "{piece:?}");
    for _ in piece.messages..2 {
        test().await?;
    }
    let limit = MOST_WAITING;
    assert_refused!(test().await, Refusal::DeliveryLimit { limit });
    assert_refused!(replay().await, Refusal::DeliveryLimit { limit });
    let first = sent(&world, &ann, &endpoint).await?.remove(0);
    let again = world.webhooks.replay(caller, acme.id, id, first.id).await;
    assert_refused!(again, Refusal::DeliveryLimit { limit });
    world.webhooks.test(caller, acme.id, other.id).await?;
    assert_eq!(attempt(&world, 1).await?, 1);
    test().await?;
    Ok(())
}

pub(crate) async fn organizations_hear_of_themselves(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let eve = world.sign_up("eve").await?;
    let evil = world.create(&eve, "Evil").await?.organization;
    let theirs = hook(&world, &eve, &evil, &[]).await?;
    let ours = hook(&world, &ann, &acme, &["workspace.*"]).await?;
    grow(&world, &ann, &acme, 2).await?;
    dispatch_all(&world).await?;
    let webhooks = places(&world, &evil, "webhook.").await?;
    assert_eq!(told(&world, &eve, &theirs).await?, webhooks);
    assert_eq!(told(&world, &ann, &ours).await?.len(), 2);
    Ok(())
}

pub(crate) async fn what_was_rolled_back_is_not_told(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let endpoint = hook(&world, &ann, &acme, &["workspace.*"]).await?;
    let (bad, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    let outcome = bad.found_workspace(&ann, &acme, "Lost").await;
    assert_error!(outcome, Error::Busy);
    bad.found_workspace(&ann, &acme, "Kept").await?;
    // Nor is anything forgotten, or told twice, when a dispatch fails.
    store.fail_next_commits(1);
    assert_error!(bad.webhooks.dispatch().await, Error::Busy);
    assert!(told(&world, &ann, &endpoint).await?.is_empty());
    bad.webhooks.dispatch().await?;
    assert_eq!(dispatch_all(&world).await?, 0);
    let kept = places(&world, &acme, "workspace.").await?;
    assert_eq!(told(&world, &ann, &endpoint).await?, kept);
    Ok(())
}

pub(crate) async fn a_disabled_endpoint_is_told_nothing(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let endpoint = hook(&world, &ann, &acme, &["workspace.*"]).await?;
    set(&world, &ann, &endpoint, enabled(false)).await?;
    grow(&world, &ann, &acme, 1).await?;
    assert_eq!(dispatch_all(&world).await?, 0);
    let status = "disabled";
    let test = world.webhooks.test(ann.caller, acme.id, endpoint.id).await;
    assert_refused!(test, Refusal::WebhookDisabled { status });
    set(&world, &ann, &endpoint, enabled(true)).await?;
    grow(&world, &ann, &acme, 1).await?;
    dispatch_all(&world).await?;
    let labs = places(&world, &acme, "workspace.created").await?;
    assert_eq!(told(&world, &ann, &endpoint).await?, labs[1..]);
    Ok(())
}

pub(crate) async fn its_deletion_is_the_last_that_is_heard(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    hook(&world, &ann, &acme, &["organization.*"]).await?;
    dispatch_all(&world).await?;
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    assert_eq!(dispatch_all(&world).await?, 1);
    Ok(())
}

pub(crate) async fn a_test_is_no_event(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let endpoint = hook(&world, &ann, &acme, &["role.*"]).await?;
    let before = log(&world, acme.id).await?.len();
    let test = world
        .webhooks
        .test(ann.caller, acme.id, endpoint.id)
        .await?;
    assert_eq!((test.kind.as_str(), test.sequence), ("webhook_test", None));
    assert_eq!(
        sent(&world, &ann, &endpoint).await?,
        std::slice::from_ref(&test)
    );
    let get = world
        .webhooks
        .get_delivery(ann.caller, acme.id, endpoint.id, test.id);
    let view = get.await?;
    assert_eq!((view.delivery, view.attempts), (test, vec![]));
    assert_eq!(log(&world, acme.id).await?.len(), before);
    Ok(())
}

pub(crate) async fn deliveries_are_their_endpoints_own(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let (one, other) = (
        hook(&world, &ann, &acme, &[]).await?,
        hook(&world, &ann, &acme, &[]).await?,
    );
    let (webhooks, caller) = (&world.webhooks, ann.caller);
    let test = webhooks.test(caller, acme.id, one.id).await?;
    let eve = world.sign_up("eve").await?;
    let evil = world.create(&eve, "Evil").await?.organization;
    let theirs = hook(&world, &eve, &evil, &[]).await?;
    let absent = MessageId::new(sample::uuid("absent"));
    for (caller, organization, endpoint, id) in [
        (caller, acme.id, other.id, test.id),
        (caller, acme.id, one.id, absent),
        (eve.caller, evil.id, theirs.id, test.id),
    ] {
        let get = webhooks.get_delivery(caller, organization, endpoint, id);
        assert_error!(get.await, Error::NotFound(Kind::Delivery));
        let replay = webhooks.replay(caller, organization, endpoint, id);
        assert_error!(replay.await, Error::NotFound(Kind::Delivery));
    }
    let get = webhooks.get_delivery(eve.caller, evil.id, one.id, test.id);
    assert_error!(get.await, Error::NotFound(Kind::WebhookEndpoint));
    let get = webhooks.get_delivery(eve.caller, acme.id, one.id, test.id);
    assert_denied!(get.await, Use(ReadWebhook), visible: false);
    assert!(sent(&world, &ann, &other).await?.is_empty());
    Ok(())
}

pub(crate) async fn lists_of_deliveries_are_filtered(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let endpoint = hook(&world, &ann, &acme, &["workspace.*"]).await?;
    grow(&world, &ann, &acme, 3).await?;
    dispatch_all(&world).await?;
    let all = sent(&world, &ann, &endpoint).await?;
    settle(&world, all[1].id, Outcome::Dead("gone".to_owned())).await?;
    let list = |state, window| {
        let filter = Filter::Test(DeliveryTest::State(state));
        let (caller, id) = (ann.caller, endpoint.id);
        world
            .webhooks
            .list_deliveries(caller, acme.id, id, filter, window)
    };
    let dead = list(DeliveryState::Dead, Window::first(9)).await?.items;
    assert_eq!(dead.len(), 1);
    assert_eq!(
        (dead[0].id, dead[0].last_error.as_deref()),
        (all[1].id, Some("gone"))
    );
    let page = list(DeliveryState::Pending, Window::first(1)).await?;
    assert_eq!((page.items[0].id, page.next), (all[2].id, Some(all[2].id)));
    let page = list(DeliveryState::Pending, Window::after(all[2].id, 5)).await?;
    assert_eq!((page.items[0].id, page.next), (all[0].id, None));
    Ok(())
}

/// Notes what came of a message, as if it had been sent.
async fn settle(world: &World, id: MessageId, outcome: Outcome) -> Result<()> {
    let now = world.now();
    let settled = world
        .store
        .write(move |tx| tx.outbox().settle(id, 0, now, &outcome));
    assert!(settled.await?);
    Ok(())
}

pub(crate) async fn a_delivery_is_replayed(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let endpoint = hook(&world, &ann, &acme, &["workspace.*"]).await?;
    grow(&world, &ann, &acme, 1).await?;
    dispatch_all(&world).await?;
    let first = sent(&world, &ann, &endpoint).await?.remove(0);
    settle(&world, first.id, Outcome::Delivered).await?;
    world.clock.advance(Span::days(3));
    // Whatever it wants by now: this was asked for.
    let narrow = UpdateEndpoint {
        event_types: Some(vec!["role.*".to_owned()]),
        ..UpdateEndpoint::default()
    };
    set(&world, &ann, &endpoint, narrow).await?;
    let (caller, id) = (ann.caller, endpoint.id);
    let second = world.webhooks.replay(caller, acme.id, id, first.id).await?;
    assert_ne!(second.id, first.id);
    assert_eq!(second.sequence, first.sequence);
    assert_eq!(second.state, DeliveryState::Pending);
    let all = sent(&world, &ann, &endpoint).await?;
    assert_eq!(all.len(), 2);
    assert_eq!((all[0].state, &all[1]), (DeliveryState::Delivered, &second));
    let test = world.webhooks.test(caller, acme.id, id).await?;
    let again = world.webhooks.replay(caller, acme.id, id, test.id).await?;
    assert_eq!(
        (again.kind.as_str(), again.sequence),
        ("webhook_test", None)
    );
    Ok(())
}

fn stretch(from: Timestamp, until: Option<Timestamp>) -> Stretch {
    Stretch { from, until }
}

pub(crate) async fn a_stretch_of_time_is_replayed_in_pieces(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let endpoint = hook(&world, &ann, &acme, &["workspace.*"]).await?;
    grow(&world, &ann, &acme, 1).await?;
    world.clock.advance(Span::seconds(60));
    let from = world.now();
    grow(&world, &ann, &acme, 4).await?;
    // In between something that it does not want.
    world.create(&ann, "Other").await?;
    hook(&world, &ann, &acme, &["role.*"]).await?;
    grow(&world, &ann, &acme, 1).await?;
    world.clock.advance(Span::seconds(60));
    let until = world.now();
    grow(&world, &ann, &acme, 1).await?;
    dispatch_all(&world).await?;
    let before = sent(&world, &ann, &endpoint).await?.len();
    let replay = |window| {
        let (caller, id) = (ann.caller, endpoint.id);
        let stretch = stretch(from, Some(until));
        world
            .webhooks
            .replay_events(caller, acme.id, id, stretch, window)
    };
    let mut pieces = Vec::new();
    let mut window = Window::first(4);
    loop {
        let piece = replay(window).await?;
        pieces.push(piece.messages);
        match piece.next {
            Some(next) => window = Window::after(next, 4),
            None => break,
        }
    }
    let labs = places(&world, &acme, "workspace.created").await?;
    let all = told(&world, &ann, &endpoint).await?;
    let mut replayed = all[before..].to_vec();
    assert_eq!(pieces.iter().sum::<u32>(), 5);
    assert!(pieces.len() > 1, "{pieces:?}");
    assert!(replayed[..pieces[0] as usize].is_sorted(), "{replayed:?}");
    replayed.sort_unstable();
    assert_eq!(replayed, labs[1..6]);
    Ok(())
}

pub(crate) async fn what_failed_is_replayed(world: World) -> Result<()> {
    let (ann, acme) = super::role::acme(&world).await?;
    let endpoint = hook(&world, &ann, &acme, &["workspace.*"]).await?;
    let other = hook(&world, &ann, &acme, &["workspace.*"]).await?;
    grow(&world, &ann, &acme, 3).await?;
    dispatch_all(&world).await?;
    let dead = || Outcome::Dead("gone".to_owned());
    let test = world
        .webhooks
        .test(ann.caller, acme.id, endpoint.id)
        .await?;
    let ours = sent(&world, &ann, &endpoint).await?;
    settle(&world, ours[0].id, dead()).await?;
    settle(&world, ours[1].id, Outcome::Delivered).await?;
    settle(&world, ours[2].id, dead()).await?;
    settle(&world, test.id, dead()).await?;
    let theirs = sent(&world, &ann, &other).await?;
    settle(&world, theirs[1].id, dead()).await?;
    let replay = |from| {
        let (caller, id, window) = (ann.caller, endpoint.id, Window::first(10));
        let stretch = stretch(from, None);
        world
            .webhooks
            .replay_failed(caller, acme.id, id, stretch, window)
    };
    let later = replay(world.now().plus(Span::seconds(1))).await?;
    assert_eq!((later.messages, later.next), (0, None));
    let done = replay(world.now()).await?;
    assert_eq!(
        done,
        Replayed {
            messages: 2,
            next: None
        }
    );
    let all = sent(&world, &ann, &endpoint).await?;
    let again: Vec<_> = all[4..].iter().map(|it| it.sequence).collect();
    assert_eq!(again, [ours[0].sequence, ours[2].sequence]);
    assert_eq!(sent(&world, &ann, &other).await?.len(), 3);
    set(&world, &ann, &endpoint, enabled(false)).await?;
    let status = "disabled";
    let outcome = replay(world.now()).await;
    assert_refused!(outcome, Refusal::WebhookDisabled { status });
    Ok(())
}
