//! What superusers see of the outbox.

use actix_web::test::TestRequest;
use rollbook_domain::error::Kind;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{MessageId, WebhookEndpointId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::outbox::{Attempt, Content, Delivery, DeliveryState, DeliveryTest};
use rollbook_domain::page::{From, Page};
use rollbook_domain::service::outbox::{DeliveryView, Replayed};
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal};
use serde_json::{Value, json};

use super::description::assert_described;
use super::golden::check;
use super::support::{Mocks, acme};

const PATH: &str = "/api/v1/outboxMessages";

fn id() -> MessageId {
    MessageId::new(sample::uuid("message"))
}

fn path(rest: &str) -> String {
    format!("{PATH}/{}{rest}", id())
}

/// An invitation that was refused for good.
fn dead() -> Delivery {
    Delivery {
        id: id(),
        kind: "invitation".to_owned(),
        organization_id: Some(acme().organization.id),
        recipient: Some(sample::email("joe")),
        endpoint_id: None,
        sequence: None,
        state: DeliveryState::Dead,
        attempts: 2,
        due_at: FixedClock::START,
        last_error: Some("550 no such mailbox".to_owned()),
        created_at: FixedClock::START,
        finished_at: Some(FixedClock::START.plus(Span::from_millis(1_250))),
    }
}

/// An event that waits.
fn waiting() -> Delivery {
    Delivery {
        kind: "event".to_owned(),
        recipient: None,
        endpoint_id: Some(WebhookEndpointId::new(sample::uuid("endpoint"))),
        sequence: Some(17),
        state: DeliveryState::Pending,
        attempts: 0,
        last_error: None,
        finished_at: None,
        ..dead()
    }
}

fn attempt(number: u32) -> Attempt {
    Attempt {
        message_id: id(),
        number,
        at: FixedClock::START,
        milliseconds: 1_204,
        status: Some(550),
        error: Some("550 no such mailbox".to_owned()),
        response: None,
    }
}

fn post(path: &str, body: &Value) -> TestRequest {
    TestRequest::post().uri(path).set_payload(body.to_string())
}

#[actix_web::test]
async fn messages_are_listed_without_what_they_say() {
    let mut mocks = Mocks::default();
    let list = mocks.outbox.expect_list().times(2);
    list.returning(|_, filter, window| {
        assert!(filter.is_everything());
        let next = (window.from == From::First).then(id);
        Ok(Page {
            items: vec![waiting(), dead()],
            next,
            total: None,
        })
    });
    let server = mocks.serve();
    let answer = server.get(PATH).await;
    let json = answer.json();
    let token = json["next_page_token"].as_str().unwrap();
    let next = server.get(&format!("{PATH}?page_token={token}")).await;
    assert_eq!(next.json()["next_page_token"], "");
    check("list_outbox_messages", &next);
}

#[actix_web::test]
async fn lists_are_filtered() {
    use DeliveryTest::{Endpoint, Kind, NotBefore, Organization, State};
    let organization = acme().organization.id;
    let endpoint = WebhookEndpointId::new(sample::uuid("endpoint"));
    let start = FixedClock::START;
    let not = |test| Filter::Not(Box::new(Filter::Test(test)));
    for (text, expected) in [
        (
            "state=\"dead\"".to_owned(),
            Filter::Test(State(DeliveryState::Dead)),
        ),
        (
            "state!=PENDING".to_owned(),
            not(State(DeliveryState::Pending)),
        ),
        (
            "kind=event".to_owned(),
            Filter::Test(Kind("event".to_owned())),
        ),
        (
            format!("organization=\"organizations/{organization}\""),
            Filter::Test(Organization(organization)),
        ),
        (
            format!("endpoint={endpoint}"),
            Filter::Test(Endpoint(endpoint)),
        ),
        (
            format!("create_time>=\"{}\"", start.to_rfc3339()),
            Filter::Test(NotBefore(start)),
        ),
    ] {
        let mut mocks = Mocks::default();
        let list = mocks.outbox.expect_list().times(1);
        list.withf(move |_, filter, _| *filter == expected)
            .returning(|_, _, _| {
                Ok(Page {
                    items: Vec::new(),
                    next: None,
                    total: None,
                })
            });
        let query = text.replace('"', "%22").replace('>', "%3E");
        let answer = mocks.serve().get(&format!("{PATH}?filter={query}")).await;
        assert_eq!(answer.status, 200, "{text}: {}", answer.body);
    }
    let server = Mocks::default().serve();
    for text in ["state=gone", "kind=letter", "recipient=joe", "state:dead"] {
        let answer = server.get(&format!("{PATH}?filter={text}")).await;
        answer.assert_invalid(&["filter"]);
    }
}

