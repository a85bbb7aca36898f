//! Delivering what is in the outbox, and what superusers see of it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails that way, also in what tests share"
)]

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use rollbook_domain::audit::Act;
use rollbook_domain::error::Kind;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::MessageId;
use rollbook_domain::mail::{Mail, MailText};
use rollbook_domain::mock::{Account, FlakyStore, World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::outbox::{
    Allowance, Attempt, Channel, Delivery, DeliveryState, DeliveryTest, Depth, Letter, Outcome,
};
use rollbook_domain::page::Window;
use rollbook_domain::port::{Mailer, MockWebhookSender, NotMailed, Tx};
use rollbook_domain::role::Role;
use rollbook_domain::service::invitation::{NewInvitation, ResendInvitation};
use rollbook_domain::service::outbox::{
    Collected, Desk, FrontDesk, LEASE, MOST_ATTEMPTS, Outbox, Parcel, Prepared, Replayed, Sent,
    schedule,
};
use rollbook_domain::service::{Courier, Invitations};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::Email;
use rollbook_domain::webhook::{Notice, Post, Reply};
use rollbook_domain::{Error, Refusal, Result};

use super::invitation::{create, invited, recorded, to};
use super::{assert_denied, assert_error, assert_refused};

/// A mail server that answers as told, and then takes everything.
#[derive(Default)]
struct Mailbox {
    mails: Mutex<Vec<Mail>>,
    answers: Mutex<VecDeque<NotMailed>>,
    explosive: bool,
}

impl Mailbox {
    fn refusing(answers: impl IntoIterator<Item = NotMailed>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            ..Self::default()
        })
    }

    fn count(&self) -> usize {
        self.mails.lock().unwrap().len()
    }
}

#[async_trait]
impl Mailer for Mailbox {
    async fn send(&self, mail: &Mail) -> std::result::Result<(), NotMailed> {
        assert!(!self.explosive, "a bug in a library");
        self.mails.lock().unwrap().push(mail.clone());
        let answer = self.answers.lock().unwrap().pop_front();
        answer.map_or(Ok(()), Err)
    }
}

fn refusal(permanent: bool, status: u16) -> NotMailed {
    NotMailed {
        permanent,
        status: Some(status),
        reason: format!("{status} no\0 thanks"),
    }
}

fn courier(world: &World, mailbox: &Arc<Mailbox>) -> Courier {
    let mailer: Arc<dyn Mailer> = Arc::<Mailbox>::clone(mailbox);
    let webhooks = Arc::new(MockWebhookSender::new());
    Courier::new(world.core.clone(), mailer, webhooks)
}

async fn collect(courier: &Courier) -> Result<Vec<Parcel>> {
    let collected = courier.collect(Allowance::of(9)).await?;
    assert_eq!(collected.settled, []);
    Ok(collected.parcels)
}

/// The only message that is due.
async fn next(courier: &Courier) -> Result<Parcel> {
    let mut parcels = collect(courier).await?;
    assert_eq!(parcels.len(), 1);
    Ok(parcels.remove(0))
}

async fn deliver_next(courier: &Courier) -> Result<Sent> {
    let parcel = next(courier).await?;
    courier.deliver(parcel).await
}

/// All messages, the latest first.
async fn messages(world: &World) -> Result<Vec<Delivery>> {
    let window = Window::first(99);
    Ok(world
        .outbox
        .inspect(Filter::everything(), window)
        .await?
        .items)
}

async fn attempts(world: &World, id: MessageId) -> Result<Vec<Attempt>> {
    world
        .store
        .read_one(move |tx| tx.outbox().attempts(id))
        .await
}

