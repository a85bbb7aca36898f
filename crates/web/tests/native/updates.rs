//! Updates: masks, entity tags, names.

use actix_web::http::header::IF_MATCH;
use actix_web::test::TestRequest;
use rollbook_domain::organization::{Patch, Version};
use rollbook_domain::service::organization::UpdateOrganization;
use rollbook_domain::value::{Description, Logo, LogoImage, OrganizationName, Slug, Url};
use serde_json::{Value, json};

use super::support::{Answer, Mocks, Server, acme, acme_path};

fn patch(query: &str, body: &Value) -> TestRequest {
    TestRequest::patch()
        .uri(&acme_path(query))
        .set_payload(body.to_string())
}

/// Expects exactly this command.
fn expecting(expected: UpdateOrganization) -> Server {
    let mut mocks = Mocks::default();
    mocks
        .organizations
        .expect_update()
        .withf(move |_, id, got| {
            *id == acme().organization.id && format!("{got:?}") == format!("{expected:?}")
        })
        .returning(|_, _, _| Ok(acme()));
    mocks.serve()
}

async fn refused(query: &str, body: &Value) -> Answer {
    Mocks::default().serve().send(patch(query, body)).await
}

fn title(text: &str) -> Option<OrganizationName> {
    OrganizationName::parse(text).ok()
}

fn description(text: &str) -> Patch<Description> {
    Patch::Set(Description::parse(text).unwrap())
}

fn external() -> Patch<Logo> {
    Patch::Set(Logo::External(Url::parse("https://acme.example/").unwrap()))
}

fn image() -> Patch<Logo> {
    Patch::Set(Logo::Image(LogoImage::new("image/gif", vec![7]).unwrap()))
}

fn nothing() -> UpdateOrganization {
    UpdateOrganization::default()
}

#[actix_web::test]
async fn masks_select_what_changes() {
    let url = "https://acme.example/";
    let gif = "data:image/gif;base64,Bw==";
    for (query, body, expected) in [
        // Without a mask: what the body has.
        ("", json!({}), nothing()),
        (
            "",
            json!({"title": "B"}),
            UpdateOrganization {
                name: title("B"),
                ..nothing()
            },
        ),
        (
            "?update_mask=",
            json!({"description": "d"}),
            UpdateOrganization {
                description: description("d"),
                ..nothing()
            },
        ),
        (
            "",
            json!({"description": ""}),
            UpdateOrganization {
                description: Patch::Clear,
                ..nothing()
            },
        ),
        (
            "",
            json!({"description": null}),
            UpdateOrganization {
                description: Patch::Clear,
                ..nothing()
            },
        ),
        (
            "",
            json!({"slug": "b"}),
            UpdateOrganization {
                slug: Slug::parse("b").ok(),
                ..nothing()
            },
        ),
        (
            "",
            json!({"logo_url": url}),
            UpdateOrganization {
                logo: external(),
                ..nothing()
            },
        ),
        (
            "",
            json!({"logoUrl": url, "logoDataUri": ""}),
            UpdateOrganization {
                logo: external(),
                ..nothing()
            },
        ),
        (
            "",
            json!({"logo_data_uri": gif, "logo_url": null}),
            UpdateOrganization {
                logo: image(),
                ..nothing()
            },
        ),
        (
            "",
            json!({"logo_url": ""}),
            UpdateOrganization {
                logo: Patch::Clear,
                ..nothing()
            },
        ),
        // With a mask: what it names, whatever else the body has.
        (
            "?update_mask=title",
            json!({"title": "B", "slug": "b", "description": "d"}),
            UpdateOrganization {
                name: title("B"),
                ..nothing()
            },
        ),
        (
            "?updateMask=description",
            json!({"title": ""}),
            UpdateOrganization {
                description: Patch::Clear,
                ..nothing()
            },
        ),
        (
            "?update_mask=title,%20description",
            json!({"title": "B", "description": "d"}),
            UpdateOrganization {
                name: title("B"),
                description: description("d"),
                ..nothing()
            },
        ),
        (
            "?update_mask=logoUrl",
            json!({"logo_url": url, "logo_data_uri": gif}),
            UpdateOrganization {
                logo: external(),
                ..nothing()
            },
        ),
        (
            "?update_mask=logo_data_uri",
            json!({}),
            UpdateOrganization {
                logo: Patch::Clear,
                ..nothing()
            },
        ),
        // Full replacement clears what the body leaves out and can be cleared.
        (
            "?update_mask=*",
            json!({"title": "B"}),
            UpdateOrganization {
                name: title("B"),
                description: Patch::Clear,
                logo: Patch::Clear,
                ..nothing()
            },
        ),
        (
            "?update_mask=*",
            json!({"title": "B", "slug": "b", "description": "d", "logo_url": url}),
            UpdateOrganization {
                name: title("B"),
                slug: Slug::parse("b").ok(),
                description: description("d"),
                logo: external(),
                ..nothing()
            },
        ),
    ] {
        let answer = expecting(expected).send(patch(query, &body)).await;
        assert_eq!(answer.status, 200, "{query} {body}: {}", answer.body);
    }
}

