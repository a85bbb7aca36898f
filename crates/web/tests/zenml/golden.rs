//! Whole answers, word for word, in `tests/golden/zenml`.
//!
//! After a deliberate change, write the files anew and look at the difference:
//!
//! ```sh
//! UPDATE_GOLDEN=1 cargo test -p rollbook-web --test zenml
//! git diff crates/web/tests/golden
//! ```

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use actix_web::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::test::TestRequest;
use rollbook_domain::error::Kind;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::OrganizationView;
use rollbook_domain::page::Page;
use rollbook_domain::role::{CustomRole, Permission, Role, RoleView, Roles};
use rollbook_domain::service::organization::{OrganizationStatus, SubscriptionStatus};
use rollbook_domain::service::service_account::ServiceAccount;
use rollbook_domain::service::token::IssuedToken;
use rollbook_domain::time::Span;
use rollbook_domain::user::User;
use rollbook_domain::value::{Description, Links, Logo, LogoImage, Url};
use rollbook_domain::workspace::{HousedWorkspace, WorkspaceView};
use rollbook_domain::{Error, Refusal};
use rollbook_web::zenml::{OPERATIONS, built_in_role_id};
use serde_json::{Value, json};

use super::support::{Answer, Make, Mocks, acme, jane};

/// An organization with everything.
pub(super) fn full() -> OrganizationView {
    let mut view = acme();
    let organization = &mut view.organization;
    organization.description = Description::parse("Anvils and more").ok();
    organization.logo = Url::parse("https://acme.example/logo.png")
        .ok()
        .map(Logo::External);
    let links = [r#"{"title":"Wiki","url":"https://wiki.example"}"#.to_owned()];
    organization.links = Links::new(&links).ok();
    organization.updated_at = FixedClock::START.plus(Span::from_millis(1_500));
    view
}

fn with_image() -> OrganizationView {
    let mut view = acme();
    let image = LogoImage::new("image/png", vec![1, 2, 3]).unwrap();
    view.organization.logo = Some(Logo::Image(image));
    view
}

fn robot() -> User {
    User {
        organization_id: Some(acme().organization.id),
        ..sample::service_account("robot")
    }
}

pub(super) fn account() -> ServiceAccount {
    ServiceAccount {
        user: robot(),
        roles: Roles::of(&[Role::Member]),
        custom_roles: vec![(&auditor()).into()],
    }
}

pub(super) fn auditor() -> CustomRole {
    let permissions = [Permission::ReadMembership, Permission::ReadAuditEntry];
    CustomRole {
        description: Description::parse("Looks at the books").ok(),
        ..sample::role(&acme().organization, "auditor", &permissions)
    }
}

fn lab() -> WorkspaceView {
    sample::workspace_view(&acme().organization, "Lab", &jane())
}

fn housed() -> HousedWorkspace {
    HousedWorkspace {
        organization: acme(),
        workspace: lab(),
    }
}

fn issued() -> IssuedToken {
    IssuedToken {
        token: sample::key("first", &acme().organization, &robot(), &jane()),
        secret: sample::key_secret("first"),
    }
}

/// A page after which nothing comes.
fn last<T, K>(items: Vec<T>) -> Page<T, K> {
    Page {
        items,
        next: None,
        total: Some(2),
    }
}

/// A path with the ids of the samples in it.
pub(super) fn here(path: &str) -> String {
    let organization = acme().organization.id;
    path.replace("ORG", &organization.to_string())
        .replace("USER", &jane().id.to_string())
        .replace(
            "ADMIN",
            &built_in_role_id(organization, "org-admin").to_string(),
        )
        .replace(
            "VIEWER",
            &built_in_role_id(organization, "workspace-viewer").to_string(),
        )
        .replace("AUDITOR", &auditor().id.to_string())
        .replace("LAB", &lab().workspace.id.to_string())
        .replace("INVITATION", &invitation().invitation.id.to_string())
        .replace("KEY", &issued().token.id.to_string())
}

fn invitation() -> rollbook_domain::invitation::InvitationView {
    sample::invitation_view(&acme().organization, &jane(), "sue", &[Role::Member])
}

/// Services that do everything.
pub(super) fn happy() -> Mocks {
    let mut mocks = Mocks::default();
    let it = &mut mocks.organizations;
    it.expect_list()
        .returning(|_, _, _| Ok(last(vec![full(), with_image()])));
    it.expect_create().returning(|_, _| Ok(full()));
    it.expect_get().returning(|_, _| Ok(acme()));
    it.expect_find().returning(|_, _, with| {
        let subscription = with.then_some(SubscriptionStatus {
            active: true,
            trial_seconds_left: Some(86_400),
        });
        Ok(OrganizationStatus {
            view: full(),
            subscription,
        })
    });
    it.expect_update().returning(|_, _, _| Ok(full()));
    it.expect_delete().returning(|_, _, _| Ok(()));
    it.expect_name_is_free().returning(|_, _| Ok(true));
    people(&mut mocks);
    things(&mut mocks);
    mocks
}

fn people(mocks: &mut Mocks) {
    let it = &mut mocks.users;
    it.expect_me().returning(|_| Ok(jane()));
    it.expect_list()
        .returning(|_, _| Ok(last(vec![jane(), robot()])));
    it.expect_update().returning(|_, _, _| Ok(jane()));
    let it = &mut mocks.memberships;
    let acme = || acme().organization;
    let janes = move || sample::member_view(&acme(), &jane(), &[Role::Admin, Role::Member]);
    it.expect_list().returning(move |_, _, _, _, _| {
        let mut robot = sample::member_view(&acme(), &robot(), &[Role::Member]);
        robot.membership.custom_roles = vec![(&auditor()).into()];
        Ok(last(vec![janes(), robot]))
    });
    it.expect_get().returning(move |_, _, _| Ok(janes()));
    it.expect_remove().returning(|_, _, _, _| Ok(()));
    it.expect_grant().returning(move |_, _, _, _| Ok(janes()));
    it.expect_withdraw()
        .returning(move |_, _, _, _| Ok(janes()));
    let it = &mut mocks.invitations;
    it.expect_list()
        .returning(|_, _, _, _, _| Ok(last(vec![invitation()])));
    it.expect_create().returning(|_, _, _| Ok(invitation()));
    it.expect_revoke().returning(|_, _, _, _| Ok(invitation()));
}

fn things(mocks: &mut Mocks) {
    let it = &mut mocks.roles;
    it.expect_list().returning(|_, _, _, _| {
        let roles = [
            RoleView::Organization(Role::Viewer),
            RoleView::Custom(auditor()),
        ];
        Ok(last(roles.into()))
    });
    it.expect_locate().returning(|_, id| match id {
        id if id == auditor().id => Ok(auditor()),
        _ => Err(Error::NotFound(Kind::Role)),
    });
    it.expect_create().returning(|_, _, _| Ok(auditor()));
    it.expect_update().returning(|_, _, _, _| Ok(auditor()));
    it.expect_delete().returning(|_, _, _, _, _| Ok(()));
    let it = &mut mocks.workspaces;
    it.expect_list_housed().returning(|_, _| Ok(vec![housed()]));
    it.expect_locate().returning(|_, _| Ok(housed()));
    it.expect_create().returning(|_, _, _| Ok(lab()));
    it.expect_update().returning(|_, _, _| Ok(lab()));
    it.expect_grant().returning(|_, _, _, _| {
        Ok(sample::workspace_member_view(
            &lab().workspace,
            &jane(),
            &[],
        ))
    });
    it.expect_withdraw().returning(|_, _, _, _| Ok(()));
    let it = &mut mocks.service_accounts;
    it.expect_list()
        .returning(|_, _, _| Ok(last(vec![account()])));
    it.expect_create().returning(|_, _, _| Ok(account()));
    it.expect_get().returning(|_, _, _| Ok(account()));
    it.expect_named().returning(|_, _, _| Ok(account()));
    it.expect_delete().returning(|_, _, _, _| Ok(()));
    it.expect_list_keys()
        .returning(|_, _, _, _| Ok(last(vec![issued().token])));
    it.expect_issue_key().returning(|_, _, _, _| Ok(issued()));
    it.expect_revoke_key().returning(|_, _, _, _| Ok(()));
    mocks
        .subscriptions
        .expect_entitled()
        .returning(|_, _| Ok(true));
}

/// What is read, by the schema of the answer.
pub(super) const READS: [(&str, &str); 9] = [
    ("OrganizationRead", "/organizations/ORG"),
    ("UserRead", "/users/me"),
    ("MemberRead", "/organizations/ORG/members"),
    ("InvitationRead", "/organizations/ORG/invitations"),
    ("RoleRead", "/roles/AUDITOR"),
    ("WorkspaceRead", "/workspaces/LAB"),
    (
        "ServiceAccountRead",
        "/organizations/ORG/service_accounts/robot",
    ),
    ("PermissionRead", "/permissions"),
    ("RoleRead", "/roles/ADMIN"),
];

/// A file, the operation that it is about, and what is asked: path and body.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
);

