//! How much is sent: what a refusal says, and what an answer tells about the rest.

use std::sync::Arc;

use actix_web::http::header::{HeaderName, RETRY_AFTER};
use actix_web::test::TestRequest;
use rollbook_domain::limit::{Limits, Policy, Quotas};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::role::Role;
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal};
use serde_json::json;

use super::golden::check;
use super::support::{Answer, Make, Mocks, acme, acme_path, jane};

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const STANDING: HeaderName = HeaderName::from_static("ratelimit");

fn invite() -> TestRequest {
    let body = json!({"email": "bob@example.com"}).to_string();
    TestRequest::post()
        .uri(&acme_path("/invitations"))
        .set_payload(body)
}

fn resend() -> TestRequest {
    let path = format!("/invitations/{}:resend", sample::uuid("bob"));
    TestRequest::post().uri(&acme_path(&path))
}

fn batch() -> TestRequest {
    let request = json!({"invitation": {"email": "bob@example.com"}});
    let body = json!({"requests": [request, request]}).to_string();
    let path = acme_path("/invitations:batchCreate");
    TestRequest::post().uri(&path).set_payload(body)
}

/// Services that invite everybody, with these limits.
fn inviting(quotas: Quotas) -> Mocks {
    let limits = Arc::new(Limits::new(quotas));
    let view = || sample::invitation_view(&acme().organization, &jane(), "bob", &[Role::Member]);
    let mut mocks = Mocks {
        limits: Arc::clone(&limits),
        ..Mocks::default()
    };
    // As the service does.
    let take = move || {
        let key = acme().organization.id.to_string();
        limits.take(Policy::InvitationsPerOrganization, &key, FixedClock::START)
    };
    let (created, resent, many) = (take.clone(), take.clone(), take);
    let it = &mut mocks.invitations;
    it.expect_create()
        .returning(move |_, _, _| created().map(|()| view()));
    it.expect_resend()
        .returning(move |_, _, _, _| resent().map(|()| view()));
    it.expect_create_many()
        .returning(move |_, _, all| Ok(all.iter().map(|_| many().map(|()| view())).collect()));
    mocks
}

fn told(answer: &Answer) -> (u16, Option<&str>, Option<&str>, Option<&str>) {
    let header = |name| answer.header(name);
    let status = answer.status.as_u16();
    (
        status,
        header(POLICY),
        header(STANDING),
        header(RETRY_AFTER),
    )
}

#[actix_web::test]
async fn answers_tell_what_is_left() {
    let server = inviting(Quotas {
        invitations_per_organization_hour: Some(4),
        messages_per_recipient_day: Some(10),
        // Nothing is sent by these.
        sign_ins_per_account_hour: Some(20),
        sign_ins_per_address_hour: Some(100),
        device_authorizations_per_address_hour: Some(60),
    })
    .serve();
    let both = Some(
        "\"invitations-per-organization\";q=4;w=3600, \"messages-per-recipient\";q=10;w=86400",
    );
    let left = |left: &'static str| (200, both, Some(left), None);
    let answer = server.send(invite()).await;
    assert_eq!(
        told(&answer),
        left("\"invitations-per-organization\";r=3;t=900")
    );
    let answer = server.send(batch()).await;
    assert_eq!(
        told(&answer),
        left("\"invitations-per-organization\";r=1;t=900")
    );
    let answer = server.send(resend()).await;
    assert_eq!(
        told(&answer),
        left("\"invitations-per-organization\";r=0;t=900")
    );
    server.later(Span::seconds(1));
    let answer = server.send(batch()).await;
    assert_eq!(
        told(&answer),
        left("\"invitations-per-organization\";r=0;t=899")
    );
    let refused = &answer.json()["results"][1]["error"];
    assert_eq!(refused["code"], 8);
    assert_eq!(refused["details"][1]["retryDelay"], "900s");
    let answer = server.send(invite()).await;
    let expected = (
        429,
        Some("\"invitations-per-organization\";q=4;w=3600"),
        Some("\"invitations-per-organization\";r=0;t=900"),
        Some("900"),
    );
    assert_eq!(told(&answer), expected);
}

#[actix_web::test]
async fn without_limits_nothing_is_told() {
    let server = inviting(Quotas::default()).serve();
    for request in [invite(), batch(), resend()] {
        assert_eq!(told(&server.send(request).await), (200, None, None, None));
    }
}

#[actix_web::test]
async fn refusals_say_when_to_come_again() {
    let cases: [(&str, Make); 2] = [
        ("rate_limited", || {
            let refusal = Refusal::RateLimited {
                policy: Policy::InvitationsPerOrganization,
                quota: 200,
                retry_after: Span::from_millis(17_001),
            };
            refusal.into()
        }),
        ("rate_limited_recipient", || {
            let refusal = Refusal::RateLimited {
                policy: Policy::MessagesPerRecipient,
                quota: 10,
                retry_after: Span::seconds(8640),
            };
            refusal.into()
        }),
    ];
    for (name, make) in cases {
        let mut mocks = Mocks::default();
        mocks
            .invitations
            .expect_create()
            .returning(move |_, _, _| Err::<_, Error>(make()));
        check(name, &mocks.serve().send(invite()).await);
    }
}
