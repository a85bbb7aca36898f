use rollbook_domain::audit::{Chain, Entry};
use rollbook_domain::error::Kind;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::idempotency::{Once, RequestKey};
use rollbook_domain::invitation::Invitation;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::{Organization, Patch, Version};
use rollbook_domain::page::Window;
use rollbook_domain::role::{
    AssignedRole, CustomRole, Permission, Permissions, Role, RoleRef, RoleScope, RoleView,
    WorkspaceRole,
};
use rollbook_domain::service::role::{CreateRole, UpdateRole};
use rollbook_domain::service::{CustomRoles, Memberships, Organizations};
use rollbook_domain::time::Span;
use rollbook_domain::value::{Description, RoleKey, RoleTitle};
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_denied, assert_error, assert_refused};

/// Ann's organization.
pub(crate) async fn acme(world: &World) -> Result<(Account, Organization)> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    Ok((ann, acme))
}

/// A role of the organization with this title.
pub(crate) fn titled(title: &str, permissions: &[Permission]) -> CreateRole {
    CreateRole {
        scope: RoleScope::Organization,
        key: None,
        title: RoleTitle::from_stored(title.to_owned()),
        description: None,
        permissions: Permissions::of(permissions),
        once: None,
    }
}

/// Somebody of this name with nothing but a role that permits this.
pub(crate) async fn clerk(
    world: &World,
    admin: &Account,
    organization: &Organization,
    name: &str,
    permissions: &[Permission],
) -> Result<(Account, CustomRole)> {
    let account = world.sign_up(name).await?;
    world.join(organization, &account, &[Role::Member]).await?;
    let command = titled(&format!("Role of {name}"), permissions);
    let (id, user) = (organization.id, account.user.id);
    let role = world.roles.create(admin.caller, id, command).await?;
    let keys = vec![role.key.to_string()];
    world
        .memberships
        .set_roles(admin.caller, id, user, keys, None)
        .await?;
    Ok((account, role))
}

/// The log of an organization.
pub(crate) async fn log(world: &World, id: OrganizationId) -> Result<Vec<Entry>> {
    world
        .store
        .read_one(move |tx| tx.audit().follow(Chain::Organization(id), 0, 100))
        .await
}

/// An invitation of the organization that promises the role.
async fn promise(
    world: &World,
    organization: &Organization,
    role: &CustomRole,
) -> Result<Invitation> {
    let mut invitation = sample::invitation(organization, "cat", &[Role::Member]);
    invitation.custom_roles = vec![AssignedRole::from(role)];
    let added = invitation.clone();
    world
        .store
        .write(move |tx| {
            let digest = sample::invitation_secret(added.id, "cat").digest();
            tx.invitations().add(&added, &digest)
        })
        .await?;
    Ok(invitation)
}

fn keys(roles: &[RoleView]) -> Vec<&str> {
    roles.iter().map(RoleView::key).collect()
}

fn empty() -> UpdateRole {
    UpdateRole::default()
}

fn permitting(permissions: &[Permission]) -> UpdateRole {
    UpdateRole {
        permissions: Some(Permissions::of(permissions)),
        ..empty()
    }
}

pub(crate) async fn built_in_ones_come_first_and_pages_follow_each_other(
    world: World,
) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    for title in ["One", "Two", "Three"] {
        world
            .roles
            .create(ann.caller, acme.id, titled(title, &[]))
            .await?;
    }
    let place = CreateRole {
        scope: RoleScope::Workspace,
        ..titled("Author", &[])
    };
    world.roles.create(ann.caller, acme.id, place).await?;
    let of_organization = Some(RoleScope::Organization);
    let list = |scope, window| world.roles.list(ann.caller, acme.id, scope, window);
    let all = list(of_organization, Window::first(50).counted()).await?;
    let mut expected: Vec<_> = Role::ALL.iter().map(|role| role.public_key()).collect();
    expected.extend(["one", "two", "three"]);
    assert_eq!(keys(&all.items), expected);
    assert_eq!((all.next, all.total), (None, Some(8)));
    let mut paged = Vec::new();
    let mut window = Window::first(3);
    loop {
        let page = list(of_organization, window).await?;
        paged.extend(page.items);
        let Some(next) = page.next else { break };
        assert_eq!(
            list(of_organization, skip(&paged)).await?.items,
            rest(&all.items, &paged)
        );
        window = Window::after(next, 3);
    }
    assert_eq!(paged, all.items);
    let places = list(Some(RoleScope::Workspace), Window::first(50)).await?;
    let expected = [
        "workspace-admin",
        "workspace-editor",
        "workspace-viewer",
        "author",
    ];
    assert_eq!(keys(&places.items), expected);
    let both = list(None, Window::first(1).counted()).await?;
    assert_eq!(both.total, Some(12));
    Ok(())
}