pub(crate) async fn a_letter_is_delivered_once(world: World) -> Result<()> {
    let (_, acme, view, _) = invited(&world, "bob").await?;
    let secret = world.invitation_secret(view.invitation.id);
    let mailbox = Arc::<Mailbox>::default();
    let courier = courier(&world, &mailbox);
    let sent = deliver_next(&courier).await?;
    assert_eq!((sent.kind, sent.channel), ("invitation", Channel::Mail));
    assert_eq!((sent.attempt, sent.outcome), (1, Outcome::Delivered));
    assert!(sent.settled && collect(&courier).await?.is_empty());
    let mails = mailbox.mails.lock().unwrap().clone();
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (mails[0].id, &mails[0].recipient),
        (sent.id, &sample::email("bob"))
    );
    let MailText::Invitation {
        organization,
        secret: told,
        again,
        expires_at,
        ..
    } = &mails[0].text
    else {
        panic!("{mails:?}");
    };
    assert_eq!((organization, told), (&acme.name, &secret));
    assert_eq!((*again, *expires_at), (false, view.invitation.expires_at));
    let found = &messages(&world).await?[0];
    assert_eq!((found.state, found.attempts), (DeliveryState::Delivered, 1));
    assert_eq!(found.finished_at, Some(world.now()));
    let expected = Attempt {
        message_id: sent.id,
        number: 1,
        at: world.now(),
        milliseconds: 0,
        status: None,
        error: None,
        response: None,
    };
    assert_eq!(attempts(&world, sent.id).await?, [expected]);
    Ok(())
}

pub(crate) async fn what_is_not_wanted_is_canceled(world: World) -> Result<()> {
    let (ann, acme, view, _) = invited(&world, "bob").await?;
    let late = create(&world, ann.caller, acme.id, to(sample::email("eve"))).await?;
    let (id, mailbox) = (view.invitation.id, Arc::<Mailbox>::default());
    let courier = courier(&world, &mailbox);
    world
        .invitations
        .revoke(ann.caller, acme.id, id, None)
        .await?;
    let collected = courier.collect(Allowance::of(1)).await?;
    assert_eq!(collected.parcels.len(), 0);
    let [canceled] = &collected.settled[..] else {
        panic!("{collected:?}");
    };
    assert!(canceled.settled && matches!(&canceled.outcome, Outcome::Canceled(_)));
    // An invitation that has run out is not even tried.
    world.clock.set(late.invitation.expires_at);
    let collected = courier.collect(Allowance::of(9)).await?;
    assert_eq!((collected.parcels.len(), collected.settled.len()), (0, 1));
    for it in messages(&world).await? {
        assert_eq!(it.state, DeliveryState::Canceled);
        assert!(it.last_error.is_some());
    }
    assert_eq!(mailbox.count(), 0);
    Ok(())
}

pub(crate) async fn only_the_latest_secret_is_sent(world: World) -> Result<()> {
    let (ann, acme, view, _) = invited(&world, "bob").await?;
    let (id, mailbox) = (view.invitation.id, Arc::<Mailbox>::default());
    world.clock.advance(Span::seconds(1));
    let again = world
        .invitations
        .resend(ann.caller, acme.id, id, ResendInvitation::default());
    again.await?;
    let secret = world.invitation_secret(view.invitation.id);
    let courier = courier(&world, &mailbox);
    let mut collected = courier.collect(Allowance::of(9)).await?;
    assert_eq!((collected.parcels.len(), collected.settled.len()), (1, 1));
    courier.deliver(collected.parcels.remove(0)).await?;
    let mails = mailbox.mails.lock().unwrap().clone();
    let MailText::Invitation {
        secret: told,
        again,
        ..
    } = &mails[0].text
    else {
        panic!("{mails:?}");
    };
    assert_eq!((told, *again), (&secret, true));
    Ok(())
}

