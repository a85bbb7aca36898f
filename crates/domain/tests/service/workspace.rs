use rollbook_domain::audit::Chain;
use rollbook_domain::error::Kind;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{OrganizationId, TokenId, WorkspaceId};
use rollbook_domain::idempotency::{Once, RequestKey};
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::{Organization, Patch, Version};
use rollbook_domain::page::Window;
use rollbook_domain::port::{IdSource, Random};
use rollbook_domain::role::{Role, WorkspaceRole, WorkspaceRoles};
use rollbook_domain::secret::Secret;
use rollbook_domain::service::workspace::{AddWorkspaceMember, ChosenWorkspaceRoles};
use rollbook_domain::service::workspace::{CreateWorkspace, UpdateWorkspace};
use rollbook_domain::service::{Preferences, Workspaces};
use rollbook_domain::subscription::Quota;
use rollbook_domain::time::Span;
use rollbook_domain::token::Token;
use rollbook_domain::value::{Description, IconName, WorkspaceTitle};
use rollbook_domain::workspace::{RESTORE_WINDOW, Workspace, WorkspaceOrder, WorkspaceRef};
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_denied, assert_error, assert_refused};

/// Ann's organization, with a workspace of hers.
pub(crate) async fn acme(world: &World) -> Result<(Account, Organization, Workspace)> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let view = world.found_workspace(&ann, &acme, "Lab").await?;
    Ok((ann, acme, view.workspace))
}

/// A new member of the organization.
pub(crate) async fn member(
    world: &World,
    organization: &Organization,
    name: &str,
    roles: &[Role],
) -> Result<Account> {
    let account = world.sign_up(name).await?;
    world.join(organization, &account, roles).await?;
    Ok(account)
}

/// These built-in roles.
pub(crate) fn as_(roles: &[WorkspaceRole]) -> ChosenWorkspaceRoles {
    ChosenWorkspaceRoles {
        built_in: WorkspaceRoles::of(roles),
        custom: Vec::new(),
    }
}

/// Takes a member of the organization into a workspace.
pub(crate) async fn add(
    world: &World,
    by: &Account,
    workspace: &Workspace,
    who: &Account,
    role: WorkspaceRole,
) -> Result<()> {
    let command = AddWorkspaceMember {
        user: who.user.id,
        roles: as_(&[role]),
        once: None,
    };
    let at = workspace.reference();
    world.workspaces.add_member(by.caller, at, command).await?;
    Ok(())
}

/// Gives the organization so many workspaces; 0: any number.
pub(crate) async fn set_quota(world: &World, id: OrganizationId, quota: u32) -> Result<()> {
    let work = move |tx: &mut dyn rollbook_domain::port::Tx| {
        tx.organizations().lock(id)?;
        let mut plan = tx.plans().find(id)?.unwrap_or_default();
        plan.workspaces = Quota(quota);
        tx.plans().set(id, &plan)
    };
    world.store.write(work).await
}

/// A service account in the organization, with a key that the maker has made.
pub(crate) async fn robot(
    world: &World,
    organization: &Organization,
    maker: &Account,
    roles: &[Role],
) -> Result<Account> {
    let mut robot = world.sign_up_service_account("robot").await?;
    world.join(organization, &robot, roles).await?;
    let (now, secret) = (world.now(), world.random.entropy());
    let secret = Secret::service_account_key(&secret);
    let token = Token {
        id: TokenId::new(world.ids.next(now)),
        organization_id: Some(organization.id),
        created_by: Some(maker.user.id),
        last_four: secret.last_four(),
        ..robot.token.clone()
    };
    let (written, digest) = (token.clone(), secret.digest());
    world
        .store
        .write(move |tx| tx.tokens().add(&written, &digest))
        .await?;
    robot.caller = rollbook_domain::access::Caller::bearer(secret.reveal());
    robot.token = token;
    Ok(robot)
}

/// A request's key, and what was asked for under it.
pub(crate) fn once(fingerprint: &str) -> Option<Once> {
    let key = RequestKey::parse("5e6c").ok()?;
    let fingerprint = sample::secret(fingerprint).digest();
    Some(Once { key, fingerprint })
}

