use rollbook_domain::error::Kind;
use rollbook_domain::id::UserId;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::role::{Role, Roles};
use rollbook_domain::service::{Memberships, Organizations};
use rollbook_domain::time::Span;
use rollbook_domain::user::User;
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_denied, assert_error, assert_refused};

/// Ann's organization with Bob in it.
async fn acme(world: &World, roles: &[Role]) -> Result<(Account, Account, Organization)> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let acme = world.create(&ann, "Acme").await?.organization;
    world.join(&acme, &bob, roles).await?;
    Ok((ann, bob, acme))
}

async fn roles(world: &World, caller: &Account, at: &Organization, of: UserId) -> Result<Roles> {
    let member = world.memberships.get(caller.caller, at.id, of).await?;
    Ok(member.membership.roles)
}

/// better-auth #3651 and #10960: an organization could end up without an owner.
pub(crate) async fn the_heir_owns_and_the_old_owner_stays_admin(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world, &[Role::Member]).await?;
    let organizations = &world.organizations;
    world.clock.advance(Span::seconds(5));
    let view = organizations
        .transfer(ann.caller, acme.id, bob.user.id, Some(acme.version), None)
        .await?;
    assert_eq!(view.owner.id, bob.user.id);
    assert_eq!(view.owner.email, bob.user.email);
    assert_eq!(view.organization.owner_id, bob.user.id);
    assert_eq!(view.organization.version, acme.version.next());
    assert_eq!(view.organization.updated_at, world.now());
    assert_eq!(world.look(&acme).await?, view);
    assert!(
        roles(&world, &bob, &acme, ann.user.id)
            .await?
            .has(Role::Admin)
    );
    assert!(
        roles(&world, &bob, &acme, bob.user.id)
            .await?
            .has(Role::Admin)
    );
    let outcome = organizations.delete(ann.caller, acme.id, None).await;
    assert_denied!(outcome, DeleteOrganization, visible: true);
    organizations.delete(bob.caller, acme.id, None).await
}

pub(crate) async fn the_heir_keeps_other_roles(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world, &[Role::Billing, Role::Viewer]).await?;
    let transfer = world
        .organizations
        .transfer(ann.caller, acme.id, bob.user.id, None, None);
    transfer.await?;
    let expected = Roles::of(&[Role::Admin, Role::Billing, Role::Viewer]);
    assert_eq!(roles(&world, &bob, &acme, bob.user.id).await?, expected);
    Ok(())
}

/// better-auth #1518, `HQBase` PR #21: an admin made themselves the owner.
pub(crate) async fn only_the_owner_hands_over(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world, &Role::ALL).await?;
    let before = world.look(&acme).await?;
    for heir in [ann.user.id, bob.user.id, UserId::new(sample::uuid("x"))] {
        let transfer = world
            .organizations
            .transfer(bob.caller, acme.id, heir, None, None);
        assert_denied!(transfer.await, TransferOrganization, visible: true);
    }
    assert_eq!(world.look(&acme).await?, before);
    Ok(())
}

pub(crate) async fn a_superuser_hands_over(world: World) -> Result<()> {
    let (_, bob, acme) = acme(&world, &[Role::Member]).await?;
    let root = world.sign_up_superuser("root").await?;
    let transfer = world
        .organizations
        .transfer(root.caller, acme.id, root.user.id, None, None);
    assert_refused!(transfer.await, Refusal::UnsuitableOwner);
    let transfer = world
        .organizations
        .transfer(root.caller, acme.id, bob.user.id, None, None);
    assert_eq!(transfer.await?.owner.id, bob.user.id);
    Ok(())
}

pub(crate) async fn who_is_not_a_member_cannot_own(world: World) -> Result<()> {
    let (ann, _, acme) = acme(&world, &[Role::Member]).await?;
    let eve = world.sign_up("eve").await?;
    world.create(&eve, "Evil").await?;
    for heir in [eve.user.id, UserId::new(sample::uuid("absent"))] {
        let transfer = world
            .organizations
            .transfer(ann.caller, acme.id, heir, None, None);
        assert_refused!(transfer.await, Refusal::UnsuitableOwner);
    }
    Ok(())
}

pub(crate) async fn only_an_active_person_can_own(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let robot = world.sign_up_service_account("robot").await?;
    let gone = world
        .add(User {
            active: false,
            ..sample::user("gone")
        })
        .await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    for heir in [&robot, &gone] {
        world.join(&acme, heir, &[Role::Admin]).await?;
        let transfer = world
            .organizations
            .transfer(ann.caller, acme.id, heir.user.id, None, None);
        assert_refused!(transfer.await, Refusal::UnsuitableOwner);
    }
    assert_eq!(world.look(&acme).await?.owner.id, ann.user.id);
    Ok(())
}

pub(crate) async fn to_the_owner_is_no_change(world: World) -> Result<()> {
    let (ann, _, acme) = acme(&world, &[Role::Member]).await?;
    let before = world.look(&acme).await?;
    world.clock.advance(Span::seconds(5));
    let transfer = world
        .organizations
        .transfer(ann.caller, acme.id, ann.user.id, None, Some(1));
    assert_eq!(transfer.await?, before);
    assert_eq!(world.look(&acme).await?, before);
    Ok(())
}

pub(crate) async fn the_heirs_limit_counts(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world, &[Role::Member]).await?;
    world.create(&bob, "Bob's").await?;
    let transfer = |limit| {
        world
            .organizations
            .transfer(ann.caller, acme.id, bob.user.id, None, Some(limit))
    };
    let outcome = transfer(1).await;
    assert_refused!(outcome, Refusal::OrganizationLimit { limit: 1 });
    let kept = roles(&world, &ann, &acme, bob.user.id).await?;
    assert_eq!(kept, Roles::of(&[Role::Member]));
    assert_eq!(transfer(2).await?.owner.id, bob.user.id);
    Ok(())
}

pub(crate) async fn a_stale_version_is_refused(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world, &[Role::Member]).await?;
    let stale = Some(acme.version.next());
    let transfer = world
        .organizations
        .transfer(ann.caller, acme.id, bob.user.id, stale, None);
    assert_refused!(transfer.await, Refusal::VersionMismatch);
    Ok(())
}

pub(crate) async fn strangers_and_the_deleted(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world, &[Role::Member]).await?;
    let eve = world.sign_up("eve").await?;
    let transfer = |caller: &Account| {
        world
            .organizations
            .transfer(caller.caller, acme.id, bob.user.id, None, None)
    };
    let outcome = transfer(&eve).await;
    assert_denied!(outcome, TransferOrganization, visible: false);
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    let outcome = transfer(&ann).await;
    assert_error!(outcome, Error::NotFound(Kind::Organization));
    Ok(())
}