pub(crate) async fn a_busy_server_is_tried_again_for_days(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let command = NewInvitation {
        expires_at: Some(world.now().plus(Span::days(30))),
        ..to(sample::email("bob"))
    };
    create(&world, ann.caller, acme.id, command).await?;
    let mailbox = Mailbox::refusing((0..99).map(|_| refusal(false, 451)));
    let (courier, began) = (courier(&world, &mailbox), world.now());
    let mut attempt = 0;
    let last = loop {
        attempt += 1;
        let sent = deliver_next(&courier).await?;
        assert_eq!((sent.attempt, sent.settled), (attempt, true));
        let Outcome::Failed(reason, due_at) = sent.outcome.clone() else {
            break sent;
        };
        assert_eq!(reason, "451 no thanks");
        world.clock.set(Timestamp::from_millis(due_at.millis() - 1));
        assert!(collect(&courier).await?.is_empty(), "too early");
        world.clock.set(due_at);
    };
    assert_eq!(last.outcome, Outcome::Dead("451 no thanks".to_owned()));
    assert_eq!(
        (attempt as usize, mailbox.count()),
        (schedule::ATTEMPTS, 12)
    );
    let took = world.now().millis() - began.millis();
    assert!((Span::days(2).millis()..Span::days(4).millis()).contains(&took));
    let log = attempts(&world, last.id).await?;
    assert!(
        log.iter()
            .all(|it| it.status == Some(451) && it.error.is_some())
    );
    let numbers: Vec<_> = log.iter().map(|it| it.number).collect();
    assert_eq!(numbers, (1..=12).collect::<Vec<_>>());
    world.clock.advance(Span::days(1));
    assert!(collect(&courier).await?.is_empty(), "it is dead");
    Ok(())
}

pub(crate) async fn a_refusal_for_good_is_the_end(world: World) -> Result<()> {
    invited(&world, "bob").await?;
    let mailbox = Mailbox::refusing([refusal(true, 550)]);
    let sent = deliver_next(&courier(&world, &mailbox)).await?;
    assert_eq!(sent.outcome, Outcome::Dead("550 no thanks".to_owned()));
    let found = &messages(&world).await?[0];
    assert_eq!((found.state, found.attempts), (DeliveryState::Dead, 1));
    assert_eq!(found.last_error.as_deref(), Some("550 no thanks"));
    Ok(())
}

pub(crate) async fn a_sender_that_panics_has_failed(world: World) -> Result<()> {
    invited(&world, "bob").await?;
    let explosive = Arc::new(Mailbox {
        explosive: true,
        ..Mailbox::default()
    });
    let sent = deliver_next(&courier(&world, &explosive)).await?;
    let Outcome::Failed(reason, due_at) = sent.outcome else {
        panic!("{:?}", sent.outcome);
    };
    assert_eq!(reason, "the sender panicked");
    world.clock.set(due_at);
    let mailbox = Arc::<Mailbox>::default();
    let sent = deliver_next(&courier(&world, &mailbox)).await?;
    assert_eq!((sent.attempt, sent.outcome), (2, Outcome::Delivered));
    Ok(())
}

pub(crate) async fn a_lost_sender_loses_nothing(world: World) -> Result<()> {
    invited(&world, "bob").await?;
    let mailbox = Mailbox::refusing([refusal(true, 550)]);
    let courier = courier(&world, &mailbox);
    let slow = next(&courier).await?;
    world.clock.advance(Span::from_millis(LEASE.millis() - 1));
    assert!(collect(&courier).await?.is_empty());
    world.clock.advance(Span::from_millis(1));
    let second = next(&courier).await?;
    // The first was not lost but slow: what it brings does not count any more.
    let late = courier.deliver(slow).await?;
    assert_eq!((late.settled, late.attempt), (false, 1));
    assert!(matches!(late.outcome, Outcome::Dead(_)));
    assert_eq!(messages(&world).await?[0].state, DeliveryState::Pending);
    let sent = courier.deliver(second).await?;
    assert_eq!((sent.settled, sent.attempt), (true, 2));
    assert_eq!(messages(&world).await?[0].state, DeliveryState::Delivered);
    let log = attempts(&world, sent.id).await?;
    let errors: Vec<_> = log.iter().map(|it| it.error.is_some()).collect();
    assert_eq!(errors, [true, false]);
    Ok(())
}

