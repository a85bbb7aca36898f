use std::sync::Arc;

use super::*;
use crate::audit::Entry;
use crate::mock::{Account, World};
use crate::port::{Random as _, Store};
use crate::secret::Secret;
use crate::service::webhook::{CreateEndpoint, RotateSecret, UpdateEndpoint, Webhooks};
use crate::value::{Description, Url};
use crate::webhook::sign;

/// An organization's endpoint, and a message to it about the founding.
struct Stage {
    world: World,
    ann: Account,
    endpoint: WebhookEndpoint,
    message: MessageId,
    notice: Notice,
}

fn stage() -> Stage {
    let world = World::in_memory();
    let (ann, endpoint) = pollster::block_on(async {
        let ann = world.sign_up("ann").await?;
        let acme = world.create(&ann, "Acme").await?.organization;
        let command = CreateEndpoint {
            url: Url::parse("https://hooks.example/acme").unwrap(),
            description: Description::from_stored(String::new()),
            event_types: Vec::new(),
            once: None,
        };
        let endpoint = world.webhooks.create(ann.caller, acme.id, command).await?;
        Result::Ok((ann, endpoint))
    })
    .unwrap();
    let notice = Notice {
        organization_id: endpoint.organization_id,
        endpoint_id: endpoint.id,
        sequence: Some(1),
    };
    Stage {
        world,
        ann,
        endpoint,
        message: MessageId::new(uuid::Uuid::from_u128(7)),
        notice,
    }
}

impl Stage {
    fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> T {
        let store: Arc<dyn Store> = Arc::clone(&self.world.store);
        pollster::block_on(store.write(work)).unwrap()
    }

    fn prepare(&self) -> Prepared<Post> {
        let (now, message, notice) = (self.world.now(), self.message, self.notice);
        self.write(move |tx| prepare(tx, now, message, notice))
    }

    #[track_caller]
    fn post(&self) -> Post {
        match self.prepare() {
            Prepared::Send(post) => post,
            Prepared::Unwanted(reason) => panic!("{reason}"),
        }
    }

    #[track_caller]
    fn unwanted(&self) -> String {
        match self.prepare() {
            Prepared::Send(post) => panic!("{post:?}"),
            Prepared::Unwanted(reason) => reason,
        }
    }

    fn judge(&self, attempt: u32, reply: &Reply) -> Outcome {
        let (now, notice, reply) = (self.world.now(), self.notice, reply.clone());
        let entropy = self.world.random.entropy();
        self.write(move |tx| judge(tx, now, notice, attempt, &reply, &entropy))
    }

    fn look(&self) -> WebhookEndpoint {
        let (organization, id) = (self.notice.organization_id, self.notice.endpoint_id);
        self.write(move |tx| Ok(tx.webhooks().find(organization, id)?.unwrap()))
    }

    fn last_entry(&self) -> Entry {
        let chain = Chain::Organization(self.notice.organization_id);
        self.write(move |tx| Ok(tx.audit().follow(chain, 0, 100)?.pop().unwrap()))
    }

    fn update(&self, command: UpdateEndpoint) {
        let (organization, id) = (self.notice.organization_id, self.notice.endpoint_id);
        let update = self
            .world
            .webhooks
            .update(self.ann.caller, organization, id, command);
        pollster::block_on(update).unwrap();
    }

    /// How long is waited after an attempt that was answered so.
    #[track_caller]
    fn wait(&self, attempt: u32, reply: &Reply) -> i64 {
        match self.judge(attempt, reply) {
            Outcome::Failed(_, due) => due.millis() - self.world.now().millis(),
            other => panic!("{other:?}"),
        }
    }
}

fn answer(status: u16) -> Reply {
    Reply {
        status: Some(status),
        retry_after: None,
        excerpt: String::new(),
        error: None,
    }
}

fn no_answer() -> Reply {
    Reply {
        status: None,
        error: Some("the endpoint did not answer in time".to_owned()),
        ..answer(0)
    }
}

