//! What every endpoint answers, and each error of the protocol.

use actix_web::http::header::AUTHORIZATION;
use actix_web::test::TestRequest;
use rollbook_domain::access::Credential;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::limit::Policy;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::oauth::{ACCESS_TOKEN_LIFETIME, Problem, ProblemKind, Scope, Scopes};
use rollbook_domain::secret::Secret;
use rollbook_domain::service::MockAuthorization;
use rollbook_domain::service::oauth::{
    Audience, Introspection, IssuedTokens, TokenRequest, UserInfo,
};
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal};

use super::golden::check;
use super::support::{jane, serve};

fn acme() -> OrganizationId {
    sample::organization("Acme", &jane()).id
}

fn tokens() -> IssuedTokens {
    IssuedTokens {
        access_token: Secret::access_token(&[1; 32]),
        expires_in: ACCESS_TOKEN_LIFETIME,
        refresh_token: Some(Secret::refresh_token(&[2; 32])),
        scopes: Scopes::of(&Scope::ALL),
        id_token: Some("a.b.c".to_owned()),
        organization_id: Some(acme()),
    }
}

/// A server whose token endpoint is asked for this.
fn issuing(expected: TokenRequest, tokens: IssuedTokens) -> super::support::Server {
    let mut service = MockAuthorization::new();
    service
        .expect_token()
        .times(1)
        .returning(move |_, client, request| {
            assert_eq!(client.id.as_deref(), Some("c"));
            assert!(request == expected, "{request:?} is not {expected:?}");
            Ok(Ok(tokens.clone()))
        });
    serve(service)
}

#[actix_web::test]
async fn tokens_are_issued() {
    let all = tokens();
    let few = IssuedTokens {
        refresh_token: None,
        id_token: None,
        organization_id: None,
        scopes: Scopes::of(&[Scope::RollbookRead]),
        ..tokens()
    };
    let text = str::to_owned;
    for (name, form, expected, tokens) in [
        (
            "token",
            "grant_type=authorization_code&client_id=c&code=x&redirect_uri=y&code_verifier=z&a=b&a=c",
            TokenRequest::Code {
                code: text("x"),
                redirect_uri: Some(text("y")),
                verifier: Some(text("z")),
            },
            &all,
        ),
        (
            "token",
            "grant_type=refresh_token&client_id=c&refresh_token=x&scope=",
            TokenRequest::Refresh {
                refresh_token: text("x"),
                scope: None,
            },
            &all,
        ),
        (
            "token",
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=c&device_code=x",
            TokenRequest::Device {
                device_code: text("x"),
            },
            &all,
        ),
        (
            "token_alone",
            "grant_type=client_credentials&client_id=c&client_secret=s&scope=rollbook%3Aread",
            TokenRequest::ClientCredentials {
                scope: Some(text("rollbook:read")),
            },
            &few,
        ),
    ] {
        let server = issuing(expected, tokens.clone());
        check(name, &server.post("/oauth2/token", form).await);
    }
}

#[actix_web::test]
async fn every_problem_is_told_as_the_rfcs_say() {
    for kind in ProblemKind::ALL {
        let mut service = MockAuthorization::new();
        let problem = Problem::new(*kind, "this is \u{e4} \"reason\"");
        service.expect_token().returning(move |_, _, request| {
            assert!(matches!(
                request,
                TokenRequest::ClientCredentials { scope: None }
            ));
            Ok(Err(problem))
        });
        let form = "grant_type=client_credentials";
        let answer = serve(service).post("/oauth2/token", form).await;
        check(&format!("problem_{}", kind.code()), &answer);
    }
}

#[actix_web::test]
async fn a_device_begins_to_wait() {
    let mut service = MockAuthorization::new();
    service
        .expect_authorize_device()
        .returning(|_, client, scope, audience| {
            assert_eq!(
                (client.id.as_deref(), scope.as_deref()),
                (Some("tv"), Some("openid"))
            );
            assert_eq!(audience, Audience::Organization(acme()));
            Ok(Ok(sample::issued_device(&sample::oauth_client("tv", None))))
        });
    let server = serve(service);
    let form = format!("client_id=tv&scope=openid&organization_id={}", acme());
    let path = "/oauth2/device_authorization";
    check("device_authorization", &server.post(path, &form).await);
}

/// Not `slow_down`, which would have a device poll with a code that it was not given.
#[actix_web::test]
async fn too_many_devices_have_to_come_again() {
    let mut service = MockAuthorization::new();
    service.expect_authorize_device().returning(|_, _, _, _| {
        Err(Refusal::RateLimited {
            policy: Policy::DeviceAuthorizationsPerAddress,
            quota: 60,
            retry_after: Span::seconds(60),
        }
        .into())
    });
    let server = serve(service);
    let path = "/oauth2/device_authorization";
    check("rate_limited", &server.post(path, "client_id=tv").await);
}

