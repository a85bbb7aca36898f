use rollbook_domain::access::{Caller, Credential};
use rollbook_domain::error::Kind;
use rollbook_domain::error::Unauthenticated::{Invalid, Missing};
use rollbook_domain::filter::Filter;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::mock::{World, sample};
use rollbook_domain::page::Window;
use rollbook_domain::role::Role;
use rollbook_domain::service::organization::UpdateOrganization;
use rollbook_domain::service::{Memberships, Organizations, Users};
use rollbook_domain::value::Slug;
use rollbook_domain::{Error, Result};

use super::membership::members;
use super::{assert_denied, assert_error};

fn absent() -> OrganizationId {
    OrganizationId::new(sample::uuid("absent"))
}

pub(crate) async fn the_owner_and_members_see_it(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let view = world.create(&ann, "Acme").await?;
    let id = view.organization.id;
    assert_eq!(world.organizations.get(ann.caller, id).await?, view);
    for role in Role::ALL {
        let member = world.sign_up(role.key()).await?;
        world.join(&view.organization, &member, &[role]).await?;
        assert_eq!(world.organizations.get(member.caller, id).await?, view);
    }
    let robot = world.sign_up_service_account("robot").await?;
    world
        .join(&view.organization, &robot, &[Role::Member])
        .await?;
    assert_eq!(world.organizations.get(robot.caller, id).await?, view);
    Ok(())
}

/// A stranger gets the same answer for what exists, what is deleted and what never was.
pub(crate) async fn a_stranger_learns_nothing(world: World) -> Result<()> {
    let (ann, eve) = (world.sign_up("ann").await?, world.sign_up("eve").await?);
    let live = world.create(&ann, "Live").await?.organization;
    let dead = world.create(&ann, "Dead").await?.organization;
    world
        .organizations
        .delete(ann.caller, dead.id, None)
        .await?;
    for id in [live.id, dead.id, absent()] {
        let outcome = world.organizations.get(eve.caller, id).await;
        assert_denied!(outcome, Use(ReadOrganization), visible: false);
    }
    Ok(())
}

pub(crate) async fn a_superuser_sees_all_and_is_told_what_is_not_there(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let root = world.sign_up_superuser("root").await?;
    let view = world.create(&ann, "Acme").await?;
    let id = view.organization.id;
    assert_eq!(world.organizations.get(root.caller, id).await?, view);
    let outcome = world.organizations.get(root.caller, absent()).await;
    assert_error!(outcome, Error::NotFound(Kind::Organization));
    Ok(())
}

pub(crate) async fn a_deleted_one_is_gone_for_those_who_saw_it(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let root = world.sign_up_superuser("root").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    world.join(&acme, &bob, &[Role::Member]).await?;
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    for caller in [ann.caller, bob.caller, root.caller] {
        let outcome = world.organizations.get(caller, acme.id).await;
        assert_error!(outcome, Error::NotFound(Kind::Organization));
    }
    Ok(())
}

pub(crate) async fn without_a_valid_credential_nobody_gets_in(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let unknown = Caller::bearer(sample::secret("nobody's").reveal());
    let everything = Filter::everything;
    for caller in [Caller::from(Credential::Malformed), unknown] {
        let outcome = world.organizations.get(caller, acme.id).await;
        assert_error!(outcome, Error::Unauthenticated(Invalid));
        let outcome = world.organizations.create(caller, world.command("Mine"));
        assert_error!(outcome.await, Error::Unauthenticated(Invalid));
        let mine = world
            .organizations
            .list_mine(caller, everything(), Window::first(1));
        assert_error!(mine.await, Error::Unauthenticated(Invalid));
        let outcome = world.users.me(caller).await;
        assert_error!(outcome, Error::Unauthenticated(Invalid));
    }
    let nobody = Caller::from(Credential::Nobody);
    let outcome = world.organizations.get(nobody, acme.id).await;
    assert_error!(outcome, Error::Unauthenticated(Missing));
    let outcome = world.users.me(nobody).await;
    assert_error!(outcome, Error::Unauthenticated(Missing));
    Ok(())
}

pub(crate) async fn me_is_the_caller(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let robot = world.sign_up_service_account("robot").await?;
    assert_eq!(world.users.me(ann.caller).await?, ann.user);
    assert_eq!(world.users.me(robot.caller).await?, robot.user);
    Ok(())
}

/// zitadel GHSA-cpf4-pmr4-w6cx and CVE-2026-32131, keycloak #47080: the admin of one organization
/// could reach into another by its id.
pub(crate) async fn an_admin_of_one_organization_is_a_stranger_to_another(
    world: World,
) -> Result<()> {
    let (ann, eve) = (world.sign_up("ann").await?, world.sign_up("eve").await?);
    let view = world.create(&ann, "Acme").await?;
    world.create(&eve, "Evil").await?;
    let (id, organizations) = (view.organization.id, &world.organizations);
    let outcome = organizations.get(eve.caller, id).await;
    assert_denied!(outcome, Use(ReadOrganization), visible: false);
    let command = UpdateOrganization {
        slug: Slug::parse("evil-too").ok(),
        ..UpdateOrganization::default()
    };
    let outcome = organizations.update(eve.caller, id, command).await;
    assert_denied!(outcome, Use(UpdateOrganization), visible: false);
    let outcome = organizations.transfer(eve.caller, id, eve.user.id, None, None);
    assert_denied!(outcome.await, TransferOrganization, visible: false);
    let outcome = organizations.delete(eve.caller, id, None).await;
    assert_denied!(outcome, DeleteOrganization, visible: false);
    let outcome = organizations.restore(eve.caller, id, None).await;
    assert_denied!(outcome, RestoreOrganization, visible: false);
    let outcome = members(&world, eve.caller, id, Window::first(10)).await;
    assert_denied!(outcome, Use(ReadMembership), visible: false);
    let outcome = world.memberships.get(eve.caller, id, ann.user.id).await;
    assert_denied!(outcome, Use(ReadMembership), visible: false);
    assert_eq!(organizations.get(ann.caller, id).await?, view);
    Ok(())
}