#[test]
fn an_event_is_posted_as_it_happened() {
    let stage = stage();
    stage.world.clock.advance(Span::days(1));
    let post = stage.post();
    let organization = stage.notice.organization_id;
    assert_eq!(post.url, stage.endpoint.url);
    assert_eq!(post.id, format!("evt_{}_1", organization.uuid().simple()));
    assert_eq!(post.timestamp, stage.world.now().millis() / 1000);
    let begins = r#"{"type":"organization.created","timestamp":"2026-01-01T12:00:00Z","data":{"#;
    assert!(post.body.starts_with(begins), "{}", post.body);
    let signature = sign(&stage.endpoint.secret, &post.id, post.timestamp, &post.body);
    assert_eq!(post.signature, signature.unwrap());
    stage.world.clock.advance(Span::seconds(5));
    let again = stage.post();
    assert_eq!((&again.id, &again.body), (&post.id, &post.body));
    assert_ne!(
        (again.timestamp, again.signature),
        (post.timestamp, post.signature)
    );
}

#[test]
fn a_test_is_posted_that_is_none_of_the_log() {
    let mut stage = stage();
    stage.notice.sequence = None;
    let post = stage.post();
    assert_eq!(post.id, format!("msg_{:032x}", 7));
    assert!(
        post.body
            .starts_with(r#"{"type":"webhook.test","timestamp":"2026-01-01T12:00:00Z""#)
    );
    assert!(post.body.contains(&format!(
        r#""webhook_endpoint_id":"{}""#,
        stage.notice.endpoint_id
    )));
}

#[test]
fn both_secrets_sign_for_a_day() {
    let stage = stage();
    let (organization, id) = (stage.notice.organization_id, stage.notice.endpoint_id);
    let rotate = stage.world.webhooks.rotate_secret(
        stage.ann.caller,
        organization,
        id,
        RotateSecret::default(),
    );
    let rotated = pollster::block_on(rotate).unwrap();
    let signatures = |secrets: &[&Secret]| {
        let post = stage.post();
        let signs = |secret: &&Secret| sign(secret, &post.id, post.timestamp, &post.body).unwrap();
        let expected: Vec<String> = secrets.iter().map(signs).collect();
        assert_eq!(post.signature, expected.join(" "));
    };
    stage
        .world
        .clock
        .advance(Span::from_millis(Span::days(1).millis() - 1));
    signatures(&[&rotated.secret, &stage.endpoint.secret]);
    stage.world.clock.advance(Span::from_millis(1));
    signatures(&[&rotated.secret]);
}

#[test]
fn what_nobody_wants_is_not_posted() {
    let mut stage = stage();
    stage.notice.sequence = Some(99);
    assert_eq!(stage.unwanted(), "the audit log has no such entry");
    stage.notice.sequence = Some(1);
    stage.update(UpdateEndpoint {
        enabled: Some(false),
        ..UpdateEndpoint::default()
    });
    assert_eq!(stage.unwanted(), "the endpoint is disabled");
    let (organization, id) = (stage.notice.organization_id, stage.notice.endpoint_id);
    let delete = stage
        .world
        .webhooks
        .delete(stage.ann.caller, organization, id, None);
    pollster::block_on(delete).unwrap();
    assert_eq!(stage.unwanted(), "the endpoint was deleted");
}

#[test]
fn two_hundred_and_something_is_delivered() {
    let stage = stage();
    for status in [200, 201, 202, 204, 299] {
        assert_eq!(
            stage.judge(1, &answer(status)),
            Outcome::Delivered,
            "{status}"
        );
    }
    for reply in [
        answer(199),
        answer(304),
        answer(404),
        answer(500),
        no_answer(),
    ] {
        let outcome = stage.judge(1, &reply);
        assert!(
            matches!(outcome, Outcome::Failed(..)),
            "{reply:?}: {outcome:?}"
        );
    }
}

/// Standard Webhooks 1.0.0, "deliverability and reliability".
#[test]
fn attempts_follow_the_schedule_of_the_standard() {
    let mut stage = stage();
    let seconds = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];
    let mut waits = std::collections::BTreeSet::new();
    for _ in 0..20 {
        for (attempt, seconds) in (1..).zip(seconds) {
            let wait = stage.wait(attempt, &answer(503));
            let share = (800 * seconds)..=(1200 * seconds);
            assert!(share.contains(&wait), "{attempt}: {wait}");
            waits.insert(wait);
        }
    }
    assert!(
        waits.len() > 150,
        "they come back together: {}",
        waits.len()
    );
    for attempt in [10, 11, 1000] {
        let outcome = stage.judge(attempt, &answer(503));
        assert_eq!(
            outcome,
            Outcome::Dead("the endpoint answered 503".to_owned())
        );
    }
    stage.notice.sequence = None;
    let outcome = stage.judge(1, &no_answer());
    let reason = "the endpoint did not answer in time".to_owned();
    assert_eq!(outcome, Outcome::Dead(reason), "a test is tried once");
}

