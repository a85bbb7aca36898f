//! The page that asks whether a client may act for somebody.

use actix_web::test::TestRequest;
use rollbook_domain::Error;
use rollbook_domain::error::Unauthenticated;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::oauth::{OAuthClient, Problem, ProblemKind, Scope, Scopes};
use rollbook_domain::secret::Secret;
use rollbook_domain::service::oauth::{Audience, AuthorizationRequest, Authorized, Question};

use super::golden::check;
use super::support::{Answer, Mocks, acme, joe, post, session, signed_in};

const QUERY: &str = "client_id=console&redirect_uri=https%3A%2F%2Fconsole.example%2Fcallback\
    &response_type=code&scope=openid%20rollbook&state=a%20%22b%22%26c&code_challenge=x\
    &code_challenge_method=S256&nonce=";

fn path() -> String {
    format!("/oauth2/authorize?{QUERY}")
}

/// What the query says.
fn wanted() -> AuthorizationRequest {
    let some = |text: &str| Some(text.to_owned());
    AuthorizationRequest {
        client_id: some("console"),
        redirect_uri: some("https://console.example/callback"),
        response_type: some("code"),
        scope: some("openid rollbook"),
        state: some("a \"b\"&c"),
        code_challenge: some("x"),
        code_challenge_method: some("S256"),
        ..AuthorizationRequest::default()
    }
}

fn console() -> OAuthClient {
    sample::oauth_client("console", None)
}

pub(super) fn question() -> Question {
    Question {
        client: console(),
        vendor: None,
        organization: None,
        scopes: Scopes::of(&Scope::ALL),
        reader: joe(),
        authenticated_at: FixedClock::START,
        remembered: false,
    }
}

/// A server that knows what to do about a request that it must get like this.
fn answering(allowed: Option<bool>, authorized: Authorized) -> super::support::Server {
    let mut mocks = Mocks::default();
    mocks
        .authorization
        .expect_authorize()
        .times(1)
        .returning(move |_, request, answer| {
            assert_eq!(format!("{request:?}"), format!("{:?}", wanted()));
            assert_eq!(answer, allowed);
            Ok(authorized.clone())
        });
    mocks.serve()
}

async fn show(authorized: Authorized) -> Answer {
    answering(None, authorized).get(&path()).await
}

#[actix_web::test]
async fn a_person_is_asked() {
    let answer = show(Authorized::Ask(Box::new(question()))).await;
    let policy = answer.header("content-security-policy");
    assert!(
        policy.contains("form-action 'self' https://console.example;"),
        "{policy}"
    );
    check("authorization", 200, &answer);
    let organization = acme().organization;
    let bound = Question {
        client: sample::oauth_client("console", Some(&organization)),
        vendor: Some(organization.clone()),
        organization: Some(organization),
        scopes: Scopes::of(&[Scope::RollbookRead]),
        ..question()
    };
    let answer = show(Authorized::Ask(Box::new(bound))).await;
    check("authorization_bound", 200, &answer);
}

/// Who operates the installation gives more than what they are a member of.
#[actix_web::test]
async fn a_superuser_is_told_how_far_it_goes() {
    let operator = Question {
        reader: sample::superuser("joe"),
        ..question()
    };
    let everywhere = "Everywhere, in all organizations of this installation: you operate it.";
    let told = |answer: Answer| answer.body.contains(everywhere);
    assert!(told(
        show(Authorized::Ask(Box::new(operator.clone()))).await
    ));
    let bound = Question {
        organization: Some(acme().organization),
        ..operator
    };
    assert!(!told(show(Authorized::Ask(Box::new(bound))).await));
    assert!(!told(show(Authorized::Ask(Box::new(question()))).await));
}

