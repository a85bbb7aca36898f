//! The description for machines says what the router does.

use std::collections::BTreeSet;

use rollbook_web::zenml::{OPERATIONS, openapi};
use serde_json::{Value, json};

use super::support::Mocks;

fn document() -> Value {
    serde_json::to_value(openapi("https://rollbook.example")).unwrap()
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
    let ids: BTreeSet<_> = routed.iter().map(|(_, _, id)| id).collect();
    assert_eq!(ids.len(), OPERATIONS.iter().copied().flatten().count());
}

#[test]
fn every_operation_is_described_well() {
    let document = document();
    for (method, path, it) in described(&document) {
        if path == "/auth/authorize" {
            assert!(it["responses"]["302"].is_object() && it["summary"].is_string());
            continue;
        }
        for status in ["401", "402", "403", "404", "409", "422", "500", "503"] {
            let schema = &it["responses"][status]["content"]["application/json"]["schema"];
            assert!(schema["$ref"].is_string(), "{method} {path} {status}");
        }
        let answers = ["200", "501"].map(|status| it["responses"][status].is_object());
        assert!(answers[0] != answers[1], "{method} {path}");
        assert!(it["summary"].is_string(), "{method} {path}");
        let parameters = it["parameters"].as_array().cloned().unwrap_or_default();
        let named = parameters.iter().filter(|it| it["in"] == "path").count();
        assert_eq!(named, path.matches('{').count(), "{method} {path}");
        for parameter in parameters {
            assert!(parameter["description"].is_string(), "{path} {parameter}");
        }
    }
}

/// The two flows of ZenML Pro, with our addresses.
#[test]
fn it_says_where_tokens_are_had() {
    let document = document();
    let token = "https://rollbook.example/oauth2/token";
    let authorize = "https://rollbook.example/oauth2/authorize";
    let scheme = &document["components"]["securitySchemes"]["OAuth2ComboScheme"];
    assert_eq!(scheme["type"], "oauth2");
    let expected = json!({
        "clientCredentials": {"tokenUrl": token, "refreshUrl": token, "scopes": {}},
        "authorizationCode": {
            "authorizationUrl": authorize, "tokenUrl": token, "refreshUrl": token, "scopes": {},
        },
    });
    assert_eq!(scheme["flows"], expected);
    assert_eq!(document["security"], json!([{"OAuth2ComboScheme": []}]));
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

/// The schemas have the fields of the answers.
#[actix_web::test]
async fn schemas_fit_the_answers() {
    let schemas = &document()["components"]["schemas"];
    let server = super::house::happy().serve();
    for (name, path) in super::house::READS {
        let answer = server.get(&super::house::here(path)).await.json();
        let one = answer.get(0).unwrap_or(&answer);
        assert_eq!(keys(one), keys(&schemas[name]["properties"]), "{name}");
    }
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

#[actix_web::test]
async fn it_is_served_once_the_address_is_known() {
    let answer = Mocks::default().serve().get("/openapi/zenml.json").await;
    assert_eq!(answer.status, 500, "nobody said where");
}
