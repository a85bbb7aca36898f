//! Organizations do not reach into each other, whatever is asked.

use rollbook_domain::policy::Action;
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
    ("organizations.create", r#"{"title":"Another"}"#),
    ("invitations.accept", r#"{"secret":"SECRET"}"#),
    ("invitations.decline", r#"{"secret":"SECRET"}"#),
    ("me.update", r#"{"display_name":"Somebody"}"#),
    ("me.verifyEmail", r#"{"secret":"SECRET"}"#),
    (
        "me.setPassword",
        r#"{"new_password":"correct horse battery"}"#,
    ),
    (
        "me.removePassword",
        r#"{"current_password":"correct horse battery"}"#,
    ),
    ("me.tokens.create", r#"{"display_name":"forever"}"#),
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
    ("organizations.users.add", r#"{"user":"users/USER"}"#),
    ("organizations.users.update", r#"{"roles":["org-viewer"]}"#),
    ("organizations.roles.create", r#"{"title":"Reader"}"#),
    ("serviceAccounts.create", r#"{"display_name":"robot"}"#),
    (
        "serviceAccounts.keys.create",
        r#"{"display_name":"second"}"#,
    ),
    (
        "oauthClients.create",
        r#"{"display_name":"Robot","kind":"CLIENT_KIND_PUBLIC","redirect_uris":["https://a.example"]}"#,
    ),
    (
        "installation.oauthClients.create",
        r#"{"display_name":"Robot","kind":"CLIENT_KIND_PUBLIC","redirect_uris":["https://a.example"]}"#,
    ),
    ("domains.create", r#"{"domain":"other.example"}"#),
    (
        "users.create",
        r#"{"email":"eve@example.com","display_name":"Eve"}"#,
    ),
    (
        "webhookEndpoints.create",
        r#"{"url":"https://hooks.other.example/"}"#,
    ),
    (
        "webhookEndpoints.replay",
        r#"{"start_time":"2026-01-01T00:00:00Z"}"#,
    ),
];

/// An organization and a thing below it that nobody has.
const NOBODYS: &str = "01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59";

/// The segments of paths that name something below an organization.
const THINGS: [&str; 10] = [
    "delivery_id",
    "domain_id",
    "invitation_id",
    "key_id",
    "oauth_client_id",
    "role_id",
    "service_account_id",
    "user_id",
    "webhook_endpoint_id",
    "workspace_id",
];

on_both! {
    /// The two-organization matrix: who runs one organization gets nothing of another one, and does
    /// not learn whether it exists (zitadel GHSA-cpf4-pmr4-w6cx, CVE-2026-32131).
    fn nobody_reaches_into_another_organization(installation: &Installation) {
        let server = installation.serve();
        let operator = server.token().to_owned();
        let (jane, mallory) = (person(installation, "jane"), person(installation, "mallory"));
        let theirs = Place::furnish(&server, installation, &jane);
        found(&server, &mallory);
        let before = theirs.everything(&server, &jane);
        for operation in below_an_organization() {
            let denied = theirs.call(&server, operation, &mallory);
            let expected = "\"code\":7,\"message\":\"there is no such resource";
            assert!(
                denied.status == 403 && denied.body.contains(expected),
                "{}: {} {}", operation.id, denied.status, denied.body
            );
            let absent = Place::nowhere().call(&server, operation, &mallory);
            assert_eq!((absent.status, &absent.body), (403, &denied.body), "{}", operation.id);
        }
        theirs.is_still(&server, &jane, &before);
        // And none of it was refused for another reason.
        for operation in below_an_organization() {
            let allowed = theirs.call(&server, operation, &operator);
            assert!(
                !allowed.body.contains("\"PERMISSION_DENIED\""),
                "{}: {}", operation.id, allowed.body
            );
        }
    }

    /// Nor does the caller's own organization in the path open what is in another one
    /// (BOLA, OWASP API1:2023).
    fn a_thing_is_found_in_its_own_organization_only(installation: &Installation) {
        let server = installation.serve();
        let (jane, mallory) = (person(installation, "jane"), person(installation, "mallory"));
        let theirs = Place::furnish(&server, installation, &jane);
        let astray = Place { organization: found(&server, &mallory), ..theirs.clone() };
        let before = theirs.everything(&server, &jane);
        let things = below_an_organization().filter(|it| it.path.matches('{').count() > 1);
        for operation in things {
            let missing = astray.call(&server, operation, &mallory);
            assert!(
                missing.status == 404 && missing.body.contains("\"code\":5"),
                "{}: {} {}", operation.id, missing.status, missing.body
            );
        }
        theirs.is_still(&server, &jane, &before);
    }

    /// What is about the whole platform is the superusers', whoever else asks.
    fn the_platform_is_for_superusers(installation: &Installation) {
        let server = installation.serve();
        let jane = person(installation, "jane");
        let place = Place::furnish(&server, installation, &jane);
        let mut count = 0;
        for operation in about_the_platform() {
            let denied = place.call(&server, operation, &jane);
            assert!(
                denied.status == 403 && denied.body.contains("\"code\":7"),
                "{}: {} {}", operation.id, denied.status, denied.body
            );
            assert!(!denied.body.contains("sue@example.com"), "{}", operation.id);
            count += 1;
        }
        assert!(count >= 12, "{count}");
        let messages = server.get("/api/v1/outboxMessages", server.token());
        assert!(messages.body.contains("sue@example.com"), "{}", messages.body);
    }

    /// A token for one organization does not open another one of its user (vouch PR #317).
    fn a_bound_token_stays_in_its_organization(installation: &Installation) {
        let server = installation.serve();
        let jane = person(installation, "jane");
        let home = found(&server, &jane);
        let other = Place::furnish(&server, installation, &jane);
        let body = format!(r#"{{"display_name":"bound","organization":"organizations/{home}"}}"#);
        let issued = make(&server, "/api/v1/me/tokens", &jane, &body);
        let bound = issued.field("secret");
        let before = other.everything(&server, &jane);
        for operation in below_an_organization() {
            let denied = other.call(&server, operation, bound);
            assert!(
                denied.status == 403 && denied.body.contains("\"code\":7"),
                "{}: {} {}", operation.id, denied.status, denied.body
            );
        }
        other.is_still(&server, &jane, &before);
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

fn about_the_platform() -> impl Iterator<Item = &'static Operation> {
    let all = OPERATIONS.iter().copied().flatten();
    all.filter(|it| {
        let action = [
            Action::AdministerClients,
            Action::AdministerUsers,
            Action::AdministerOutbox,
        ];
        let action = action.map(Policy::Caller);
        action.contains(&it.policy)
    })
}

/// An organization, and what of each kind there is below it.
#[derive(Clone)]
pub(crate) struct Place {
    organization: String,
    /// The names of segments of paths, and the ids to put there.
    things: Vec<(&'static str, String)>,
}

impl Place {
    /// One that nobody has.
    fn nowhere() -> Self {
        let things = THINGS.iter().map(|name| (*name, NOBODYS.to_owned()));
        Self {
            organization: NOBODYS.to_owned(),
            things: things.collect(),
        }
    }

    /// Founds an organization that has something of each kind, and a member beside its owner.
    pub(crate) fn furnish(server: &Server, installation: &Installation, owner: &str) -> Self {
        let organization = found(server, owner);
        let base = format!("/api/v1/organizations/{organization}");
        let member = server.get("/api/v1/me", &person(installation, "joe"));
        let user = last(member.field("name"));
        let body = format!(r#"{{"user":"users/{user}"}}"#);
        make(server, &format!("{base}/users"), server.token(), &body);
        let thing = |path: &str, body: &str| {
            let made = make(server, &format!("{base}/{path}"), owner, body);
            last(made.field("name"))
        };
        let workspace = thing("workspaces", r#"{"title":"Lab"}"#);
        let body = format!(r#"{{"user":"users/{user}","roles":["workspace-editor"]}}"#);
        thing(&format!("workspaces/{workspace}/users"), &body);
        let account = thing("serviceAccounts", r#"{"display_name":"robot"}"#);
        let keys = format!("serviceAccounts/{account}/keys");
        let endpoint = thing("webhookEndpoints", r#"{"url":"https://hooks.invalid/"}"#);
        let test = thing(&format!("webhookEndpoints/{endpoint}:test"), "{}");
        // Nothing more shall be on its way to it, since a list of that would change by itself.
        let path = format!("{base}/webhookEndpoints/{endpoint}");
        let disabled = server.request("PATCH", &path, owner, r#"{"disabled":true}"#);
        assert_eq!(disabled.status, 200, "{}", disabled.body);
        let ids = [
            test,
            thing("domains", r#"{"domain":"acme.example"}"#),
            thing("invitations", r#"{"email":"sue@example.com"}"#),
            thing(&keys, r#"{"display_name":"first"}"#),
            thing(
                "oauthClients",
                r#"{"display_name":"Console","kind":"CLIENT_KIND_CONFIDENTIAL","redirect_uris":["https://a.example"]}"#,
            ),
            thing("roles?role_id=reader", r#"{"title":"Reader"}"#),
            account,
            user,
            endpoint,
            workspace,
        ];
        Self {
            organization,
            things: THINGS.into_iter().zip(ids).collect(),
        }
    }

    /// Asks for an operation here.
    pub(crate) fn call(&self, server: &Server, operation: &Operation, token: &str) -> Answer {
        let mut path = operation
            .path
            .replace("{organization_id}", &self.organization);
        for nobodys in ["{message_id}", "{oauth_grant_id}", "{token_id}"] {
            path = path.replace(nobodys, NOBODYS);
        }
        for (name, id) in &self.things {
            path = path.replace(&format!("{{{name}}}"), id);
        }
        assert!(!path.contains('{'), "{path}: nothing to put there");
        let body = BODIES.iter().find(|(id, _)| *id == operation.id);
        let body = body.map_or("{}", |(_, body)| body).replace("USER", NOBODYS);
        server.request(operation.method.as_str(), &path, token, &body)
    }

    /// All that can be read here, its audit log included.
    #[track_caller]
    pub(crate) fn everything(&self, server: &Server, token: &str) -> Vec<(&'static str, String)> {
        // A delivery has a life of its own.
        let still = |it: &&Operation| !it.id.starts_with("webhookEndpoints.deliveries.");
        let reads = below_an_organization().filter(|it| it.method.is_safe());
        let reads = reads.filter(still);
        let read = |it: &'static Operation| {
            let answer = self.call(server, it, token);
            assert_eq!(answer.status, 200, "{}: {}", it.id, answer.body);
            (it.id, without_countdown(&answer.body))
        };
        reads.map(read).collect()
    }

    /// Asserts that nothing has happened here.
    #[track_caller]
    fn is_still(&self, server: &Server, token: &str, before: &[(&'static str, String)]) {
        for (now, before) in self.everything(server, token).iter().zip(before) {
            assert_eq!(now, before);
        }
    }
}

/// What a subscription says changes by itself: the seconds that are left of a trial.
fn without_countdown(body: &str) -> String {
    let Some((before, after)) = body.split_once("\"trial_time_left\":\"") else {
        return body.to_owned();
    };
    let after = after.trim_start_matches(|it: char| it.is_ascii_digit());
    format!("{before}{after}")
}

/// The last segment of a resource name.
fn last(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Posts something that is in order.
#[track_caller]
fn make(server: &Server, path: &str, token: &str, body: &str) -> Answer {
    let made = server.request("POST", path, token, body);
    assert_eq!(made.status, 200, "{path}: {}", made.body);
    made
}

/// Makes a person, and answers a token of theirs.
pub(crate) fn person(installation: &Installation, name: &str) -> String {
    let email = format!("{name}@example.com");
    let make = ["user", "create", "--email", &email, "--name", name];
    installation.run(&make).success();
    let issue = ["token", "create", "--user", &email, "--name", "test"];
    installation.run(&issue).success().out.trim().to_owned()
}

/// Founds an organization, and answers its id.
fn found(server: &Server, token: &str) -> String {
    let path = "/api/v1/organizations";
    last(make(server, path, token, r#"{"title":"Acme"}"#).field("name"))
}