#[actix_web::test]
async fn whom_the_client_expects_is_told() {
    let mut mocks = Mocks::default();
    mocks
        .authorization
        .expect_authorize()
        .returning(|_, _, _| Ok(Authorized::Ask(Box::new(question()))));
    let server = mocks.serve();
    for (hint, told) in [
        ("sue%40example.com", true),
        ("JOE%40example.com", false),
        ("joe", false),
        ("the%20caller%20on%20%2B1%20555%200100", false),
    ] {
        let answer = server.get(&format!("{}&login_hint={hint}", path())).await;
        assert_eq!(answer.body.contains("It expects"), told, "{hint}");
    }
}

#[actix_web::test]
async fn an_answer_is_passed_on() {
    let code = || Secret::authorization_code(&[5; 32]);
    let redirect_uri = "https://console.example/callback?a=b".to_owned();
    for (button, allowed) in [("allow", true), ("deny", false), ("Allow", false)] {
        let back = Authorized::Return {
            redirect_uri: redirect_uri.clone(),
            outcome: Ok(code()),
            state: Some("a \"b\"&c".to_owned()),
        };
        let server = answering(Some(allowed), back);
        let form = format!("{QUERY}&decision={button}");
        let answer = server
            .send(signed_in(post("/oauth2/authorize", &form)))
            .await;
        let code = code().reveal().replace('_', "%5F");
        answer.assert_leads_to(&format!(
            "https://console.example/callback?a=b&code={code}\
             &state=a%20%22b%22%26c&iss=https%3A%2F%2Fbook%2Eexample"
        ));
    }
}

/// `OpenID` Connect Core §3.1.2.1: clients may ask with a form of their own, which decides nothing.
#[actix_web::test]
async fn a_form_of_a_client_is_a_request() {
    let server = Mocks::default().serve();
    let asks = format!("{QUERY}&unknown=x&decision=");
    let form = signed_in(post("/oauth2/authorize", &asks));
    let form = form.insert_header(("origin", "https://console.example"));
    let answer = server
        .send(form.insert_header(("sec-fetch-site", "cross-site")))
        .await;
    answer.assert_leads_to(
        "/oauth2/authorize?client_id=console&redirect_uri=https%3A%2F%2Fconsole%2Eexample%2Fcallback\
         &response_type=code&scope=openid%20rollbook&state=a%20%22b%22%26c&code_challenge=x\
         &code_challenge_method=S256",
    );
    let led_to = answer.header("location").to_owned();
    let mut mocks = Mocks::default();
    mocks
        .authorization
        .expect_authorize()
        .times(1)
        .returning(|_, request, allowed| {
            assert_eq!(format!("{request:?}"), format!("{:?}", wanted()));
            assert_eq!(allowed, None);
            Ok(Authorized::Ask(Box::new(question())))
        });
    let asked = signed_in(TestRequest::get().uri(&led_to));
    assert_eq!(mocks.serve().send(asked).await.status, 200);
}

#[actix_web::test]
async fn an_error_is_led_back() {
    let server = erring();
    let led_to = "com.example.app:/cb?error=invalid%5Fscope\
        &error_description=there%20is%20no%20such%20scope&iss=https%3A%2F%2Fbook%2Eexample";
    let request = signed_in(TestRequest::get().uri(&path()));
    server.send(request).await.assert_leads_to(led_to);
    // Who asks silently shows nobody a page.
    for silent in ["none", "login%20none"] {
        let path = format!("{}&prompt={silent}", path());
        server.get(&path).await.assert_leads_to(led_to);
    }
}

/// RFC 9700 §4.11.2: a link to us must not lead strangers to whoever registers a client.
#[actix_web::test]
async fn who_is_not_signed_in_is_not_led_to_a_client() {
    let server = erring();
    check("authorization_stranded", 400, &server.get(&path()).await);
    let asks = format!("{}&prompt=consent", path());
    assert_eq!(server.get(&asks).await.status, 400);
}

