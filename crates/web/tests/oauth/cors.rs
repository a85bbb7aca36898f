//! Which answers programs in browsers may read.

use actix_web::http::Method;
use actix_web::http::header::ORIGIN;
use actix_web::test::TestRequest;
use rollbook_domain::oauth::Problem;
use rollbook_domain::service::MockAuthorization;
use rollbook_web::oauth::OPERATIONS;

use super::support::{Answer, form, serve};

const SHARED: [(&str, &str); 7] = [
    ("/oauth2/token", "POST"),
    ("/oauth2/device_authorization", "POST"),
    ("/oauth2/revoke", "POST"),
    ("/oauth2/userinfo", "GET, POST"),
    ("/oauth2/jwks", "GET"),
    ("/.well-known/oauth-authorization-server", "GET"),
    ("/.well-known/openid-configuration", "GET"),
];

fn ask(method: Method, path: &str) -> TestRequest {
    TestRequest::default()
        .method(method)
        .uri(path)
        .insert_header((ORIGIN, "https://app.example"))
}

fn allowed<'a>(answer: &'a Answer, what: &str) -> Option<&'a str> {
    let mut values = answer.headers.get_all(format!("access-control-{what}"));
    let value = values.next()?.to_str().unwrap();
    assert!(values.next().is_none(), "several {what}");
    Some(value)
}

#[actix_web::test]
async fn browsers_may_ask_first() {
    let server = serve(MockAuthorization::new());
    for (path, methods) in SHARED {
        let request = ask(Method::OPTIONS, path)
            .insert_header(("access-control-request-method", "POST"))
            .insert_header(("access-control-request-headers", "authorization"));
        let answer = server.send(request).await;
        assert_eq!((answer.status.as_u16(), answer.body.as_str()), (204, ""));
        for (what, value) in [
            ("allow-origin", Some("*")),
            ("allow-methods", Some(methods)),
            ("allow-headers", Some("authorization, content-type")),
            ("max-age", Some("7200")),
            // Nothing here is decided by a cookie.
            ("allow-credentials", None),
        ] {
            assert_eq!(allowed(&answer, what), value, "{path} {what}");
        }
    }
}

/// Answers and refusals alike: a program has to know what was wrong.
#[actix_web::test]
async fn every_site_reads_the_answers() {
    let mut service = MockAuthorization::new();
    service.expect_keys().returning(|| Ok(Vec::new()));
    service
        .expect_token()
        .returning(|_, _, _| Ok(Err(Problem::CLIENT)));
    service
        .expect_authorize_device()
        .returning(|_, _, _, _| Ok(Err(Problem::CLIENT)));
    service.expect_revoke().returning(|_, _, _| Ok(Ok(())));
    let server = serve(service);
    for (path, _) in SHARED {
        for request in [
            ask(Method::GET, path),
            form(path, "grant_type=client_credentials&token=t"),
            ask(Method::POST, path),
            ask(Method::DELETE, path),
        ] {
            let answer = server.send(request).await;
            assert_eq!(allowed(&answer, "allow-origin"), Some("*"), "{answer:?}");
            let exposed = allowed(&answer, "expose-headers");
            assert_eq!(exposed, Some("WWW-Authenticate, Retry-After"));
            assert_eq!(allowed(&answer, "allow-credentials"), None);
        }
    }
}

/// What is for people is for no program, and what needs a secret is not for browsers.
#[actix_web::test]
async fn nobody_reads_the_rest() {
    let server = serve(MockAuthorization::new());
    let all = OPERATIONS.iter().copied().flatten().map(|it| it.path);
    let mut rest: Vec<&str> = all
        .filter(|path| SHARED.iter().all(|(shared, _)| shared != path))
        .collect();
    assert_eq!(rest, ["/oauth2/introspect"]);
    rest.extend([
        "/oauth2/authorize",
        "/oauth2/device",
        "/sign-in",
        "/oauth2/x",
    ]);
    rest.extend(["/api/v1/me", "/auth/login"]);
    for path in rest {
        for method in [Method::OPTIONS, Method::DELETE] {
            let answer = server.send(ask(method, path)).await;
            assert!(answer.status.is_client_error(), "{path} {}", answer.status);
            assert_eq!(allowed(&answer, "allow-origin"), None, "{path}");
        }
    }
}