fn skip(seen: &[RoleView]) -> Window<RoleRef> {
    Window::skip(u32::try_from(seen.len()).unwrap_or(0), 50)
}

fn rest(all: &[RoleView], seen: &[RoleView]) -> Vec<RoleView> {
    all[seen.len()..].to_vec()
}

pub(crate) async fn one_is_made_and_read_by_its_key(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let command = CreateRole {
        description: Description::parse("Looks at the books.").ok(),
        ..titled("Team Auditor", &[Permission::ReadAuditEntry])
    };
    let role = world.roles.create(ann.caller, acme.id, command).await?;
    assert_eq!(role.key.as_str(), "team-auditor");
    assert_eq!(role.organization_id, acme.id);
    assert_eq!(
        (role.version, role.created_at),
        (Version::FIRST, world.now())
    );
    let get = |key: &str| world.roles.get(ann.caller, acme.id, key.to_owned());
    assert_eq!(get("team-auditor").await?, RoleView::Custom(role.clone()));
    assert_eq!(get("org-admin").await?, RoleView::Organization(Role::Admin));
    for absent in ["auditor", "Team Auditor", "", "admin"] {
        assert_error!(get(absent).await, Error::NotFound(Kind::Role));
    }
    let chosen = CreateRole {
        key: RoleKey::parse("books").ok(),
        ..titled("Bookkeeper", &[])
    };
    let chosen = world.roles.create(ann.caller, acme.id, chosen).await?;
    assert_eq!(chosen.key.as_str(), "books");
    let acts: Vec<_> = log(&world, acme.id)
        .await?
        .into_iter()
        .map(|e| e.act)
        .collect();
    assert_eq!(
        acts,
        ["organization.created", "role.created", "role.created"]
    );
    Ok(())
}

pub(crate) async fn keys_and_titles_are_unique(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let create = |command| world.roles.create(ann.caller, acme.id, command);
    let first = create(titled("Lead", &[])).await?;
    for title in ["lead", "LEAD", "Organization admin", "Workspace Viewer"] {
        let outcome = create(titled(title, &[])).await;
        assert_refused!(outcome, Refusal::RoleTitleTaken(title.to_owned()));
    }
    let same_key = CreateRole {
        key: Some(first.key.clone()),
        ..titled("Another", &[])
    };
    let outcome = create(same_key).await;
    assert_refused!(outcome, Refusal::RoleKeyTaken("lead".to_owned()));
    assert_eq!(create(titled("Lead!", &[])).await?.key.as_str(), "lead-2");
    assert_eq!(create(titled("Lead?", &[])).await?.key.as_str(), "lead-3");
    let foreign = create(titled("役割", &[])).await?;
    assert!(foreign.key.as_str().starts_with("role-"), "{foreign:?}");
    let bob = world.sign_up("bob").await?;
    let other = world.create(&bob, "Other").await?.organization;
    let theirs = world
        .roles
        .create(bob.caller, other.id, titled("Lead", &[]));
    assert_eq!(theirs.await?.key, first.key);
    Ok(())
}

pub(crate) async fn one_is_made_once(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let once = |text: &str| {
        RequestKey::parse("again").ok().map(|key| Once {
            key,
            fingerprint: sample::secret(text).digest(),
        })
    };
    let command = CreateRole {
        once: once("the same"),
        ..titled("Lead", &[])
    };
    let first = world.roles.create(ann.caller, acme.id, command.clone());
    let first = first.await?;
    let again = world.roles.create(ann.caller, acme.id, command).await?;
    assert_eq!(again, first);
    let other = CreateRole {
        once: once("another"),
        ..titled("Other", &[])
    };
    let outcome = world.roles.create(ann.caller, acme.id, other).await;
    assert_refused!(outcome, Refusal::RequestKeyReused);
    Ok(())
}

