//! The description for machines says what the router does.

use std::collections::BTreeSet;

use actix_web::http::Method;
use rollbook_web::oauth::{OPERATIONS, openapi};
use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

/// Method, path and what is said of everything that the document describes.
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
    let all = OPERATIONS.iter().copied().flatten();
    // What only browsers ask, before they ask.
    let routed: BTreeSet<_> = all
        .filter(|it| it.method != Method::OPTIONS)
        .map(|it| (it.method.to_string(), it.path.to_owned(), it.id.to_owned()))
        .collect();
    assert_eq!(described, routed);
}

#[test]
fn every_operation_is_described_well() {
    let document = document();
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["Basic"]["scheme"], "basic");
    assert_eq!(schemes["Bearer"]["scheme"], "bearer");
    for (method, path, it) in described(&document) {
        assert!(it["summary"].is_string(), "{method} {path}");
        assert!(it["responses"]["200"].is_object(), "{method} {path}");
        let takes_nothing = it["tags"][0] == "metadata";
        let refused: &[&str] = if takes_nothing { &[] } else { &["400", "401"] };
        for status in refused.iter().chain(&["500", "503"]) {
            let schema = &it["responses"][status]["content"]["application/json"]["schema"];
            assert!(schema["$ref"].is_string(), "{method} {path} {status}");
        }
        let form = &it["requestBody"]["content"]["application/x-www-form-urlencoded"];
        let takes_form = method == "POST" && path != "/oauth2/userinfo";
        assert_eq!(form["schema"].is_object(), takes_form, "{method} {path}");
    }
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
    assert!(found > 20, "{found}");
}

/// The schemas have the fields of the answers.
#[test]
fn schemas_fit_the_answers() {
    let schemas = &document()["components"]["schemas"];
    for (name, golden) in [
        ("Tokens", include_str!("../golden/oauth/token.json")),
        (
            "DeviceBody",
            include_str!("../golden/oauth/device_authorization.json"),
        ),
        (
            "Introspection",
            include_str!("../golden/oauth/introspection.json"),
        ),
        ("Claims", include_str!("../golden/oauth/userinfo.json")),
        ("Jwks", include_str!("../golden/oauth/jwks.json")),
        ("Metadata", include_str!("../golden/oauth/metadata.json")),
        ("Error", include_str!("../golden/oauth/busy.json")),
    ] {
        let answer: Value = serde_json::from_str(golden).unwrap();
        let fields = keys(&schemas[name]["properties"]);
        assert_eq!(keys(&answer["body"]), fields, "{name}");
    }
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}