/// CVE-2026-27946 zitadel: a PATCH wrote fields that are the server's alone.
#[actix_web::test]
async fn what_cannot_be_changed_is_refused() {
    for path in [
        "name",
        "owner",
        "owner_email",
        "ownerEmail",
        "owner_display_name",
        "create_time",
        "update_time",
        "etag",
        "titel",
        "title,*",
        "title,",
        "logo.uri",
    ] {
        let answer = refused(&format!("?update_mask={path}"), &json!({"title": "B"})).await;
        answer.assert_invalid(&["update_mask"]);
    }
    for (query, body, fields) in [
        ("", json!({"title": ""}), vec!["title"]),
        ("", json!({"title": null}), vec!["title"]),
        ("?update_mask=title", json!({}), vec!["title"]),
        ("?update_mask=*", json!({}), vec!["title"]),
        ("?update_mask=slug", json!({}), vec!["slug"]),
        ("", json!({"slug": ""}), vec!["slug"]),
        (
            "",
            json!({"slug": "api", "title": "\u{7}"}),
            vec!["title", "slug"],
        ),
        (
            "",
            json!({"logo_url": "https://a.example", "logo_data_uri": "data:image/png,x"}),
            vec!["logo_url"],
        ),
        ("", json!({"members": []}), vec!["members"]),
        ("", json!({"name": "organizations/other"}), vec!["name"]),
        (
            "",
            json!({"name": acme().organization.id.to_string()}),
            vec!["name"],
        ),
    ] {
        refused(query, &body).await.assert_invalid(&fields);
    }
}

#[actix_web::test]
async fn a_parameter_has_one_value() {
    let twice = "?update_mask=title&updateMask=slug";
    let answer = refused(twice, &json!({"title": "B"})).await;
    answer.assert_invalid(&[]);
    assert!(answer.body.contains("update_mask"), "{}", answer.body);
}

/// AIP-203: what was read can be sent back.
#[actix_web::test]
async fn what_was_read_can_be_sent_back() {
    let mut mocks = Mocks::default();
    mocks
        .organizations
        .expect_get()
        .returning(|_, _| Ok(acme()));
    let resource = mocks.serve().get(&acme_path("")).await.json();
    let unchanged = UpdateOrganization {
        name: title("Acme Corp"),
        slug: Slug::parse("acme-corp").ok(),
        description: Patch::Clear,
        logo: Patch::Clear,
        seen: Some(Version::FIRST),
        ..nothing()
    };
    let answer = expecting(unchanged).send(patch("", &resource)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let camel: Value = resource
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| (camel_case(key), value.clone()))
        .collect();
    assert!(camel.get("logoDataUri").is_some() && camel.get("ownerDisplayName").is_some());
    let renamed = UpdateOrganization {
        name: title("Acme Corp"),
        seen: Some(Version::FIRST),
        ..nothing()
    };
    let answer = expecting(renamed)
        .send(patch("?update_mask=title", &camel))
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let mut camel = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        camel.push_str(&part[..1].to_uppercase());
        camel.push_str(&part[1..]);
    }
    camel
}

#[actix_web::test]
async fn entity_tags_make_updates_conditional() {
    for (header, etag, seen) in [
        (None, json!(""), None),
        (None, json!(null), None),
        (None, json!("\"2\""), Some(2)),
        (Some("\"2\""), json!(null), Some(2)),
        (Some("\"2\""), json!("\"2\""), Some(2)),
        (Some("*"), json!(null), None),
        (None, json!("junk"), Some(0)),
    ] {
        let expected = UpdateOrganization {
            seen: seen.map(Version::new),
            ..nothing()
        };
        let mut request = patch("", &json!({"etag": etag}));
        if let Some(header) = header {
            request = request.insert_header((IF_MATCH, header));
        }
        let answer = expecting(expected).send(request).await;
        assert_eq!(answer.status, 200, "{header:?} {etag}: {}", answer.body);
    }
    let request = patch("", &json!({"etag": "\"2\""})).insert_header((IF_MATCH, "\"3\""));
    let answer = Mocks::default().serve().send(request).await;
    answer.assert_invalid(&["If-Match"]);
}