/// decocms #4022 and its like: whoever may make roles made one that may everything.
pub(crate) async fn nobody_makes_one_above_themselves(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let may = [Permission::CreateRole, Permission::CreateInvitation];
    let (bob, _) = clerk(&world, &ann, &acme, "bob", &may).await?;
    let create = |command| world.roles.create(bob.caller, acme.id, command);
    let outcome = create(titled("Boss", Permission::ALL)).await;
    let permission = "update:Organization";
    assert_refused!(outcome, Refusal::BeyondOwnRights { permission });
    let role = create(titled("Inviter", &[Permission::CreateInvitation])).await?;
    let outcome = world
        .roles
        .update(bob.caller, acme.id, role.key.to_string(), empty());
    assert_denied!(outcome.await, Use(UpdateRole), visible: true);
    Ok(())
}

/// decocms #4022: neither by widening a role that one has, nor by taking from those above.
pub(crate) async fn nobody_changes_one_above_themselves(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let may = [Permission::UpdateRole, Permission::DeleteRole];
    let (bob, own) = clerk(&world, &ann, &acme, "bob", &may).await?;
    let boss = world
        .roles
        .create(ann.caller, acme.id, titled("Boss", Permission::ALL))
        .await?;
    let update = |role: &CustomRole, command| {
        world
            .roles
            .update(bob.caller, acme.id, role.key.to_string(), command)
    };
    let outcome = update(&own, permitting(&[Permission::CreateRole])).await;
    let permission = "create:Role";
    assert_refused!(outcome, Refusal::BeyondOwnRights { permission });
    let outcome = update(&boss, permitting(&[])).await;
    let permission = "update:Organization";
    assert_refused!(outcome, Refusal::BeyondOwnRights { permission });
    let delete = |key: &str, replacement: Option<&str>| {
        let replacement = replacement.map(str::to_owned);
        world
            .roles
            .delete(bob.caller, acme.id, key.to_owned(), replacement, None)
    };
    let outcome = delete("boss", None).await;
    assert_refused!(outcome, Refusal::BeyondOwnRights { permission });
    let outcome = delete(own.key.as_str(), Some("org-admin")).await;
    assert_refused!(outcome, Refusal::BeyondOwnRights { permission });
    Ok(())
}

pub(crate) async fn one_of_workspaces_stays_inside_them(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let of_workspace = |permissions| CreateRole {
        scope: RoleScope::Workspace,
        ..titled("Author", permissions)
    };
    let create = |command| world.roles.create(ann.caller, acme.id, command);
    let outcome = create(of_workspace(&[Permission::ReadMembership])).await;
    assert_error!(outcome, Error::Invalid(_));
    let role = create(of_workspace(&[Permission::ReadWorkspace])).await?;
    let widen = permitting(&[Permission::ReadWorkspace, Permission::CreateRole]);
    let outcome = world
        .roles
        .update(ann.caller, acme.id, role.key.to_string(), widen);
    assert_error!(outcome.await, Error::Invalid(_));
    Ok(())
}

pub(crate) async fn a_change_counts_for_whoever_has_it(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let (bob, role) = clerk(&world, &ann, &acme, "bob", &[]).await?;
    let rename = || {
        let command = rollbook_domain::service::organization::UpdateOrganization::default();
        world.organizations.update(bob.caller, acme.id, command)
    };
    assert_denied!(rename().await, Use(UpdateOrganization), visible: true);
    world.clock.advance(Span::seconds(5));
    let command = UpdateRole {
        title: RoleTitle::parse("Editor").ok(),
        description: Patch::Set(Description::from_stored("Edits.".to_owned())),
        seen: Some(role.version),
        ..permitting(&[Permission::UpdateOrganization])
    };
    let update = |command| {
        world
            .roles
            .update(ann.caller, acme.id, role.key.to_string(), command)
    };
    let changed = update(command.clone()).await?;
    let expected = CustomRole {
        title: RoleTitle::from_stored("Editor".to_owned()),
        description: Some(Description::from_stored("Edits.".to_owned())),
        permissions: Permissions::of(&[Permission::UpdateOrganization]),
        version: role.version.next(),
        updated_at: world.now(),
        ..role.clone()
    };
    assert_eq!(changed, expected);
    rename().await?;
    assert_refused!(update(command).await, Refusal::VersionMismatch);
    assert_eq!(update(empty()).await?, expected, "nothing changed");
    update(permitting(&[])).await?;
    assert_denied!(rename().await, Use(UpdateOrganization), visible: true);
    let entries = log(&world, acme.id).await?;
    let last = &entries[entries.len() - 1];
    assert_eq!(last.act, "role.updated");
    assert_eq!(
        last.changes,
        r#"[{"field":"permission","before":"update:Organization"}]"#
    );
    Ok(())
}