#[actix_web::test]
async fn a_message_has_its_attempts() {
    let mut mocks = Mocks::default();
    mocks.outbox.expect_get().times(2).returning(|_, asked| {
        if asked != id() {
            return Err(Error::NotFound(Kind::Message));
        }
        Ok(DeliveryView {
            delivery: dead(),
            attempts: vec![attempt(1), attempt(2)],
        })
    });
    let server = mocks.serve();
    check("get_outbox_message", &server.get(&path("")).await);
    let absent = server.get(&format!("{PATH}/nonsense")).await;
    let reason = "MESSAGE_NOT_FOUND".to_owned();
    assert_eq!(absent.refusal(), (404, 5, reason));
}

/// With everything that one can have, though none has it all.
#[actix_web::test]
async fn the_schema_fits() {
    let mut mocks = Mocks::default();
    mocks.outbox.expect_get().returning(|_, _| {
        let delivery = Delivery {
            state: DeliveryState::Pending,
            recipient: dead().recipient,
            last_error: dead().last_error,
            finished_at: dead().finished_at,
            ..waiting()
        };
        Ok(DeliveryView {
            delivery,
            attempts: Vec::new(),
        })
    });
    mocks
        .outbox
        .expect_replay_dead()
        .returning(|_, _| Ok(Replayed::default()));
    let server = mocks.serve();
    assert_described("OutboxMessage", &server.get(&path("")).await.json());
    let replayed = server
        .send(post(&format!("{PATH}:replay"), &json!({})))
        .await;
    assert_described("ReplayedMessages", &replayed.json());
    assert!(Content::KINDS.contains(&waiting().kind.as_str()));
}

#[actix_web::test]
async fn messages_are_sent_again() {
    let mut mocks = Mocks::default();
    mocks.outbox.expect_replay().times(1).returning(|_, asked| {
        assert_eq!(asked, id());
        Ok(waiting())
    });
    let everything = Filter::everything();
    let replay = mocks.outbox.expect_replay_dead().times(1);
    replay
        .withf(move |_, filter| *filter == everything)
        .returning(|_, _| {
            Ok(Replayed {
                count: 100,
                more: true,
            })
        });
    let invitations = Filter::Test(DeliveryTest::Kind("invitation".to_owned()));
    let replay = mocks.outbox.expect_replay_dead().times(1);
    replay
        .withf(move |_, filter| *filter == invitations)
        .returning(|_, _| Ok(Replayed::default()));
    let server = mocks.serve();
    let one = server.send(TestRequest::post().uri(&path(":replay"))).await;
    assert_eq!(
        (one.status.as_u16(), &one.json()["state"]),
        (200, &json!("PENDING"))
    );
    let all = format!("{PATH}:replay");
    let answer = server.send(post(&all, &json!({}))).await;
    check("replay_outbox_messages", &answer);
    let some = json!({"filter": "kind = \"invitation\""});
    assert_eq!(server.send(post(&all, &some)).await.status, 200);
    for (body, field) in [
        (json!({"filter": "kind = letter"}), "filter"),
        (json!({"dead": true}), "dead"),
    ] {
        let answer = server.send(post(&all, &body)).await;
        answer.assert_invalid(&[field]);
    }
}

#[actix_web::test]
async fn what_was_delivered_is_not_sent_again() {
    let mut mocks = Mocks::default();
    let refuse = |_, _| Err(Refusal::NotReplayable.into());
    mocks.outbox.expect_replay().times(1).returning(refuse);
    let answer = mocks
        .serve()
        .send(TestRequest::post().uri(&path(":replay")))
        .await;
    let reason = "NOT_REPLAYABLE".to_owned();
    assert_eq!(answer.refusal(), (400, 9, reason));
}