pub(crate) async fn what_takes_every_sender_with_it_ends(world: World) -> Result<()> {
    invited(&world, "bob").await?;
    let courier = courier(&world, &Arc::default());
    for _ in 0..MOST_ATTEMPTS {
        next(&courier).await?;
        world.clock.advance(LEASE);
    }
    let collected = courier.collect(Allowance::of(9)).await?;
    assert_eq!(collected.parcels.len(), 0);
    assert!(matches!(&collected.settled[0].outcome, Outcome::Dead(_)));
    assert_eq!(messages(&world).await?[0].state, DeliveryState::Dead);
    Ok(())
}

pub(crate) async fn what_a_busy_store_does_not_settle_is_sent_again(world: World) -> Result<()> {
    invited(&world, "bob").await?;
    let flaky = Arc::new(FlakyStore::new(Arc::clone(&world.store)));
    let world = world.through(Arc::<FlakyStore>::clone(&flaky));
    let mailbox = Arc::<Mailbox>::default();
    let courier = courier(&world, &mailbox);
    flaky.fail_next_commits(1);
    let busy = courier.collect(Allowance::of(9)).await;
    assert_error!(busy, Error::Busy);
    let parcel = next(&courier).await?;
    // Settled at the third try; sent but once.
    flaky.fail_next_commits(2);
    assert!(courier.deliver(parcel.clone()).await?.settled);
    assert_eq!(mailbox.count(), 1);
    let found = &messages(&world).await?[0];
    assert_eq!((found.state, found.attempts), (DeliveryState::Delivered, 1));
    let (ann, acme) = (world.sign_up("cid").await?, "Globex");
    let globex = world.create(&ann, acme).await?.organization;
    create(&world, ann.caller, globex.id, to(sample::email("dan"))).await?;
    let parcel = next(&courier).await?;
    flaky.fail_next_commits(3);
    assert_error!(courier.deliver(parcel).await, Error::Busy);
    world.clock.advance(LEASE);
    let sent = deliver_next(&courier).await?;
    assert_eq!((sent.attempt, sent.settled), (2, true));
    assert_eq!(mailbox.count(), 3, "once too often, never too seldom");
    Ok(())
}

/// A desk that cannot make sense of one letter.
struct Puzzled(Email);

impl Desk for Puzzled {
    fn mail(
        &self,
        tx: &mut dyn Tx,
        now: Timestamp,
        message: (MessageId, Timestamp),
        recipient: &Email,
        letter: &Letter,
    ) -> Result<Prepared<Mail>> {
        if *recipient == self.0 {
            return Err(Error::storage("a row that nobody understands"));
        }
        FrontDesk.mail(tx, now, message, recipient, letter)
    }

    fn post(
        &self,
        _: &mut dyn Tx,
        _: Timestamp,
        _: MessageId,
        _: Notice,
    ) -> Result<Prepared<Post>> {
        panic!("there are letters only")
    }

    fn judge(
        &self,
        _: &mut dyn Tx,
        _: Timestamp,
        _: Notice,
        _: u32,
        _: &Reply,
        _: &[u8; 32],
    ) -> Result<Outcome> {
        panic!("there are letters only")
    }
}

pub(crate) async fn what_cannot_be_prepared_is_in_nobodys_way(world: World) -> Result<()> {
    let (ann, acme, ..) = invited(&world, "bob").await?;
    create(&world, ann.caller, acme.id, to(sample::email("eve"))).await?;
    let mailbox = Arc::<Mailbox>::default();
    let mailer: Arc<dyn Mailer> = Arc::<Mailbox>::clone(&mailbox);
    let desk = Arc::new(Puzzled(sample::email("bob")));
    let webhooks = Arc::new(MockWebhookSender::new());
    let puzzled = Courier::at(world.core.clone(), desk, mailer, webhooks);
    let collected = puzzled.collect(Allowance::of(9)).await?;
    assert!(collected.parcels.is_empty());
    let Collected {
        settled,
        defect: Some(Error::Storage(cause)),
        ..
    } = collected
    else {
        panic!("{collected:?}");
    };
    assert!(cause.to_string().contains("nobody understands"));
    assert!(settled[0].settled && matches!(&settled[0].outcome, Outcome::Failed(..)));
    // The other one is delivered, and this one comes back later.
    let sent = deliver_next(&puzzled).await?;
    assert_eq!(sent.outcome, Outcome::Delivered);
    let Outcome::Failed(reason, due_at) = &settled[0].outcome else {
        panic!("{settled:?}");
    };
    assert!(!reason.contains("row"), "{reason}");
    world.clock.set(*due_at);
    let sent = deliver_next(&courier(&world, &mailbox)).await?;
    assert_eq!((sent.attempt, sent.outcome), (2, Outcome::Delivered));
    Ok(())
}