pub(crate) async fn a_title_can_change_its_case_and_to_none_that_is_taken(
    world: World,
) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    for title in ["Lead", "Boss"] {
        world
            .roles
            .create(ann.caller, acme.id, titled(title, &[]))
            .await?;
    }
    let retitle = |title: &str| {
        let command = UpdateRole {
            title: RoleTitle::parse(title).ok(),
            ..empty()
        };
        world
            .roles
            .update(ann.caller, acme.id, "lead".to_owned(), command)
    };
    assert_eq!(retitle("LEAD").await?.title.as_str(), "LEAD");
    for taken in ["boss", "Organization Member"] {
        let outcome = retitle(taken).await;
        assert_refused!(outcome, Refusal::RoleTitleTaken(taken.to_owned()));
    }
    Ok(())
}

pub(crate) async fn built_in_ones_never_change(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    for role in RoleView::built_in(None) {
        let key = role.key().to_owned();
        let outcome = world
            .roles
            .update(ann.caller, acme.id, key.clone(), empty());
        assert_error!(outcome.await, Error::Invalid(_));
        let outcome = world.roles.delete(ann.caller, acme.id, key, None, None);
        assert_error!(outcome.await, Error::Invalid(_));
    }
    Ok(())
}

pub(crate) async fn one_that_somebody_has_is_not_deleted(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let (bob, role) = clerk(&world, &ann, &acme, "bob", &[]).await?;
    let key = || role.key.to_string();
    let delete = |seen| world.roles.delete(ann.caller, acme.id, key(), None, seen);
    let stale = Some(role.version.next());
    assert_refused!(delete(stale).await, Refusal::VersionMismatch);
    assert_refused!(delete(None).await, Refusal::RoleInUse { holders: 1 });
    world
        .memberships
        .set_roles(
            ann.caller,
            acme.id,
            bob.user.id,
            vec!["org-viewer".to_owned()],
            None,
        )
        .await?;
    delete(None).await?;
    let outcome = world.roles.get(ann.caller, acme.id, key()).await;
    assert_error!(outcome, Error::NotFound(Kind::Role));
    assert_error!(delete(None).await, Error::NotFound(Kind::Role));
    Ok(())
}

/// Everybody who has the role, and everybody who is promised it, gets the other one.
pub(crate) async fn whoever_has_one_gets_the_replacement(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let (bob, role) = clerk(&world, &ann, &acme, "bob", &[]).await?;
    let other = world
        .roles
        .create(
            ann.caller,
            acme.id,
            titled("Other", &[Permission::ReadDomain]),
        )
        .await?;
    let (id, organization) = (promise(&world, &acme, &role).await?.id, acme.id);
    let bobs = || world.memberships.get(ann.caller, acme.id, bob.user.id);
    let before = bobs().await?.membership;
    world.clock.advance(Span::seconds(5));
    let delete = |key: &str, replacement: &str| {
        let (key, replacement) = (key.to_owned(), Some(replacement.to_owned()));
        world
            .roles
            .delete(ann.caller, acme.id, key, replacement, None)
    };
    for unsuitable in [role.key.as_str(), "workspace-admin", "nobody"] {
        let outcome = delete(role.key.as_str(), unsuitable).await;
        assert_error!(outcome, Error::Invalid(_));
    }
    delete(role.key.as_str(), "other").await?;
    let after = bobs().await?.membership;
    assert_eq!(after.custom_roles, [AssignedRole::from(&other)]);
    assert_eq!(after.version, before.version.next());
    let invited = || {
        world
            .store
            .read_one(move |tx| tx.invitations().find(organization, id))
    };
    let promised = invited().await?.map(|view| view.invitation.custom_roles);
    assert_eq!(promised, Some(vec![AssignedRole::from(&other)]));
    delete("other", "org-billing").await?;
    let after = bobs().await?.membership;
    assert!(
        after.custom_roles.is_empty() && after.roles.has(Role::Billing),
        "{after:?}"
    );
    let promised = invited().await?.map(|view| view.invitation.roles);
    assert!(promised.is_some_and(|roles| roles.has(Role::Billing)));
    Ok(())
}

