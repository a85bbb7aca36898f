//! What is not acceptable, word for word as `FastAPI` 0.165 with pydantic 2.14 said it about a model
//! with the same fields.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::support::{Answer, Mocks};

fn detail(items: &Value) -> Value {
    json!({"detail": items})
}

async fn post(body: &str) -> Answer {
    let request = TestRequest::post().uri("/organizations");
    let server = Mocks::default().serve();
    server.send(request.set_payload(body.to_owned())).await
}

async fn check(body: &str, items: Value) {
    let answer = post(body).await;
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (422, detail(&items)),
        "{body}"
    );
}

#[actix_web::test]
async fn fields() {
    check(
        "{}",
        json!([
            {"type": "missing", "loc": ["body", "name"], "msg": "Field required", "input": {}},
        ]),
    )
    .await;
    check(
        r#"{"name":""}"#,
        json!([{
            "type": "string_too_short", "loc": ["body", "name"],
            "msg": "String should have at least 1 character", "input": "", "ctx": {"min_length": 1},
        }]),
    )
    .await;
    let long = "x".repeat(51);
    let body = json!({"name": long, "description": "", "id": "xyz", "owner_id": 5});
    check(&body.to_string(), json!([
        {"type": "uuid_parsing", "loc": ["body", "id"],
         "msg": "Input should be a valid UUID, invalid character: found `x` at 0",
         "input": "xyz", "ctx": {"error": "invalid character: found `x` at 0"}},
        {"type": "string_too_long", "loc": ["body", "name"],
         "msg": "String should have at most 50 characters", "input": long, "ctx": {"max_length": 50}},
        {"type": "string_too_short", "loc": ["body", "description"],
         "msg": "String should have at least 1 character", "input": "", "ctx": {"min_length": 1}},
        {"type": "uuid_type", "loc": ["body", "owner_id"],
         "msg": "UUID input should be a string, bytes or UUID object", "input": 5},
    ]))
    .await;
    check(
        r#"{"name":null,"links":{}}"#,
        json!([
            {"type": "string_type", "loc": ["body", "name"],
             "msg": "Input should be a valid string", "input": null},
            {"type": "list_type", "loc": ["body", "links"],
             "msg": "Input should be a valid list", "input": {}},
        ]),
    )
    .await;
    check(
        r#"{"name":5,"links":[1,{"a":1}]}"#,
        json!([
            {"type": "string_type", "loc": ["body", "name"],
             "msg": "Input should be a valid string", "input": 5},
            {"type": "dict_type", "loc": ["body", "links", 0],
             "msg": "Input should be a valid dictionary", "input": 1},
        ]),
    )
    .await;
}

/// Every way in which a text is no UUID.
#[actix_web::test]
async fn ids() {
    for (text, error) in [
        ("", "invalid length: found 0"),
        ("abc", "invalid length: found 3"),
        ("x", "invalid character: found `x` at 0"),
        ("ünï", "invalid character: found `ü` at 0"),
        (
            "123e4567-e89b-12d3-a456-42661417400",
            "invalid group length in group 4: expected 12, found 11",
        ),
        (
            "123e4567-e89b-12d3-a456-4266141740000",
            "invalid group length in group 4: expected 12, found 13",
        ),
        (
            "123e4567-e89b-12d3-a456-42661417400g",
            "invalid character: found `g` at 35",
        ),
        (
            "123e4567-e89b-12d3-a456426614174000",
            "invalid group count: expected 5, found 4",
        ),
        (
            "123e456-7e89b-12d3-a456-426614174000",
            "invalid group length in group 0: expected 8, found 7",
        ),
    ] {
        check(
            &json!({"name": "a", "id": text}).to_string(),
            json!([{
                "type": "uuid_parsing", "loc": ["body", "id"],
                "msg": format!("Input should be a valid UUID, {error}"),
                "input": text, "ctx": {"error": error},
            }]),
        )
        .await;
    }
}

