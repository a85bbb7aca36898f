//! How clients come by tokens.

use actix_web::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use actix_web::test::TestRequest;
use rollbook_domain::access::Credential;
use rollbook_domain::error::Unauthenticated;
use rollbook_domain::limit::Policy;
use rollbook_domain::mock::sample;
use rollbook_domain::oauth::{Problem, ProblemKind, Scope, Scopes};
use rollbook_domain::service::oauth::{Audience, IssuedTokens, TokenRequest};
use rollbook_domain::service::session::SignedIn;
use rollbook_domain::service::token::IssuedToken;
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal};

use super::golden::{compare, rendered};
use super::support::{Answer, DEVICE_CLIENT, Mocks, Server, jane};

/// The files of this module.
pub(super) const FILES: [&str; 12] = [
    "login_by_password",
    "login_by_token",
    "login_client_credentials",
    "login_device",
    "login_invalid_client",
    "login_not_yet",
    "login_nothing",
    "login_other_grant",
    "login_slow_down",
    "login_twice",
    "login_wrong",
    "wait_for_a_person",
];

const DEVICE: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";

async fn post(server: &Server, path: &str, form: &str) -> Answer {
    let request = TestRequest::post()
        .uri(path)
        .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .set_payload(form.to_owned());
    server.send_raw(request).await
}

async fn log_in(mocks: Mocks, form: &str) -> Answer {
    post(&mocks.serve(), "/auth/login", form).await
}

fn issued() -> IssuedTokens {
    IssuedTokens {
        access_token: sample::secret("access"),
        expires_in: Span::seconds(3600),
        refresh_token: Some(sample::secret("refresh")),
        scopes: Scopes::of(&[Scope::Rollbook]),
        id_token: None,
        organization_id: None,
    }
}

#[actix_web::test]
async fn a_token_is_its_own_access_token() {
    let secret = sample::secret("token");
    let presented = Credential::bearer(secret.reveal());
    let mut mocks = Mocks::default();
    mocks
        .users
        .expect_me()
        .withf(move |caller| caller.credential == presented)
        .returning(|_| Ok(jane()));
    let form = format!("password={}", secret.reveal());
    let answer = log_in(mocks, &form).await;
    assert_eq!(answer.header(CACHE_CONTROL), Some("no-store"));
    compare("login_by_token", &rendered(&answer));
}

#[actix_web::test]
async fn address_and_password_open_a_session() {
    let mut mocks = Mocks::default();
    mocks
        .sessions
        .expect_sign_in_with_password()
        .withf(|_, email, _| email.as_str() == "jane@example.com")
        .returning(|_, _, _| {
            let session = IssuedToken {
                token: sample::token("session", &jane()),
                secret: sample::session_secret("session"),
            };
            Ok(SignedIn {
                user: jane(),
                session,
            })
        });
    let form = "grant_type=password&username=jane%40example.com&password=correct+horse";
    compare("login_by_password", &rendered(&log_in(mocks, form).await));
}

#[actix_web::test]
async fn whose_credential_it_is_not_is_not_told() {
    let mut mocks = Mocks::default();
    let invalid = || Error::Unauthenticated(Unauthenticated::Invalid);
    let it = mocks.sessions.expect_sign_in_with_password();
    it.returning(move |_, _, _| Err(invalid()));
    mocks.users.expect_me().returning(move |_| Err(invalid()));
    let server = mocks.serve();
    for form in [
        "username=jane%40example.com&password=x",
        "username=no+address&password=x",
        "password=rbk_pat_nonsense",
        "grant_type=password&password=x",
    ] {
        let answer = post(&server, "/auth/login", form).await;
        compare("login_wrong", &rendered(&answer));
    }
}

#[actix_web::test]
async fn who_tries_too_often_waits() {
    let mut mocks = Mocks::default();
    let it = mocks.sessions.expect_sign_in_with_password();
    it.returning(|_, _, _| {
        let refusal = Refusal::RateLimited {
            policy: Policy::SignInsPerAccount,
            quota: 20,
            retry_after: Span::seconds(180),
        };
        Err(refusal.into())
    });
    let answer = log_in(mocks, "username=jane%40example.com&password=x").await;
    let after = actix_web::http::header::RETRY_AFTER;
    assert_eq!(
        (answer.status.as_u16(), answer.header(after)),
        (429, Some("180"))
    );
}

