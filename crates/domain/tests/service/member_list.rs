use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::membership::{Direction, MemberCondition, MemberField, MemberOrder};
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::role::{Permission, Role, RoleScope, WorkspaceRole};
use rollbook_domain::service::Memberships;
use rollbook_domain::{Result, page::Page};

use super::role::{acme, clerk};

async fn listed(
    world: &World,
    account: &Account,
    organization: &Organization,
    condition: MemberCondition,
) -> Result<Vec<String>> {
    let order = MemberOrder::new(vec![(MemberField::DisplayName, Direction::Ascending)]);
    let filter = Filter::Test(condition);
    let page: Page<_, _> = world
        .memberships
        .list(
            account.caller,
            organization.id,
            filter,
            order.unwrap_or_default(),
            Window::first(50),
        )
        .await?;
    let name =
        |member: &rollbook_domain::membership::MemberView| member.display_name.as_str().to_owned();
    Ok(page.items.iter().map(name).collect())
}

fn role(name: &str) -> MemberCondition {
    MemberCondition::Role(name.to_owned())
}

fn search(text: &str) -> MemberCondition {
    MemberCondition::Search(TextTest::new(Place::Anywhere, text))
}

/// The contract: a role by its title or key, whatever the case.
pub(crate) async fn by_a_role_however_it_is_spelled(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    clerk(&world, &ann, &acme, "bob", &[Permission::ReadDomain]).await?;
    let cat = world.sign_up("cat").await?;
    world
        .join(&acme, &cat, &[Role::Viewer, Role::Billing])
        .await?;
    let who = |name: &'static str| listed(&world, &ann, &acme, role(name));
    for spelling in [
        "Organization Admin",
        "organization admin",
        "org-admin",
        "ORG-ADMIN",
    ] {
        assert_eq!(who(spelling).await?, ["ann"], "{spelling}");
    }
    assert_eq!(who("Billing Admin").await?, ["cat"]);
    assert_eq!(who("org-viewer").await?, ["cat"]);
    assert_eq!(who("org-member").await?, ["bob"]);
    for spelling in ["role-of-bob", "Role of Bob", " role OF bob "] {
        assert_eq!(who(spelling).await?, ["bob"], "{spelling}");
    }
    for nobodys in ["admin", "Emperor", "", "workspace-admin", "org-%"] {
        assert!(who(nobodys).await?.is_empty(), "{nobodys}");
    }
    Ok(())
}

/// A role of another organization is no role here.
pub(crate) async fn by_a_role_of_this_organization(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let other = world.create(&ann, "Other").await?.organization;
    clerk(&world, &ann, &other, "bob", &[]).await?;
    let found = listed(&world, &ann, &acme, role("role-of-bob")).await?;
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(
        listed(&world, &ann, &other, role("role-of-bob")).await?,
        ["bob"]
    );
    Ok(())
}

pub(crate) async fn by_scope_and_roles_in_workspaces(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = world.sign_up("bob").await?;
    world.join(&acme, &bob, &[Role::Member]).await?;
    let place = sample::workspace(&acme, "Lab", &ann.user);
    let membership = sample::workspace_membership(&place, &bob.user, &[WorkspaceRole::Editor]);
    world
        .store
        .write(move |tx| {
            tx.workspaces().add(&place)?;
            tx.workspaces().add_member(&membership)
        })
        .await?;
    let of = |scope| listed(&world, &ann, &acme, MemberCondition::Scope(scope));
    assert_eq!(of(RoleScope::Organization).await?, ["ann", "bob"]);
    assert_eq!(of(RoleScope::Workspace).await?, ["bob"]);
    let editors = listed(&world, &ann, &acme, role("Workspace Editor")).await?;
    assert_eq!(editors, ["bob"]);
    Ok(())
}

pub(crate) async fn by_name_or_address(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    for name in ["bob", "bobby", "cat"] {
        let member = world.sign_up(name).await?;
        world.join(&acme, &member, &[Role::Member]).await?;
    }
    let found = |text: &'static str| listed(&world, &ann, &acme, search(text));
    assert_eq!(found("BOB").await?, ["bob", "bobby"]);
    assert_eq!(found("cat@").await?, ["cat"]);
    assert!(found("b%y").await?.is_empty());
    assert_eq!(found("example.com").await?.len(), 4);
    Ok(())
}
