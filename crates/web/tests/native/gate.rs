//! Who gets as far as a handler.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::test::TestRequest;
use rollbook_domain::access::Credential;
use rollbook_domain::mock::sample;
use rollbook_web::native::OPERATIONS;
use rollbook_web::operation::{Operation, Policy};

use super::support::{BODY_LIMIT, Mocks, jane};

/// A request for an operation, with some id or other in every variable segment.
fn request(operation: &Operation) -> TestRequest {
    let segments = operation.path.split_inclusive('/').map(|segment| {
        match (segment.find('{'), segment.find('}')) {
            (Some(start), Some(end)) => {
                let id = "01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59";
                format!("{}{id}{}", &segment[..start], &segment[end + 1..])
            }
            _ => segment.to_owned(),
        }
    });
    let path: String = segments.collect();
    TestRequest::with_uri(&path).method(operation.method.clone())
}

fn operations() -> impl Iterator<Item = &'static Operation> {
    OPERATIONS.iter().copied().flatten()
}

/// What can be had without a credential. Whoever adds to it has a reason, and a test of their own.
const PUBLIC: &[&str] = &["invitations.preview", "invitations.signUp"];

#[test]
fn what_is_public_is_listed() {
    let public = operations().filter(|it| it.policy == Policy::Public);
    let ids: Vec<&str> = public.map(|it| it.id).collect();
    assert_eq!(ids, PUBLIC);
}

/// The real router has every operation, and no other one can be had without a credential; nothing
/// else of the request is looked at before.
#[actix_web::test]
async fn every_operation_asks_for_a_credential_first() {
    let server = Mocks::default().serve();
    for operation in operations().filter(|it| it.policy != Policy::Public) {
        for (credential, challenge, reason) in [
            (None, "Bearer realm=\"rollbook\"", "CREDENTIAL_MISSING"),
            (
                Some("Bearer nonsense"),
                "Bearer realm=\"rollbook\", error=\"invalid_token\", error_description=\"the credential is not valid\"",
                "CREDENTIAL_INVALID",
            ),
        ] {
            for body in ["", "{", &"x".repeat(BODY_LIMIT + 1)] {
                let mut request = request(operation).set_payload(body.to_owned());
                if let Some(credential) = credential {
                    request = request.insert_header((AUTHORIZATION, credential));
                }
                let answer = server.send_raw(request).await;
                assert_eq!(
                    answer.refusal(),
                    (401, 16, reason.to_owned()),
                    "{operation:?}"
                );
                assert_eq!(answer.header(WWW_AUTHENTICATE), Some(challenge));
            }
        }
    }
}

#[actix_web::test]
async fn bearer_tokens_are_read_as_the_rfc_spells_them() {
    let secret = sample::secret("token");
    let digest = secret.digest();
    for scheme in ["Bearer", "bearer", "BEARER", "Bearer "] {
        let mut mocks = Mocks::default();
        mocks
            .users
            .expect_me()
            .withf(move |caller| caller.credential == Credential::Token(digest))
            .returning(|_| Ok(jane()));
        let value = format!("{scheme} {}", secret.reveal());
        let request = TestRequest::get().uri("/api/v1/me");
        let answer = mocks
            .serve()
            .send_raw(request.insert_header((AUTHORIZATION, value)))
            .await;
        assert_eq!(answer.status, 200, "{scheme}");
    }
}

#[actix_web::test]
async fn doubtful_credentials_are_none() {
    let server = Mocks::default().serve();
    let secret = sample::secret("token");
    let token = secret.reveal();
    for value in [
        token.to_owned(),
        format!("Basic {token}"),
        format!("Bearer{token}"),
        format!("Bearer {token}x"),
        format!("Bearer {token}, Bearer {token}"),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        String::new(),
    ] {
        let request = TestRequest::get().uri("/api/v1/me");
        let answer = server
            .send_raw(request.insert_header((AUTHORIZATION, value.as_str())))
            .await;
        assert_eq!(
            answer.refusal(),
            (401, 16, "CREDENTIAL_INVALID".to_owned()),
            "{value}"
        );
    }
    let good = format!("Bearer {token}");
    let twice = TestRequest::get()
        .uri("/api/v1/me")
        .append_header((AUTHORIZATION, good.as_str()))
        .append_header((AUTHORIZATION, good.as_str()));
    assert_eq!(server.send_raw(twice).await.status, 401);
    let in_query = TestRequest::get().uri(&format!("/api/v1/me?access_token={token}"));
    assert_eq!(server.send_raw(in_query).await.status, 401);
}

/// The domain learns where a request comes from, for its audit log.
#[actix_web::test]
async fn the_domain_learns_the_origin() {
    let address = IpAddr::from([192, 0, 2, 7]);
    for (sent, id) in [(Some("job-7"), "job-7"), (Some("a b"), MADE), (None, MADE)] {
        let mut mocks = Mocks::default();
        mocks.users.expect_me().returning(move |caller| {
            assert_eq!(caller.origin.address, Some(address));
            let request = caller.origin.request.unwrap();
            assert!(request.as_str().starts_with(id), "{request:?}");
            Ok(jane())
        });
        let mut request = TestRequest::get()
            .uri("/api/v1/me")
            .peer_addr(SocketAddr::new(address, 4711));
        if let Some(sent) = sent {
            request = request.insert_header(("X-Request-ID", sent));
        }
        let answer = mocks.serve().send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

/// What a made id starts with: the time of the fixed clock.
const MADE: &str = "019b796d-d600-7";