/// A server that finds an error in every request, and where joe is signed in.
fn erring() -> super::support::Server {
    let mut mocks = Mocks::default();
    let problem = Problem::new(ProblemKind::InvalidScope, "there is no such scope");
    mocks
        .authorization
        .expect_authorize()
        .returning(move |_, _, _| {
            Ok(Authorized::Return {
                redirect_uri: "com.example.app:/cb".to_owned(),
                outcome: Err(problem),
                state: None,
            })
        });
    mocks.users.expect_me().returning(|caller| {
        if caller.credential == session() {
            Ok(joe())
        } else {
            Err(Error::Unauthenticated(Unauthenticated::Missing))
        }
    });
    mocks.serve()
}

#[actix_web::test]
async fn what_cannot_be_trusted_is_told_here() {
    let problem = Problem::request("redirect_uri is not registered for this client");
    let answer = show(Authorized::Untrusted(problem)).await;
    check("authorization_untrusted", 400, &answer);
}

#[actix_web::test]
async fn who_is_not_signed_in_is_led_there_and_back() {
    let answer = show(Authorized::SignIn { again: false }).await;
    let location = answer.header("location").to_owned();
    assert_eq!(answer.status, 303);
    let back = location
        .strip_prefix("/sign-in?return=")
        .expect("a way back");
    assert!(
        back.starts_with("%2Foauth2%2Fauthorize%3Fclient%5Fid%3Dconsole%26"),
        "{back}"
    );
    // The page of sessions takes it.
    let mut mocks = Mocks::default();
    mocks
        .users
        .expect_me()
        .returning(|_| Err(Error::Unauthenticated(Unauthenticated::Missing)));
    let page = mocks.serve().get(&location).await;
    assert!(
        page.body
            .contains("value=\"&#x2f;oauth2&#x2f;authorize?client_id"),
        "{}",
        page.body
    );
    let again = show(Authorized::SignIn { again: true }).await;
    assert!(again.header("location").ends_with("&again=1"));
}

/// Twice encoded, a long request still finds its way.
#[actix_web::test]
async fn a_long_request_survives_signing_in() {
    let mut mocks = Mocks::default();
    mocks
        .authorization
        .expect_authorize()
        .returning(|_, _, _| Ok(Authorized::SignIn { again: false }));
    mocks
        .users
        .expect_me()
        .returning(|_| Err(Error::Unauthenticated(Unauthenticated::Missing)));
    let server = mocks.serve();
    let state = "%22".repeat(5_000);
    let asked = format!("/oauth2/authorize?client_id=a&state={state}");
    let location = server.get(&asked).await.header("location").to_owned();
    let page = server.get(&location).await;
    assert!(
        page.body
            .contains(&format!("client_id=a&amp;state={state}\""))
    );
}

#[actix_web::test]
async fn who_shall_sign_in_again_sees_the_form() {
    let mut mocks = Mocks::default();
    mocks.users.expect_me().returning(|_| Ok(joe()));
    let server = mocks.serve();
    let request = signed_in(TestRequest::get().uri("/sign-in?return=/oauth2/device&again=1"));
    check("signed_in_again", 200, &server.send(request).await);
}

/// RFC 6749 §3.1: nothing comes twice; what has no value counts as left out.
#[actix_web::test]
async fn parameters_are_taken_once() {
    let server = Mocks::default().serve();
    let answer = server.get(&format!("{}&client_id=other", path())).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    assert!(answer.headers.get("location").is_none());
    let mut mocks = Mocks::default();
    mocks
        .authorization
        .expect_authorize()
        .returning(|caller, request, _| {
            assert_eq!(caller.credential, session());
            assert_eq!(request.audience, Audience::Unknown);
            assert!(request.has_request && !request.has_request_uri);
            assert_eq!((request.nonce, request.scope), (None, None));
            Ok(Authorized::SignIn { again: false })
        });
    let path = "/oauth2/authorize?nonce=&scope=&resource=https%3A%2F%2Fx.example\
        &request=x&request_uri=&unknown=1&unknown=2";
    let request = signed_in(TestRequest::get().uri(path));
    assert_eq!(mocks.serve().send(request).await.status, 303);
}