#[test]
fn who_asks_for_time_gets_it() {
    let stage = stage();
    let asking = |status, seconds| Reply {
        retry_after: Some(Span::seconds(seconds)),
        ..answer(status)
    };
    assert_eq!(stage.wait(1, &asking(429, 600)), 600_000);
    assert_eq!(stage.wait(1, &asking(503, 86_400)), 86_400_000);
    assert_eq!(
        stage.wait(1, &asking(503, u32::MAX)),
        86_400_000,
        "at most a day"
    );
    assert!(
        stage.wait(2, &asking(503, 1)) > 200_000,
        "not sooner than by the schedule"
    );
}

#[test]
fn gone_is_gone() {
    let stage = stage();
    let outcome = stage.judge(1, &answer(410));
    assert_eq!(
        outcome,
        Outcome::Dead("the endpoint answered 410".to_owned())
    );
    let endpoint = stage.look();
    assert_eq!(endpoint.status, EndpointStatus::Gone);
    assert_eq!(endpoint.version, stage.endpoint.version.next());
    let entry = stage.last_entry();
    assert_eq!(
        (&*entry.act, &*entry.actor_kind),
        ("webhook.updated", "system")
    );
    assert!(
        entry
            .changes
            .contains(r#""before":"enabled","after":"gone""#)
    );
    assert_eq!(stage.unwanted(), "the endpoint is gone");
    // An attempt that was under way changes nothing more.
    stage.judge(1, &answer(410));
    stage.judge(1, &answer(200));
    assert_eq!(stage.look(), endpoint);
    assert_eq!(stage.last_entry(), entry);
}

#[test]
fn who_fails_for_days_is_given_up() {
    let stage = stage();
    stage.judge(3, &no_answer());
    let began = Some(stage.world.now());
    assert_eq!(stage.look().failing_since, began);
    let patience = Span::from_millis(PATIENCE.millis() - 1);
    stage.world.clock.advance(patience);
    stage.judge(10, &no_answer());
    let endpoint = stage.look();
    assert_eq!(
        (endpoint.status, endpoint.failing_since),
        (EndpointStatus::Enabled, began)
    );
    assert_eq!(
        endpoint.version, stage.endpoint.version,
        "nobody changed it"
    );
    stage.world.clock.advance(Span::from_millis(1));
    // As long as the message will be tried again, so will the endpoint.
    stage.judge(9, &no_answer());
    assert_eq!(stage.look().status, EndpointStatus::Enabled);
    stage.judge(10, &no_answer());
    assert_eq!(stage.look().status, EndpointStatus::Failing);
    let entry = stage.last_entry();
    assert!(entry.changes.contains(r#""after":"failing""#));
    stage.update(UpdateEndpoint {
        enabled: Some(true),
        ..UpdateEndpoint::default()
    });
    stage.judge(10, &no_answer());
    assert_eq!(
        stage.look().status,
        EndpointStatus::Enabled,
        "with a clean record"
    );
}

#[test]
fn one_success_clears_the_record() {
    let stage = stage();
    stage.judge(1, &no_answer());
    stage.world.clock.advance(PATIENCE);
    stage.judge(4, &answer(200));
    assert_eq!(stage.look().failing_since, None);
    stage.judge(10, &no_answer());
    let endpoint = stage.look();
    assert_eq!(endpoint.status, EndpointStatus::Enabled);
    assert_eq!(endpoint.failing_since, Some(stage.world.now()));
}

#[test]
fn an_answer_for_a_deleted_endpoint_is_judged_all_the_same() {
    let stage = stage();
    let (organization, id) = (stage.notice.organization_id, stage.notice.endpoint_id);
    let delete = stage
        .world
        .webhooks
        .delete(stage.ann.caller, organization, id, None);
    pollster::block_on(delete).unwrap();
    assert_eq!(stage.judge(1, &answer(200)), Outcome::Delivered);
    assert!(matches!(stage.judge(10, &answer(410)), Outcome::Dead(_)));
    assert!(matches!(stage.judge(1, &answer(500)), Outcome::Failed(..)));
}
