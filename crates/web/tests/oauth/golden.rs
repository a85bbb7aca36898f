//! Whole answers, word for word, in `tests/golden/oauth`. After a deliberate change, write them anew
//! and look at the difference:
//!
//! ```sh
//! UPDATE_GOLDEN=1 cargo test -p rollbook-web --test oauth
//! ```

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::support::Answer;

/// Compares an answer with its file.
#[track_caller]
pub(super) fn check(name: &str, answer: &Answer) {
    let headers: Value = [
        "content-type",
        "cache-control",
        "www-authenticate",
        "allow",
        "retry-after",
    ]
    .into_iter()
    .filter_map(|name| {
        let value = answer.headers.get(name)?.to_str().ok()?;
        Some((name.to_owned(), Value::from(value)))
    })
    .collect();
    let body = match answer.body.as_str() {
        "" => Value::Null,
        text => serde_json::from_str(text).unwrap_or_else(|_| panic!("not JSON: {answer:?}")),
    };
    let status = answer.status.as_u16();
    let found = format!(
        "{:#}\n",
        json!({"status": status, "headers": headers, "body": body})
    );
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/oauth")
        .join(format!("{name}.json"));
    if update_is_wanted() {
        fs::write(&path, &found).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, golden, "{}", path.display());
}

#[expect(
    clippy::disallowed_methods,
    reason = "a switch for whoever runs the tests, not a setting"
)]
fn update_is_wanted() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}
