//! Webhook endpoints and deliveries.

use std::collections::BTreeSet;

use actix_web::test::TestRequest;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{MessageId, WebhookEndpointId};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::outbox::{Attempt, Delivery, DeliveryState, DeliveryTest};
use rollbook_domain::page::{From, Page, Window};
use rollbook_domain::service::webhook::{DeliveryView, Replayed, Stretch};
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::value::{Description, Url};
use rollbook_domain::webhook::{EndpointStatus, WebhookEndpoint};
use rollbook_web::native::openapi;
use serde_json::{Value, json};

use super::golden::check;
use super::support::{Mocks, acme, acme_path};

fn endpoint() -> WebhookEndpoint {
    WebhookEndpoint {
        url: Url::from_stored("https://hooks.acme.example/rollbook".to_owned()),
        description: Description::from_stored("Provisions accounts".to_owned()),
        event_types: vec!["membership.*".to_owned(), "role.created".to_owned()],
        ..sample::webhook_endpoint(&acme().organization, "hooks")
    }
}

fn path() -> String {
    acme_path(&format!("/webhookEndpoints/{}", endpoint().id))
}

fn delivery(name: &str, sequence: Option<u64>, state: DeliveryState) -> Delivery {
    Delivery {
        id: MessageId::new(sample::uuid(name)),
        kind: "event".to_owned(),
        organization_id: Some(acme().organization.id),
        recipient: None,
        endpoint_id: Some(endpoint().id),
        sequence,
        state,
        attempts: 2,
        due_at: FixedClock::START.plus(Span::seconds(5)),
        last_error: Some("the endpoint answered 503".to_owned()),
        created_at: FixedClock::START,
        finished_at: (state != DeliveryState::Pending).then_some(FixedClock::START),
    }
}

fn post(path: &str, body: &Value) -> TestRequest {
    TestRequest::post().uri(path).set_payload(body.to_string())
}

#[actix_web::test]
async fn an_endpoint_shows_its_secret_once() {
    let mut mocks = Mocks::default();
    let it = &mut mocks.webhooks;
    it.expect_create().times(2).returning(|_, _, command| {
        assert_eq!(command.url.as_str(), "https://hooks.acme.example/rollbook");
        assert_eq!(command.event_types, ["membership.*", "role.created"]);
        Ok(endpoint())
    });
    it.expect_get().returning(|_, _, _| Ok(endpoint()));
    it.expect_list().returning(|_, _, window| {
        assert_eq!(window, Window::first(1));
        let failing = WebhookEndpoint {
            status: EndpointStatus::Failing,
            failing_since: Some(FixedClock::START),
            previous_secret: Some((endpoint().secret, FixedClock::START)),
            event_types: Vec::new(),
            ..endpoint()
        };
        Ok(Page {
            items: vec![failing],
            next: None,
            total: None,
        })
    });
    let server = mocks.serve();
    let body = json!({
        "url": "https://hooks.acme.example/rollbook",
        "description": "Provisions accounts",
        "event_types": ["membership.*", "role.created"],
    });
    let all = acme_path("/webhookEndpoints");
    check(
        "create_webhook_endpoint",
        &server.send(post(&all, &body)).await,
    );
    // What is only answered is ignored.
    let body = json!({
        "url": "https://hooks.acme.example/rollbook",
        "eventTypes": ["membership.*", "role.created"],
        "secret": "mine", "status": "x", "createTime": 1, "name": "x",
    });
    assert_eq!(server.send(post(&all, &body)).await.status, 200);
    let answer = server.get(&path()).await;
    check("get_webhook_endpoint", &answer);
    let sometimes = [
        "secret",
        "previous_secret_expire_time",
        "failing_since_time",
    ];
    assert_described("WebhookEndpoint", &answer.json(), &sometimes);
    let list = server.get(&format!("{all}?page_size=1")).await;
    check("list_webhook_endpoints", &list);
}

/// Checks that an answer, and the schema's example, have the fields of the schema but for those that
/// are there only sometimes.
#[track_caller]
fn assert_described(schema: &str, answer: &Value, sometimes: &[&str]) {
    let document = serde_json::to_value(openapi()).unwrap();
    let schema = &document["components"]["schemas"][schema];
    let keys = |object: &Value| -> BTreeSet<String> {
        object.as_object().unwrap().keys().cloned().collect()
    };
    let mut fields = keys(&schema["properties"]);
    for field in sometimes {
        assert!(fields.remove(*field), "{field}");
    }
    assert_eq!(keys(answer), fields);
    assert_eq!(keys(&schema["example"]), fields);
}

