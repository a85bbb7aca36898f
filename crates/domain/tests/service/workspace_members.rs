use rollbook_domain::error::Kind;
use rollbook_domain::id::{RoleId, UserId, WorkspaceId};
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::{Organization, Version};
use rollbook_domain::page::Window;
use rollbook_domain::port::IdSource;
use rollbook_domain::role::{
    CustomRole, Permission, Permissions, Role, RoleScope, WorkspaceRole, WorkspaceRoles,
};
use rollbook_domain::service::Workspaces;
use rollbook_domain::service::workspace::{AddWorkspaceMember, ChosenWorkspaceRoles};
use rollbook_domain::time::Span;
use rollbook_domain::value::{RoleKey, RoleTitle};
use rollbook_domain::workspace::Workspace;
use rollbook_domain::{Error, Refusal, Result};

use super::workspace::{acme, acts, add, as_, member, once, robot};
use super::{assert_denied, assert_error, assert_refused};

fn joins(user: UserId, roles: ChosenWorkspaceRoles) -> AddWorkspaceMember {
    AddWorkspaceMember {
        user,
        roles,
        once: None,
    }
}

/// A role that the organization has made.
async fn custom(
    world: &World,
    organization: &Organization,
    key: &str,
    scope: RoleScope,
    permissions: &[Permission],
) -> Result<RoleKey> {
    let (now, key) = (world.now(), RoleKey::from_stored(key.to_owned()));
    let role = CustomRole {
        id: RoleId::new(world.ids.next(now)),
        organization_id: organization.id,
        scope,
        key: key.clone(),
        title: RoleTitle::from_stored(key.as_str().to_owned()),
        description: None,
        permissions: Permissions::of(permissions),
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
    };
    world.store.write(move |tx| tx.roles().add(&role)).await?;
    Ok(key)
}

fn with(custom: &[&RoleKey]) -> ChosenWorkspaceRoles {
    ChosenWorkspaceRoles {
        built_in: WorkspaceRoles::NONE,
        custom: custom.iter().map(|key| (*key).clone()).collect(),
    }
}

/// A member of the organization who runs the workspace.
async fn head(
    world: &World,
    ann: &Account,
    organization: &Organization,
    workspace: &Workspace,
) -> Result<Account> {
    let hal = member(world, organization, "hal", &[Role::Member]).await?;
    add(world, ann, workspace, &hal, WorkspaceRole::Admin).await?;
    Ok(hal)
}

/// better-auth PR #9974: whoever was not in the organization came into its teams.
pub(crate) async fn only_members_of_the_organization_come_in(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let hal = head(&world, &ann, &acme, &lab).await?;
    let bob = member(&world, &acme, "bob", &[Role::Member]).await?;
    let eve = world.sign_up("eve").await?;
    let nobody = UserId::new(sample::uuid("nobody"));
    let join = |user| {
        let command = joins(user, as_(&[WorkspaceRole::Viewer]));
        world
            .workspaces
            .add_member(hal.caller, lab.reference(), command)
    };
    for stranger in [eve.user.id, nobody] {
        assert_refused!(join(stranger).await, Refusal::NotAMember);
    }
    let view = join(bob.user.id).await?;
    assert_eq!(view.display_name, bob.user.display_name);
    assert_eq!(view.email, bob.user.email);
    assert_eq!(
        view.membership.roles,
        WorkspaceRoles::of(&[WorkspaceRole::Viewer])
    );
    assert_refused!(join(bob.user.id).await, Refusal::AlreadyInWorkspace);
    let read = world
        .workspaces
        .get_member(bob.caller, lab.reference(), bob.user.id);
    assert_eq!(read.await?, view);
    assert_eq!(
        acts(&world, acme.id, 1).await?,
        ["workspace_membership.created"]
    );
    Ok(())
}

pub(crate) async fn a_repeated_request_adds_once(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", &[Role::Member]).await?;
    let join = || {
        let command = AddWorkspaceMember {
            once: once("join"),
            ..joins(bob.user.id, as_(&[WorkspaceRole::Viewer]))
        };
        world
            .workspaces
            .add_member(ann.caller, lab.reference(), command)
    };
    assert_eq!(join().await?, join().await?);
    Ok(())
}

pub(crate) async fn pages_follow_each_other(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let mut ids = vec![ann.user.id];
    for name in ["bob", "cat", "dan"] {
        let account = member(&world, &acme, name, &[Role::Member]).await?;
        add(&world, &ann, &lab, &account, WorkspaceRole::Viewer).await?;
        ids.push(account.user.id);
    }
    ids.sort_unstable();
    member(&world, &acme, "eve", &[Role::Admin]).await?;
    let list = |window| {
        let at = lab.reference();
        world.workspaces.list_members(ann.caller, at, window)
    };
    let first = list(Window::first(3).counted()).await?;
    assert_eq!(first.next, Some(ids[2]));
    let rest = list(Window::after(ids[2], 3)).await?;
    assert_eq!((first.total, rest.next), (Some(4), None));
    let all = first.items.iter().chain(&rest.items);
    let listed: Vec<_> = all.map(|view| view.membership.user_id).collect();
    assert_eq!(listed, ids);
    Ok(())
}

