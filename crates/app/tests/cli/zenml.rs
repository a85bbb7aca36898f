//! The ZenML dialect over both databases, and who gets how far in it.

use rollbook_domain::id::OrganizationId;
use rollbook_web::operation::{Operation, Policy};
use rollbook_web::zenml::{OPERATIONS, built_in_role_id};

use crate::support::{Answer, Installation, Server, on_both};

on_both! {
    /// The five documented endpoints, with every rule that is published.
    fn organizations_live_and_die(installation: &Installation) {
        let server = installation.serve();
        let (ann, bob) = (person(installation, "ann"), person(installation, "bob"));
        let call = |method: &str, path: &str, token: &str, body: &str| server.request(method, path, token, body);
        let chosen = "123e4567-e89b-12d3-a456-426614174000";
        let body = format!(r#"{{"id":"{chosen}","name":"Acme Corp","description":"Anvils","logo_url":"text","links":[{{"title":"b"}},{{"title":"a"}}],"owner_id":null,"unknown":1}}"#);
        let made = call("POST", "/organizations", &ann, &body);
        assert_eq!((made.status, made.field("id")), (200, chosen), "{}", made.body);
        assert!(made.body.contains(r#""links":[{"title":"b"},{"title":"a"}]"#), "{}", made.body);
        let again = call("POST", "/organizations", &ann, r#"{"name":"Bolt"}"#);
        refused(&again, 403, "OrganizationLimitExceeded");
        let taken = call("POST", "/organizations", &bob, r#"{"name":"ACME CORP"}"#);
        refused(&taken, 409, "EntityExistsError");
        let taken = call("POST", "/organizations", &bob, &format!(r#"{{"id":"{chosen}","name":"Bolt"}}"#));
        refused(&taken, 409, "EntityExistsError");
        let for_ann = format!(r#"{{"name":"Bolt","owner_id":"{}"}}"#, id(&server, &ann));
        refused(&call("POST", "/organizations", &bob, &for_ann), 403, "IllegalOperationError");
        let like_an_id = call("POST", "/organizations", &bob, &format!(r#"{{"name":"{chosen}"}}"#));
        assert!(like_an_id.status == 422 && like_an_id.body.contains("value_error"), "{}", like_an_id.body);

        for path in [chosen, "acme%20corp"] {
            let path = format!("/organizations/{path}");
            let found = server.get(&path, &ann);
            assert_eq!((found.status, found.field("name")), (200, "Acme Corp"), "{path}");
            refused(&server.get(&path, &bob), 404, "KeyError");
        }
        let one = format!("/organizations/{chosen}");
        let told = server.get(&format!("{one}?include_subscription_status=True"), &ann);
        assert!(told.body.contains(r#""has_active_subscription":true,"trial_expiry":12"#), "{}", told.body);
        let silent = server.get(&one, &ann);
        assert!(silent.body.contains(r#""has_active_subscription":null,"trial_expiry":null"#), "{}", silent.body);

        let patched = call("PATCH", &one, &ann, r#"{"name":"Acme","links":[{"title":"c"}],"description":null}"#);
        assert_eq!((patched.status, patched.field("name"), patched.field("description")), (200, "Acme", "Anvils"));
        assert!(patched.body.contains(r#""links":[{"title":"c"}]"#), "{}", patched.body);
        let heir = |owner: &str| format!(r#"{{"owner_id":"{owner}"}}"#);
        refused(&call("PATCH", &one, &ann, &heir(&id(&server, &bob))), 403, "IllegalOperationError");
        refused(&call("PATCH", &one, &ann, &heir("01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59")), 404, "KeyError");
        refused(&call("PATCH", &one, &bob, r#"{"name":"Mine"}"#), 404, "KeyError");
        join(&server, chosen, &id(&server, &bob));
        refused(&call("PATCH", &one, &bob, r#"{"name":"Mine"}"#), 403, "IllegalOperationError");
        let handed = call("PATCH", &one, &ann, &heir(&id(&server, &bob)));
        assert!(handed.status == 200 && handed.body.contains("bob@example.com"), "{}", handed.body);
        refused(&call("DELETE", &one, &ann, ""), 403, "IllegalOperationError");
        let deleted = call("DELETE", &one, &bob, "");
        assert_eq!((deleted.status, deleted.body.as_str()), (200, "null"));
        refused(&call("DELETE", &one, &bob, ""), 404, "KeyError");
        assert_eq!(server.get("/organizations", &bob).body, "[]");
        // Its name is free again, and its id is not.
        assert_eq!(server.get("/organizations/validation/name/Acme", &ann).body, "true");
        let again = call("POST", "/organizations", &ann, r#"{"name":"Acme"}"#);
        assert_eq!(again.status, 200, "{}", again.body);
    }

    fn lists_have_filters_and_pages(installation: &Installation) {
        let mut command = installation.rollbook();
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("ROLLBOOK_ZENML_ORGANIZATIONS", "0");
        let server = Server::start(command);
        let (ann, bob) = (person(installation, "ann"), person(installation, "bob"));
        for (name, owner) in [("Acme", &ann), ("Bolt", &bob), ("Coal", &ann)] {
            make(&server, "/organizations", owner, &format!(r#"{{"name":"{name}"}}"#));
        }
        let names = |query: &str, token: &str| {
            let answer = server.get(&format!("/organizations{query}"), token);
            assert_eq!(answer.status, 200, "{query}: {}", answer.body);
            let parts = answer.body.split(r#"{"name":""#).skip(1);
            parts.map(|part| part.split('"').next().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let root = server.token();
        assert_eq!(names("", &ann), ["Acme", "Coal"]);
        assert_eq!(names("", root), ["Acme", "Bolt", "Coal"]);
        assert_eq!(names("?offset=1&limit=1", root), ["Bolt"]);
        assert_eq!(names("?name=acme&owner_id=None", root), ["Acme"]);
        assert_eq!(names("?owner_username=Bob@example.com", root), ["Bolt"]);
        assert_eq!(names(&format!("?owner_id={}", id(&server, &ann)), root), ["Acme", "Coal"]);
        assert!(names("?name=Bolt", &ann).is_empty());
        let native = server.request("POST", "/api/v1/organizations", &bob, r#"{"title":"Acme"}"#);
        assert_eq!(native.status, 200, "names repeat elsewhere: {}", native.body);
        refused(&server.get("/organizations/Acme", root), 409, "EntityExistsError");
        assert_eq!(server.get("/organizations/Acme", &ann).status, 200);
    }

    /// A role is given and taken by its id, be it built in or not.
    fn roles_have_ids(installation: &Installation) {
        let server = installation.serve();
        let (ann, bob) = (person(installation, "ann"), person(installation, "bob"));
        let organization = make(&server, "/organizations", &ann, r#"{"name":"Acme"}"#).field("id").to_owned();
        let base = format!("/organizations/{organization}");
        join(&server, &organization, &id(&server, &bob));
        let body = format!(r#"{{"organization_id":"{organization}","name":"Auditor","permissions":["read:AuditEntry"]}}"#);
        let role = make(&server, "/roles", &ann, &body).field("id").to_owned();
        let viewer = role_id(&organization, "org-viewer");
        let who = id(&server, &bob);
        for role in [&role, &viewer] {
            let path = format!("/roles/{role}/assignments?user_id={who}");
            assert_eq!(server.request("POST", &path, &ann, "").body, "null");
            refused(&server.request("POST", &path, &ann, ""), 409, "EntityExistsError");
            let having = server.get(&format!("{base}/members?role_id={role}"), &ann);
            assert!(having.body.contains("bob@example.com"), "{}", having.body);
            assert!(!having.body.contains("ann@example.com"), "{}", having.body);
            assert_eq!(server.get(&format!("/roles/{role}"), &bob).status, 200);
            assert_eq!(server.request("DELETE", &path, &ann, "").body, "null");
            refused(&server.request("DELETE", &path, &ann, ""), 404, "KeyError");
        }
        let roles = server.get(&format!("{base}/roles?level=workspace"), &ann);
        assert!(roles.body.contains("Workspace Admin") && !roles.body.contains("Organization Admin"));
        let named = server.get(&format!("{base}/roles?name=auditor"), &ann);
        assert_eq!(named.field("id"), role);
        assert_eq!(server.request("DELETE", &format!("/roles/{role}"), &ann, "").body, "null");
    }

    /// Invitations, workspaces, service accounts: what clients do in a day.
    fn the_neighbours_work_together(installation: &Installation) {
        let server = installation.serve();
        let (ann, bob) = (person(installation, "ann"), person(installation, "bob"));
        let organization = make(&server, "/organizations", &ann, r#"{"name":"Acme"}"#).field("id").to_owned();
        let base = format!("/organizations/{organization}");
        join(&server, &organization, &id(&server, &bob));
        let who = id(&server, &bob);
        let viewer = role_id(&organization, "org-viewer");
        let body = format!(r#"{{"email":"sue@example.com","role_id":"{viewer}"}}"#);
        let invitation = make(&server, &format!("{base}/invitations"), &ann, &body);
        assert!(invitation.body.contains("Organization Viewer"), "{}", invitation.body);
        let listed = server.get(&format!("{base}/invitations?email=SUE@example.com&only_pending=True"), &ann);
        assert!(listed.body.contains("sue@example.com"), "{}", listed.body);
        let path = format!("{base}/invitations/{}", invitation.field("id"));
        assert_eq!(server.request("DELETE", &path, &ann, "").body, "null");
        assert_eq!(server.get(&format!("{base}/invitations"), &ann).body, "[]");

        let body = format!(r#"{{"organization_id":"{organization}","name":"Lab"}}"#);
        let lab = make(&server, "/workspaces", &ann, &body).field("id").to_owned();
        assert_eq!(server.get("/workspaces", &bob).body, "[]");
        let runs = role_id(&organization, "workspace-admin");
        let path = format!("/roles/{runs}/assignments?user_id={who}&workspace_id={lab}");
        assert_eq!(server.request("POST", &path, &ann, "").body, "null");
        let mine = server.get("/workspaces?workspace_name=lab&member_only=True", &bob);
        assert_eq!(mine.field("id"), lab);
        let renamed = server.request("PATCH", &format!("/workspaces/{lab}"), &bob, r#"{"name":"Mill"}"#);
        assert_eq!(renamed.field("display_name"), "Mill", "{}", renamed.body);
        let tenants = server.get(&format!("{base}/tenants?status=available"), &ann);
        assert_eq!(tenants.field("id"), lab);

        let accounts = format!("{base}/service_accounts");
        make(&server, &accounts, &ann, r#"{"username":"my robot","description":"x"}"#);
        let key = make(&server, &format!("{accounts}/my%20robot/api_keys"), &ann, r#"{"name":"ci","expires_in_minutes":60}"#);
        let secret = key.field("key");
        assert!(secret.starts_with("rbk_key_"), "{}", key.body);
        assert_eq!(server.get(&base, secret).status, 200);
        refused(&server.request("POST", "/organizations", secret, r#"{"name":"Mine"}"#), 403, "IllegalOperationError");
        let robots = server.get(&format!("{base}/members?include_users=False"), &ann);
        assert!(robots.body.contains(r#""is_service_account":true"#) && !robots.body.contains("ann@example.com"));
        assert_eq!(server.request("DELETE", &format!("{accounts}/my%20robot"), &ann, "").body, "null");
        assert_eq!(server.get(&base, secret).status, 401);
        assert_eq!(server.get(&format!("{base}/entitlement/pipelines"), &bob).body, "null");
        let removed = server.request("DELETE", &format!("{base}/members?user_id={who}"), &ann, "");
        assert_eq!(removed.body, "null");
        refused(&server.get(&base, &bob), 404, "KeyError");
    }

    /// Every route, as a stranger who has an organization of their own, and as one without a
    /// credential: nothing of another organization, and no word whether it exists.
    fn nobody_reaches_into_another_organization(installation: &Installation) {
        let server = installation.serve();
        let (jane, mallory) = (person(installation, "jane"), person(installation, "mallory"));
        make(&server, "/organizations", &mallory, r#"{"name":"Elsewhere"}"#);
        let theirs = Place::furnish(&server, installation, &jane);
        let before = theirs.everything(&server, &jane);
        let mut below = 0;
        for operation in operations() {
            let answer = theirs.call(&server, operation, &mallory);
            let absent = Place::nowhere().call(&server, operation, &mallory);
            if let Some(status) = stranger(operation.id) {
                assert_eq!(answer.status, status, "{}: {}", operation.id, answer.body);
            } else {
                refused(&answer, 404, "KeyError");
                assert_eq!(absent.body, answer.body, "{}", operation.id);
                below += 1;
            }
            assert!(!answer.body.contains(&theirs.organization), "{}: {}", operation.id, answer.body);
            let nobody = theirs.call(&server, operation, "nonsense");
            refused(&nobody, 401, "CredentialsNotValid");
        }
        assert!(below >= 28, "{below}");
        assert_eq!(theirs.everything(&server, &jane), before);
        // And none of it was refused for another reason. What is deleted is deleted last.
        let mut all: Vec<_> = operations().collect();
        all.sort_by_key(|it| (it.method == "DELETE", it.id == "organizations.delete"));
        for operation in all.into_iter().filter(|it| it.id != "users.update") {
            let allowed = theirs.call(&server, operation, server.token());
            let denied = ["Insufficient permissions", "Organization not found", "CredentialsNotValid"];
            assert!(
                !denied.iter().any(|it| allowed.body.contains(it)),
                "{}: {}", operation.id, allowed.body
            );
        }
    }

    /// Every route, as a plain member: what they may not is refused, and nothing has happened.
    fn a_member_gets_as_far_as_their_roles(installation: &Installation) {
        let server = installation.serve();
        let jane = person(installation, "jane");
        let theirs = Place::furnish(&server, installation, &jane);
        let sam = person(installation, "sam");
        join(&server, &theirs.organization, &id(&server, &sam));
        let before = theirs.everything(&server, &jane);
        for operation in operations() {
            let answer = theirs.call(&server, operation, &sam);
            let expected = plain_member(operation.id);
            assert_eq!(answer.status, expected, "{}: {}", operation.id, answer.body);
        }
        assert_eq!(theirs.everything(&server, &jane), before);
    }
}

/// Every operation that asks who calls; the others are how somebody comes by a token.
fn operations() -> impl Iterator<Item = &'static Operation> {
    let all = OPERATIONS.iter().copied().flatten();
    all.filter(|it| it.policy != Policy::Public)
}

/// What a stranger is answered where nothing is of one organization; `None`: that there is none.
fn stranger(operation: &str) -> Option<u16> {
    match operation {
        "organizations.list" | "organizations.validateName" | "users.me" | "permissions.list" => {
            Some(200)
        }
        // They own one already.
        "organizations.create" | "users.list" | "users.update" => Some(403),
        "organizations.teams.list" => None,
        _ if absent(operation) => Some(501),
        _ => None,
    }
}

pub(crate) fn absent(operation: &str) -> bool {
    let there_is_none = ["teams.", "rbac.", "usage."];
    there_is_none.iter().any(|it| operation.contains(it))
}

/// What a plain member is answered.
fn plain_member(operation: &str) -> u16 {
    match operation {
        "organizations.list"
        | "organizations.create"
        | "organizations.validateName"
        | "organizations.get"
        | "organizations.members.list"
        | "organizations.roles.list"
        | "organizations.entitlement"
        | "organizations.tenants.list"
        | "workspaces.list"
        | "roles.get"
        | "users.me"
        | "permissions.list" => 200,
        // Of workspaces they see their own only.
        "workspaces.get" | "workspaces.update" => 404,
        _ if absent(operation) => 501,
        _ => 403,
    }
}

/// An organization, and what there is in it.
#[derive(Clone)]
pub(crate) struct Place {
    organization: String,
    /// The names of segments of paths, and what to put there.
    things: Vec<(&'static str, String)>,
}

const NOBODYS: &str = "01980c5e-7a10-7c3a-9b1e-6f1d2c3b4a59";

const THINGS: [&str; 8] = [
    "role_id",
    "workspace_id",
    "invitation_id",
    "service_account",
    "key_id",
    "user_id",
    "team_id",
    "organization_name",
];

impl Place {
    fn nowhere() -> Self {
        Self {
            organization: NOBODYS.to_owned(),
            things: THINGS.iter().map(|it| (*it, NOBODYS.to_owned())).collect(),
        }
    }

    /// Founds an organization that has something of each kind, and a member beside its owner.
    pub(crate) fn furnish(server: &Server, installation: &Installation, owner: &str) -> Self {
        let made = make(server, "/organizations", owner, r#"{"name":"Theirs"}"#);
        let organization = made.field("id").to_owned();
        let base = format!("/organizations/{organization}");
        let joe = id(server, &person(installation, "joe"));
        join(server, &organization, &joe);
        let inside = |path: &str, body: &str| {
            let made = make(server, path, owner, &body.replace("ORG", &organization));
            made.field("id").to_owned()
        };
        let account = inside(
            &format!("{base}/service_accounts"),
            r#"{"username":"robot"}"#,
        );
        let ids = [
            inside("/roles", r#"{"organization_id":"ORG","name":"Auditor"}"#),
            inside("/workspaces", r#"{"organization_id":"ORG","name":"Lab"}"#),
            inside(
                &format!("{base}/invitations"),
                r#"{"email":"sue@example.com"}"#,
            ),
            account.clone(),
            inside(
                &format!("{base}/service_accounts/{account}/api_keys"),
                r#"{"name":"first"}"#,
            ),
            joe,
            NOBODYS.to_owned(),
            "Theirs".to_owned(),
        ];
        Self {
            organization,
            things: THINGS.into_iter().zip(ids).collect(),
        }
    }

    fn thing(&self, name: &str) -> &str {
        let found = self.things.iter().find(|(known, _)| *known == name);
        found.map_or("", |(_, id)| id)
    }

    /// Asks for an operation here, with input that is in order.
    pub(crate) fn call(&self, server: &Server, operation: &Operation, token: &str) -> Answer {
        let mut path = operation
            .path
            .replace("{organization_id_or_name}", "{organization_id}");
        path = path
            .replace("{organization_id}", &self.organization)
            .replace("{feature}", "pipelines");
        for (name, id) in &self.things {
            path = path.replace(&format!("{{{name}}}"), id);
        }
        assert!(!path.contains('{'), "{path}: nothing to put there");
        path.push_str(match operation.id {
            "organizations.members.remove" | "roles.assign" | "roles.revoke" => "?user_id=USER",
            "workspaces.list" => "?organization_id=ORG",
            _ => "",
        });
        let body = match operation.id {
            "organizations.create" | "workspaces.create" | "roles.create" => {
                r#"{"organization_id":"ORG","name":"Another"}"#
            }
            "organizations.invitations.create" => r#"{"email":"eve@example.com"}"#,
            "organizations.serviceAccounts.create" => r#"{"username":"second"}"#,
            "organizations.serviceAccounts.keys.create" => r#"{"name":"second"}"#,
            "users.update" => r#"{"name":"Somebody"}"#,
            _ => r#"{"description":"other"}"#,
        };
        let fill = |text: &str| {
            text.replace("ORG", &self.organization)
                .replace("USER", self.thing("user_id"))
        };
        server.request(operation.method.as_str(), &fill(&path), token, &fill(body))
    }

    /// All that can be read here.
    #[track_caller]
    pub(crate) fn everything(&self, server: &Server, token: &str) -> Vec<String> {
        let all = OPERATIONS.iter().copied().flatten();
        let reads = all.filter(|it| it.method.is_safe() && it.path.contains("organization_id"));
        let read = |it: &Operation| {
            let answer = self.call(server, it, token);
            assert!(
                [200, 501].contains(&answer.status),
                "{}: {}",
                it.id,
                answer.body
            );
            format!("{}: {}", it.id, answer.body)
        };
        reads.map(read).collect()
    }
}

/// Checks status and class of a refusal.
#[track_caller]
fn refused(answer: &Answer, status: u16, class: &str) {
    let expected = format!(r#"{{"detail":["{class}","#);
    let fits = answer.status == status && answer.body.starts_with(&expected);
    assert!(fits, "{status} {class}, not {answer:?}");
}

/// Posts something that is in order.
#[track_caller]
fn make(server: &Server, path: &str, token: &str, body: &str) -> Answer {
    let made = server.request("POST", path, token, body);
    assert_eq!(made.status, 200, "{path}: {}", made.body);
    made
}

/// The id of a built-in role.
fn role_id(organization: &str, key: &str) -> String {
    let organization = OrganizationId::parse(organization).unwrap();
    built_in_role_id(organization, key).to_string()
}

/// Who has this token.
fn id(server: &Server, token: &str) -> String {
    server.get("/users/me", token).field("id").to_owned()
}

/// Takes a user into an organization, as a plain member.
#[track_caller]
fn join(server: &Server, organization: &str, user: &str) {
    let path = format!("/api/v1/organizations/{organization}/users");
    make(
        server,
        &path,
        server.token(),
        &format!(r#"{{"user":"users/{user}"}}"#),
    );
}

/// Makes a person, and answers a token of theirs.
fn person(installation: &Installation, name: &str) -> String {
    let email = format!("{name}@example.com");
    let make = ["user", "create", "--email", &email, "--name", name];
    installation.run(&make).success();
    let issue = ["token", "create", "--user", &email, "--name", "test"];
    installation.run(&issue).success().out.trim().to_owned()
}
