//! How clients say who they are.

use actix_web::http::header::AUTHORIZATION;
use rollbook_domain::oauth::Problem;
use rollbook_domain::service::MockAuthorization;
use rollbook_domain::service::oauth::Presented;
use std::sync::{Arc, Mutex};

use super::support::{form, serve};

const PATHS: [(&str, &str); 4] = [
    ("/oauth2/token", "grant_type=client_credentials"),
    ("/oauth2/device_authorization", "scope=openid"),
    ("/oauth2/introspect", "token=t"),
    ("/oauth2/revoke", "token=t"),
];

/// A service that knows nobody, and keeps who asked.
fn service() -> (MockAuthorization, Arc<Mutex<Vec<Presented>>>) {
    let asked = Arc::<Mutex<Vec<Presented>>>::default();
    let mut service = MockAuthorization::new();
    let keep = || {
        let asked = Arc::clone(&asked);
        move |client| asked.lock().unwrap().push(client)
    };
    let note = keep();
    service.expect_token().returning(move |_, client, _| {
        note(client);
        Ok(Err(Problem::CLIENT))
    });
    let note = keep();
    service
        .expect_authorize_device()
        .returning(move |_, client, _, _| {
            note(client);
            Ok(Err(Problem::CLIENT))
        });
    let note = keep();
    service.expect_introspect().returning(move |client, _| {
        note(client);
        Ok(Err(Problem::CLIENT))
    });
    let note = keep();
    service.expect_revoke().returning(move |_, client, _| {
        note(client);
        Ok(Err(Problem::CLIENT))
    });
    (service, asked)
}

#[actix_web::test]
async fn every_endpoint_takes_them_in_three_ways() {
    for (path, body) in PATHS {
        for (header, more, expected) in [
            // a:b%2B c
            (Some("Basic YTpiJTJCK2M="), "", (Some("a"), Some("b+ c"))),
            (Some("basic YTpi"), "&client_id=a", (Some("a"), Some("b"))),
            (None, "&client_id=a&client_secret=b", (Some("a"), Some("b"))),
            (None, "&client_id=a", (Some("a"), None)),
            (None, "", (None, None)),
        ] {
            let (service, asked) = service();
            let mut request = form(path, &format!("{body}{more}"));
            if let Some(header) = header {
                request = request.insert_header((AUTHORIZATION, header));
            }
            let answer = serve(service).send(request).await;
            assert_eq!(answer.error(), (401, "invalid_client".to_owned()), "{path}");
            assert_eq!(
                answer.headers.get("www-authenticate").unwrap(),
                "Basic realm=\"rollbook\""
            );
            let asked = asked.lock().unwrap();
            let [client] = &asked[..] else {
                panic!("{asked:?}")
            };
            assert_eq!(
                (client.id.as_deref(), client.secret.as_deref()),
                expected,
                "{path}"
            );
        }
    }
}

#[actix_web::test]
async fn whoever_says_it_wrongly_or_twice_is_not_looked_at() {
    for (path, body) in PATHS {
        for (header, more, expected) in [
            ("Basic !", "", (401, "invalid_client")),
            ("Bearer rbk_pat_x", "", (401, "invalid_client")),
            ("Basic YQ==", "&client_id=a", (401, "invalid_client")),
            ("Basic YTpi", "&client_secret=b", (400, "invalid_request")),
            ("Basic YTpi", "&client_id=c", (400, "invalid_request")),
        ] {
            let request = form(path, &format!("{body}{more}"));
            let server = serve(MockAuthorization::new());
            let answer = server
                .send(request.insert_header((AUTHORIZATION, header)))
                .await;
            assert_eq!(
                answer.error(),
                (expected.0, expected.1.to_owned()),
                "{path} {header}"
            );
        }
    }
}
