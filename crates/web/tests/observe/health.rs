use std::time::Duration;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use async_trait::async_trait;
use rollbook_domain::Result;
use rollbook_domain::port::{MockProbe, Probe};
use tokio::time::Instant;

use crate::support::{Answer, CAUSE, Log, Plan, ask, broken, probing, web};

struct Hanging;

#[async_trait]
impl Probe for Hanging {
    async fn ready(&self) -> Result<()> {
        std::future::pending().await
    }
}

async fn ready(probe: impl Probe + 'static) -> Answer {
    ask(&probing(probe), TestRequest::get().uri("/health/ready")).await
}

#[actix_web::test]
async fn it_lives_whatever_the_store_does() {
    // The probe of this one panics when it is asked.
    let web = web(Plan::Hang);
    for method in [Method::GET, Method::HEAD] {
        let request = TestRequest::get().method(method).uri("/health/live");
        let answer = ask(&web, request).await;
        assert_eq!(answer.status.as_u16(), 200);
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[actix_web::test]
async fn it_is_ready_when_the_store_is() {
    let mut probe = MockProbe::new();
    probe.expect_ready().once().returning(|| Ok(()));
    let answer = ready(probe).await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.json(), serde_json::json!({"status": "ready"}));
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn it_is_not_ready_when_the_store_fails_and_only_the_log_knows_why() {
    let mut probe = MockProbe::new();
    probe.expect_ready().returning(|| Err(broken()));
    let log = Log::start();
    let answer = ready(probe).await;
    assert_eq!(answer.status.as_u16(), 503);
    assert_eq!(answer.json(), serde_json::json!({"status": "unavailable"}));
    let (level, fields) = log.event();
    assert_eq!(level, "ERROR");
    assert!(fields["cause"].as_str().unwrap().contains(CAUSE));
}

#[actix_web::test]
async fn it_is_not_ready_when_the_store_says_nothing() {
    tokio::time::pause();
    let before = Instant::now();
    let answer = ready(Hanging).await;
    assert_eq!(answer.status.as_u16(), 503);
    let waited = before.elapsed();
    assert!(
        (Duration::from_secs(2)..Duration::from_secs(3)).contains(&waited),
        "{waited:?}"
    );
}
