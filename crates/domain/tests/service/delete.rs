use rollbook_domain::error::Kind;
use rollbook_domain::filter::Filter;
use rollbook_domain::mock::World;
use rollbook_domain::page::Window;
use rollbook_domain::role::Role;
use rollbook_domain::service::organization::UpdateOrganization;
use rollbook_domain::service::{Memberships, Organizations};
use rollbook_domain::time::Span;
use rollbook_domain::{Error, Refusal, Result};

use super::membership::members;
use super::{assert_denied, assert_error, assert_refused};

/// objectstack #15409 and nakama PR #803: access went on after it should have ended.
pub(crate) async fn it_is_invisible_at_once(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let root = world.sign_up_superuser("root").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    world.join(&acme, &bob, &[Role::Admin]).await?;
    let (organizations, memberships) = (&world.organizations, &world.memberships);
    world.clock.advance(Span::seconds(5));
    organizations
        .delete(ann.caller, acme.id, Some(acme.version))
        .await?;
    for caller in [ann.caller, bob.caller, root.caller] {
        let outcome = organizations.get(caller, acme.id).await;
        assert_error!(outcome, Error::NotFound(Kind::Organization));
        let outcome = organizations.update(caller, acme.id, UpdateOrganization::default());
        assert_error!(outcome.await, Error::NotFound(Kind::Organization));
        let outcome = members(&world, caller, acme.id, Window::first(10)).await;
        assert_error!(outcome, Error::NotFound(Kind::Organization));
        let outcome = memberships.get(caller, acme.id, ann.user.id).await;
        assert_error!(outcome, Error::NotFound(Kind::Organization));
        let list = organizations.list_mine(caller, Filter::everything(), Window::first(10));
        assert!(list.await?.items.is_empty());
    }
    let list = organizations.list_all(root.caller, Filter::everything(), Window::first(10));
    assert!(list.await?.items.is_empty());
    let kept = world.look(&acme).await?.organization;
    assert_eq!(kept.deleted_at, Some(world.now()));
    assert_eq!(kept.version, acme.version.next());
    Ok(())
}

pub(crate) async fn its_slug_is_free(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    for _ in 0..2 {
        let acme = world.create(&ann, "Acme").await?.organization;
        assert_eq!(acme.slug.as_str(), "acme");
        world
            .organizations
            .delete(ann.caller, acme.id, None)
            .await?;
    }
    let next = world.create(&bob, "Acme").await?.organization;
    assert_eq!(next.slug.as_str(), "acme");
    Ok(())
}

/// better-auth #9483: an admin could delete the organization although the manual said otherwise.
pub(crate) async fn only_the_owner_deletes(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    for role in Role::ALL {
        let member = world.sign_up(role.key()).await?;
        world.join(&acme, &member, &[role]).await?;
        let outcome = world.organizations.delete(member.caller, acme.id, None);
        assert_denied!(outcome.await, DeleteOrganization, visible: true);
    }
    world.organizations.delete(ann.caller, acme.id, None).await
}

pub(crate) async fn a_superuser_deletes(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let root = world.sign_up_superuser("root").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    world
        .organizations
        .delete(root.caller, acme.id, None)
        .await?;
    assert!(!world.look(&acme).await?.organization.is_live());
    Ok(())
}

pub(crate) async fn a_stale_version_is_refused(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let stale = Some(acme.version.next());
    let outcome = world.organizations.delete(ann.caller, acme.id, stale).await;
    assert_refused!(outcome, Refusal::VersionMismatch);
    assert!(world.look(&acme).await?.organization.is_live());
    Ok(())
}

pub(crate) async fn strangers_and_the_deleted(world: World) -> Result<()> {
    let (ann, eve) = (world.sign_up("ann").await?, world.sign_up("eve").await?);
    let acme = world.create(&ann, "Acme").await?.organization;
    let outcome = world.organizations.delete(eve.caller, acme.id, None).await;
    assert_denied!(outcome, DeleteOrganization, visible: false);
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    let once = world.look(&acme).await?;
    let outcome = world.organizations.delete(ann.caller, acme.id, None).await;
    assert_error!(outcome, Error::NotFound(Kind::Organization));
    assert_eq!(world.look(&acme).await?, once);
    Ok(())
}
