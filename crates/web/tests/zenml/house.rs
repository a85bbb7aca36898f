//! An organization with everything in it, and services that do whatever is asked.

use rollbook_domain::Error;
use rollbook_domain::error::Kind;
use rollbook_domain::invitation::InvitationView;
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
use rollbook_web::zenml::built_in_role_id;

use super::support::{Mocks, acme, jane};

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

fn invitation() -> InvitationView {
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
