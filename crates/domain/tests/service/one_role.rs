use rollbook_domain::error::Kind;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::{OrganizationId, RoleId, WorkspaceId};
use rollbook_domain::invitation::InvitationState;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::role::{
    Permission, Permissions, Role, RoleScope, Roles, WorkspaceRole, WorkspaceRoles,
};
use rollbook_domain::service::role::CreateRole;
use rollbook_domain::service::subscription::UpdatePlan;
use rollbook_domain::service::user::UpdateProfile;
use rollbook_domain::service::workspace::{CreateWorkspace, ListHoused};
use rollbook_domain::service::{
    CustomRoles, Invitations, Memberships, ServiceAccounts, Subscriptions, Users, Workspaces,
};
use rollbook_domain::subscription::SubscriptionStatus;
use rollbook_domain::time::Span;
use rollbook_domain::value::{DisplayName, RoleTitle, WorkspaceTitle};
use rollbook_domain::workspace::{HousedWorkspace, WorkspaceRef};
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_denied, assert_error, assert_refused};

/// Ann's organization.
async fn acme(world: &World) -> Result<(Account, Organization)> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    Ok((ann, acme))
}

async fn member(world: &World, at: &Organization, name: &str, role: Role) -> Result<Account> {
    let account = world.sign_up(name).await?;
    world.join(at, &account, &[role]).await?;
    Ok(account)
}

fn new_role(title: &str, scope: RoleScope) -> CreateRole {
    CreateRole {
        scope,
        key: None,
        title: RoleTitle::from_stored(title.to_owned()),
        description: None,
        permissions: Permissions::of(&[Permission::ReadWorkspace]),
        once: None,
    }
}

pub(crate) async fn a_member_gets_and_loses_one(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", Role::Member).await?;
    let (it, user) = (&world.memberships, bob.user.id);
    let grant = |role: &str| it.grant(ann.caller, acme.id, user, role.to_owned());
    let withdraw = |role: &str| it.withdraw(ann.caller, acme.id, user, role.to_owned());
    world
        .roles
        .create(
            ann.caller,
            acme.id,
            new_role("Reader", RoleScope::Organization),
        )
        .await?;
    grant("org-viewer").await?;
    let both = grant("reader").await?;
    assert_eq!(
        both.membership.roles,
        Roles::of(&[Role::Viewer, Role::Member])
    );
    assert_eq!(both.membership.custom_roles.len(), 1);
    assert_refused!(
        grant("reader").await,
        Refusal::RoleHeld("reader".to_owned())
    );
    assert_error!(grant("emperor").await, Error::Invalid(_));
    assert_error!(withdraw("org-billing").await, Error::NotFound(Kind::Role));
    withdraw("org-member").await?;
    withdraw("org-viewer").await?;
    // Who has nothing but custom roles is a member beside.
    withdraw("reader").await?;
    assert_error!(withdraw("org-member").await, Error::Invalid(_));
    let kept = it.get(ann.caller, acme.id, user).await?;
    assert_eq!(kept.membership.roles, Roles::of(&[Role::Member]));
    Ok(())
}

pub(crate) async fn nobody_gives_or_takes_beyond_their_rights(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", Role::Manager).await?;
    let carl = member(&world, &acme, "carl", Role::Member).await?;
    let it = &world.memberships;
    let key = |role: Role| role.public_key().to_owned();
    let outcome = it
        .grant(bob.caller, acme.id, carl.user.id, key(Role::Admin))
        .await;
    assert_error!(outcome, Error::Refused(Refusal::BeyondOwnRights { .. }));
    let outcome = it
        .withdraw(bob.caller, acme.id, ann.user.id, key(Role::Admin))
        .await;
    assert_refused!(outcome, Refusal::Outranked);
    let outcome = it
        .grant(carl.caller, acme.id, carl.user.id, key(Role::Viewer))
        .await;
    assert_denied!(outcome, Use(UpdateMembership), visible: true);
    it.grant(ann.caller, acme.id, ann.user.id, key(Role::Viewer))
        .await?;
    let outcome = it
        .withdraw(ann.caller, acme.id, ann.user.id, key(Role::Admin))
        .await;
    assert_refused!(outcome, Refusal::OwnerMustStay);
    Ok(())
}