/// The last acts in the organization's log, the latest first.
pub(crate) async fn acts(world: &World, id: OrganizationId, count: u32) -> Result<Vec<String>> {
    let work = move |tx: &mut dyn rollbook_domain::port::Tx| {
        let chain = Chain::Organization(id);
        tx.audit()
            .list(chain, &Filter::everything(), &Window::first(count))
    };
    let page = world.store.read(work).await?;
    Ok(page.items.into_iter().map(|entry| entry.act).collect())
}

fn command(title: &str) -> CreateWorkspace {
    CreateWorkspace {
        id: None,
        title: WorkspaceTitle::from_stored(title.to_owned()),
        description: None,
        icon: None,
        icon_color: None,
        once: None,
    }
}

fn rename(title: &str) -> UpdateWorkspace {
    UpdateWorkspace {
        title: WorkspaceTitle::parse(title).ok(),
        ..UpdateWorkspace::default()
    }
}

fn icon(name: &str) -> IconName {
    IconName::from_stored(name.to_owned())
}

pub(crate) async fn its_creator_runs_it(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let at = lab.reference();
    let view = world.workspaces.get(ann.caller, at).await?;
    assert_eq!(view.workspace, lab);
    assert_eq!(view.creator_name, ann.user.display_name);
    assert_eq!(view.creator_email, ann.user.email);
    let membership = world
        .workspaces
        .get_member(ann.caller, at, ann.user.id)
        .await?
        .membership;
    assert_eq!(
        membership.roles,
        WorkspaceRoles::of(&[WorkspaceRole::Admin])
    );
    assert_eq!(
        acts(&world, acme.id, 2).await?,
        ["workspace_membership.created", "workspace.created"]
    );
    Ok(())
}

pub(crate) async fn all_fields_are_kept(world: World) -> Result<()> {
    let (ann, acme, _) = acme(&world).await?;
    let id = WorkspaceId::new(sample::uuid("chosen"));
    let about = Description::parse("Where we try things.").ok();
    let full = || CreateWorkspace {
        id: Some(id),
        description: about.clone(),
        icon: Some(icon("flask")),
        icon_color: Some(icon("#3366ff")),
        ..command("Attic")
    };
    let made = world.workspaces.create(ann.caller, acme.id, full()).await?;
    let at = made.workspace.reference();
    assert_eq!(world.workspaces.get(ann.caller, at).await?, made);
    let attic = made.workspace;
    assert_eq!((attic.id, attic.creator_id), (id, ann.user.id));
    assert_eq!(attic.description, about);
    assert_eq!(attic.icon, Some(icon("flask")));
    assert_eq!(attic.icon_color, Some(icon("#3366ff")));
    assert_eq!(attic.version, Version::FIRST);
    let again = world.workspaces.create(ann.caller, acme.id, full()).await;
    assert_refused!(again, Refusal::IdTaken);
    Ok(())
}

/// AIP-155: a request that comes twice makes one workspace.
pub(crate) async fn a_repeated_request_makes_one(world: World) -> Result<()> {
    let (ann, acme, _) = acme(&world).await?;
    set_quota(&world, acme.id, 2).await?;
    let asked = |fingerprint: &str| CreateWorkspace {
        once: once(fingerprint),
        ..command("Attic")
    };
    let create = |command| world.workspaces.create(ann.caller, acme.id, command);
    let first = create(asked("a")).await?;
    // The quota is full by now, and does not matter to what was made before.
    let second = create(asked("a")).await?;
    assert_eq!(first, second);
    assert_refused!(create(asked("b")).await, Refusal::RequestKeyReused);
    let at = first.workspace.reference();
    world.workspaces.delete(ann.caller, at, None).await?;
    assert_error!(create(asked("a")).await, Error::NotFound(Kind::Workspace));
    Ok(())
}

