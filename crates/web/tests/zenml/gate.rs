//! Who gets as far as a handler.

use actix_web::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::test::TestRequest;
use rollbook_web::operation::{Operation, Policy};
use rollbook_web::zenml::OPERATIONS;
use serde_json::json;

use super::support::{BODY_LIMIT, Mocks};

/// A request for an operation, with some id or other in every variable segment.
fn request(operation: &Operation) -> TestRequest {
    let segments = operation.path.split('/').map(|segment| {
        if segment.starts_with('{') {
            "01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59"
        } else {
            segment
        }
    });
    let path: Vec<&str> = segments.collect();
    TestRequest::with_uri(&path.join("/")).method(operation.method.clone())
}

/// What has its credential in the body, or leads to a page.
const PUBLIC: [&str; 3] = ["auth.login", "auth.deviceAuthorization", "auth.authorize"];

/// Nothing else is public, and nothing of a request is looked at before its credential.
#[actix_web::test]
async fn every_operation_asks_for_a_credential_first() {
    let server = Mocks::default().serve();
    for operation in OPERATIONS.iter().copied().flatten() {
        let public = operation.policy == Policy::Public;
        assert_eq!(public, PUBLIC.contains(&operation.id), "{operation:?}");
        if public {
            continue;
        }
        for (credential, challenge, message) in [
            (
                None,
                "Bearer realm=\"rollbook\"",
                "no credential was presented",
            ),
            (
                Some("Bearer nonsense"),
                "Bearer realm=\"rollbook\", error=\"invalid_token\", error_description=\"the credential is not valid\"",
                "the credential is not valid",
            ),
        ] {
            for body in ["", "{", &"x".repeat(BODY_LIMIT + 1)] {
                let mut request = request(operation).set_payload(body.to_owned());
                if let Some(credential) = credential {
                    request = request.insert_header((AUTHORIZATION, credential));
                }
                let answer = server.send_raw(request).await;
                let detail = json!({"detail": ["CredentialsNotValid", message]});
                assert_eq!(
                    (answer.status.as_u16(), answer.json()),
                    (401, detail),
                    "{operation:?}"
                );
                assert_eq!(answer.header(WWW_AUTHENTICATE), Some(challenge));
            }
        }
    }
}
