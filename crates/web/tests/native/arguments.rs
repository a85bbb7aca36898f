//! Creating, handing over and deleting: what of the request reaches the domain.

use actix_web::http::header::IF_MATCH;
use actix_web::test::TestRequest;
use rollbook_domain::id::UserId;
use rollbook_domain::mock::sample;
use rollbook_domain::organization::Version;
use rollbook_domain::value::{Logo, LogoImage};
use serde_json::{Value, json};

use super::support::{Mocks, OWNER_LIMIT, TERMS, acme, acme_path};

fn post(path: &str, body: &Value) -> TestRequest {
    TestRequest::post().uri(path).set_payload(body.to_string())
}

#[actix_web::test]
async fn a_whole_organization_can_be_created() {
    let mut mocks = Mocks::default();
    let id = acme().organization.id;
    mocks
        .organizations
        .expect_create()
        .withf(move |_, command| {
            let image = LogoImage::new("image/png", vec![1, 2, 3]).unwrap();
            command.id == Some(id)
                && command.name.as_str() == "Acme Corp"
                && command
                    .slug
                    .as_ref()
                    .is_some_and(|slug| slug.as_str() == "acme")
                && command
                    .description
                    .as_ref()
                    .is_some_and(|it| it.as_str() == "Anvils")
                && command.logo == Some(Logo::Image(image))
                && command.owner_limit == OWNER_LIMIT
                && command.terms == TERMS
        })
        .returning(|_, _| Ok(acme()));
    let server = mocks.serve();
    for (query, logo) in [
        ("organization_id", "logo_data_uri"),
        ("organizationId", "logoDataUri"),
    ] {
        let mut body = json!({
            "title": " Acme Corp ",
            "slug": "ACME",
            "description": "Anvils",
            "logo_url": "",
            "name": "organizations/ignored",
            "create_time": "ignored",
            "owner": {"ignored": true},
            "etag": "ignored",
        });
        body[logo] = "data:image/png;base64,AQID".into();
        let answer = server
            .send(post(&format!("/api/v1/organizations?{query}={id}"), &body))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[actix_web::test]
async fn a_title_is_all_it_takes() {
    let mut mocks = Mocks::default();
    mocks
        .organizations
        .expect_create()
        .withf(|_, command| {
            command.id.is_none()
                && command.slug.is_none()
                && command.description.is_none()
                && command.logo.is_none()
        })
        .returning(|_, _| Ok(acme()));
    let server = mocks.serve();
    for body in [
        json!({"title": "Acme"}),
        json!({"title": "Acme", "slug": null, "description": null, "logo_url": null}),
        json!({"title": "Acme", "slug": "", "description": "", "logo_data_uri": ""}),
    ] {
        let answer = server.send(post("/api/v1/organizations", &body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
}

#[actix_web::test]
async fn all_faults_of_a_body_are_told() {
    let server = Mocks::default().serve();
    let long = "x".repeat(257);
    for (body, fields) in [
        (json!({}), vec!["title"]),
        (json!({"title": null}), vec!["title"]),
        (
            json!({"title": "  ", "slug": "a b", "description": long, "logo_url": "javascript:x"}),
            vec!["title", "slug", "description", "logo_url"],
        ),
        (
            json!({"title": "a", "logo_data_uri": "data:text/html,x"}),
            vec!["logo_data_uri"],
        ),
        (
            json!({"title": "a", "logo_data_uri": "data:image/png,x", "logo_url": "https://a.example"}),
            vec!["logo_url"],
        ),
    ] {
        let answer = server.send(post("/api/v1/organizations", &body)).await;
        answer.assert_invalid(&fields);
    }
    for id in ["", "x", "00000000-0000-0000-0000-000000000000"] {
        let path = format!("/api/v1/organizations?organization_id={id}");
        let answer = server.send(post(&path, &json!({"title": "a"}))).await;
        answer.assert_invalid(&["organization_id"]);
    }
}

#[actix_web::test]
async fn the_new_owner_has_several_names() {
    let (organization, heir) = (acme().organization.id, sample::user("heir").id);
    let mut mocks = Mocks::default();
    mocks
        .organizations
        .expect_transfer()
        .withf(move |_, id, new, seen, limit| {
            (*id, *new, *seen) == (organization, heir, Some(Version::new(4)))
                && *limit == OWNER_LIMIT
        })
        .returning(|_, _, _, _, _| Ok(acme()));
    let server = mocks.serve();
    let path = acme_path(":transferOwnership");
    for body in [
        json!({"new_owner": format!("users/{heir}"), "etag": "\"4\""}),
        json!({"newOwner": format!("organizations/{organization}/users/{heir}"), "etag": "\"4\""}),
    ] {
        let answer = server.send(post(&path, &body)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let elsewhere = UserId::new(sample::uuid("elsewhere"));
    for name in [
        String::new(),
        heir.to_string(),
        "users/me".to_owned(),
        format!("organizations/{elsewhere}/users/{heir}"),
        format!("organizations/{organization}/users/{heir}/"),
        format!("organizations/{organization}"),
        format!("Users/{heir}"),
    ] {
        let answer = server.send(post(&path, &json!({"new_owner": name}))).await;
        answer.assert_invalid(&["new_owner"]);
    }
    let nobody = server.send(post(&path, &json!({"owner": "x"}))).await;
    nobody.assert_invalid(&["owner"]);
}

#[actix_web::test]
async fn deleting_can_be_conditional() {
    for (header, query, seen) in [
        (None, "", None),
        (Some("*"), "", None),
        (Some("\"3\""), "", Some(3)),
        (Some("W/\"3\""), "", Some(3)),
        (None, "?etag=%223%22", Some(3)),
        (None, "?etag=", None),
        (Some("*"), "?etag=%223%22", Some(3)),
        (Some("\"3\""), "?etag=%223%22", Some(3)),
        // What was not made here fits no version.
        (Some("\"abc\""), "", Some(0)),
        (None, "?etag=3", Some(0)),
    ] {
        let mut mocks = Mocks::default();
        mocks
            .organizations
            .expect_delete()
            .withf(move |_, _, got| *got == seen.map(Version::new))
            .returning(|_, _, _| Ok(()));
        let mut request = TestRequest::delete().uri(&acme_path(query));
        if let Some(header) = header {
            request = request.insert_header((IF_MATCH, header));
        }
        let answer = mocks.serve().send(request).await;
        assert_eq!(answer.status, 200, "{header:?} {query}: {}", answer.body);
        assert_eq!(answer.body, "{}");
    }
}

#[actix_web::test]
async fn contradictory_conditions_are_refused() {
    let server = Mocks::default().serve();
    for (header, query) in [
        ("\"3\"", "?etag=%224%22"),
        ("\"3\", \"4\"", ""),
        ("*, \"4\"", ""),
    ] {
        let request = TestRequest::delete()
            .uri(&acme_path(query))
            .insert_header((IF_MATCH, header));
        server.send(request).await.assert_invalid(&["If-Match"]);
    }
    let twice = TestRequest::delete()
        .uri(&acme_path(""))
        .append_header((IF_MATCH, "\"3\""))
        .append_header((IF_MATCH, "\"3\""));
    server.send(twice).await.assert_invalid(&["If-Match"]);
}
