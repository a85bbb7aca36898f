//! Subscriptions and quotas.

use actix_web::test::TestRequest;
use rollbook_domain::Refusal;
use rollbook_domain::mock::FixedClock;
use rollbook_domain::organization::Patch;
use rollbook_domain::service::subscription::{SubscriptionView, UpdatePlan};
use rollbook_domain::subscription::{Plan, Quota, Subscription, SubscriptionStatus};
use rollbook_domain::time::{Span, Timestamp};
use serde_json::{Value, json};

use super::description::assert_described;
use super::golden::check;
use super::support::{Answer, Mocks, acme, acme_path};

fn view() -> SubscriptionView {
    SubscriptionView {
        plan: Plan {
            subscription: Subscription::trial(FixedClock::START, Span::days(14)),
            members: Quota(10),
            workspaces: Quota::UNLIMITED,
        },
        has_active_subscription: true,
        trial_seconds_left: Some(14 * 86_400),
        seats_used: 3,
        workspaces_used: 1,
    }
}

#[actix_web::test]
async fn it_can_be_read_and_canceled() {
    let mut mocks = Mocks::default();
    let it = &mut mocks.subscriptions;
    it.expect_get()
        .withf(|_, id| *id == acme().organization.id)
        .returning(|_, _| Ok(view()));
    it.expect_cancel()
        .withf(|_, id| *id == acme().organization.id)
        .returning(|_, _| {
            let mut view = view();
            view.plan.subscription = Subscription {
                status: SubscriptionStatus::Canceled,
                trial_ends_at: None,
            };
            view.has_active_subscription = false;
            view.trial_seconds_left = None;
            Ok(view)
        });
    let server = mocks.serve();
    check(
        "get_subscription",
        &server.get(&acme_path("/subscription")).await,
    );
    let whole = server.get(&acme_path("/subscription")).await.json();
    assert_described("Subscription", &whole);
    let cancel = TestRequest::post().uri(&acme_path("/subscription:cancel"));
    let canceled = server.send(cancel).await.json();
    assert_eq!(canceled["status"], "SUBSCRIPTION_STATUS_CANCELED");
    assert_eq!(canceled["has_active_subscription"], false);
    assert_eq!(
        (
            canceled.get("trial_time_left"),
            canceled.get("trial_end_time")
        ),
        (None, None)
    );
}

#[actix_web::test]
async fn there_may_be_nothing_to_cancel() {
    let mut mocks = Mocks::default();
    mocks
        .subscriptions
        .expect_cancel()
        .returning(|_, _| Err(Refusal::NoSubscription.into()));
    let cancel = TestRequest::post().uri(&acme_path("/subscription:cancel"));
    let answer = mocks.serve().send(cancel).await;
    assert_eq!(answer.refusal(), (400, 9, "NO_SUBSCRIPTION".to_owned()));
}

async fn update(query: &str, body: &Value, expected: UpdatePlan) -> Answer {
    let mut mocks = Mocks::default();
    mocks
        .subscriptions
        .expect_update()
        .withf(move |_, id, command| *id == acme().organization.id && *command == expected)
        .returning(|_, _, _| Ok(view()));
    let request = TestRequest::patch().uri(&acme_path(&format!("/subscription{query}")));
    let server = mocks.serve();
    server.send(request.set_payload(body.to_string())).await
}

#[actix_web::test]
async fn masks_select_what_changes() {
    let end = Timestamp::parse_rfc3339("2030-01-31T12:00:00Z").map_or(Patch::Keep, Patch::Set);
    let none = UpdatePlan::default;
    for (query, body, expected) in [
        ("", json!({"seats_used": 4, "trialTimeLeft": "1s"}), none()),
        (
            "",
            json!({"status": "SUBSCRIPTION_STATUS_PAST_DUE", "seatQuota": 7}),
            UpdatePlan {
                status: Some(SubscriptionStatus::PastDue),
                members: Some(Quota(7)),
                ..none()
            },
        ),
        (
            "",
            json!({"trial_end_time": "2030-01-31T12:00:00Z", "workspace_quota": 0}),
            UpdatePlan {
                trial_ends_at: end,
                workspaces: Some(Quota(0)),
                ..none()
            },
        ),
        (
            "?update_mask=trial_end_time,seat_quota",
            json!({"status": "SUBSCRIPTION_STATUS_NONE"}),
            UpdatePlan {
                trial_ends_at: Patch::Clear,
                members: Some(Quota::UNLIMITED),
                ..none()
            },
        ),
        (
            "?update_mask=*",
            json!({}),
            UpdatePlan {
                status: None,
                trial_ends_at: Patch::Clear,
                members: Some(Quota::UNLIMITED),
                workspaces: Some(Quota::UNLIMITED),
            },
        ),
    ] {
        let answer = update(query, &body, expected).await;
        assert_eq!(answer.status, 200, "{query} {body} {}", answer.body);
    }
}

#[actix_web::test]
async fn bad_values_are_refused() {
    let body = json!({"status": "SUBSCRIPTION_STATUS_FREE", "trial_end_time": "soon"});
    let answer = update("", &body, UpdatePlan::default()).await;
    answer.assert_invalid(&["status", "trial_end_time"]);
    for mask in ["status", "seats_used", "has_active_subscription", "quota"] {
        let query = format!("?update_mask={mask}");
        let answer = update(&query, &json!({}), UpdatePlan::default()).await;
        let field = if mask == "status" {
            mask
        } else {
            "update_mask"
        };
        answer.assert_invalid(&[field]);
    }
    let negative = update("", &json!({"seat_quota": -1}), UpdatePlan::default()).await;
    assert_eq!(negative.status, 400);
}
