use actix_web::http::header::COOKIE;
use actix_web::test::TestRequest;
use rollbook_domain::Error;
use rollbook_domain::access::{Caller, Credential};
use rollbook_domain::error::Unauthenticated;
use rollbook_domain::mock::sample;
use rollbook_domain::policy::Action;
use rollbook_domain::service::session::SignedIn;

use super::golden::check;
use super::support::{Mocks, cookie, issued, joe, link, post, session, signed_in};

fn form(back: &str) -> String {
    format!("token=+{}+&return={back}", sample::secret("token").reveal())
}

/// A server where a token signs joe in.
fn open() -> Mocks {
    let mut mocks = Mocks::default();
    let token = Credential::Token(sample::secret("token").digest());
    mocks
        .sessions
        .expect_sign_in()
        .withf(move |_, credential| *credential == token)
        .returning(|_, _| {
            Ok(SignedIn {
                user: joe(),
                session: issued(&joe()),
            })
        });
    mocks
}

#[actix_web::test]
async fn a_token_signs_in() {
    let answer = open().serve().send(post("/sign-in", &form(&link()))).await;
    answer.assert_leads_to(&link());
    let expected = format!("__Host-rollbook_session={}; ", cookie().reveal());
    assert!(answer.cookie().unwrap().starts_with(&expected));
}

/// Chrome holds the policy of the page with a form against all redirects after it (w3c/webappsec-csp
/// #8), and the page that asks may redirect to a client at once: it is not redirected to.
#[actix_web::test]
async fn a_page_that_asks_is_led_to_without_a_redirect() {
    let server = open().serve();
    let back = "%2Foauth2%2Fauthorize%3Fclient%5Fid%3Da%26state%3Db%2520c";
    let signed_out = post("/sign-out", &format!("return={back}"));
    for (request, cookie) in [
        (post("/sign-in", &form(back)), cookie().reveal().to_owned()),
        (signed_out, String::new()),
    ] {
        let answer = server.send(request).await;
        check("go_on", 200, &answer);
        let expected = format!("__Host-rollbook_session={cookie}; ");
        assert!(answer.cookie().unwrap().starts_with(&expected));
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    }
    let refresh = "content=\"0;url=&#x2f;oauth2&#x2f;authorize?client_id=a&amp;state=b%20c\"";
    let page = server.send(post("/sign-in", &form(back))).await.body;
    assert!(page.contains(refresh), "{page}");
}

/// keycloak #51138: where a link leads was taken from whoever made the link.
#[actix_web::test]
async fn only_to_pages_of_ours() {
    let server = open().serve();
    for back in [
        "https://evil.example",
        "//evil.example/invitations/a",
        "/%5Cevil.example",
        "/invitations/a%0d%0aset-cookie:x=y",
        "javascript:alert(1)",
        "",
    ] {
        let answer = server.send(post("/sign-in", &form(back))).await;
        answer.assert_leads_to("/sign-in");
        let body = format!("return={back}");
        server
            .send(post("/sign-out", &body))
            .await
            .assert_leads_to("/sign-in");
    }
}

/// Nobody goes on with the session that somebody planted (session fixation).
#[actix_web::test]
async fn the_session_before_ends() {
    let mut mocks = open();
    let end = mocks.sessions.expect_sign_out().times(1);
    end.withf(|caller| caller.credential == session())
        .returning(|_| Err(Error::Unauthenticated(Unauthenticated::Invalid)));
    let request = signed_in(post("/sign-in", &form("")));
    mocks
        .serve()
        .send(request)
        .await
        .assert_leads_to("/sign-in");
}

#[actix_web::test]
async fn what_is_no_token_of_a_person_does_not() {
    let mut mocks = Mocks::default();
    mocks.sessions.expect_sign_in().returning(|_, credential| {
        Err(match credential {
            Credential::Token(_) => Error::Denied {
                action: Action::ReadSelf,
                visible: true,
            },
            _ => Error::Unauthenticated(Unauthenticated::Invalid),
        })
    });
    let server = mocks.serve();
    let wrong = format!("token=%3Cb%3E&return={}", link());
    let answer = server.send(post("/sign-in", &wrong)).await;
    check("sign_in_again", 403, &answer);
    assert_eq!(answer.cookie(), None);
    let answer = server.send(post("/sign-in", &form(""))).await;
    assert_eq!((answer.status.as_u16(), answer.cookie()), (403, None));
    assert!(answer.body.contains("Only people can sign in"));
}

#[actix_web::test]
async fn who_signs_out_has_no_cookie() {
    let mut mocks = Mocks::default();
    let end = mocks.sessions.expect_sign_out().times(1);
    end.withf(|caller| caller.credential == session())
        .returning(|_| Ok(()));
    let server = mocks.serve();
    let body = format!("return={}", link());
    for request in [
        signed_in(post("/sign-out", &body)),
        post("/sign-out", &body),
    ] {
        let answer = server.send(request).await;
        answer.assert_leads_to(&link());
        let cookie = answer.cookie().unwrap();
        assert!(cookie.starts_with("__Host-rollbook_session=; Path=/; Max-Age=0;"));
    }
}

/// Who calls, by these cookies and this header.
async fn known_by(public_url: &'static str, cookies: &[String], bearer: &str) -> Credential {
    let mut mocks = Mocks {
        public_url: Some(public_url),
        ..Mocks::default()
    };
    let (sender, receiver) = std::sync::mpsc::channel();
    mocks.users.expect_me().returning(move |caller: Caller| {
        sender.send(caller.credential).unwrap();
        Ok(joe())
    });
    let mut request = TestRequest::get()
        .uri("/sign-in")
        .insert_header(("authorization", format!("Bearer {bearer}")));
    for cookie in cookies {
        request = request.append_header((COOKIE, cookie.as_str()));
    }
    mocks.serve().send(request).await;
    receiver.recv().unwrap()
}

#[actix_web::test]
async fn only_the_cookie_says_who_calls() {
    let (secret, token) = (cookie(), sample::secret("token"));
    let guarded = format!("__Host-rollbook_session={}", secret.reveal());
    let plain = format!("rollbook_session={}", secret.reveal());
    let (https, http) = ("https://book.example", "http://127.0.0.1:8080");
    for (url, cookies, expected) in [
        (https, vec![guarded.clone()], session()),
        (http, vec![format!("x=y;{plain} ;z")], session()),
        // A neighbour under the same domain can plant the plain one.
        (https, vec![plain.clone()], Credential::Nobody),
        (http, vec![guarded.clone()], Credential::Nobody),
        (
            https,
            vec![guarded.clone(), guarded.clone()],
            Credential::Malformed,
        ),
        (
            https,
            vec![format!("{guarded}; {guarded}")],
            Credential::Malformed,
        ),
        (
            https,
            vec![format!("__Host-rollbook_session={}", token.reveal())],
            Credential::Malformed,
        ),
        (https, vec![], Credential::Nobody),
    ] {
        let found = known_by(url, &cookies, token.reveal()).await;
        assert_eq!(found, expected, "{cookies:?}");
    }
}
