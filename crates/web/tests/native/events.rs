//! Reading on in the events of an organization.

use rollbook_domain::Error;
use rollbook_domain::audit::Entry;
use rollbook_domain::event::Event;
use rollbook_domain::filter::Filter;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::service::event::{EventPage, Start};
use rollbook_domain::time::Span;
use serde_json::Value;

use super::golden::check;
use super::support::{Mocks, Server, acme, acme_path, jane};

fn entry(sequence: u64) -> Entry {
    let mut entry = sample::entry(acme().organization.id, sequence, jane().id);
    entry.request_id = (sequence == 2).then(|| "job \"7\"".to_owned());
    entry
}

/// A server with so many events, which answers as long as it is asked for this many and from here.
fn server(events: u64) -> Server {
    let mut mocks = Mocks::default();
    mocks
        .audit
        .expect_events()
        .returning(move |_, organization, _, start, limit| {
            assert_eq!(organization, acme().organization.id);
            let after = match start {
                Start::After(place) => place,
                Start::First | Start::At(_) => 0,
            };
            let last = events.min(after + u64::from(limit));
            Ok(EventPage {
                entries: (after + 1..=last).map(entry).collect(),
                position: last,
            })
        });
    mocks.serve()
}

async fn read(server: &Server, query: &str) -> (Vec<Value>, String) {
    let answer = server.get(&acme_path(&format!("/events{query}"))).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let mut json = answer.json();
    let token = json["next_page_token"].as_str().unwrap().to_owned();
    let Value::Array(events) = json["events"].take() else {
        panic!("no list: {}", answer.body);
    };
    (events, token)
}

fn places(events: &[Value]) -> Vec<u64> {
    let places = events.iter().map(|it| it["data"]["sequence"].as_u64());
    places.map(Option::unwrap).collect()
}

#[actix_web::test]
async fn an_event_is_told_as_to_webhooks() {
    let answer = server(2).get(&acme_path("/events")).await;
    check("list_events", &answer);
    let first = Event::of(&entry(1)).unwrap().json();
    assert!(answer.body.starts_with(&format!("{{\"events\":[{first},")));
}

#[actix_web::test]
async fn a_reader_keeps_its_token() {
    let server = server(5);
    let (events, token) = read(&server, "?page_size=2").await;
    assert_eq!(places(&events), [1, 2]);
    // Long after, with another page size and another filter.
    server.later(Span::days(4000));
    let (events, token) = read(
        &server,
        &format!("?pageToken={token}&pageSize=10&filter=type%3D%22organization.*%22"),
    )
    .await;
    assert_eq!(places(&events), [3, 4, 5]);
    // At the end there is a token, too, and while nothing happens it stays the same.
    let query = format!("?page_token={token}&start_time=2026-01-01T00:00:00Z");
    let (events, again) = read(&server, &query).await;
    assert_eq!((events.len(), again), (0, token));
}

#[actix_web::test]
async fn an_empty_log_has_a_token() {
    let (events, token) = read(&server(0), "").await;
    assert_eq!(events.len(), 0);
    let (events, _) = read(&server(1), &format!("?page_token={token}")).await;
    assert_eq!(places(&events), [1]);
}

#[actix_web::test]
async fn a_token_is_for_one_organization_and_list() {
    let server = server(5);
    let (_, token) = read(&server, "").await;
    let mut bent = token.clone();
    bent.replace_range(..1, if token.starts_with('A') { "B" } else { "A" });
    let other = "/api/v1/organizations/01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59/events";
    for path in [
        format!("{other}?page_token={token}"),
        acme_path(&format!("/events?page_token={bent}")),
        acme_path("/events?page_token=x"),
        acme_path(&format!("/auditEntries?page_token={token}")),
    ] {
        server.get(&path).await.assert_invalid(&["page_token"]);
    }
}

#[actix_web::test]
async fn what_is_asked_reaches_the_domain() {
    let mut mocks = Mocks::default();
    mocks
        .audit
        .expect_events()
        .times(1)
        .returning(|_, _, filter, start, limit| {
            let test = |pattern: &str| Filter::Test(pattern.to_owned());
            let expected = Filter::All(vec![
                test("organization.*"),
                Filter::Not(Box::new(test("organization.updated"))),
            ]);
            assert_eq!(filter, expected);
            assert_eq!((start, limit), (Start::At(FixedClock::START), 1000));
            Ok(EventPage {
                entries: Vec::new(),
                position: 0,
            })
        });
    let server = mocks.serve();
    let filter = "type%3D%22organization.*%22%20AND%20type%21%3D%22organization.updated%22";
    let query = format!("?filter={filter}&startTime=2026-01-01T13:00:00%2B01:00&page_size=5000");
    read(&server, &query).await;
    for (query, field) in [
        ("filter=type%3Dnothing", "filter"),
        ("filter=actor%3Dx", "filter"),
        ("start_time=yesterday", "start_time"),
        ("page_size=-1", "page_size"),
    ] {
        let answer = server.get(&acme_path(&format!("/events?{query}"))).await;
        answer.assert_invalid(&[field]);
    }
}

#[actix_web::test]
async fn a_place_that_the_log_has_not_is_refused() {
    let mut mocks = Mocks::default();
    mocks
        .audit
        .expect_events()
        .returning(|_, _, _, _, _| Err(Error::invalid("page_token", "the log has no such place")));
    let answer = mocks.serve().get(&acme_path("/events")).await;
    answer.assert_invalid(&["page_token"]);
}
