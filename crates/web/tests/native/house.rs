//! Profiles, users, service accounts, domains and the audit log.

use actix_web::http::header::ETAG;
use actix_web::test::TestRequest;
use rollbook_domain::audit::EntryTest;
use rollbook_domain::domain::{Enrollment, OrganizationDomain};
use rollbook_domain::filter::Filter;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::Version;
use rollbook_domain::page::Page;
use rollbook_domain::role::{Role, Roles};
use rollbook_domain::service::service_account::ServiceAccount;
use rollbook_domain::service::user::Bequest;
use serde_json::{Value, json};

use super::support::{Mocks, acme, acme_path, jane};

fn patch(path: &str, body: &Value) -> TestRequest {
    TestRequest::patch().uri(path).set_payload(body.to_string())
}

fn post(path: &str, body: &Value) -> TestRequest {
    TestRequest::post().uri(path).set_payload(body.to_string())
}

/// CVE-2026-27946 in zitadel: users marked their own addresses as verified by a PATCH.
#[actix_web::test]
async fn nobody_verifies_their_own_address() {
    let mut mocks = Mocks::default();
    let update = mocks.users.expect_update_me().times(1);
    update.returning(|_, command| {
        assert_eq!(command.email, None);
        assert_eq!(command.seen, Some(Version::new(3)));
        assert_eq!(command.display_name.unwrap().as_str(), "Jane S.");
        Ok(jane())
    });
    let server = mocks.serve();
    let body = json!({
        "display_name": "Jane S.", "email_verified": true, "superuser": true, "active": true,
        "etag": "\"3\"",
    });
    let answer = server.send(patch("/api/v1/me", &body)).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.header(ETAG), Some("\"1\""));
    let masked = "/api/v1/me?update_mask=email_verified";
    server
        .send(patch(masked, &body))
        .await
        .assert_invalid(&["update_mask"]);
    for (body, field) in [
        (json!({"email": "jane"}), "email"),
        (json!({"display_name": ""}), "display_name"),
        (
            json!({"email_verified_at": "2026-01-01T00:00:00Z"}),
            "email_verified_at",
        ),
    ] {
        let answer = server.send(patch("/api/v1/me", &body)).await;
        answer.assert_invalid(&[field]);
    }
}

/// bitwarden #411: one call decides about everything that the user owns.
#[actix_web::test]
async fn whoever_goes_decides_about_what_they_own() {
    let (organization, heir) = (acme().organization.id, sample::user("bob").id);
    let mut mocks = Mocks::default();
    mocks
        .users
        .expect_delete_me()
        .times(1)
        .returning(move |_, command| {
            let expected = [(organization, Bequest::TransferTo(heir))];
            assert_eq!(command.bequests, expected);
            Ok(())
        });
    mocks
        .users
        .expect_delete()
        .times(1)
        .returning(move |_, id, command| {
            assert_eq!(id, sample::user("bob").id);
            assert_eq!(command.bequests, [(organization, Bequest::Delete)]);
            Ok(())
        });
    let server = mocks.serve();
    let name = format!("organizations/{organization}");
    let decide = |decision: Value| json!({"decisions": [decision]});
    let body = decide(json!({"organization": name, "newOwner": format!("users/{heir}")}));
    let answer = server.send(post("/api/v1/me:delete", &body)).await;
    assert_eq!((answer.status.as_u16(), answer.body.as_str()), (200, "{}"));
    let body = decide(json!({"organization": name, "delete": true}));
    let path = format!("/api/v1/users/{heir}:delete");
    assert_eq!(server.send(post(&path, &body)).await.status, 200);
    for (decision, field) in [
        (json!({"organization": name}), "decisions"),
        (
            json!({"organization": name, "delete": true, "new_owner": "users/x"}),
            "decisions",
        ),
        (
            json!({"organization": name, "new_owner": "bob"}),
            "decisions.new_owner",
        ),
        (
            json!({"organization": "acme", "delete": true}),
            "decisions.organization",
        ),
    ] {
        let answer = server
            .send(post("/api/v1/me:delete", &decide(decision)))
            .await;
        answer.assert_invalid(&[field]);
    }
}

#[actix_web::test]
async fn superusers_administer_users() {
    let mut mocks = Mocks::default();
    let created = mocks.users.expect_create().times(1);
    created.returning(|_, command| {
        assert_eq!(command.email, jane().email);
        Ok(jane())
    });
    mocks
        .users
        .expect_deactivate()
        .times(1)
        .returning(|_, _, seen| {
            assert_eq!(seen, Some(Version::new(2)));
            Ok(jane())
        });
    let server = mocks.serve();
    let body = json!({"email": "jane@example.com", "display_name": "jane"});
    let create = post("/api/v1/users", &body);
    assert_eq!(server.send(create).await.status, 200);
    let path = format!("/api/v1/users/{}", jane().id);
    let deactivate = TestRequest::post().uri(&format!("{path}:deactivate"));
    let deactivate = deactivate.insert_header(("If-Match", "\"2\""));
    assert_eq!(server.send(deactivate).await.status, 200);
}

