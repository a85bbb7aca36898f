use actix_web::http::StatusCode;
use actix_web::test::TestRequest;

use crate::support::{Plan, ask, broken, me, signed, web};

const HEADER: &str = "x-request-id";

#[actix_web::test]
async fn a_harmless_one_is_taken_over() {
    let longest = "x".repeat(128);
    for id in ["1", "Build-17.retry_2", &longest] {
        let answer = ask(&web(Plan::Answer), me().insert_header((HEADER, id))).await;
        assert_eq!(answer.header(HEADER), id);
    }
}

#[actix_web::test]
async fn another_is_replaced() {
    let web = web(Plan::Answer);
    let too_long = "x".repeat(129);
    let mut given = Vec::new();
    for id in ["", "a b", "a\tlevel=ERROR", "a/b", "{}", &too_long] {
        let answer = ask(&web, me().insert_header((HEADER, id))).await;
        assert_eq!(answer.status, StatusCode::OK);
        given.push(answer.header(HEADER).to_owned());
    }
    assert!(given.iter().all(|id| id.len() == 36), "{given:?}");
    let count = given.len();
    given.sort();
    given.dedup();
    assert_eq!(given.len(), count, "every request has its own");
}

#[actix_web::test]
async fn every_answer_of_a_dialect_has_one() {
    let get = |path| TestRequest::get().uri(path);
    let cases = [
        (me(), 200),
        (get("/api/v1/me"), 401),
        (get("/api/v1/nowhere"), 404),
        (signed(TestRequest::put().uri("/api/v1/me")), 405),
        (signed(get("/api/v1/me/organizations?page_size=x")), 400),
        (
            signed(TestRequest::post().uri("/api/v1/organizations")).set_payload("{"),
            400,
        ),
        (
            signed(TestRequest::post().uri("/api/v1/organizations"))
                .set_payload(vec![b' '; 300_000]),
            413,
        ),
    ];
    for (request, status) in cases {
        let request = request.insert_header((HEADER, "mine"));
        let answer = ask(&web(Plan::Answer), request).await;
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
        assert_eq!(answer.header(HEADER), "mine");
    }
    let answer = ask(&web(Plan::Fail(broken)), me()).await;
    assert_eq!(answer.status.as_u16(), 500);
    assert_eq!(answer.header(HEADER).len(), 36);
}