/// better-auth #5517 and #1601: a hidden limit, and a limit that was used as a page's size.
pub(crate) async fn the_quota_is_met_exactly(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    for n in 0..3 {
        let title = format!("Free {n}");
        world.found_workspace(&ann, &acme, &title).await?;
    }
    set_quota(&world, acme.id, 5).await?;
    world.found_workspace(&ann, &acme, "Last").await?;
    let outcome = world.found_workspace(&ann, &acme, "One more").await;
    let told = outcome
        .as_ref()
        .map_or_else(ToString::to_string, |_| String::new());
    assert_refused!(outcome, Refusal::WorkspaceLimit { limit: 5 });
    assert!(
        told.contains("5 workspaces") && told.contains("operator"),
        "{told}"
    );
    // A quota below what is used takes nothing away, and all of it can be listed.
    set_quota(&world, acme.id, 2).await?;
    let window = Window::first(10).counted();
    let order = WorkspaceOrder::default();
    let list = world
        .workspaces
        .list(ann.caller, acme.id, Filter::everything(), order, window)
        .await?;
    assert_eq!((list.items.len(), list.total), (5, Some(5)));
    set_quota(&world, acme.id, 5).await?;
    let at = lab.reference();
    world.workspaces.delete(ann.caller, at, None).await?;
    world.found_workspace(&ann, &acme, "Instead").await?;
    let outcome = world.workspaces.undelete(ann.caller, at).await;
    assert_refused!(outcome, Refusal::WorkspaceLimit { limit: 5 });
    Ok(())
}

pub(crate) async fn roles_decide_who_makes_and_deletes(world: World) -> Result<()> {
    let (ann, acme, _) = acme(&world).await?;
    for role in Role::ALL {
        let somebody = member(&world, &acme, role.key(), &[role]).await?;
        let doomed = world.found_workspace(&ann, &acme, "Doomed").await?;
        let at = doomed.workspace.reference();
        let made = world.found_workspace(&somebody, &acme, "New").await;
        let deleted = world.workspaces.delete(somebody.caller, at, None).await;
        if matches!(role, Role::Admin | Role::Manager) {
            made?;
            deleted?;
        } else {
            assert_denied!(made, Use(CreateWorkspace), visible: true);
            assert_denied!(deleted, Use(DeleteWorkspace), visible: true);
        }
    }
    Ok(())
}

pub(crate) async fn strangers_and_superusers(world: World) -> Result<()> {
    let (_, acme, lab) = acme(&world).await?;
    let eve = world.sign_up("eve").await?;
    let root = world.sign_up_superuser("root").await?;
    let at = lab.reference();
    let nowhere = WorkspaceRef {
        id: WorkspaceId::new(sample::uuid("nowhere")),
        ..at
    };
    for at in [at, nowhere] {
        let outcome = world.workspaces.get(eve.caller, at).await;
        assert_denied!(outcome, Use(ReadWorkspace), visible: false);
    }
    let made = world.found_workspace(&eve, &acme, "Mine").await;
    assert_denied!(made, Use(CreateWorkspace), visible: false);
    let made = world.found_workspace(&root, &acme, "Help").await?.workspace;
    let found = world
        .workspaces
        .get_member(root.caller, made.reference(), root.user.id);
    assert_error!(found.await, Error::NotFound(Kind::WorkspaceMembership));
    world.workspaces.get(root.caller, at).await?;
    let outcome = world.workspaces.get(root.caller, nowhere).await;
    assert_error!(outcome, Error::NotFound(Kind::Workspace));
    Ok(())
}

pub(crate) async fn every_field_can_change_and_be_cleared(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    world.clock.advance(Span::seconds(5));
    let update = |command| {
        world
            .workspaces
            .update(ann.caller, lab.reference(), command)
    };
    let full = UpdateWorkspace {
        description: Patch::Set(Description::from_stored("Old.".to_owned())),
        icon: Patch::Set(icon("star")),
        icon_color: Patch::Set(icon("red")),
        ..rename("Attic")
    };
    let after = update(full).await?.workspace;
    assert_eq!(after.title.as_str(), "Attic");
    assert_eq!(after.description, Description::parse("Old.").ok());
    assert_eq!(
        (&after.icon, &after.icon_color),
        (&Some(icon("star")), &Some(icon("red")))
    );
    assert_eq!(
        (after.version, after.updated_at),
        (lab.version.next(), world.now())
    );
    let clear = UpdateWorkspace {
        description: Patch::Clear,
        icon: Patch::Clear,
        ..UpdateWorkspace::default()
    };
    let cleared = update(clear).await?;
    assert_eq!(cleared.workspace.title.as_str(), "Attic");
    assert_eq!(
        (&cleared.workspace.description, &cleared.workspace.icon),
        (&None, &None)
    );
    assert_eq!(cleared.workspace.icon_color, Some(icon("red")));
    assert_eq!(update(rename("Attic")).await?, cleared);
    let read = world.workspaces.get(ann.caller, lab.reference()).await?;
    assert_eq!(read, cleared);
    assert_eq!(
        acts(&world, acme.id, 3).await?,
        [
            "workspace.updated",
            "workspace.updated",
            "workspace_membership.created"
        ]
    );
    Ok(())
}

