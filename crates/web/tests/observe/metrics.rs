use std::sync::Arc;

use actix_web::http::Method;
use actix_web::rt;
use actix_web::test::TestRequest;
use rollbook_domain::mock::FixedClock;
use rollbook_domain::outbox::{Channel, Depth, Outcome};
use rollbook_domain::service::MockOutbox;
use rollbook_domain::time::Span;
use rollbook_web::{Services, Web};

use crate::support::{LIMIT, Plan, ask, broken, get, me, over, services, settle, web};

/// The value of one series; 0 when it is not there.
async fn value(web: &Web, series: &str) -> String {
    let text = get(web, "/metrics").await;
    let found = text.lines().find_map(|line| line.strip_prefix(series));
    found.map_or("0", str::trim).to_owned()
}

#[actix_web::test]
async fn requests_are_counted_by_use_case_and_code() {
    let web = web(Plan::Answer);
    for _ in 0..3 {
        ask(&web, me()).await;
    }
    ask(&web, TestRequest::get().uri("/api/v1/me")).await;
    let series = "rollbook_http_requests_total{dialect=\"native\",use_case=\"me.get\",code=";
    assert_eq!(value(&web, &format!("{series}\"200\"}}")).await, "3");
    assert_eq!(value(&web, &format!("{series}\"401\"}}")).await, "1");
    let durations = "rollbook_http_request_duration_seconds";
    let labels = "dialect=\"native\",use_case=\"me.get\"";
    assert_eq!(
        value(&web, &format!("{durations}_count{{{labels}}}")).await,
        "4"
    );
    let all = format!("{durations}_bucket{{le=\"+Inf\",{labels}}}");
    assert_eq!(value(&web, &all).await, "4");
}

#[actix_web::test]
async fn failures_are_counted() {
    for (plan, code) in [(Plan::Fail(broken), 500), (Plan::Panic, 500)] {
        let web = web(plan);
        ask(&web, me()).await;
        let series = format!(
            "rollbook_http_requests_total{{dialect=\"native\",use_case=\"me.get\",code=\"{code}\"}}"
        );
        assert_eq!(value(&web, &series).await, "1");
        assert_eq!(value(&web, "rollbook_http_requests_in_flight ").await, "0");
    }
}

#[actix_web::test]
async fn random_requests_make_no_new_series() {
    let web = web(Plan::Answer);
    let mut lines = Vec::new();
    for round in 0..3 {
        for number in 0..50 {
            let path = format!("/api/v1/x{round}/{number}");
            let method = Method::from_bytes(format!("M{number}").as_bytes()).unwrap();
            ask(&web, TestRequest::get().uri(&path)).await;
            ask(&web, me().method(method)).await;
        }
        lines.push(get(&web, "/metrics").await.lines().count());
    }
    assert!(lines.windows(2).all(|pair| pair[0] == pair[1]), "{lines:?}");
    let series = "rollbook_http_requests_total{dialect=\"native\",use_case=\"unknown\",code=";
    assert_eq!(value(&web, &format!("{series}\"404\"}}")).await, "150");
    assert_eq!(value(&web, &format!("{series}\"405\"}}")).await, "150");
}

#[actix_web::test]
async fn what_is_under_way_is_seen_and_what_is_abandoned_is_counted() {
    let web = web(Plan::Hang);
    let asking = rt::spawn({
        let web = web.clone();
        async move { ask(&web, me()).await.status }
    });
    settle().await;
    assert_eq!(value(&web, "rollbook_http_requests_in_flight ").await, "1");
    asking.abort();
    settle().await;
    assert_eq!(value(&web, "rollbook_http_requests_in_flight ").await, "0");
    assert_eq!(
        value(&web, "rollbook_http_requests_abandoned_total ").await,
        "1"
    );
}

#[actix_web::test]
async fn the_program_tells_about_itself_and_others_can_join() {
    let web = web(Plan::Answer);
    web.metrics().gauge("rollbook_answer", "The answer", || 42);
    let version = env!("CARGO_PKG_VERSION");
    let build = format!("rollbook_build_info{{version=\"{version}\"}}");
    assert_eq!(value(&web, &build).await, "1");
    // Where the fixed clock stands.
    assert_eq!(
        value(&web, "process_start_time_seconds ").await,
        "1767268800.0"
    );
    assert_eq!(value(&web, "rollbook_answer ").await, "42");
    let answer = ask(&web, TestRequest::get().uri("/metrics")).await;
    assert!(
        answer
            .header("content-type")
            .starts_with("application/openmetrics-text; version=1.0.0")
    );
    assert!(answer.body.ends_with("# EOF\n"));
}

/// A web layer with this outbox, and its clock.
fn with_outbox(outbox: MockOutbox) -> (Web, Arc<FixedClock>) {
    let clock = Arc::<FixedClock>::default();
    let services = Services {
        outbox: Arc::new(outbox),
        clock: Arc::<FixedClock>::clone(&clock),
        ..services(Plan::Answer)
    };
    (over(services, LIMIT), clock)
}

#[actix_web::test]
async fn the_outbox_is_asked_every_few_seconds_at_the_most() {
    let mut outbox = MockOutbox::new();
    let depth = Depth {
        pending: 3,
        dead: 2,
        oldest: Some(FixedClock::START),
    };
    outbox.expect_depth().times(2).returning(move || Ok(depth));
    let (web, clock) = with_outbox(outbox);
    clock.advance(Span::seconds(90));
    for _ in 0..3 {
        assert_eq!(
            value(&web, "rollbook_outbox_messages{state=\"pending\"}").await,
            "3"
        );
        assert_eq!(
            value(&web, "rollbook_outbox_messages{state=\"dead\"}").await,
            "2"
        );
        assert_eq!(value(&web, "rollbook_outbox_oldest_seconds ").await, "90");
    }
    clock.advance(Span::seconds(5));
    assert_eq!(value(&web, "rollbook_outbox_oldest_seconds ").await, "95");
}

#[actix_web::test]
async fn metrics_are_printed_without_the_outbox_when_the_store_fails() {
    let mut outbox = MockOutbox::new();
    outbox.expect_depth().times(1).returning(|| Err(broken()));
    let (web, _) = with_outbox(outbox);
    let text = get(&web, "/metrics").await;
    assert!(!text.contains("rollbook_outbox_messages"), "{text}");
    assert!(text.contains("rollbook_build_info") && text.ends_with("# EOF\n"));
}

#[actix_web::test]
async fn deliveries_are_counted_by_channel_and_outcome() {
    let web = web(Plan::Answer);
    let metrics = web.metrics();
    metrics.count_delivery(Channel::Mail, &Outcome::Delivered);
    metrics.count_delivery(Channel::Mail, &Outcome::Delivered);
    for reason in ["one", "another"] {
        metrics.count_delivery(Channel::Webhook, &Outcome::Dead(reason.to_owned()));
    }
    let of = |channel, outcome| {
        format!("rollbook_outbox_deliveries_total{{channel=\"{channel}\",outcome=\"{outcome}\"}}")
    };
    assert_eq!(value(&web, &of("mail", "delivered")).await, "2");
    assert_eq!(value(&web, &of("webhook", "dead")).await, "2");
    let text = get(&web, "/metrics").await;
    let series = text
        .lines()
        .filter(|it| it.starts_with("rollbook_outbox_deliveries_total"));
    assert_eq!(series.count(), 8, "a series for each, from the start");
}
