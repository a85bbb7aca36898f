//! Pages, page tokens and filters.

use std::sync::{Arc, Mutex};

use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::{OrganizationId, TokenId};
use rollbook_domain::mock::sample;
use rollbook_domain::page::{Page, Window};
use rollbook_domain::time::Span;
use serde_json::json;

use super::support::{Mocks, Server, acme};

const MINE: &str = "/api/v1/me/organizations";
const ALL: &str = "/api/v1/organizations";
const TOKENS: &str = "/api/v1/me/tokens";

type Seen<T> = Arc<Mutex<Vec<T>>>;

/// A server whose lists always have one item and go on, and the windows and filters it saw.
fn endless() -> (Server, Seen<Window<OrganizationId>>, Seen<Filter<TextTest>>) {
    let (windows, filters) = (Seen::default(), Seen::default());
    let page = || Page {
        items: vec![acme()],
        next: Some(acme().organization.id),
        total: None,
    };
    let mut mocks = Mocks::default();
    let (seen, conditions) = (Arc::clone(&windows), Arc::clone(&filters));
    mocks
        .organizations
        .expect_list_mine()
        .returning(move |_, filter, window| {
            seen.lock().unwrap().push(window);
            conditions.lock().unwrap().push(filter);
            Ok(page())
        });
    let seen = Arc::clone(&windows);
    mocks
        .organizations
        .expect_list_all()
        .returning(move |_, _, window| {
            seen.lock().unwrap().push(window);
            Ok(page())
        });
    mocks.tokens.expect_list().returning(|_, _| {
        Ok(Page {
            items: vec![],
            next: Some(TokenId::new(sample::uuid("token"))),
            total: None,
        })
    });
    (mocks.serve(), windows, filters)
}

async fn token_of(server: &Server, path: &str) -> String {
    let json = server.get(path).await.json();
    json["next_page_token"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn a_page_has_a_size() {
    let (server, windows, _) = endless();
    for (query, limit) in [
        ("", 50),
        ("?page_size=0", 50),
        ("?page_size=1", 1),
        ("?pageSize=2", 2),
        ("?page_size=1000", 1000),
        ("?page_size=1001", 1000),
        ("?page_size=2147483647", 1000),
        ("?page_size=3&orderBy=title&unknown=1&unknown=2", 3),
        ("?page_token=&pageSize=4", 4),
    ] {
        let answer = server.get(&format!("{MINE}{query}")).await;
        assert_eq!(answer.status, 200, "{query}: {}", answer.body);
        let seen = windows.lock().unwrap().pop().unwrap();
        assert_eq!(seen, Window::first(limit), "{query}");
    }
    for size in ["-1", "abc", "", "1.5", "2147483648", "%20", "1%00"] {
        for name in ["page_size", "pageSize"] {
            let answer = server.get(&format!("{MINE}?{name}={size}")).await;
            answer.assert_invalid(&["page_size"]);
        }
    }
    let twice = server.get(&format!("{MINE}?page_size=1&pageSize=2")).await;
    twice.assert_invalid(&[]);
    assert!(windows.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn a_token_continues_its_list() {
    let (server, windows, _) = endless();
    let key = acme().organization.id;
    let filter = "filter=title%3D%22Acme*%22";
    for path in [MINE, ALL] {
        let first = token_of(&server, &format!("{path}?{filter}&page_size=10")).await;
        windows.lock().unwrap().clear();
        for (name, size) in [("page_token", 10), ("pageToken", 20)] {
            let next = format!("{path}?{filter}&{name}={first}&page_size={size}");
            assert_eq!(server.get(&next).await.status, 200);
            let seen = windows.lock().unwrap().pop().unwrap();
            assert_eq!(seen, Window::after(key, size));
        }
    }
}

#[actix_web::test]
async fn a_token_serves_nothing_else() {
    let (server, windows, _) = endless();
    let token = token_of(&server, &format!("{MINE}?filter=title:a")).await;
    let tokens = token_of(&server, TOKENS).await;
    let mut bent = token.clone().into_bytes();
    bent[20] = if bent[20] == b'A' { b'B' } else { b'A' };
    let bent = String::from_utf8(bent).unwrap();
    windows.lock().unwrap().clear();
    for path in [
        format!("{MINE}?page_token={token}"),
        format!("{MINE}?filter=title:b&page_token={token}"),
        format!("{ALL}?filter=title:a&page_token={token}"),
        format!("{MINE}?filter=title:a&page_token={bent}"),
        format!("{MINE}?filter=title:a&page_token={token}A"),
        format!("{MINE}?filter=title:a&page_token=x"),
        format!("{MINE}?filter=title:a&order_by=title&page_token={token}"),
        format!("{MINE}?filter=title:a&orderBy=title&page_token={token}"),
        format!("{MINE}?page_token={tokens}"),
        format!("{TOKENS}?filter=title:a&page_token={token}"),
    ] {
        server.get(&path).await.assert_invalid(&["page_token"]);
    }
    assert!(windows.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn a_token_expires() {
    let (server, _, _) = endless();
    let next = format!("{MINE}?page_token={}", token_of(&server, MINE).await);
    server.later(Span::seconds(3 * 86_400 - 1));
    assert_eq!(server.get(&next).await.status, 200);
    server.later(Span::seconds(1));
    let answer = server.get(&next).await;
    answer.assert_invalid(&["page_token"]);
    assert!(answer.body.contains("expired"), "{}", answer.body);
}

#[actix_web::test]
async fn filters_reach_the_domain() {
    let (server, _, filters) = endless();
    let test = |place, text| Filter::Test(TextTest::new(place, text));
    for (filter, expected) in [
        ("", Filter::everything()),
        (
            "title%3D%27My+Organization%27",
            test(Place::Whole, "my organization"),
        ),
        ("title:acme", test(Place::Anywhere, "acme")),
        (
            "title!=%22a*%22",
            Filter::Not(Box::new(test(Place::Start, "a"))),
        ),
    ] {
        let answer = server.get(&format!("{MINE}?filter={filter}")).await;
        assert_eq!(answer.status, 200, "{filter}");
        assert_eq!(filters.lock().unwrap().pop().unwrap(), expected, "{filter}");
    }
    for path in [MINE, ALL] {
        for filter in ["acme", "title", "name%3Dx", "title%3E1", "title%3D%22"] {
            let answer = server.get(&format!("{path}?filter={filter}")).await;
            answer.assert_invalid(&["filter"]);
        }
    }
}

#[actix_web::test]
async fn the_end_is_said() {
    let mut mocks = Mocks::default();
    mocks.organizations.expect_list_mine().returning(|_, _, _| {
        Ok(Page {
            items: vec![],
            next: None,
            total: None,
        })
    });
    let answer = mocks.serve().get(MINE).await;
    let expected = json!({"user_organizations": [], "next_page_token": ""});
    assert_eq!(answer.json(), expected);
}
