use actix_web::test::TestRequest;
use rollbook_web::native;

use crate::support::{Answer, Plan, ask, web};

async fn page(path: &str) -> Answer {
    ask(&web(Plan::Answer), TestRequest::get().uri(path)).await
}

#[actix_web::test]
async fn the_api_is_described_for_machines() {
    let answer = page("/openapi/native.json").await;
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.header("content-type"), "application/json");
    let description = answer.json();
    assert_eq!(description["openapi"], "3.1.0");
    for operation in native::OPERATIONS.iter().copied().flatten() {
        assert!(
            description["paths"][operation.path].is_object(),
            "{}",
            operation.path
        );
    }
}

#[actix_web::test]
async fn the_protocol_is_described_for_machines() {
    let answer = page("/openapi/oauth.json").await;
    assert_eq!(answer.status.as_u16(), 200);
    let description = answer.json();
    assert!(description["paths"]["/oauth2/token"]["post"].is_object());
}

#[actix_web::test]
async fn the_api_can_be_browsed_without_the_rest_of_the_internet() {
    let answer = page("/docs/").await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(!answer.body.contains("//"), "{}", answer.body);
    let mut files = 0;
    for part in answer.body.split(['"', '\'']) {
        let ending = part.rsplit_once('.').map(|(_, ending)| ending);
        if matches!(ending, Some("js" | "css" | "png")) {
            let file = page(&format!("/docs/{}", part.trim_start_matches("./"))).await;
            assert_eq!(file.status.as_u16(), 200, "{part}");
            files += 1;
        }
    }
    assert!(files >= 5, "{}", answer.body);
    let start = page("/docs/swagger-initializer.js").await;
    assert!(
        start.body.contains("\"../openapi/native.json\""),
        "{}",
        start.body
    );
    assert!(start.body.contains("\"../openapi/oauth.json\""));
    assert!(start.body.contains("\"../openapi/zenml.json\""));
    assert!(!start.body.contains("petstore"), "{}", start.body);
}

#[actix_web::test]
async fn the_zenml_dialect_is_described_once_its_address_is_known() {
    let web = web(Plan::Answer);
    let path = "/openapi/zenml.json";
    let before = ask(&web, TestRequest::get().uri(path)).await;
    assert_eq!(before.status.as_u16(), 500);
    web.announce("https://rollbook.example");
    let description = ask(&web, TestRequest::get().uri(path)).await.json();
    let scheme = &description["components"]["securitySchemes"]["OAuth2ComboScheme"];
    let token = &scheme["flows"]["clientCredentials"]["tokenUrl"];
    assert_eq!(token, "https://rollbook.example/oauth2/token");
}

#[actix_web::test]
async fn a_newcomer_finds_the_documents() {
    let answer = page("/").await;
    assert_eq!(answer.status.as_u16(), 200);
    assert!(answer.body.contains("Rollbook") && answer.body.contains("href=\"docs/\""));
    let answer = page("/docs").await;
    assert_eq!(answer.status.as_u16(), 307);
    assert_eq!(answer.header("location"), "docs/");
    assert_eq!(page("/docs/nothing.html").await.status.as_u16(), 404);
}

#[actix_web::test]
async fn browsers_are_told_to_be_careful() {
    for path in ["/", "/docs/", "/docs/nothing.html", "/openapi/native.json"] {
        let answer = page(path).await;
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("script-src 'self' 'unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
}

#[actix_web::test]
async fn the_constant_is_for_the_bench_only() {
    let answer = page("/bench/constant").await;
    if cfg!(feature = "bench") {
        assert!(answer.json()["name"].is_string());
        assert!(
            (200..400).contains(&answer.body.len()),
            "{}",
            answer.body.len()
        );
    } else {
        assert_eq!(answer.status.as_u16(), 404);
    }
}
