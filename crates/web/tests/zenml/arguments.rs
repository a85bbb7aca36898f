//! What clients say, as the services hear it.

use actix_web::test::TestRequest;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::organization::{Handle, OrganizationTest, Patch};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::service::organization::{Naming, OrganizationStatus, UpdateOrganization};
use rollbook_domain::value::OrganizationName;
use serde_json::json;

use super::house::here;
use super::support::{Mocks, acme, jane};

fn empty<T, K>() -> Page<T, K> {
    Page {
        items: Vec::new(),
        next: None,
        total: Some(0),
    }
}

/// ZenML's client prints every value: `True`, and `None` for what it does not say.
#[actix_web::test]
async fn a_list_is_filtered() {
    let whole = |text| TextTest::new(Place::Whole, text);
    let owner = format!("owner_id={}", jane().id);
    for (query, tests, window) in [
        (String::new(), vec![], Window::skip(0, 100)),
        ("offset=0&limit=20".to_owned(), vec![], Window::skip(0, 20)),
        (
            "name=None&owner_id=None&owner_username=None&offset=5".to_owned(),
            vec![],
            Window::skip(5, 100),
        ),
        (
            "name=Acme+Corp&limit=1".to_owned(),
            vec![OrganizationTest::Name(whole("acme corp"))],
            Window::skip(0, 1),
        ),
        (
            owner,
            vec![OrganizationTest::Owner(jane().id)],
            Window::skip(0, 100),
        ),
        (
            "owner_username=jane@example.com&x=y".to_owned(),
            vec![OrganizationTest::OwnerEmail(whole("jane@example.com"))],
            Window::skip(0, 100),
        ),
    ] {
        let mut mocks = Mocks::default();
        let it = mocks.organizations.expect_list().times(1);
        it.returning(move |_, filter, asked| {
            let expected = tests.iter().cloned().map(Filter::Test).collect();
            assert_eq!((filter, asked), (Filter::All(expected), window.clone()));
            Ok(empty())
        });
        let answer = mocks.serve().get(&format!("/organizations?{query}")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (200, "[]"),
            "{query}"
        );
    }
}

/// A UUID in any spelling is an id; everything else is a name.
#[actix_web::test]
async fn an_organization_has_two_addresses() {
    let id = acme().organization.id;
    let simple = id.uuid().simple().to_string();
    let name = |text: &str| Handle::Name(OrganizationName::from_stored(text.to_owned()));
    for (path, handle, with) in [
        (id.to_string(), Handle::Id(id), false),
        (simple.to_uppercase(), Handle::Id(id), false),
        (
            "Acme%20Corp?include_subscription_status=True".to_owned(),
            name("Acme Corp"),
            true,
        ),
        (
            "a%2Fb:c%25?include_subscription_status=false".to_owned(),
            name("a/b:c%"),
            false,
        ),
        ("%C3%84rzte".to_owned(), name("Ärzte"), false),
    ] {
        let mut mocks = Mocks::default();
        let it = mocks.organizations.expect_find().times(1);
        it.returning(move |_, asked, status| {
            assert_eq!((asked, status), (handle.clone(), with));
            let (view, subscription) = (acme(), None);
            Ok(OrganizationStatus { view, subscription })
        });
        let answer = mocks.serve().get(&format!("/organizations/{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}

/// Absent and null are the same, unknown fields are nobody's business, and an empty list is one.
#[actix_web::test]
async fn what_is_not_said_stays() {
    for body in [
        json!({}),
        json!({"name": null, "description": null, "logo_url": null, "links": null, "owner_id": null}),
        json!({"trusted_domains": ["a.example"], "slug": 5, "id": "x"}),
    ] {
        let mut mocks = Mocks::default();
        let it = mocks.organizations.expect_update().times(1);
        it.returning(|_, _, command| {
            let UpdateOrganization {
                name,
                slug,
                description,
                logo,
                links,
                naming,
                succession,
                seen,
            } = command;
            assert_eq!(
                (name, slug, description, logo),
                (None, None, Patch::Keep, Patch::Keep)
            );
            assert_eq!(
                (links, naming, succession, seen),
                (Patch::Keep, Naming::Unique, None, None)
            );
            Ok(acme())
        });
        let request = TestRequest::patch().uri(&here("/organizations/ORG"));
        let answer = mocks
            .serve()
            .send(request.set_payload(body.to_string()))
            .await;
        assert_eq!(answer.status, 200, "{body}");
    }
    let mut mocks = Mocks::default();
    let it = mocks.organizations.expect_update().times(1);
    it.returning(|_, _, command| {
        let Patch::Set(links) = command.links else {
            panic!("links are set");
        };
        assert_eq!(links.as_str(), "[]");
        Ok(acme())
    });
    let request = TestRequest::patch().uri(&here("/organizations/ORG"));
    mocks
        .serve()
        .send(request.set_payload(r#"{"links":[]}"#))
        .await;
}

#[actix_web::test]
async fn a_name_that_cannot_be_is_not_usable() {
    let mut mocks = Mocks::default();
    mocks.users.expect_me().times(4).returning(|_| Ok(jane()));
    mocks
        .organizations
        .expect_name_is_free()
        .times(2)
        .returning(|_, name| Ok(name.as_str() == "free"));
    let server = mocks.serve();
    let long = "x".repeat(51);
    for (name, usable) in [
        ("free", "true"),
        ("taken", "false"),
        ("%20", "false"),
        ("a%0Ab", "false"),
        (&long, "false"),
        ("123e4567-e89b-12d3-a456-426614174000", "false"),
    ] {
        let answer = server
            .get(&format!("/organizations/validation/name/{name}"))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_str()),
            (200, usable),
            "{name}"
        );
    }
}
