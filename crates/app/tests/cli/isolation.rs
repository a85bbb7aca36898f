//! Organizations do not reach into each other, whatever is asked.

use rollbook_web::native::OPERATIONS;
use rollbook_web::operation::{Operation, Policy};

use crate::support::{Answer, Installation, Server, on_both};

/// What operations have to be sent so that their input is in order; the others take `{}`. The
/// answer to bad input comes first, and would tell nothing here.
const BODIES: &[(&str, &str)] = &[
    (
        "organizations.transferOwnership",
        r#"{"new_owner":"users/USER"}"#,
    ),
    (
        "organizations.invitations.create",
        r#"{"email":"eve@example.com"}"#,
    ),
    (
        "organizations.invitations.batchCreate",
        r#"{"requests":[{"invitation":{"email":"eve@example.com"}}]}"#,
    ),
    ("workspaces.create", r#"{"title":"Lab"}"#),
    ("workspaces.countUsers", r#"{"workspace_ids":["USER"]}"#),
    (
        "workspaces.users.add",
        r#"{"user":"users/USER","roles":["workspace-viewer"]}"#,
    ),
    (
        "workspaces.users.update",
        r#"{"roles":["workspace-viewer"]}"#,
    ),
];

/// An organization and a thing below it that nobody has.
const NOBODYS: &str = "01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59";

on_both! {
    /// The two-organization matrix: who runs one organization gets nothing of another one, and does
    /// not learn whether it exists (zitadel GHSA-cpf4-pmr4-w6cx, CVE-2026-32131).
    fn nobody_reaches_into_another_organization(installation: &Installation) {
        let server = installation.serve();
        let operator = server.token().to_owned();
        let (jane, mallory) = (person(installation, "jane"), person(installation, "mallory"));
        let theirs = found(&server, &jane);
        found(&server, &mallory);
        for operation in below_an_organization() {
            let denied = call(&server, operation, &theirs, &mallory);
            let expected = "\"code\":7,\"message\":\"there is no such resource";
            assert!(
                denied.status == 403 && denied.body.contains(expected),
                "{}: {} {}", operation.id, denied.status, denied.body
            );
            let absent = call(&server, operation, NOBODYS, &mallory);
            assert_eq!((absent.status, &absent.body), (403, &denied.body), "{}", operation.id);
        }
        // None of it was refused for another reason, and nothing of it was done.
        let untouched = server.get(&format!("/api/v1/organizations/{theirs}"), &jane);
        assert!(untouched.body.contains(r#""etag":"\"1\"""#), "{}", untouched.body);
        for operation in below_an_organization() {
            let allowed = call(&server, operation, &theirs, &operator);
            assert!(
                !allowed.body.contains("\"PERMISSION_DENIED\""),
                "{}: {}", operation.id, allowed.body
            );
        }
    }

    /// A token for one organization does not open another one of its user (vouch PR #317).
    fn a_bound_token_stays_in_its_organization(installation: &Installation) {
        let server = installation.serve();
        let jane = person(installation, "jane");
        let (home, other) = (found(&server, &jane), found(&server, &jane));
        let body = format!(r#"{{"display_name":"bound","organization":"organizations/{home}"}}"#);
        let issued = server.request("POST", "/api/v1/me/tokens", &jane, &body);
        assert_eq!(issued.status, 200, "{}", issued.body);
        let bound = issued.field("secret");
        for operation in below_an_organization() {
            let denied = call(&server, operation, &other, bound);
            assert!(
                denied.status == 403 && denied.body.contains("\"code\":7"),
                "{}: {} {}", operation.id, denied.status, denied.body
            );
        }
        let path = format!("/api/v1/organizations/{home}");
        assert_eq!(server.get(&path, bound).status, 200);
        let more = server.request("POST", "/api/v1/me/tokens", bound, r#"{"display_name":"x"}"#);
        assert_eq!(more.status, 403, "it makes no token that is less bound: {}", more.body);
    }
}

fn below_an_organization() -> impl Iterator<Item = &'static Operation> {
    let all = OPERATIONS.iter().copied().flatten();
    all.filter(|it| it.path.contains("{organization_id}") && it.policy != Policy::Public)
}

/// Asks for an operation in an organization, with some id or other in the other segments.
fn call(server: &Server, operation: &Operation, organization: &str, token: &str) -> Answer {
    let mut path = operation.path.replace("{organization_id}", organization);
    while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
        path.replace_range(start..=end, NOBODYS);
    }
    let body = BODIES.iter().find(|(id, _)| *id == operation.id);
    let body = body.map_or("{}", |(_, body)| body).replace("USER", NOBODYS);
    server.request(operation.method.as_str(), &path, token, &body)
}

/// Makes a person, and answers a token of theirs.
fn person(installation: &Installation, name: &str) -> String {
    let email = format!("{name}@example.com");
    let make = ["user", "create", "--email", &email, "--name", name];
    installation.run(&make).success();
    let issue = ["token", "create", "--user", &email, "--name", "test"];
    installation.run(&issue).success().out.trim().to_owned()
}

/// Founds an organization, and answers its id.
fn found(server: &Server, token: &str) -> String {
    let made = server.request(
        "POST",
        "/api/v1/organizations",
        token,
        r#"{"title":"Acme"}"#,
    );
    assert_eq!(made.status, 200, "{}", made.body);
    made.field("name").replace("organizations/", "")
}
