//! Verifying the audit log.

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};

use crate::support::{Installation, Ran, Server, on_both};

on_both! {
    fn untouched_logs_are_whole(installation: &Installation) {
        let server = installation.serve();
        let id = found(&server, "Acme");
        drop(server);
        let all = verify(installation, None).success().out;
        // The organization's and its owner's, who has a token.
        assert_eq!(all, "4 entries of 2 logs are as they were written\n");
        let name = format!("organizations/{id}");
        for spelling in [&id, &name] {
            let out = verify(installation, Some(spelling)).success().out;
            assert!(out.starts_with(&format!("{name}: 2 entries are as")), "{out}");
            let digest = out.trim().rsplit(' ').next().unwrap();
            assert_eq!(digest.len(), 64, "{out}");
        }
    }

    fn an_organization_that_is_not_there_is_not_whole(installation: &Installation) {
        let nowhere = "0199c3a5-8f2e-7c3d-9a4b-5c6d7e8f9a0b";
        let complaint = verify(installation, Some(nowhere)).failure(1);
        let told = format!("organizations/{nowhere} has no audit log");
        assert!(complaint.contains(&told), "{complaint}");
    }
}

fn verify(installation: &Installation, organization: Option<&str>) -> Ran {
    let mut arguments = vec!["audit", "verify"];
    arguments.extend(organization.iter().flat_map(|id| ["--organization", id]));
    installation.run(&arguments)
}

/// An organization whose log has two entries; answers its id.
fn found(server: &Server, title: &str) -> String {
    let body = format!(r#"{{"title":"{title}"}}"#);
    let made = server.request("POST", "/api/v1/organizations", server.token(), &body);
    let path = format!("/api/v1/{}", made.field("name"));
    let renamed = server.request("PATCH", &path, server.token(), r#"{"title":"New"}"#);
    assert_eq!(renamed.status, 200, "{}", renamed.body);
    let (_, id) = path.rsplit_once('/').unwrap();
    id.to_owned()
}

#[test]
fn what_was_changed_past_rollbook_is_found() {
    for (deed, told) in [
        (
            "UPDATE audit_entries SET changes = '[]' WHERE sequence = 2",
            "entry 2 was changed after it was written",
        ),
        (
            "DELETE FROM audit_entries WHERE sequence = 1",
            "entry 1 is missing",
        ),
    ] {
        let installation = Installation::sqlite();
        let server = installation.serve();
        let (id, other) = (found(&server, "Acme"), found(&server, "Globex"));
        drop(server);
        tamper(&installation, deed, &id);
        for organization in [None, Some(id.as_str())] {
            let complaint = verify(&installation, organization).failure(1);
            let broken = format!("organizations/{id}: {told}\n");
            assert!(complaint.contains(&broken), "{complaint}");
            assert!(!complaint.contains(&other), "{complaint}");
        }
        verify(&installation, Some(&other)).success();
    }
}

/// Does something to a log past Rollbook.
fn tamper(installation: &Installation, deed: &str, organization: &str) {
    let file = installation.directory.path().join("test.db");
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let key = organization.replace('-', "").to_uppercase();
    let sql = format!("{deed} AND hex(chain_id) = '{key}'");
    connection.batch_execute(&sql).unwrap();
}