pub(crate) async fn the_first_one_in_a_workspace_opens_it(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", Role::Member).await?;
    let eve = world.sign_up("eve").await?;
    let lab = world.found_workspace(&ann, &acme, "Lab").await?.workspace;
    world
        .roles
        .create(ann.caller, acme.id, new_role("Guest", RoleScope::Workspace))
        .await?;
    let (it, at) = (&world.workspaces, lab.reference());
    let grant = |who: &Account, role: &str| it.grant(ann.caller, at, who.user.id, role.to_owned());
    let withdraw = |role: &str| it.withdraw(ann.caller, at, bob.user.id, role.to_owned());
    assert_refused!(grant(&eve, "workspace-viewer").await, Refusal::NotAMember);
    grant(&bob, "workspace-editor").await?;
    let more = grant(&bob, "guest").await?;
    assert_eq!(
        more.membership.roles,
        WorkspaceRoles::of(&[WorkspaceRole::Editor])
    );
    assert_eq!(more.membership.custom_roles.len(), 1);
    assert_refused!(
        grant(&bob, "guest").await,
        Refusal::RoleHeld("guest".to_owned())
    );
    assert_error!(grant(&bob, "org-viewer").await, Error::Invalid(_));
    assert_error!(
        withdraw("workspace-admin").await,
        Error::NotFound(Kind::Role)
    );
    withdraw("guest").await?;
    withdraw("workspace-editor").await?;
    let gone = it.get_member(ann.caller, at, bob.user.id).await;
    assert_error!(gone, Error::NotFound(Kind::WorkspaceMembership));
    let outcome = it
        .grant(bob.caller, at, bob.user.id, "workspace-admin".to_owned())
        .await;
    assert_denied!(outcome, Use(UpdateWorkspaceMembership), visible: true);
    Ok(())
}

/// An id alone opens nothing that its organization does not open.
pub(crate) async fn roles_and_workspaces_are_found_by_their_ids_alone(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = world.sign_up("bob").await?;
    let role = new_role("Reader", RoleScope::Organization);
    let role = world.roles.create(ann.caller, acme.id, role).await?;
    assert_eq!(world.roles.locate(ann.caller, role.id).await?, role);
    let none = RoleId::new(sample::uuid("none"));
    assert_error!(
        world.roles.locate(ann.caller, none).await,
        Error::NotFound(Kind::Role)
    );
    assert_error!(
        world.roles.locate(bob.caller, role.id).await,
        Error::NotFound(Kind::Role)
    );

    let lab = world.found_workspace(&ann, &acme, "Lab").await?;
    let locate = |who: &Account| world.workspaces.locate(who.caller, lab.workspace.id);
    let found = locate(&ann).await?;
    assert_eq!(
        (found.organization.organization.id, found.workspace),
        (acme.id, lab.clone())
    );
    assert_error!(locate(&bob).await, Error::NotFound(Kind::Workspace));
    // Bob may choose the same id, and sees his own.
    let bolt = world.create(&bob, "Bolt").await?.organization;
    let twin = CreateWorkspace {
        id: Some(lab.workspace.id),
        title: WorkspaceTitle::from_stored("Twin".to_owned()),
        description: None,
        icon: None,
        icon_color: None,
        once: None,
    };
    world.workspaces.create(bob.caller, bolt.id, twin).await?;
    assert_eq!(locate(&bob).await?.organization.organization.id, bolt.id);
    assert_eq!(locate(&ann).await?.organization.organization.id, acme.id);
    let at = WorkspaceRef {
        organization: acme.id,
        id: lab.workspace.id,
    };
    world.workspaces.delete(ann.caller, at, None).await?;
    assert_error!(locate(&ann).await, Error::NotFound(Kind::Workspace));
    Ok(())
}

async fn titles(world: &World, by: &Account, query: ListHoused) -> Result<Vec<String>> {
    let found = world.workspaces.list_housed(by.caller, query).await?;
    let title = |it: &HousedWorkspace| {
        let organization = it.organization.organization.name.as_str();
        format!("{organization}/{}", it.workspace.workspace.title.as_str())
    };
    Ok(found.iter().map(title).collect())
}

fn all(organization: Option<OrganizationId>) -> ListHoused {
    ListHoused {
        organization,
        filter: Filter::everything(),
        mine: false,
        skip: 0,
        limit: 10,
    }
}

/// Ann's organization with two workspaces, of which bob is in the second, and bob's with one.
async fn houses(world: &World) -> Result<(Account, Account, [Organization; 2])> {
    let (ann, acme) = acme(world).await?;
    let bob = member(world, &acme, "bob", Role::Member).await?;
    world.clock.advance(Span::seconds(1));
    let bolt = world.create(&bob, "Bolt").await?.organization;
    world.found_workspace(&ann, &acme, "Lab").await?;
    let mill = world.found_workspace(&ann, &acme, "Mill").await?.workspace;
    world.found_workspace(&bob, &bolt, "Lab").await?;
    let viewer = WorkspaceRole::Viewer.public_key().to_owned();
    let at = mill.reference();
    world
        .workspaces
        .grant(ann.caller, at, bob.user.id, viewer)
        .await?;
    Ok((ann, bob, [acme, bolt]))
}

pub(crate) async fn workspaces_of_all_organizations_are_listed(world: World) -> Result<()> {
    let (ann, bob, [acme, bolt]) = houses(&world).await?;
    let of_ann = titles(&world, &ann, all(None)).await?;
    assert_eq!(of_ann, ["Acme/Lab", "Acme/Mill"]);
    let of_bob = titles(&world, &bob, all(None)).await?;
    assert_eq!(of_bob, ["Acme/Mill", "Bolt/Lab"]);
    let foreign = world
        .workspaces
        .list_housed(ann.caller, all(Some(bolt.id)))
        .await;
    assert_denied!(foreign, Use(ReadOrganization), visible: false);
    let bound = super::profile::bound_token(&world, &bob, acme.id).await?;
    let bound = Account {
        caller: bound,
        ..bob
    };
    assert_eq!(titles(&world, &bound, all(None)).await?, ["Acme/Mill"]);
    Ok(())
}