pub(crate) async fn a_stale_version_is_refused(world: World) -> Result<()> {
    let (ann, _, lab) = acme(&world).await?;
    let at = lab.reference();
    world
        .workspaces
        .update(ann.caller, at, rename("Attic"))
        .await?;
    let stale = UpdateWorkspace {
        seen: Some(lab.version),
        ..rename("Cellar")
    };
    let outcome = world.workspaces.update(ann.caller, at, stale).await;
    assert_refused!(outcome, Refusal::VersionMismatch);
    let seen = Some(lab.version);
    let outcome = world.workspaces.delete(ann.caller, at, seen).await;
    assert_refused!(outcome, Refusal::VersionMismatch);
    let seen = Some(lab.version.next());
    world.workspaces.delete(ann.caller, at, seen).await
}

pub(crate) async fn what_is_deleted_is_gone_until_it_comes_back(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", &[Role::Member]).await?;
    add(&world, &ann, &lab, &bob, WorkspaceRole::Editor).await?;
    let at = lab.reference();
    let outcome = world.workspaces.undelete(ann.caller, at).await;
    assert_refused!(outcome, Refusal::NotDeleted);
    world.workspaces.delete(ann.caller, at, None).await?;
    for somebody in [&ann, &bob] {
        let outcome = world.workspaces.get(somebody.caller, at).await;
        assert_error!(outcome, Error::NotFound(Kind::Workspace));
        let window = Window::first(10);
        let mine = world
            .workspaces
            .list_mine(somebody.caller, acme.id, window)
            .await?;
        assert!(mine.items.is_empty());
    }
    let outcome = world.workspaces.leave(bob.caller, at).await;
    assert_error!(outcome, Error::NotFound(Kind::WorkspaceMembership));
    let outcome = world.workspaces.undelete(bob.caller, at).await;
    assert_denied!(outcome, Use(DeleteWorkspace), visible: true);
    let back = world.workspaces.undelete(ann.caller, at).await?.workspace;
    assert_eq!((back.deleted_at, &back.title), (None, &lab.title));
    assert_eq!(world.workspaces.get(bob.caller, at).await?.workspace, back);
    assert_eq!(
        acts(&world, acme.id, 2).await?,
        ["workspace.restored", "workspace.deleted"]
    );
    Ok(())
}

pub(crate) async fn it_comes_back_until_the_last_moment(world: World) -> Result<()> {
    let (ann, _, lab) = acme(&world).await?;
    let (at, deleted) = (lab.reference(), world.now());
    world.workspaces.delete(ann.caller, at, None).await?;
    let until = deleted.plus(RESTORE_WINDOW);
    world.clock.set(until);
    let outcome = world.workspaces.undelete(ann.caller, at).await;
    assert_refused!(outcome, Refusal::RestoreWindowOver { until });
    world.clock.set(until.minus(Span::seconds(1)));
    world.workspaces.undelete(ann.caller, at).await?;
    Ok(())
}