#[actix_web::test]
async fn a_mask_selects_what_changes() {
    let mut mocks = Mocks::default();
    mocks
        .webhooks
        .expect_update()
        .times(2)
        .returning(|_, _, id, command| {
            assert_eq!(id, endpoint().id);
            assert_eq!((command.url, command.description), (None, None));
            assert_eq!(command.event_types, Some(Vec::new()));
            assert_eq!(command.enabled, Some(false));
            assert_eq!(command.seen, Some(endpoint().version));
            Ok(endpoint())
        });
    let server = mocks.serve();
    let patch = |query: &str, body: &Value| {
        let uri = format!("{}{query}", path());
        TestRequest::patch().uri(&uri).set_payload(body.to_string())
    };
    let body = json!({"event_types": [], "disabled": true, "etag": "\"1\""});
    assert_eq!(server.send(patch("", &body)).await.status, 200);
    let body = json!({"url": "x", "disabled": true, "etag": "\"1\""});
    let query = "?update_mask=disabled,eventTypes";
    assert_eq!(server.send(patch(query, &body)).await.status, 200);
    for (query, body, field) in [
        ("", json!({"url": "nowhere"}), "url"),
        ("", json!({"url": "ftp://hooks.example/"}), "url"),
        ("?update_mask=url", json!({}), "url"),
        ("?update_mask=secret", json!({}), "update_mask"),
        ("", json!({"description": "a\nb"}), "description"),
    ] {
        let answer = server.send(patch(query, &body)).await;
        answer.assert_invalid(&[field]);
    }
}

#[actix_web::test]
async fn a_secret_is_rotated() {
    let mut mocks = Mocks::default();
    mocks
        .webhooks
        .expect_rotate_secret()
        .times(1)
        .returning(|_, _, _, command| {
            assert!(command.end_present && command.once.is_some());
            assert_eq!(command.seen, Some(endpoint().version));
            Ok(endpoint())
        });
    let server = mocks.serve();
    let body = json!({"revoke_previous": true, "request_id": "job-7", "etag": "\"1\""});
    let answer = server
        .send(post(&format!("{}:rotateSecret", path()), &body))
        .await;
    assert_eq!(answer.json()["secret"], endpoint().secret.reveal());
    let cache = answer.header(actix_web::http::header::CACHE_CONTROL);
    assert_eq!(cache, Some("no-store"));
}

#[actix_web::test]
async fn an_endpoint_is_deleted_and_tested() {
    let mut mocks = Mocks::default();
    let it = &mut mocks.webhooks;
    it.expect_delete()
        .times(1)
        .withf(|_, _, id, seen| *id == endpoint().id && *seen == Some(endpoint().version))
        .returning(|_, _, _, _| Ok(()));
    it.expect_test()
        .times(1)
        .returning(|_, _, _| Ok(delivery("test", None, DeliveryState::Pending)));
    let server = mocks.serve();
    let test = server.send(post(&format!("{}:test", path()), &json!({})));
    let test = test.await.json();
    let id = MessageId::new(sample::uuid("test"));
    assert_eq!(test["webhook_id"], format!("msg_{}", id.uuid().simple()));
    assert_eq!(test.get("sequence"), None);
    let uri = format!("{}?etag=%221%22", path());
    let deleted = server.send(TestRequest::delete().uri(&uri)).await;
    assert_eq!((deleted.status.as_u16(), deleted.json()), (200, json!({})));
}

