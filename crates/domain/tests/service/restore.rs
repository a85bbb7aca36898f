use rollbook_domain::error::Kind;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::{Organization, RESTORE_WINDOW};
use rollbook_domain::page::Window;
use rollbook_domain::role::Role;
use rollbook_domain::service::Organizations;
use rollbook_domain::time::{Span, Timestamp};
use rollbook_domain::{Error, Refusal, Result};

use super::membership::members;
use super::{assert_denied, assert_error, assert_refused};

/// An organization that its owner deleted just now.
async fn deleted(world: &World, owner: &Account, name: &str) -> Result<Organization> {
    let organization = world.create(owner, name).await?.organization;
    world
        .organizations
        .delete(owner.caller, organization.id, None)
        .await?;
    Ok(world.look(&organization).await?.organization)
}

pub(crate) async fn everything_comes_back(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let before = world.create(&ann, "Acme").await?.organization;
    world.join(&before, &bob, &[Role::Viewer]).await?;
    world
        .organizations
        .delete(ann.caller, before.id, None)
        .await?;
    world.clock.advance(Span::days(3));
    let view = world
        .organizations
        .restore(ann.caller, before.id, None)
        .await?;
    let expected = Organization {
        version: before.version.next().next(),
        updated_at: world.now(),
        ..before.clone()
    };
    assert_eq!(view.organization, expected);
    assert_eq!(view.owner.id, ann.user.id);
    assert_eq!(world.organizations.get(bob.caller, before.id).await?, view);
    let page = members(&world, bob.caller, before.id, Window::first(10).counted());
    assert_eq!(page.await?.total, Some(2));
    Ok(())
}

fn just_before(moment: Timestamp) -> Timestamp {
    Timestamp::from_millis(moment.millis() - 1)
}

pub(crate) async fn until_the_last_moment(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = deleted(&world, &ann, "Acme").await?;
    world
        .clock
        .set(just_before(world.now().plus(RESTORE_WINDOW)));
    let view = world
        .organizations
        .restore(ann.caller, acme.id, None)
        .await?;
    assert!(view.organization.is_live());
    Ok(())
}

/// CVE-2025-64708 in authentik: something expired was valid until a sweeper came. No sweeper runs
/// here.
pub(crate) async fn too_late_at_the_boundary(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let root = world.sign_up_superuser("root").await?;
    let acme = deleted(&world, &ann, "Acme").await?;
    let until = world.now().plus(Span::days(30));
    world.clock.set(until);
    for caller in [ann.caller, root.caller] {
        let outcome = world.organizations.restore(caller, acme.id, None).await;
        assert_refused!(outcome, Refusal::RestoreWindowOver { until });
    }
    assert_eq!(world.look(&acme).await?.organization, acme);
    Ok(())
}

pub(crate) async fn a_taken_slug_is_numbered(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let acme = deleted(&world, &ann, "Acme").await?;
    let other = world.create(&bob, "Acme").await?.organization;
    let view = world
        .organizations
        .restore(ann.caller, acme.id, None)
        .await?;
    assert_eq!(view.organization.slug.as_str(), "acme-2");
    assert_eq!(view.organization.name, acme.name);
    assert_eq!(world.look(&other).await?.organization, other);
    assert_eq!(world.look(&acme).await?, view);
    Ok(())
}

pub(crate) async fn what_lives_is_refused(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let outcome = world.organizations.restore(ann.caller, acme.id, None).await;
    assert_refused!(outcome, Refusal::NotDeleted);
    Ok(())
}

pub(crate) async fn the_owners_limit_counts(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let root = world.sign_up_superuser("root").await?;
    let acme = deleted(&world, &ann, "Acme").await?;
    world.create(&ann, "Other").await?;
    for caller in [ann.caller, root.caller] {
        let outcome = world.organizations.restore(caller, acme.id, Some(1)).await;
        assert_refused!(outcome, Refusal::OrganizationLimit { limit: 1 });
    }
    world
        .organizations
        .restore(ann.caller, acme.id, Some(2))
        .await?;
    Ok(())
}

pub(crate) async fn only_the_owner_restores(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let acme = world.create(&ann, "Acme").await?.organization;
    world.join(&acme, &bob, &[Role::Admin]).await?;
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    let outcome = world.organizations.restore(bob.caller, acme.id, None).await;
    assert_denied!(outcome, RestoreOrganization, visible: true);
    Ok(())
}

pub(crate) async fn a_superuser_restores_for_the_owner(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let root = world.sign_up_superuser("root").await?;
    let acme = deleted(&world, &ann, "Acme").await?;
    let view = world
        .organizations
        .restore(root.caller, acme.id, None)
        .await?;
    assert_eq!(view.owner.id, ann.user.id);
    assert_eq!(world.organizations.get(ann.caller, acme.id).await?, view);
    Ok(())
}

pub(crate) async fn strangers_and_the_absent(world: World) -> Result<()> {
    let (ann, eve) = (world.sign_up("ann").await?, world.sign_up("eve").await?);
    let root = world.sign_up_superuser("root").await?;
    let acme = deleted(&world, &ann, "Acme").await?;
    let absent = OrganizationId::new(sample::uuid("absent"));
    for id in [acme.id, absent] {
        let outcome = world.organizations.restore(eve.caller, id, None).await;
        assert_denied!(outcome, RestoreOrganization, visible: false);
    }
    let outcome = world.organizations.restore(root.caller, absent, None).await;
    assert_error!(outcome, Error::NotFound(Kind::Organization));
    Ok(())
}