pub(crate) async fn who_manages_members(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", &[Role::Member]).await?;
    let dan = member(&world, &acme, "dan", &[Role::Member]).await?;
    add(&world, &ann, &lab, &bob, WorkspaceRole::Viewer).await?;
    let (at, service) = (lab.reference(), &world.workspaces);
    for role in WorkspaceRole::ALL {
        let somebody = member(&world, &acme, role.key(), &[Role::Member]).await?;
        let outcome = service.list_members(somebody.caller, at, Window::first(9));
        assert_denied!(outcome.await, Use(ReadWorkspaceMembership), visible: true);
        add(&world, &ann, &lab, &somebody, role).await?;
        service
            .list_members(somebody.caller, at, Window::first(9))
            .await?;
        if role == WorkspaceRole::Admin {
            continue;
        }
        let viewer = || as_(&[WorkspaceRole::Viewer]);
        let command = joins(dan.user.id, viewer());
        let outcome = service.add_member(somebody.caller, at, command).await;
        assert_denied!(outcome, Use(CreateWorkspaceMembership), visible: true);
        let outcome = service.set_roles(somebody.caller, at, bob.user.id, viewer(), None);
        assert_denied!(outcome.await, Use(UpdateWorkspaceMembership), visible: true);
        let outcome = service.remove_member(somebody.caller, at, bob.user.id, None);
        assert_denied!(outcome.await, Use(DeleteWorkspaceMembership), visible: true);
    }
    Ok(())
}

pub(crate) async fn roles_are_replaced(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let hal = head(&world, &ann, &acme, &lab).await?;
    let bob = member(&world, &acme, "bob", &[Role::Member]).await?;
    add(&world, &ann, &lab, &bob, WorkspaceRole::Viewer).await?;
    world.clock.advance(Span::seconds(5));
    let set = |roles: &[WorkspaceRole], seen| {
        let (at, roles) = (lab.reference(), as_(roles));
        world
            .workspaces
            .set_roles(hal.caller, at, bob.user.id, roles, seen)
    };
    let after = set(&[WorkspaceRole::Editor], Some(Version::FIRST)).await?;
    assert_eq!(
        after.membership.roles,
        WorkspaceRoles::of(&[WorkspaceRole::Editor])
    );
    assert_eq!(after.membership.version, Version::FIRST.next());
    assert_eq!(after.membership.updated_at, world.now());
    let stale = set(&[WorkspaceRole::Viewer], Some(Version::FIRST)).await;
    assert_refused!(stale, Refusal::VersionMismatch);
    let idle = set(&[WorkspaceRole::Editor], None).await?;
    assert_eq!(idle, after);
    let none = set(&[], None).await;
    assert_error!(none, Error::Invalid(violations) if violations[0].field == "roles");
    assert_eq!(
        acts(&world, acme.id, 2).await?,
        [
            "workspace_membership.updated",
            "workspace_membership.created"
        ]
    );
    let at = lab.reference();
    let read = world.workspaces.get_member(bob.caller, at, bob.user.id);
    assert_eq!(read.await?, after);
    Ok(())
}

/// decocms #4022, formbricks PR #8438: nobody grants what they may not do.
pub(crate) async fn nobody_grants_more_than_they_may(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let hal = head(&world, &ann, &acme, &lab).await?;
    let bob = member(&world, &acme, "bob", &[Role::Member]).await?;
    let deleting = [Permission::DeleteWorkspace];
    let wrecker = custom(&world, &acme, "wrecker", RoleScope::Workspace, &deleting).await?;
    let (at, service) = (lab.reference(), &world.workspaces);
    let beyond = || Refusal::BeyondOwnRights {
        permission: "delete:Workspace",
    };
    let command = || joins(bob.user.id, with(&[&wrecker]));
    let outcome = service.add_member(hal.caller, at, command()).await;
    assert_refused!(outcome, beyond());
    let own = service.set_roles(hal.caller, at, hal.user.id, with(&[&wrecker]), None);
    assert_refused!(own.await, beyond());
    // Ann may delete workspaces; her key-bearing robot may no more than Hal, who made the key.
    let robot = robot(&world, &acme, &hal, &[Role::Admin]).await?;
    let outcome = service.add_member(robot.caller, at, command()).await;
    assert_refused!(outcome, beyond());
    let view = service.add_member(ann.caller, at, command()).await?;
    assert_eq!(
        view.membership.roles,
        WorkspaceRoles::of(&[WorkspaceRole::Viewer])
    );
    assert_eq!(view.membership.custom_roles[0].key, wrecker);
    world.workspaces.delete(bob.caller, at, None).await
}