/// Three dead letters: two of Acme's, one of Globex's.
async fn three_dead(world: &World) -> Result<(Account, Organization, Organization)> {
    let (ann, acme, ..) = invited(world, "bob").await?;
    let globex = world.create(&ann, "Globex").await?.organization;
    create(world, ann.caller, acme.id, to(sample::email("eve"))).await?;
    create(world, ann.caller, globex.id, to(sample::email("eve"))).await?;
    let mailbox = Mailbox::refusing((0..3).map(|_| refusal(true, 550)));
    let courier = courier(world, &mailbox);
    for parcel in collect(&courier).await? {
        courier.deliver(parcel).await?;
    }
    Ok((ann, acme, globex))
}

pub(crate) async fn superusers_see_what_became_of_messages(world: World) -> Result<()> {
    let (_, acme, _) = three_dead(&world).await?;
    let root = world.sign_up_superuser("root").await?;
    let here = Filter::Test(DeliveryTest::Organization(acme.id));
    let page = world
        .outbox
        .list(root.caller, here, Window::first(1).counted())
        .await?;
    assert_eq!((page.items.len(), page.total), (1, Some(2)));
    let rest = Window::after(page.next.ok_or_else(|| Error::storage("no more"))?, 9);
    let all = world
        .outbox
        .list(root.caller, Filter::everything(), rest)
        .await?;
    assert_eq!(
        all.items.len(),
        1,
        "the first one, of the same organization"
    );
    let id = all.items[0].id;
    let view = world.outbox.get(root.caller, id).await?;
    assert_eq!(view.delivery, all.items[0]);
    assert_eq!(view.delivery.recipient, Some(sample::email("bob")));
    assert_eq!(
        (view.attempts.len(), view.attempts[0].status),
        (1, Some(550))
    );
    let nowhere = MessageId::new(sample::uuid("nowhere"));
    let absent = world.outbox.get(root.caller, nowhere).await;
    assert_error!(absent, Error::NotFound(Kind::Message));
    Ok(())
}

pub(crate) async fn nobody_else_sees_or_sends_messages(world: World) -> Result<()> {
    let (ann, acme, _) = three_dead(&world).await?;
    let bob = world.sign_up("bob").await?;
    world.join(&acme, &bob, &[Role::Admin]).await?;
    let robot = world.sign_up_service_account("robot").await?;
    let id = messages(&world).await?[0].id;
    for account in [&ann, &bob, &robot] {
        let (caller, window) = (account.caller, Window::first(9));
        let outbox = &world.outbox;
        let outcome = outbox.list(caller, Filter::everything(), window).await;
        assert_denied!(outcome, AdministerOutbox, visible: true);
        let outcome = outbox.get(caller, id).await;
        assert_denied!(outcome, AdministerOutbox, visible: true);
        let outcome = outbox.replay(caller, id).await;
        assert_denied!(outcome, AdministerOutbox, visible: true);
        let outcome = outbox.replay_dead(caller, Filter::everything()).await;
        assert_denied!(outcome, AdministerOutbox, visible: true);
    }
    assert!(
        messages(&world)
            .await?
            .iter()
            .all(|it| it.state == DeliveryState::Dead)
    );
    Ok(())
}

