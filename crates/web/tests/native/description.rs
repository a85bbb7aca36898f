//! The description for machines says what the router does.

use std::collections::BTreeSet;

use rollbook_web::native::{OPERATIONS, openapi};
use serde_json::Value;

use super::support::{Mocks, acme, acme_path, jane};

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

/// Method, path and name of everything that the document describes.
fn described(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, it)| (method.to_uppercase(), path.clone(), it.clone()))
    });
    all.collect()
}

#[test]
fn document_and_router_agree() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let described: BTreeSet<_> = described(&document)
        .into_iter()
        .map(|(method, path, it)| (method, path, it["operationId"].as_str().unwrap().to_owned()))
        .collect();
    let routed: BTreeSet<_> = OPERATIONS
        .iter()
        .copied()
        .flatten()
        .map(|it| (it.method.to_string(), it.path.to_owned(), it.id.to_owned()))
        .collect();
    assert_eq!(described, routed);
    let count = OPERATIONS.iter().copied().flatten().count();
    assert_eq!(routed.len(), count);
    let ids: BTreeSet<_> = OPERATIONS
        .iter()
        .copied()
        .flatten()
        .map(|it| it.id)
        .collect();
    assert_eq!(ids.len(), count);
}

#[test]
fn every_operation_is_described_well() {
    let document = document();
    for (method, path, it) in described(&document) {
        for status in ["200", "400", "401", "403", "404", "500", "503"] {
            let content = &it["responses"][status]["content"];
            // An export is no single JSON value.
            let media = match (status, path.ends_with(":export")) {
                ("200", true) => "application/jsonl",
                _ => "application/json",
            };
            let schema = &content[media]["schema"];
            assert!(schema["$ref"].is_string(), "{method} {path} {status}");
        }
        assert!(it["summary"].is_string(), "{method} {path}");
        let segments = path.matches('{').count();
        let parameters = it["parameters"].as_array().cloned().unwrap_or_default();
        let named = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path");
        assert_eq!(named.count(), segments, "{method} {path}");
        for parameter in parameters {
            assert!(parameter["description"].is_string(), "{path} {parameter}");
        }
    }
    assert_eq!(
        document["components"]["securitySchemes"]["BearerAuth"]["scheme"],
        "bearer"
    );
    assert_eq!(document["security"][0]["BearerAuth"], serde_json::json!([]));
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let text = document.to_string();
    let mut found = 0;
    for rest in text.split("\"$ref\":\"#").skip(1) {
        let pointer = rest.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
        found += 1;
    }
    assert!(found > 20);
}

/// The schemas have the fields of the answers, and the examples those of the schemas.
#[actix_web::test]
async fn schemas_fit_the_answers() {
    let mut mocks = Mocks::default();
    mocks
        .organizations
        .expect_get()
        .returning(|_, _| Ok(acme()));
    mocks.users.expect_me().returning(|_| Ok(jane()));
    let server = mocks.serve();
    let document = document();
    for (name, path) in [
        ("Organization", acme_path("")),
        ("User", "/api/v1/me".to_owned()),
    ] {
        let schema = &document["components"]["schemas"][name];
        let fields = keys(&schema["properties"]);
        assert_eq!(keys(&server.get(&path).await.json()), fields, "{name}");
        assert_eq!(keys(&schema["example"]), fields, "{name}");
    }
}

/// Checks that an answer has the fields that its schema has, and so has the schema's example.
#[track_caller]
pub(super) fn assert_described(schema: &str, answer: &Value) {
    let document = document();
    let schema = &document["components"]["schemas"][schema];
    let fields = keys(&schema["properties"]);
    assert_eq!(keys(answer), fields);
    assert_eq!(keys(&schema["example"]), fields);
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

/// A client need only send a title.
#[test]
fn only_the_title_has_to_be_written() {
    let document = document();
    let schema = &document["components"]["schemas"]["Organization"];
    let required = schema["required"].as_array().unwrap();
    let writable = required.iter().filter(|field| {
        let property = &schema["properties"][field.as_str().unwrap()];
        property["readOnly"] != true
    });
    assert_eq!(writable.collect::<Vec<_>>(), ["title"]);
}