#[actix_web::test]
async fn a_token_is_looked_into() {
    let found = |is_refresh_token, scopes: &[Scope]| Introspection {
        client_id: sample::oauth_client("console", None).id,
        user: jane(),
        scopes: Scopes::of(scopes),
        organization_id: Some(acme()),
        issued_at: FixedClock::START,
        expires_at: FixedClock::START.plus(ACCESS_TOKEN_LIFETIME),
        is_refresh_token,
    };
    // Whoever has the token was told the address or not; whoever asks about it is told no more.
    let (known, unknown) = (
        [Scope::OpenId, Scope::Email, Scope::Rollbook],
        [Scope::OpenId, Scope::Rollbook],
    );
    for (name, found) in [
        ("introspection", Some(found(false, &known))),
        ("introspection_refresh_token", Some(found(true, &known))),
        (
            "introspection_without_address",
            Some(found(false, &unknown)),
        ),
        ("introspection_inactive", None),
    ] {
        let mut service = MockAuthorization::new();
        service.expect_introspect().returning(move |_, token| {
            assert_eq!(token, "t");
            Ok(Ok(found.clone()))
        });
        let form = "token=t&token_type_hint=access_token&client_id=c&client_secret=s";
        check(name, &serve(service).post("/oauth2/introspect", form).await);
    }
}

#[actix_web::test]
async fn a_token_is_revoked() {
    let mut service = MockAuthorization::new();
    service
        .expect_revoke()
        .times(1)
        .returning(|_, client, token| {
            assert_eq!((client.id.as_deref(), token.as_str()), (Some("c"), "t"));
            Ok(Ok(()))
        });
    let server = serve(service);
    let answer = server.post("/oauth2/revoke", "token=t&client_id=c").await;
    check("revocation", &answer);
}

#[actix_web::test]
async fn what_is_missing_is_told() {
    let server = serve(MockAuthorization::new());
    for (name, path, form) in [
        ("no_grant_type", "/oauth2/token", "client_id=c"),
        ("no_code", "/oauth2/token", "grant_type=authorization_code"),
        (
            "no_refresh_token",
            "/oauth2/token",
            "grant_type=refresh_token&refresh_token=",
        ),
        (
            "no_device_code",
            "/oauth2/token",
            "grant_type=urn:ietf:params:oauth:grant-type:device_code",
        ),
        (
            "password",
            "/oauth2/token",
            "grant_type=password&username=a&password=b",
        ),
        ("twice", "/oauth2/token", "grant_type=a&grant_type=b"),
        ("no_token", "/oauth2/introspect", "client_id=c"),
        ("no_token", "/oauth2/revoke", "client_id=c"),
    ] {
        check(name, &server.post(path, form).await);
    }
}

fn bearer(path: &str) -> TestRequest {
    let secret = Secret::access_token(&[1; 32]);
    let value = format!("Bearer {}", secret.reveal());
    TestRequest::get()
        .uri(path)
        .insert_header((AUTHORIZATION, value))
}

#[actix_web::test]
async fn who_the_user_is_is_told() {
    for (name, scopes) in [
        ("userinfo", Scopes::of(&Scope::ALL)),
        ("userinfo_openid", Scopes::of(&[Scope::OpenId])),
    ] {
        let mut service = MockAuthorization::new();
        service.expect_user_info().returning(move |caller| {
            let secret = Secret::access_token(&[1; 32]);
            assert_eq!(caller.credential, Credential::Token(secret.digest()));
            let user = jane();
            Ok(UserInfo { user, scopes })
        });
        let server = serve(service);
        check(name, &server.send(bearer("/oauth2/userinfo")).await);
        let post = bearer("/oauth2/userinfo").method(actix_web::http::Method::POST);
        check(name, &server.send(post).await);
    }
    let server = serve(MockAuthorization::new());
    check("userinfo_nobody", &server.get("/oauth2/userinfo").await);
    for (name, error) in [
        ("userinfo_invalid", invalid as fn() -> Error),
        ("userinfo_scope", lacking),
    ] {
        let mut service = MockAuthorization::new();
        service.expect_user_info().returning(move |_| Err(error()));
        check(name, &serve(service).send(bearer("/oauth2/userinfo")).await);
    }
}

fn invalid() -> Error {
    Error::Unauthenticated(rollbook_domain::error::Unauthenticated::Invalid)
}

fn lacking() -> Error {
    Refusal::InsufficientScope { scope: "openid" }.into()
}

#[actix_web::test]
async fn the_server_describes_itself() {
    let mut service = MockAuthorization::new();
    service
        .expect_keys()
        .returning(|| Ok(vec![sample::signing_key("new"), sample::signing_key("old")]));
    let server = serve(service);
    check("jwks", &server.get("/oauth2/jwks").await);
    for path in ["oauth-authorization-server", "openid-configuration"] {
        check(
            "metadata",
            &server.get(&format!("/.well-known/{path}")).await,
        );
    }
}