pub(crate) async fn a_dead_letter_is_sent_again(world: World) -> Result<()> {
    let (_, acme, _) = three_dead(&world).await?;
    let root = world.sign_up_superuser("root").await?;
    let id = messages(&world).await?[2].id;
    let replayed = world.outbox.replay(root.caller, id).await?;
    assert_eq!(
        (replayed.state, replayed.attempts),
        (DeliveryState::Pending, 0)
    );
    assert_eq!(recorded(&world, acme.id, Act::MessageReplayed).await?, 1);
    let mailbox = Arc::<Mailbox>::default();
    let sent = deliver_next(&courier(&world, &mailbox)).await?;
    assert_eq!((sent.id, sent.attempt, mailbox.count()), (id, 1, 1));
    let numbers: Vec<_> = attempts(&world, id)
        .await?
        .iter()
        .map(|it| it.number)
        .collect();
    assert_eq!(numbers, [1, 2], "the log goes on");
    let again = world.outbox.replay(root.caller, id).await;
    assert_refused!(again, Refusal::NotReplayable);
    let again = world.outbox.send_again(id).await;
    assert_refused!(again, Refusal::NotReplayable);
    let nowhere = MessageId::new(sample::uuid("nowhere"));
    let absent = world.outbox.replay(root.caller, nowhere).await;
    assert_error!(absent, Error::NotFound(Kind::Message));
    assert_eq!(recorded(&world, acme.id, Act::MessageReplayed).await?, 1);
    Ok(())
}

pub(crate) async fn dead_letters_are_sent_again_together(world: World) -> Result<()> {
    let (_, acme, globex) = three_dead(&world).await?;
    let root = world.sign_up_superuser("root").await?;
    let here = Filter::Test(DeliveryTest::Organization(acme.id));
    let replayed = world.outbox.replay_dead(root.caller, here.clone()).await?;
    let expected = Replayed {
        count: 2,
        more: false,
    };
    assert_eq!(replayed, expected);
    assert_eq!(recorded(&world, acme.id, Act::MessageReplayed).await?, 2);
    assert_eq!(recorded(&world, globex.id, Act::MessageReplayed).await?, 0);
    let none = world.outbox.send_dead_again(here).await?;
    assert_eq!(none, Replayed::default());
    let last = world.outbox.send_dead_again(Filter::everything()).await?;
    assert_eq!(last.count, 1);
    assert_eq!(recorded(&world, globex.id, Act::MessageReplayed).await?, 1);
    let due = collect(&courier(&world, &Arc::default())).await?;
    assert_eq!(due.len(), 3);
    Ok(())
}

pub(crate) async fn the_outbox_tells_how_full_it_is(world: World) -> Result<()> {
    assert_eq!(world.outbox.depth().await?, Depth::default());
    three_dead(&world).await?;
    world.clock.advance(Span::seconds(5));
    let cid = world.sign_up("cid").await?;
    let initech = world.create(&cid, "Initech").await?.organization;
    create(&world, cid.caller, initech.id, to(sample::email("dan"))).await?;
    let expected = Depth {
        pending: 1,
        dead: 3,
        oldest: Some(world.now()),
    };
    assert_eq!(world.outbox.depth().await?, expected);
    Ok(())
}

pub(crate) async fn what_is_over_is_forgotten_in_time(world: World) -> Result<()> {
    three_dead(&world).await?;
    let cid = world.sign_up("cid").await?;
    let initech = world.create(&cid, "Initech").await?.organization;
    create(&world, cid.caller, initech.id, to(sample::email("dan"))).await?;
    let courier = courier(&world, &Arc::default());
    deliver_next(&courier).await?;
    let keep = Span::days(30);
    world.clock.advance(keep);
    assert_eq!(courier.forget(keep).await?, 0);
    world.clock.advance(Span::from_millis(1));
    assert_eq!(courier.forget(keep).await?, 1, "the one that was delivered");
    world
        .clock
        .advance(Span::from_millis(Span::days(60).millis() - 1));
    assert_eq!(courier.forget(keep).await?, 0);
    assert_eq!(courier.forget(Span::days(365)).await?, 0);
    world.clock.advance(Span::from_millis(1));
    assert_eq!(courier.forget(Span::days(365)).await?, 0, "kept for longer");
    assert_eq!(courier.forget(keep).await?, 3, "those that were dead");
    assert!(messages(&world).await?.is_empty());
    Ok(())
}