pub(crate) async fn in_workspaces_too(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let command = CreateRole {
        scope: RoleScope::Workspace,
        ..titled("Author", &[Permission::UpdateWorkspace])
    };
    let role = world.roles.create(ann.caller, acme.id, command).await?;
    let place = sample::workspace(&acme, "Lab", &ann.user);
    let mut membership = sample::workspace_membership(&place, &ann.user, &[WorkspaceRole::Viewer]);
    membership.custom_roles = vec![AssignedRole::from(&role)];
    let (workspace, user) = (place.id, ann.user.id);
    world
        .store
        .write(move |tx| {
            tx.workspaces().add(&place)?;
            tx.workspaces().add_member(&membership)
        })
        .await?;
    let delete = |replacement: Option<&str>| {
        let (key, replacement) = (role.key.to_string(), replacement.map(str::to_owned));
        world
            .roles
            .delete(ann.caller, acme.id, key, replacement, None)
    };
    assert_refused!(delete(None).await, Refusal::RoleInUse { holders: 1 });
    assert_error!(delete(Some("org-viewer")).await, Error::Invalid(_));
    delete(Some("workspace-editor")).await?;
    let id = acme.id;
    let found = world
        .store
        .read_one(move |tx| tx.workspaces().find_member(id, workspace, user));
    let kept = found.await?.map(|view| view.membership.roles.to_keys());
    assert_eq!(kept.as_deref(), Some("editor viewer"));
    Ok(())
}

/// An invitation that has run out or was revoked is history: it does not keep a role alive.
pub(crate) async fn closed_invitations_are_not_in_the_way(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let role = world
        .roles
        .create(ann.caller, acme.id, titled("Lead", &[]))
        .await?;
    let end = promise(&world, &acme, &role).await?.expires_at;
    let delete = || {
        let key = role.key.to_string();
        world.roles.delete(ann.caller, acme.id, key, None, None)
    };
    assert_refused!(delete().await, Refusal::RoleInUse { holders: 1 });
    world.clock.set(end);
    delete().await
}

/// daytona #4264, keycloak PR #47135: the admin of one organization reached into another by a key
/// or an id.
pub(crate) async fn another_organizations_is_out_of_reach(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let eve = world.sign_up("eve").await?;
    let evil = world.create(&eve, "Evil").await?.organization;
    let role = world
        .roles
        .create(ann.caller, acme.id, titled("Lead", &[]))
        .await?;
    let (roles, key) = (&world.roles, || role.key.to_string());
    let list = roles.list(eve.caller, acme.id, None, Window::first(9));
    assert_denied!(list.await, Use(ReadRole), visible: false);
    let outcome = roles.get(eve.caller, acme.id, key()).await;
    assert_denied!(outcome, Use(ReadRole), visible: false);
    let outcome = roles.create(eve.caller, acme.id, titled("Mine", &[]));
    assert_denied!(outcome.await, Use(CreateRole), visible: false);
    let outcome = roles.update(eve.caller, acme.id, key(), empty()).await;
    assert_denied!(outcome, Use(UpdateRole), visible: false);
    let outcome = roles.delete(eve.caller, acme.id, key(), None, None).await;
    assert_denied!(outcome, Use(DeleteRole), visible: false);
    let outcome = roles.get(eve.caller, evil.id, key()).await;
    assert_error!(outcome, Error::NotFound(Kind::Role));
    let outcome = roles.delete(eve.caller, evil.id, key(), None, None).await;
    assert_error!(outcome, Error::NotFound(Kind::Role));
    let grant = vec![key()];
    let outcome = world
        .memberships
        .set_roles(eve.caller, evil.id, eve.user.id, grant, None);
    assert_error!(outcome.await, Error::Invalid(_));
    Ok(())
}