#[actix_web::test]
async fn bodies() {
    check(
        "",
        json!([{"type": "missing", "loc": ["body"], "msg": "Field required", "input": null}]),
    )
    .await;
    for (body, input) in [
        ("[]", json!([])),
        ("null", Value::Null),
        ("\"x\"", json!("x")),
    ] {
        check(
            body,
            json!([{
                "type": "model_attributes_type", "loc": ["body"],
                "msg": "Input should be a valid dictionary or object to extract fields from",
                "input": input,
            }]),
        )
        .await;
    }
    for (body, at, error) in [
        ("{", 1, "Expecting property name enclosed in double quotes"),
        (
            r#"{name: "a"}"#,
            1,
            "Expecting property name enclosed in double quotes",
        ),
        (r#"{"name" "a"}"#, 8, "Expecting ':' delimiter"),
        (r#"{"name": a}"#, 9, "Expecting value"),
        (r#"{"name": "a"} x"#, 14, "Extra data"),
        (r#"{"name": "a" "b"}"#, 13, "Expecting ',' delimiter"),
    ] {
        check(
            body,
            json!([{
                "type": "json_invalid", "loc": ["body", at], "msg": "JSON decode error",
                "input": {}, "ctx": {"error": error},
            }]),
        )
        .await;
    }
}

#[actix_web::test]
async fn queries() {
    let server = Mocks::default().serve();
    let number = "Input should be a valid integer, unable to parse string as an integer";
    for (query, items) in [
        (
            "offset=-1&limit=101&owner_id=x",
            json!([
                {"type": "greater_than_equal", "loc": ["query", "offset"],
                 "msg": "Input should be greater than or equal to 0", "input": "-1", "ctx": {"ge": 0}},
                {"type": "less_than_equal", "loc": ["query", "limit"],
                 "msg": "Input should be less than or equal to 100", "input": "101", "ctx": {"le": 100}},
                {"type": "uuid_parsing", "loc": ["query", "owner_id"],
                 "msg": "Input should be a valid UUID, invalid character: found `x` at 0",
                 "input": "x", "ctx": {"error": "invalid character: found `x` at 0"}},
            ]),
        ),
        (
            "limit=0",
            json!([
                {"type": "greater_than_equal", "loc": ["query", "limit"],
                 "msg": "Input should be greater than or equal to 1", "input": "0", "ctx": {"ge": 1}},
            ]),
        ),
        (
            "offset=abc&limit=1.5",
            json!([
                {"type": "int_parsing", "loc": ["query", "offset"], "msg": number, "input": "abc"},
                {"type": "int_parsing", "loc": ["query", "limit"], "msg": number, "input": "1.5"},
            ]),
        ),
    ] {
        let answer = server.get(&format!("/organizations?{query}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()),
            (422, detail(&items)),
            "{query}"
        );
    }
    let answer = server
        .get("/organizations/Acme?include_subscription_status=maybe")
        .await;
    let items = json!([{
        "type": "bool_parsing", "loc": ["query", "include_subscription_status"],
        "msg": "Input should be a valid boolean, unable to interpret input", "input": "maybe",
    }]);
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (422, detail(&items))
    );
}

#[actix_web::test]
async fn words() {
    let server = Mocks::default().serve();
    let id = "123e4567-e89b-12d3-a456-426614174000";
    let answer = server
        .get(&format!("/organizations/{id}/roles?level=x"))
        .await;
    let expected = "'organization', 'workspace' or 'project'";
    let items = json!([{
        "type": "enum", "loc": ["query", "level"], "msg": format!("Input should be {expected}"),
        "input": "x", "ctx": {"expected": expected},
    }]);
    assert_eq!(
        (answer.status.as_u16(), answer.json()),
        (422, detail(&items))
    );
}

/// Path, query and body are looked at together.
#[actix_web::test]
async fn paths() {
    let server = Mocks::default().serve();
    let path = json!({
        "type": "uuid_parsing", "loc": ["path", "organization_id"],
        "msg": "Input should be a valid UUID, invalid length: found 3",
        "input": "abc", "ctx": {"error": "invalid length: found 3"},
    });
    let delete = TestRequest::delete().uri("/organizations/abc");
    assert_eq!(server.send(delete).await.json(), detail(&json!([path])));
    let body = json!({
        "type": "string_too_short", "loc": ["body", "name"],
        "msg": "String should have at least 1 character", "input": "", "ctx": {"min_length": 1},
    });
    let patch = TestRequest::patch().uri("/organizations/abc");
    let patch = patch.set_payload(r#"{"name":""}"#);
    assert_eq!(
        server.send(patch).await.json(),
        detail(&json!([path, body]))
    );
}

/// What only Rollbook finds wrong, as a validator of pydantic would say it.
#[actix_web::test]
async fn rules_of_our_own() {
    let value = |field: &str, reason: &str, input: Value| {
        json!([{
            "type": "value_error", "loc": ["body", field], "msg": format!("Value error, {reason}"),
            "input": input, "ctx": {"error": {}},
        }])
    };
    let id = "123e4567e89b12d3a456426614174000";
    let reason = "the name must not look like a UUID";
    check(
        &json!({"name": id}).to_string(),
        value("name", reason, json!(id)),
    )
    .await;
    let reason = "the name must not be empty";
    check(r#"{"name":"  "}"#, value("name", reason, json!("  "))).await;
    let script = "javascript:alert(1)";
    let body = json!({"name": "a", "logo_url": script});
    let reason = "the URL must start with http:// or https://";
    check(&body.to_string(), value("logo_url", reason, json!(script))).await;
    let links: Vec<Value> = (0..21).map(|n| json!({"n": n})).collect();
    let body = json!({"name": "a", "links": links});
    let reason = "an organization has at most 20 links";
    check(&body.to_string(), value("links", reason, json!(links))).await;
}