#[actix_web::test]
async fn clients_get_what_the_token_endpoint_gives() {
    let mut mocks = Mocks::default();
    mocks
        .authorization
        .expect_token()
        .withf(|_, client, request| {
            client.id.as_deref() == Some("robot")
                && client.secret.as_deref() == Some("word")
                && matches!(request, TokenRequest::ClientCredentials { scope: None })
        })
        .returning(|_, _, _| {
            let refresh_token = None;
            Ok(Ok(IssuedTokens {
                refresh_token,
                ..issued()
            }))
        });
    let form = "grant_type=client_credentials&client_id=robot&client_secret=word&audience=x";
    compare(
        "login_client_credentials",
        &rendered(&log_in(mocks, form).await),
    );
}

/// ZenML's programs say a number that they made up; the setting says who they are.
#[actix_web::test]
async fn devices_wait_as_the_client_of_the_setting() {
    let mut mocks = Mocks::default();
    let it = mocks.authorization.expect_token();
    it.withf(|_, client, request| {
        client.id.as_deref() == Some(DEVICE_CLIENT)
            && matches!(request, TokenRequest::Device { device_code } if device_code == "code")
    })
    .returning(|_, _, _| Ok(Ok(issued())));
    let form = format!("{DEVICE}&client_id=4f1c9d3c&device_code=code");
    compare("login_device", &rendered(&log_in(mocks, &form).await));

    let mut mocks = Mocks::default();
    let it = mocks.authorization.expect_authorize_device();
    it.withf(|_, client, scope, audience| {
        let known = client.id.as_deref() == Some(DEVICE_CLIENT) && client.secret.is_none();
        known && scope.is_none() && *audience == Audience::Anywhere
    })
    .returning(|_, _, _, _| {
        let client = sample::oauth_client("zenml", None);
        Ok(Ok(sample::issued_device(&client)))
    });
    let form = "client_id=4f1c9d3c&device_id=9d3c";
    let answer = post(&mocks.serve(), "/auth/device_authorization", form).await;
    compare("wait_for_a_person", &rendered(&answer));
}

#[actix_web::test]
async fn errors_are_told_in_both_ways() {
    for (name, form, problem) in [
        (
            "login_not_yet",
            format!("{DEVICE}&device_code=code"),
            Problem::new(
                ProblemKind::AuthorizationPending,
                "the user has not answered yet",
            ),
        ),
        (
            "login_slow_down",
            format!("{DEVICE}&device_code=code"),
            Problem::new(ProblemKind::SlowDown, "the device asks too often"),
        ),
        (
            "login_invalid_client",
            "grant_type=client_credentials".to_owned(),
            Problem::CLIENT,
        ),
    ] {
        let mut mocks = Mocks::default();
        let it = mocks.authorization.expect_token();
        it.returning(move |_, _, _| Ok(Err(problem)));
        compare(name, &rendered(&log_in(mocks, &form).await));
    }
    for (name, form) in [
        ("login_nothing", ""),
        ("login_other_grant", "grant_type=saml"),
        ("login_twice", "password=a&password=b"),
    ] {
        compare(name, &rendered(&log_in(Mocks::default(), form).await));
    }
}

#[actix_web::test]
async fn browsers_are_led_to_the_page_that_asks() {
    let request = TestRequest::get().uri("/auth/authorize?client_id=a&state=b%20c");
    let answer = Mocks::default().serve().send_raw(request).await;
    assert_eq!(answer.status, 302);
    assert_eq!(
        answer.header(LOCATION),
        Some("/oauth2/authorize?client_id=a&state=b%20c")
    );
}

/// A session is a bearer token in this dialect, for want of another place; a token is one, too.
#[actix_web::test]
async fn sessions_are_bearer_tokens_here_only() {
    let session = sample::session_secret("session");
    let (known, bearer) = (
        Credential::session(session.reveal()),
        format!("Bearer {}", session.reveal()),
    );
    let mut mocks = Mocks::default();
    mocks
        .users
        .expect_me()
        .withf(move |caller| caller.credential == known)
        .times(1)
        .returning(|_| Ok(jane()));
    let server = mocks.serve();
    for (path, status) in [("/users/me", 200), ("/api/v1/me", 401)] {
        let request = TestRequest::get().uri(path);
        let request = request.insert_header((AUTHORIZATION, bearer.clone()));
        assert_eq!(server.send_raw(request).await.status, status, "{path}");
    }
}