/// better-auth PR #9974, keycloak #47080: an id of another organization was taken for one of the
/// own.
pub(crate) async fn another_organizations_workspace_is_not_found(world: World) -> Result<()> {
    let (ann, _, lab) = acme(&world).await?;
    let bob = world.sign_up("bob").await?;
    let other = world.create(&bob, "Other").await?.organization;
    world.join(&other, &ann, &[Role::Member]).await?;
    let at = WorkspaceRef {
        organization: other.id,
        id: lab.id,
    };
    let (who, service) = (bob.caller, &world.workspaces);
    let absent = |outcome: Result<()>| {
        assert_error!(outcome, Error::NotFound(Kind::Workspace));
    };
    absent(service.get(who, at).await.map(drop));
    absent(service.update(who, at, rename("Mine")).await.map(drop));
    absent(service.delete(who, at, None).await);
    absent(service.undelete(who, at).await.map(drop));
    absent(
        service
            .list_members(who, at, Window::first(9))
            .await
            .map(drop),
    );
    absent(service.get_member(who, at, ann.user.id).await.map(drop));
    let command = AddWorkspaceMember {
        user: ann.user.id,
        roles: as_(&[WorkspaceRole::Viewer]),
        once: None,
    };
    absent(service.add_member(who, at, command).await.map(drop));
    let roles = as_(&[WorkspaceRole::Viewer]);
    let outcome = service.set_roles(who, at, ann.user.id, roles, None).await;
    absent(outcome.map(drop));
    absent(service.remove_member(who, at, ann.user.id, None).await);
    absent(world.preferences.of_workspace(who, at).await.map(drop));
    let counts = service.count_members(who, other.id, vec![lab.id]).await?;
    assert_eq!(counts, []);
    // Ann runs the workspace, and is nothing but a member of the other organization.
    let outcome = service.get(ann.caller, at).await;
    assert_denied!(outcome, Use(ReadWorkspace), visible: true);
    let outcome = service.leave(ann.caller, at).await;
    assert_error!(outcome, Error::NotFound(Kind::WorkspaceMembership));
    Ok(())
}

pub(crate) async fn roles_in_the_workspace_decide_too(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let attic = world.found_workspace(&ann, &acme, "Attic").await?.workspace;
    for role in WorkspaceRole::ALL {
        let bob = member(&world, &acme, role.key(), &[Role::Member]).await?;
        let outcome = world.workspaces.get(bob.caller, lab.reference()).await;
        assert_denied!(outcome, Use(ReadWorkspace), visible: true);
        add(&world, &ann, &lab, &bob, role).await?;
        world.workspaces.get(bob.caller, lab.reference()).await?;
        let command = rename(&format!("Renamed by {}", role.key()));
        let outcome = world
            .workspaces
            .update(bob.caller, lab.reference(), command);
        match role {
            WorkspaceRole::Admin | WorkspaceRole::Editor => drop(outcome.await?),
            WorkspaceRole::Viewer => {
                assert_denied!(outcome.await, Use(UpdateWorkspace), visible: true);
            }
        }
        let outcome = world.workspaces.get(bob.caller, attic.reference()).await;
        assert_denied!(outcome, Use(ReadWorkspace), visible: true);
        let outcome = world.workspaces.delete(bob.caller, lab.reference(), None);
        assert_denied!(outcome.await, Use(DeleteWorkspace), visible: true);
    }
    Ok(())
}

/// decocms #4022: a key does what its maker may at this moment, in workspaces, too.
pub(crate) async fn a_key_permits_no_more_than_its_maker_may(world: World) -> Result<()> {
    let (ann, acme, lab) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", &[Role::Member]).await?;
    let robot = robot(&world, &acme, &bob, &[Role::Admin]).await?;
    let get = || world.workspaces.get(robot.caller, lab.reference());
    let order = WorkspaceOrder::default();
    let list = || {
        let (all, window) = (Filter::everything(), Window::first(10));
        world
            .workspaces
            .list(robot.caller, acme.id, all, order, window)
    };
    assert_denied!(get().await, Use(ReadWorkspace), visible: true);
    assert_eq!(list().await?.items, []);
    let made = world.found_workspace(&robot, &acme, "Robot's").await;
    assert_denied!(made, Use(CreateWorkspace), visible: true);
    add(&world, &ann, &lab, &bob, WorkspaceRole::Viewer).await?;
    let seen = get().await?;
    assert_eq!(list().await?.items, [seen]);
    let outcome = world
        .workspaces
        .update(robot.caller, lab.reference(), rename("Mine"));
    assert_denied!(outcome.await, Use(UpdateWorkspace), visible: true);
    let (at, roles) = (lab.reference(), as_(&[WorkspaceRole::Editor]));
    world
        .workspaces
        .set_roles(ann.caller, at, bob.user.id, roles, None)
        .await?;
    world
        .workspaces
        .update(robot.caller, at, rename("Ours"))
        .await?;
    Ok(())
}
