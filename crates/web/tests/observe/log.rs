use std::sync::Arc;
use std::time::Duration;

use actix_web::test::TestRequest;
use rollbook_domain::Error;
use rollbook_domain::id::InvitationId;
use rollbook_domain::mock::sample;
use rollbook_domain::secret::Secret;
use rollbook_domain::service::{MockInvitations, MockTokens};
use rollbook_web::Services;

use crate::support::{
    CAUSE, LIMIT, Log, Plan, ask, broken, get, me, over, secret, services, signed, web,
};

#[actix_web::test]
async fn a_read_is_one_event_for_debugging() {
    let log = Log::start();
    ask(
        &web(Plan::Answer),
        me().insert_header(("x-request-id", "job-7")),
    )
    .await;
    let (level, fields) = log.event();
    assert_eq!(level, "DEBUG");
    assert_eq!(fields["request_id"], "job-7");
    assert_eq!(fields["dialect"], "native");
    assert_eq!(fields["use_case"], "me.get");
    assert_eq!(fields["method"], "GET");
    assert_eq!(fields["status"], 200);
    assert!(fields["duration_us"].is_u64());
    assert_eq!(fields.as_object().unwrap().len(), 7, "{fields}");
}

/// Who guesses tokens or ids should be seen without debugging.
#[actix_web::test]
async fn who_is_turned_away_is_information() {
    let log = Log::start();
    let answer = ask(&web(Plan::Answer), TestRequest::get().uri("/api/v1/me")).await;
    assert_eq!(answer.status, 401);
    let (level, fields) = log.event();
    assert_eq!(level, "INFO");
    assert_eq!(
        (&fields["use_case"], &fields["status"]),
        (&"me.get".into(), &401.into())
    );
}

#[actix_web::test]
async fn an_id_that_was_made_is_in_the_log_too() {
    let log = Log::start();
    let answer = ask(&web(Plan::Answer), me()).await;
    assert_eq!(log.event().1["request_id"], answer.header("x-request-id"));
}

#[actix_web::test]
async fn a_change_is_information() {
    let mut tokens = MockTokens::new();
    tokens.expect_revoke().returning(|_, _| Ok(()));
    let services = Services {
        tokens: Arc::new(tokens),
        ..services(Plan::Answer)
    };
    let log = Log::start();
    let path = format!("/api/v1/me/tokens/{}", sample::uuid("token"));
    let request = signed(TestRequest::delete().uri(&path));
    let answer = ask(&over(services, LIMIT), request).await;
    assert!(answer.status.is_success(), "{}", answer.body);
    let (level, fields) = log.event();
    assert_eq!(
        (&*level, &fields["use_case"]),
        ("INFO", &"me.tokens.delete".into())
    );
}

#[actix_web::test]
async fn a_failure_is_an_error_with_its_cause() {
    let log = Log::start();
    let answer = ask(&web(Plan::Fail(broken)), me()).await;
    assert!(!answer.body.contains(CAUSE), "{}", answer.body);
    let (level, fields) = log.event();
    assert_eq!(level, "ERROR");
    assert_eq!(fields["status"], 500);
    assert_eq!(fields["cause"], CAUSE);

    let log = Log::start();
    ask(&web(Plan::Fail(|| Error::Busy)), me()).await;
    let (level, fields) = log.event();
    assert_eq!(level, "ERROR");
    assert_eq!(fields["cause"], "the store is busy");
}

#[actix_web::test]
async fn a_slow_answer_is_a_warning() {
    for (millis, expected) in [(900, "DEBUG"), (1100, "WARN")] {
        let web = web(Plan::Slow(Duration::from_millis(millis)));
        let log = Log::start();
        tokio::time::pause();
        ask(&web, me()).await;
        tokio::time::resume();
        let (level, fields) = log.event();
        assert_eq!(level, expected, "{fields}");
        assert!(fields["duration_us"].as_u64().unwrap() >= millis * 1000);
    }
}

#[actix_web::test]
async fn what_matches_no_route_is_unknown() {
    let log = Log::start();
    ask(
        &web(Plan::Answer),
        TestRequest::get().uri("/api/v1/nowhere"),
    )
    .await;
    assert_eq!(log.event().1["use_case"], "unknown");
}

#[actix_web::test]
async fn nothing_that_a_client_sends_is_in_the_log() {
    let log = Log::start();
    for plan in [Plan::Answer, Plan::Fail(broken), Plan::Panic] {
        let request = TestRequest::get().uri("/api/v1/me?access_token=marker1");
        let request = signed(request).insert_header(("x-note", "marker2"));
        ask(&web(plan), request).await;
    }
    let create = TestRequest::post().uri("/api/v1/organizations");
    let create = signed(create).set_payload(r#"{"marker3":"marker3"}"#);
    ask(&web(Plan::Answer), create).await;
    let get = signed(TestRequest::get().uri("/api/v1/marker4"));
    ask(
        &web(Plan::Answer),
        get.insert_header(("x-request-id", "marker5 ")),
    )
    .await;
    let text = log.text();
    assert_eq!(text.matches("use_case").count(), 5, "{text}");
    assert!(!text.contains("marker"), "{text}");
    assert!(
        !text.contains(&secret()) && !text.contains("rbk_"),
        "{text}"
    );
}

/// The links of mails are addresses with secrets in them.
#[actix_web::test]
async fn no_secret_of_a_link_or_a_cookie_is_logged() {
    let id = InvitationId::new(sample::uuid("invitation"));
    let invitation = Secret::invitation(id, &[7; 32]);
    let verification = Secret::email_verification(&[7; 32]);
    let session = Secret::session(&[7; 32]);
    let cookie = format!("__Host-rollbook_session={}", session.reveal());
    let mut invitations = MockInvitations::new();
    invitations.expect_open().returning(|_, _| Err(broken()));
    let services = Services {
        invitations: Arc::new(invitations),
        ..services(Plan::Fail(broken))
    };
    let web = over(services, LIMIT);
    let log = Log::start();
    for path in [
        format!("/invitations/{}", invitation.reveal()),
        format!("/invitations/{}/nowhere", invitation.reveal()),
        format!("/verify-email/{}", verification.reveal()),
        format!("/sign-in?return=/invitations/{}", invitation.reveal()),
    ] {
        let request = TestRequest::get().uri(&path);
        ask(&web, request.insert_header(("cookie", cookie.as_str()))).await;
    }
    let text = log.text();
    for use_case in [
        "invitation.show",
        "verification.show",
        "session.show",
        "unknown",
    ] {
        assert!(
            text.contains(&format!("\"use_case\":\"{use_case}\"")),
            "{text}"
        );
    }
    assert!(
        text.contains("\"dialect\":\"pages\"") && text.contains(CAUSE),
        "{text}"
    );
    assert!(!text.contains("rbk_"), "{text}");
    let metrics = get(&web, "/metrics").await;
    assert!(metrics.contains("invitation.show") && !metrics.contains("rbk_"));
}