pub(crate) async fn listed_workspaces_are_narrowed(world: World) -> Result<()> {
    let (ann, bob, [acme, _]) = houses(&world).await?;
    let part = |organization, skip, limit| ListHoused {
        skip,
        limit,
        ..all(organization)
    };
    let mine = |query| ListHoused {
        mine: true,
        ..query
    };
    let lab = || ListHoused {
        filter: Filter::Test(TextTest::new(Place::Whole, "LAB")),
        ..all(None)
    };
    for (by, query, expected) in [
        (&bob, part(None, 1, 1), ["Bolt/Lab"].as_slice()),
        (&bob, part(None, 0, 1), &["Acme/Mill"]),
        (&bob, part(None, 2, 1), &[]),
        (&ann, part(Some(acme.id), 1, 9), &["Acme/Mill"]),
        (&bob, mine(all(Some(acme.id))), &["Acme/Mill"]),
        (&bob, lab(), &["Bolt/Lab"]),
        (&ann, mine(lab()), &["Acme/Lab"]),
    ] {
        assert_eq!(
            titles(&world, by, query.clone()).await?,
            expected,
            "{query:?}"
        );
    }
    Ok(())
}

pub(crate) async fn invitations_are_found_by_their_address(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    for name in ["sue", "tom"] {
        let invitation = super::invitation::to(sample::email(name));
        super::invitation::create(&world, ann.caller, acme.id, invitation).await?;
    }
    let list = |name: &str, states: &[InvitationState]| {
        let (email, states) = (Some(sample::email(name)), states.to_vec());
        world.invitations.list(
            ann.caller,
            acme.id,
            email,
            states,
            Window::first(10).counted(),
        )
    };
    let sue = list("sue", &[]).await?;
    assert_eq!((sue.items.len(), sue.total), (1, Some(1)));
    assert_eq!(sue.items[0].invitation.email, sample::email("sue"));
    assert_eq!(
        list("sue", &[InvitationState::Pending]).await?.items,
        sue.items
    );
    assert!(
        list("sue", &[InvitationState::Revoked])
            .await?
            .items
            .is_empty()
    );
    assert!(list("eve", &[]).await?.items.is_empty());
    Ok(())
}

pub(crate) async fn a_service_account_is_found_by_its_name(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let mut made = Vec::new();
    for name in ["Robot", "robot", "Other"] {
        let command = super::service_account::command(name, &[]);
        made.push(
            world
                .service_accounts
                .create(ann.caller, acme.id, command)
                .await?,
        );
    }
    let named = |who: &Account, name: &str| {
        let name = DisplayName::from_stored(name.to_owned());
        world.service_accounts.named(who.caller, acme.id, name)
    };
    assert_eq!(named(&ann, "ROBOT").await?, made[0]);
    assert_eq!(named(&ann, "other").await?, made[2]);
    assert_error!(
        named(&ann, "none").await,
        Error::NotFound(Kind::ServiceAccount)
    );
    let bob = world.sign_up("bob").await?;
    assert_denied!(named(&bob, "Robot").await, Use(ReadServiceAccount), visible: false);
    Ok(())
}

pub(crate) async fn a_profile_is_changed_by_its_user_only(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let rename = || UpdateProfile {
        display_name: Some(DisplayName::from_stored("Annie".to_owned())),
        ..UpdateProfile::default()
    };
    let changed = world
        .users
        .update(ann.caller, ann.user.id, rename())
        .await?;
    assert_eq!(changed.display_name.as_str(), "Annie");
    let outcome = world.users.update(ann.caller, bob.user.id, rename()).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    assert_eq!(
        world.users.me(bob.caller).await?.display_name.as_str(),
        "bob"
    );
    Ok(())
}

/// Who never bought anything is at an installation that sells nothing.
pub(crate) async fn what_is_sold_may_be_used_until_it_ends(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let root = world.sign_up_superuser("root").await?;
    let bob = member(&world, &acme, "bob", Role::Member).await?;
    let eve = world.sign_up("eve").await?;
    let entitled = |who: &Account| world.subscriptions.entitled(who.caller, acme.id);
    assert!(entitled(&ann).await?);
    for (status, expected) in [
        (SubscriptionStatus::Active, true),
        (SubscriptionStatus::PastDue, true),
        (SubscriptionStatus::Canceled, false),
    ] {
        let command = UpdatePlan {
            status: Some(status),
            ..UpdatePlan::default()
        };
        world
            .subscriptions
            .update(root.caller, acme.id, command)
            .await?;
        assert_eq!(entitled(&bob).await?, expected, "{status:?}");
    }
    assert_denied!(entitled(&eve).await, Use(ReadOrganization), visible: false);
    let none = WorkspaceId::new(sample::uuid("none"));
    let outcome = world.workspaces.locate(eve.caller, none).await;
    assert_error!(outcome, Error::NotFound(Kind::Workspace));
    Ok(())
}
