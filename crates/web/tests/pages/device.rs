//! The page on which somebody types a device's code.

use actix_web::test::TestRequest;
use rollbook_domain::error::Unauthenticated;
use rollbook_domain::limit::Policy;
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal};

use super::authorization::question;
use super::golden::check;
use super::support::{Mocks, Server, joe, post, session, signed_in};

const PATH: &str = "/oauth2/device";

fn mocks() -> Mocks {
    let mut mocks = Mocks::default();
    mocks.users.expect_me().returning(|caller| {
        if caller.credential == session() {
            Ok(joe())
        } else {
            Err(Error::Unauthenticated(Unauthenticated::Missing))
        }
    });
    mocks
}

async fn send(server: &Server, form: &str) -> super::support::Answer {
    server.send(signed_in(post(PATH, form))).await
}

#[actix_web::test]
async fn a_code_is_typed() {
    let server = mocks().serve();
    let request = |path: &str| signed_in(TestRequest::get().uri(path));
    check("device", 200, &server.send(request(PATH)).await);
    // Following a link looks nothing up.
    let link = format!("{PATH}?user_code=wdjb-%22mjht");
    check("device_link", 200, &server.send(request(&link)).await);
    let answer = server.get(&format!("{PATH}?user_code=WDJB-MJHT")).await;
    answer.assert_leads_to("/sign-in?return=%2Foauth2%2Fdevice%3Fuser%5Fcode%3DWDJB%2DMJHT");
}

#[actix_web::test]
async fn a_right_code_is_a_question() {
    let mut mocks = mocks();
    mocks
        .authorization
        .expect_open_device()
        .returning(|caller, code| {
            assert_eq!(caller.credential, session());
            Ok((code == "WDJB-MJHT").then(question))
        });
    let server = mocks.serve();
    let right = send(&server, "user_code=WDJB-MJHT").await;
    check("device_ask", 200, &right);
    let wrong = send(&server, "user_code=WDJB-MJHH").await;
    check("device_unknown", 404, &wrong);
}

#[actix_web::test]
async fn an_answer_is_taken_once() {
    for (decision, allowed, page) in [
        ("allow", true, "device_allowed"),
        ("deny", false, "device_denied"),
    ] {
        let mut mocks = mocks();
        mocks
            .authorization
            .expect_answer_device()
            .times(1)
            .returning(move |_, code, allow| {
                assert_eq!((code.as_str(), allow), ("WDJB-MJHT", allowed));
                Ok(true)
            });
        let form = format!("user_code=WDJB-MJHT&decision={decision}");
        check(page, 200, &send(&mocks.serve(), &form).await);
    }
    let mut mocks = mocks();
    mocks
        .authorization
        .expect_answer_device()
        .returning(|_, _, _| Ok(false));
    let late = send(&mocks.serve(), "user_code=WDJB-MJHT&decision=allow").await;
    assert_eq!(late.status, 404);
}

#[actix_web::test]
async fn who_guesses_has_to_wait() {
    let mut mocks = mocks();
    mocks.authorization.expect_open_device().returning(|_, _| {
        Err(Refusal::RateLimited {
            policy: Policy::DeviceCodeGuesses,
            quota: 20,
            retry_after: Span::seconds(180),
        }
        .into())
    });
    let answer = send(&mocks.serve(), "user_code=WDJB-MJHT").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("retry-after")),
        (429, "180")
    );
    assert!(
        answer.body.contains("Too many wrong codes were typed"),
        "{}",
        answer.body
    );
}

#[actix_web::test]
async fn only_who_is_signed_in_answers() {
    let server = mocks().serve();
    let answer = server
        .send(post(PATH, "user_code=WDJB-MJHT&decision=allow"))
        .await;
    assert_eq!(answer.status, 403);
}