fn robot() -> ServiceAccount {
    ServiceAccount {
        user: sample::service_account("robot"),
        roles: Roles::of(&[Role::Viewer]),
        custom_roles: Vec::new(),
    }
}

#[actix_web::test]
async fn service_accounts_have_roles_by_name() {
    let mut mocks = Mocks::default();
    let create = mocks.service_accounts.expect_create().times(1);
    create.returning(|_, organization, command| {
        assert_eq!(organization, acme().organization.id);
        assert_eq!(command.granted.roles, Roles::of(&[Role::Viewer]));
        assert_eq!(command.granted.custom_roles[0].as_str(), "auditor");
        Ok(robot())
    });
    let server = mocks.serve();
    let path = acme_path("/serviceAccounts");
    let viewer = format!("organizations/{}/roles/org-viewer", acme().organization.id);
    let body = json!({"display_name": "robot", "roles": [viewer, "auditor"]});
    assert_eq!(server.send(post(&path, &body)).await.status, 200);
    let foreign = format!("organizations/{}/roles/auditor", jane().id);
    for roles in [json!([foreign]), json!(["Org Admin"]), json!(["owner"])] {
        let body = json!({"display_name": "robot", "roles": roles});
        server
            .send(post(&path, &body))
            .await
            .assert_invalid(&["roles"]);
    }
}

#[actix_web::test]
async fn a_key_works_where_its_service_account_is() {
    let server = Mocks::default().serve();
    let path = acme_path(&format!("/serviceAccounts/{}/keys", robot().user.id));
    let name = format!("organizations/{}", jane().id);
    let elsewhere = json!({"display_name": "ci", "organization": name});
    let answer = server.send(post(&path, &elsewhere)).await;
    answer.assert_invalid(&["organization"]);
}

fn domain() -> OrganizationDomain {
    sample::domain(&acme().organization, "acme.example")
}

#[actix_web::test]
async fn what_domains_are_used_for_is_told_in_words() {
    let mut mocks = Mocks::default();
    mocks
        .domains
        .expect_verify()
        .times(1)
        .returning(|_, _, id| {
            assert_eq!(id, domain().id);
            Ok(domain())
        });
    mocks
        .domains
        .expect_update()
        .times(1)
        .returning(|_, _, _, command| {
            assert_eq!(command.primary, Some(true));
            assert_eq!(command.enrollment, Some(Enrollment::AutomaticInvitation));
            Ok(domain())
        });
    let server = mocks.serve();
    let path = acme_path("/domains");
    let one = format!("{path}/{}", domain().id);
    let verify = post(&format!("{one}:verify"), &json!({}));
    assert_eq!(server.send(verify).await.status, 200);
    let body = json!({"primary": true, "enrollmentMode": "ENROLLMENT_MODE_AUTOMATIC_INVITATION"});
    assert_eq!(server.send(patch(&one, &body)).await.status, 200);
    let body = json!({"enrollment_mode": "EVERYBODY"});
    server
        .send(patch(&one, &body))
        .await
        .assert_invalid(&["enrollment_mode"]);
    server
        .send(post(&path, &json!({"domain": "acme"})))
        .await
        .assert_invalid(&["domain"]);
}

#[actix_web::test]
async fn the_audit_log_is_filtered() {
    let mut mocks = Mocks::default();
    mocks
        .audit
        .expect_list()
        .times(1)
        .returning(|_, _, filter, _| {
            let expected = Filter::All(vec![
                Filter::Test(EntryTest::Act("organization.updated".to_owned())),
                Filter::Test(EntryTest::Actor(jane().id)),
                Filter::Test(EntryTest::NotBefore(FixedClock::START)),
            ]);
            assert_eq!(filter, expected);
            Ok(Page {
                items: Vec::new(),
                next: Some(3),
                total: None,
            })
        });
    let server = mocks.serve();
    let path = acme_path("/auditEntries");
    let query = format!(
        "act%20%3D%20%22organization.updated%22%20AND%20actor%20%3D%20%22users/{}%22%20AND%20create_time%20%3E%3D%20%222026-01-01T12:00:00Z%22",
        jane().id
    );
    let answer = server.get(&format!("{path}?filter={query}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    for filter in ["act%3Dnothing", "title%3Dx", "actor%3Dann"] {
        let answer = server.get(&format!("{path}?filter={filter}")).await;
        answer.assert_invalid(&["filter"]);
    }
}
