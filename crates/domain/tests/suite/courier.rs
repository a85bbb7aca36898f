//! The courier and webhooks, at a desk that knows one endpoint.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails that way, also in what tests share"
)]

use std::sync::{Arc, Mutex};

use pollster::block_on;
use rollbook_domain::Result;
use rollbook_domain::id::{MessageId, OrganizationId, WebhookEndpointId};
use rollbook_domain::mail::Mail;
use rollbook_domain::mock::{World, sample};
use rollbook_domain::outbox::{Allowance, Attempt, Channel, Content, Letter, Message, Outcome};
use rollbook_domain::port::{MockMailer, MockWebhookSender, Tx};
use rollbook_domain::service::Courier;
use rollbook_domain::service::outbox::{Desk, Prepared};
use rollbook_domain::time::Timestamp;
use rollbook_domain::value::{Email, Url};
use rollbook_domain::webhook::{Notice, Post, Reply};

type Endpoint = (OrganizationId, WebhookEndpointId);

/// Knows one endpoint, and writes down what it is asked to judge.
struct Clerk {
    endpoint: Endpoint,
    judged: Mutex<Vec<(u32, Reply)>>,
}

impl Desk for Clerk {
    fn mail(
        &self,
        _: &mut dyn Tx,
        _: Timestamp,
        _: (MessageId, Timestamp),
        _: &Email,
        _: &Letter,
    ) -> Result<Prepared<Mail>> {
        panic!("there are events only")
    }

    fn post(
        &self,
        _: &mut dyn Tx,
        now: Timestamp,
        id: MessageId,
        notice: Notice,
    ) -> Result<Prepared<Post>> {
        let sequence = notice.sequence;
        if (notice.organization_id, notice.endpoint_id) != self.endpoint {
            return Ok(Prepared::Unwanted("the endpoint is gone".to_owned()));
        }
        Ok(Prepared::Send(Post {
            url: Url::from_stored("https://hooks.example/in".to_owned()),
            id: id.to_string(),
            timestamp: now.millis() / 1000,
            signature: "v1,signed".to_owned(),
            body: format!("{sequence:?}"),
        }))
    }

    fn judge(
        &self,
        _: &mut dyn Tx,
        _: Timestamp,
        notice: Notice,
        attempt: u32,
        reply: &Reply,
        _: &[u8; 32],
    ) -> Result<Outcome> {
        assert_eq!((notice.organization_id, notice.endpoint_id), self.endpoint);
        self.judged.lock().unwrap().push((attempt, reply.clone()));
        Ok(match reply.status {
            Some(200) => Outcome::Delivered,
            Some(_) => Outcome::Dead("gone".repeat(1024)),
            None => Outcome::Canceled(reply.error.clone().unwrap_or_default()),
        })
    }
}

fn reply(status: u16, excerpt: &str) -> Reply {
    Reply {
        status: Some(status),
        retry_after: None,
        excerpt: excerpt.to_owned(),
        error: None,
    }
}

/// A world whose outbox has one event to each of two endpoints, of which the desk knows the first.
fn furnish() -> (World, Arc<Clerk>) {
    let world = World::in_memory();
    let ann = block_on(world.sign_up("ann")).unwrap();
    let acme = block_on(world.create(&ann, "Acme")).unwrap().organization;
    let endpoint = |name| (acme.id, WebhookEndpointId::new(sample::uuid(name)));
    for name in ["one", "other"] {
        let (organization_id, endpoint_id) = endpoint(name);
        let message = Message {
            id: MessageId::new(sample::uuid(&format!("to {name}"))),
            content: Content::Event {
                organization_id,
                endpoint_id,
                sequence: Some(7),
            },
            created_at: world.now(),
        };
        let work = move |tx: &mut dyn Tx| tx.outbox().add(&message);
        block_on(world.store.write(work)).unwrap();
    }
    let clerk = Clerk {
        endpoint: endpoint("one"),
        judged: Mutex::default(),
    };
    (world, Arc::new(clerk))
}

/// Delivers to the endpoint that there is, with this sender.
fn deliver(world: &World, clerk: &Arc<Clerk>, sender: MockWebhookSender) -> (Outcome, Attempt) {
    let desk: Arc<dyn Desk> = Arc::<Clerk>::clone(clerk);
    let mailer = Arc::new(MockMailer::new());
    let courier = Courier::at(world.core.clone(), desk, mailer, Arc::new(sender));
    let mut collected = block_on(courier.collect(Allowance::of(9))).unwrap();
    assert_eq!(
        collected.settled[0].outcome,
        Outcome::Canceled("the endpoint is gone".to_owned())
    );
    assert_eq!(collected.parcels.len(), 1);
    let parcel = collected.parcels.remove(0);
    assert_eq!(parcel.endpoint_id(), Some(clerk.endpoint.1));
    assert_eq!((parcel.channel(), parcel.kind), (Channel::Webhook, "event"));
    let sent = block_on(courier.deliver(parcel)).unwrap();
    assert!(sent.settled);
    let id = sent.id;
    let log = block_on(world.store.read_one(move |tx| tx.outbox().attempts(id)));
    (sent.outcome, log.unwrap().remove(0))
}

#[test]
fn a_post_is_sent_and_judged() {
    let (world, clerk) = furnish();
    let mut sender = MockWebhookSender::new();
    sender
        .expect_post()
        .withf(|post| post.body == "Some(7)" && post.signature == "v1,signed")
        .once()
        .returning(|_| reply(200, "thanks"));
    let (outcome, attempt) = deliver(&world, &clerk, sender);
    assert_eq!(outcome, Outcome::Delivered);
    assert_eq!((attempt.status, attempt.error), (Some(200), None));
    assert_eq!(attempt.response.as_deref(), Some("thanks"));
    assert_eq!(*clerk.judged.lock().unwrap(), [(1, reply(200, "thanks"))]);
}

/// PostgreSQL takes no NUL, and a message that cannot be settled would be sent for ever.
#[test]
fn what_comes_from_outside_is_cut() {
    let (world, clerk) = furnish();
    let mut sender = MockWebhookSender::new();
    sender
        .expect_post()
        .returning(|_| reply(410, &format!("a\0b{}", "c".repeat(4096))));
    let (outcome, attempt) = deliver(&world, &clerk, sender);
    let length = |text: Option<&str>| text.map(|text| text.chars().count());
    assert_eq!(length(outcome.reason()), Some(Attempt::LONGEST));
    assert_eq!(length(attempt.response.as_deref()), Some(Attempt::LONGEST));
    assert!(attempt.response.unwrap().starts_with("abc"));
}

#[test]
fn a_sender_that_panics_got_no_answer() {
    let (world, clerk) = furnish();
    let mut sender = MockWebhookSender::new();
    sender.expect_post().returning(|_| panic!("a bug"));
    let (outcome, attempt) = deliver(&world, &clerk, sender);
    let reason = "the sender panicked".to_owned();
    assert_eq!(outcome, Outcome::Canceled(reason));
    assert_eq!((attempt.status, attempt.response), (None, None));
}