/// better-auth #1518: the rank rule.
pub(crate) async fn nobody_touches_who_may_more(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let hal = head(&world, &ann, &acme, &lab).await?;
    let (at, service) = (lab.reference(), &world.workspaces);
    let remove = |who: UserId| service.remove_member(hal.caller, at, who, None);
    let demote = |who: UserId| {
        let roles = as_(&[WorkspaceRole::Viewer]);
        service.set_roles(hal.caller, at, who, roles, None)
    };
    // Ann may delete the workspace by her role in the organization.
    assert_refused!(remove(ann.user.id).await, Refusal::Outranked);
    assert_refused!(demote(ann.user.id).await, Refusal::Outranked);
    // What one may in the rest of the organization does not matter in a workspace.
    let bill = member(&world, &acme, "bill", &[Role::Billing]).await?;
    add(&world, &ann, &lab, &bill, WorkspaceRole::Admin).await?;
    demote(bill.user.id).await?;
    remove(bill.user.id).await?;
    service
        .remove_member(ann.caller, at, hal.user.id, None)
        .await
}

pub(crate) async fn only_roles_for_workspaces_are_given_there(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", &[Role::Member]).await?;
    let reading = [Permission::ReadWorkspace];
    let clerk = custom(&world, &acme, "clerk", RoleScope::Organization, &reading).await?;
    let other = world.create(&ann, "Other").await?.organization;
    let foreign = custom(&world, &other, "foreign", RoleScope::Workspace, &reading).await?;
    let absent = RoleKey::from_stored("absent".to_owned());
    for key in [&clerk, &foreign, &absent] {
        let command = joins(bob.user.id, with(&[key]));
        let outcome = world
            .workspaces
            .add_member(ann.caller, lab.reference(), command)
            .await;
        assert_error!(outcome, Error::Invalid(it) if it[0].reason.contains(key.as_str()));
    }
    let author = custom(&world, &acme, "author", RoleScope::Workspace, &reading).await?;
    let command = joins(bob.user.id, with(&[&author, &author]));
    let view = world
        .workspaces
        .add_member(ann.caller, lab.reference(), command)
        .await?;
    assert_eq!(view.membership.custom_roles.len(), 1);
    Ok(())
}

/// sokosumi PR #4689: the next request of somebody who was removed fails.
pub(crate) async fn who_is_removed_is_out_at_once(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", &[Role::Member]).await?;
    add(&world, &ann, &lab, &bob, WorkspaceRole::Editor).await?;
    let (at, service) = (lab.reference(), &world.workspaces);
    service.get(bob.caller, at).await?;
    let stale = Some(Version::new(7));
    let outcome = service.remove_member(ann.caller, at, bob.user.id, stale);
    assert_refused!(outcome.await, Refusal::VersionMismatch);
    let remove = || service.remove_member(ann.caller, at, bob.user.id, Some(Version::FIRST));
    remove().await?;
    let outcome = service.get(bob.caller, at).await;
    assert_denied!(outcome, Use(ReadWorkspace), visible: true);
    assert_error!(remove().await, Error::NotFound(Kind::WorkspaceMembership));
    assert_eq!(
        acts(&world, acme.id, 1).await?,
        ["workspace_membership.deleted"]
    );
    Ok(())
}

/// better-auth #1513: members could not leave.
pub(crate) async fn everybody_may_leave(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", &[Role::Member]).await?;
    let eve = world.sign_up("eve").await?;
    add(&world, &ann, &lab, &bob, WorkspaceRole::Viewer).await?;
    let at = lab.reference();
    let leave = |who: &Account| world.workspaces.leave(who.caller, at);
    leave(&bob).await?;
    assert_eq!(
        acts(&world, acme.id, 1).await?,
        ["workspace_membership.deleted"]
    );
    assert_error!(
        leave(&bob).await,
        Error::NotFound(Kind::WorkspaceMembership)
    );
    assert_denied!(leave(&eve).await, Use(ReadOrganization), visible: false);
    // The last one, too: who runs the organization runs its workspaces.
    leave(&ann).await?;
    let counts = world
        .workspaces
        .count_members(ann.caller, acme.id, vec![lab.id])
        .await?;
    assert_eq!(counts, [(lab.id, 0)]);
    let nowhere = rollbook_domain::workspace::WorkspaceRef {
        id: WorkspaceId::new(sample::uuid("nowhere")),
        ..at
    };
    let outcome = world.workspaces.leave(ann.caller, nowhere).await;
    assert_error!(outcome, Error::NotFound(Kind::WorkspaceMembership));
    Ok(())
}

/// objectstack #15409: who is no member of the organization any more is out of its workspaces.
pub(crate) async fn leaving_the_organization_ends_it(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", &[Role::Member]).await?;
    add(&world, &ann, &lab, &bob, WorkspaceRole::Admin).await?;
    let (organization, user) = (acme.id, bob.user.id);
    world
        .store
        .write(move |tx| {
            tx.organizations().lock(organization)?;
            tx.memberships().remove(organization, user)
        })
        .await?;
    let (at, service) = (lab.reference(), &world.workspaces);
    let outcome = service.get(bob.caller, at).await;
    assert_denied!(outcome, Use(ReadWorkspace), visible: false);
    world.join(&acme, &bob, &[Role::Member]).await?;
    let outcome = service.get(bob.caller, at).await;
    assert_denied!(outcome, Use(ReadWorkspace), visible: true);
    let outcome = service.get_member(ann.caller, at, bob.user.id).await;
    assert_error!(outcome, Error::NotFound(Kind::WorkspaceMembership));
    Ok(())
}