/// Every operation, and what it answers when all is well.
const ANSWERS: &[Case] = &[
    (
        "list_organizations",
        "organizations.list",
        "/organizations",
        None,
    ),
    (
        "create_organization",
        "organizations.create",
        "/organizations",
        Some(r#"{"name":"Acme"}"#),
    ),
    (
        "validate_name",
        "organizations.validateName",
        "/organizations/validation/name/Acme%20Corp",
        None,
    ),
    (
        "validate_name_like_an_id",
        "organizations.validateName",
        "/organizations/validation/name/USER",
        None,
    ),
    (
        "get_organization",
        "organizations.get",
        "/organizations/ORG",
        None,
    ),
    (
        "get_organization_with_status",
        "organizations.get",
        "/organizations/Acme?include_subscription_status=True",
        None,
    ),
    (
        "update_organization",
        "organizations.update",
        "/organizations/ORG",
        Some(r#"{"description":"x"}"#),
    ),
    (
        "delete_organization",
        "organizations.delete",
        "/organizations/ORG",
        None,
    ),
    ("me", "users.me", "/users/me", None),
    ("list_users", "users.list", "/users", None),
    (
        "update_user",
        "users.update",
        "/users/USER",
        Some(r#"{"name":"Jane"}"#),
    ),
    (
        "list_members",
        "organizations.members.list",
        "/organizations/ORG/members",
        None,
    ),
    (
        "list_admins",
        "organizations.members.list",
        "/organizations/ORG/members?role_id=ADMIN&include_service_accounts=False",
        None,
    ),
    (
        "remove_member",
        "organizations.members.remove",
        "/organizations/ORG/members?user_id=USER",
        None,
    ),
    (
        "list_invitations",
        "organizations.invitations.list",
        "/organizations/ORG/invitations?email=None",
        None,
    ),
    (
        "create_invitation",
        "organizations.invitations.create",
        "/organizations/ORG/invitations",
        Some(r#"{"email":"sue@example.com","role_id":"AUDITOR"}"#),
    ),
    (
        "delete_invitation",
        "organizations.invitations.delete",
        "/organizations/ORG/invitations/INVITATION",
        None,
    ),
    (
        "list_roles",
        "organizations.roles.list",
        "/organizations/ORG/roles",
        None,
    ),
    (
        "list_roles_of_projects",
        "organizations.roles.list",
        "/organizations/ORG/roles?level=project",
        None,
    ),
    (
        "create_role",
        "roles.create",
        "/roles",
        Some(r#"{"organization_id":"ORG","name":"Auditor"}"#),
    ),
    ("get_role", "roles.get", "/roles/AUDITOR", None),
    ("get_built_in_role", "roles.get", "/roles/ADMIN", None),
    (
        "update_role",
        "roles.update",
        "/roles/AUDITOR",
        Some(r#"{"name":"Auditor"}"#),
    ),
    ("delete_role", "roles.delete", "/roles/AUDITOR", None),
    (
        "assign_role",
        "roles.assign",
        "/roles/ADMIN/assignments?user_id=USER",
        Some(""),
    ),
    (
        "assign_workspace_role",
        "roles.assign",
        "/roles/VIEWER/assignments?user_id=USER&workspace_id=LAB",
        Some(""),
    ),
    (
        "assign_role_to_a_team",
        "roles.assign",
        "/roles/ADMIN/assignments?team_id=USER",
        Some(""),
    ),
    (
        "revoke_role",
        "roles.revoke",
        "/roles/ADMIN/assignments?user_id=USER",
        None,
    ),
    (
        "list_workspaces",
        "workspaces.list",
        "/workspaces?member_only=False&status=available",
        None,
    ),
    (
        "list_failed_workspaces",
        "workspaces.list",
        "/workspaces?status=failed",
        None,
    ),
    (
        "create_workspace",
        "workspaces.create",
        "/workspaces",
        Some(r#"{"organization_id":"ORG","name":"Lab"}"#),
    ),
    ("get_workspace", "workspaces.get", "/workspaces/LAB", None),
    (
        "update_workspace",
        "workspaces.update",
        "/workspaces/LAB",
        Some(r#"{"name":"Lab"}"#),
    ),
    (
        "list_tenants",
        "organizations.tenants.list",
        "/organizations/ORG/tenants",
        None,
    ),
    (
        "list_service_accounts",
        "organizations.serviceAccounts.list",
        "/organizations/ORG/service_accounts",
        None,
    ),
    (
        "create_service_account",
        "organizations.serviceAccounts.create",
        "/organizations/ORG/service_accounts",
        Some(r#"{"username":"robot","description":"x"}"#),
    ),
    (
        "get_service_account",
        "organizations.serviceAccounts.get",
        "/organizations/ORG/service_accounts/robot",
        None,
    ),
    (
        "delete_service_account",
        "organizations.serviceAccounts.delete",
        "/organizations/ORG/service_accounts/robot",
        None,
    ),
    (
        "list_api_keys",
        "organizations.serviceAccounts.keys.list",
        "/organizations/ORG/service_accounts/robot/api_keys",
        None,
    ),
    (
        "create_api_key",
        "organizations.serviceAccounts.keys.create",
        "/organizations/ORG/service_accounts/robot/api_keys",
        Some(r#"{"name":"first","expires_in_minutes":60}"#),
    ),
    (
        "delete_api_key",
        "organizations.serviceAccounts.keys.delete",
        "/organizations/ORG/service_accounts/robot/api_keys/KEY",
        None,
    ),
    (
        "entitlement",
        "organizations.entitlement",
        "/organizations/ORG/entitlement/pipelines",
        None,
    ),
    ("list_permissions", "permissions.list", "/permissions", None),
    (
        "list_teams",
        "organizations.teams.list",
        "/organizations/ORG/teams",
        None,
    ),
    ("create_team", "teams.create", "/teams", Some("{}")),
    ("get_team", "teams.get", "/teams/USER", None),
    ("update_team", "teams.update", "/teams/USER", Some("{}")),
    ("delete_team", "teams.delete", "/teams/USER", None),
    (
        "list_team_members",
        "teams.members.list",
        "/teams/USER/members",
        None,
    ),
    (
        "add_team_member",
        "teams.members.add",
        "/teams/USER/members",
        Some("{}"),
    ),
    (
        "remove_team_member",
        "teams.members.remove",
        "/teams/USER/members",
        None,
    ),
    (
        "check_permissions",
        "rbac.checkPermissions",
        "/rbac/check_permissions",
        None,
    ),
    (
        "post_check_permissions",
        "rbac.postCheckPermissions",
        "/rbac/check_permissions",
        Some("[]"),
    ),
    (
        "allowed_resource_ids",
        "rbac.allowedResourceIds",
        "/rbac/allowed_resource_ids",
        None,
    ),
    (
        "share_resource",
        "rbac.shareResource",
        "/rbac/resource_members",
        Some("{}"),
    ),
    (
        "update_resource_members",
        "rbac.updateResourceMembers",
        "/rbac/resource_members",
        Some("{}"),
    ),
    (
        "delete_resources",
        "rbac.deleteResources",
        "/rbac/resources",
        None,
    ),
    ("usage_event", "usage.event", "/usage-event", Some("{}")),
    ("usage_batch", "usage.batch", "/usage-batch", Some("[]")),
];

/// The files that no operation has for itself.
const OTHERS: [&str; 14] = [
    "body_too_large",
    "busy",
    "denied",
    "entitlement_over",
    "hidden",
    "internal_error",
    "invalid",
    "no_credential",
    "not_found",
    "not_json",
    "organization_limit",
    "seat_limit",
    "unknown_route",
    "wrong_method",
];

fn request(operation: &str, path: &str, body: Option<&str>) -> TestRequest {
    let mut known = OPERATIONS.iter().copied().flatten();
    let method = &known.find(|it| it.id == operation).expect(operation).method;
    let request = TestRequest::with_uri(&here(path)).method(method.clone());
    match body {
        Some(body) => request.set_payload(here(body)),
        None => request,
    }
}

#[actix_web::test]
async fn answers() {
    let server = happy().serve();
    for (name, operation, path, body) in ANSWERS {
        let answer = server.send(request(operation, path, *body)).await;
        let expected = if *name == "assign_role_to_a_team" || is_absent(operation) {
            501
        } else {
            200
        };
        assert_eq!(answer.status, expected, "{name}: {}", answer.body);
        compare(name, &rendered(&answer));
    }
    let asked: BTreeSet<_> = ANSWERS
        .iter()
        .map(|(_, operation, _, _)| *operation)
        .collect();
    for operation in OPERATIONS.iter().copied().flatten() {
        assert!(asked.contains(operation.id), "{operation:?}");
    }
}

fn is_absent(operation: &str) -> bool {
    ["teams", "rbac", "usage"]
        .iter()
        .any(|it| operation.contains(it))
}

#[actix_web::test]
async fn refusals() {
    let refuse = |make: Make| {
        let mut mocks = Mocks::default();
        let it = mocks.organizations.expect_create();
        it.returning(move |_, _| Err(make()));
        mocks.serve()
    };
    let create = || {
        request(
            "organizations.create",
            "/organizations",
            Some(r#"{"name":"Acme"}"#),
        )
    };
    let cases: [(&str, Make); 7] = [
        ("busy", || Error::Busy),
        ("denied", || super::refusals::denied(true)),
        ("hidden", || super::refusals::denied(false)),
        ("internal_error", || {
            Error::storage("the password is hunter2")
        }),
        ("not_found", || Error::NotFound(Kind::Workspace)),
        ("organization_limit", || {
            Refusal::OrganizationLimit { limit: 1 }.into()
        }),
        ("seat_limit", || Refusal::SeatLimit { limit: 5 }.into()),
    ];
    for (name, make) in cases {
        compare(name, &rendered(&refuse(make).send(create()).await));
    }
    let server = Mocks::default().serve();
    let post = |body: &str| {
        TestRequest::post()
            .uri("/organizations")
            .set_payload(body.to_owned())
    };
    let large = "x".repeat(super::support::BODY_LIMIT + 1);
    for (name, answer) in [
        ("no_credential", server.send_raw(post("{}")).await),
        ("not_json", server.send(post("{\"name\": acme}")).await),
        ("body_too_large", server.send(post(&large)).await),
        ("unknown_route", server.get("/organizations/a/b").await),
        (
            "wrong_method",
            server.send(TestRequest::put().uri("/organizations")).await,
        ),
        (
            "invalid",
            server
                .send(post(r#"{"id":"x","name":"","links":[1]}"#))
                .await,
        ),
    ] {
        compare(name, &rendered(&answer));
    }
    let mut mocks = Mocks::default();
    mocks
        .subscriptions
        .expect_entitled()
        .returning(|_, _| Ok(false));
    let answer = mocks
        .serve()
        .get(&here("/organizations/ORG/entitlement/pipelines"))
        .await;
    compare("entitlement_over", &rendered(&answer));
}

fn rendered(answer: &Answer) -> Value {
    let names = [
        CONTENT_TYPE,
        CACHE_CONTROL,
        WWW_AUTHENTICATE,
        RETRY_AFTER,
        ALLOW,
    ];
    let headers: Value = names
        .into_iter()
        .filter_map(|name| Some((name.to_string(), Value::from(answer.header(name)?))))
        .collect();
    json!({"status": answer.status.as_u16(), "headers": headers, "body": answer.json()})
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/zenml")
}

/// Compares with what the file says, which `UPDATE_GOLDEN=1` writes anew.
#[track_caller]
fn compare(name: &str, found: &Value) {
    let found = format!("{found:#}\n");
    let path = folder().join(format!("{name}.json"));
    if updating() {
        fs::write(&path, &found).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == golden, "{} should hold\n{found}", path.display());
}

#[expect(
    clippy::disallowed_methods,
    reason = "a switch for whoever runs the tests"
)]
fn updating() -> bool {
    std::env::var_os("UPDATE_GOLDEN").is_some()
}

#[test]
fn no_file_is_left_over() {
    let there: BTreeSet<String> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let names = ANSWERS.iter().map(|(name, ..)| *name).chain(OTHERS);
    let listed: BTreeSet<String> = names.map(|name| format!("{name}.json")).collect();
    assert_eq!(there, listed);
}