#[actix_web::test]
async fn deliveries_tell_what_came_of_them() {
    let mut mocks = Mocks::default();
    let it = &mut mocks.webhooks;
    it.expect_get_delivery().returning(|_, _, _, id| {
        assert_eq!(id, MessageId::new(sample::uuid("first")));
        let attempt = |number, status, error: Option<&str>| Attempt {
            message_id: id,
            number,
            at: FixedClock::START,
            milliseconds: 1023,
            status,
            error: error.map(str::to_owned),
            response: status.map(|_| "try later".to_owned()),
        };
        Ok(DeliveryView {
            delivery: delivery("first", Some(7), DeliveryState::Pending),
            attempts: vec![
                attempt(1, None, Some("the endpoint did not answer in time")),
                attempt(2, Some(503), Some("the endpoint answered 503")),
            ],
        })
    });
    it.expect_list_deliveries()
        .times(1)
        .returning(|_, _, _, filter, window| {
            let dead = Filter::Test(DeliveryTest::State(DeliveryState::Dead));
            assert_eq!(filter, dead);
            assert_eq!(window, Window::first(2));
            let states = [DeliveryState::Dead, DeliveryState::Delivered];
            let items = states.map(|state| delivery(state.key(), Some(8), state));
            Ok(Page {
                items: items.to_vec(),
                next: None,
                total: None,
            })
        });
    let server = mocks.serve();
    let all = format!("{}/deliveries", path());
    let one = format!("{all}/{}", sample::uuid("first"));
    let answer = server.get(&one).await;
    check("get_webhook_delivery", &answer);
    assert_described("WebhookDelivery", &answer.json(), &["finish_time"]);
    let uri = format!("{all}?page_size=2&filter=state%20%3D%20DELIVERY_STATE_DEAD");
    check("list_webhook_deliveries", &server.get(&uri).await);
    for filter in ["state%20%3D%20LOST", "sequence%20%3D%201"] {
        let uri = format!("{all}?filter={filter}");
        server.get(&uri).await.assert_invalid(&["filter"]);
    }
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

#[actix_web::test]
async fn events_are_replayed_in_pieces() {
    let mut mocks = Mocks::default();
    let it = &mut mocks.webhooks;
    it.expect_replay()
        .times(1)
        .returning(|_, _, _, _| Ok(delivery("again", Some(7), DeliveryState::Pending)));
    let stretch = Stretch {
        from: at("2026-01-01T00:00:00Z"),
        until: Some(at("2026-01-02T00:00:00Z")),
    };
    it.expect_replay_events()
        .times(2)
        .returning(move |_, _, _, asked, window| {
            assert_eq!((asked, window.limit), (stretch, 10));
            let next = (window.from == From::First).then_some(4);
            assert!(next.is_some() || window.from == From::After(4));
            Ok(Replayed { messages: 9, next })
        });
    it.expect_replay_failed()
        .times(1)
        .returning(|_, _, id: WebhookEndpointId, asked, window| {
            assert_eq!((id, asked.until), (endpoint().id, None));
            assert_eq!(window, Window::first(50));
            Ok(Replayed {
                messages: 0,
                next: None,
            })
        });
    let server = mocks.serve();
    let one = format!("{}/deliveries/{}:replay", path(), sample::uuid("first"));
    let again = server.send(post(&one, &json!({}))).await.json();
    let organization = acme().organization.id.uuid();
    assert_eq!(
        again["webhook_id"],
        format!("evt_{}_7", organization.simple())
    );
    let all = format!("{}:replay?page_size=10", path());
    let body = json!({"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-02T00:00:00Z"});
    let first = server.send(post(&all, &body)).await.json();
    assert_eq!(first["delivery_count"], 9);
    assert_described("Replay", &first, &[]);
    let token = first["next_page_token"].as_str().unwrap();
    let next = format!("{all}&page_token={token}");
    let last = server.send(post(&next, &body)).await.json();
    assert_eq!(last["next_page_token"], "");
    // The token is for this replay.
    let other = json!({"start_time": "2026-01-01T00:00:00Z"});
    let answer = server.send(post(&next, &other)).await;
    answer.assert_invalid(&["page_token"]);
    let failed = json!({"startTime": "2026-01-01T00:00:00Z", "failedOnly": true});
    let answer = server.send(post(&format!("{}:replay", path()), &failed));
    assert_eq!(
        answer.await.json(),
        json!({"delivery_count": 0, "next_page_token": ""})
    );
    for (body, field) in [
        (json!({}), "start_time"),
        (json!({"start_time": "yesterday"}), "start_time"),
        (
            json!({"start_time": "2026-01-01T00:00:00Z", "end_time": "2026-01-01T00:00:00Z"}),
            "end_time",
        ),
        (
            json!({"start_time": "2026-01-01T00:00:00Z", "end_time": "x"}),
            "end_time",
        ),
    ] {
        let answer = server.send(post(&all, &body)).await;
        answer.assert_invalid(&[field]);
    }
}
