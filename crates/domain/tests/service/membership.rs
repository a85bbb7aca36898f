use rollbook_domain::access::Caller;
use rollbook_domain::error::Kind;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::membership::{MemberKey, MemberOrder};
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::role::{Role, Roles};
use rollbook_domain::service::membership::MemberPage;
use rollbook_domain::service::{Memberships, Organizations};
use rollbook_domain::user::UserKind;
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_denied, assert_error, assert_refused};

/// All members of an organization, in the usual order.
pub(crate) async fn members(
    world: &World,
    caller: Caller,
    organization: OrganizationId,
    window: Window<MemberKey>,
) -> Result<MemberPage> {
    let (all, order) = (Filter::everything(), MemberOrder::default());
    world
        .memberships
        .list(caller, organization, all, order, window)
        .await
}

/// Ann's organization with members of these names.
async fn acme(world: &World, members: &[&str]) -> Result<(Account, Organization)> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    for name in members {
        let member = world.sign_up(name).await?;
        world.join(&acme, &member, &[Role::Member]).await?;
    }
    Ok((ann, acme))
}

pub(crate) async fn who_joined_last_comes_first(world: World) -> Result<()> {
    let (ann, acme) = acme(&world, &["zoe", "bob"]).await?;
    let robot = world.sign_up_service_account("robot").await?;
    world
        .join(&acme, &robot, &[Role::Viewer, Role::Billing])
        .await?;
    let page = members(&world, ann.caller, acme.id, Window::first(10).counted()).await?;
    let names: Vec<_> = page.items.iter().map(|m| m.display_name.as_str()).collect();
    assert_eq!(names, ["robot", "bob", "zoe", "ann"]);
    assert_eq!((page.next, page.total), (None, Some(4)));
    let last = &page.items[0];
    assert_eq!(last.kind, UserKind::ServiceAccount);
    assert_eq!(last.email, robot.user.email);
    assert_eq!(
        last.membership.roles,
        Roles::of(&[Role::Viewer, Role::Billing])
    );
    assert_eq!(last.membership.organization_id, acme.id);
    assert_eq!(last.membership.created_at, world.now());
    Ok(())
}

/// better-auth #4586 and #5517, auth0-java #573: lists that ended early without saying so.
pub(crate) async fn pages_follow_each_other(world: World) -> Result<()> {
    let (ann, acme) = acme(&world, &["bob", "cat", "dan", "eve"]).await?;
    world.create(&ann, "Other").await?;
    let list = |window| members(&world, ann.caller, acme.id, window);
    let key = |member| MemberOrder::default().key(member);
    let first = list(Window::first(2)).await?;
    assert_eq!(first.items.len(), 2);
    assert_eq!(first.next, first.items.last().map(key));
    let second = list(Window::after(key(&first.items[1]), 3)).await?;
    let skipped = list(Window::skip(2, 3)).await?;
    assert_eq!(second, skipped);
    assert_eq!(second.items.len(), 3);
    assert_eq!(second.next, None);
    Ok(())
}

pub(crate) async fn every_member_sees_members(world: World) -> Result<()> {
    let (ann, acme) = acme(&world, &[]).await?;
    for role in Role::ALL {
        let member = world.sign_up(role.key()).await?;
        world.join(&acme, &member, &[role]).await?;
        let seen = world
            .memberships
            .get(member.caller, acme.id, ann.user.id)
            .await?;
        assert_eq!(seen.membership.user_id, ann.user.id);
        let list = members(&world, member.caller, acme.id, Window::first(10)).await?;
        assert!(list.items.contains(&seen), "{list:?}");
    }
    Ok(())
}

/// CVE-2026-2366 in keycloak: any token could enumerate members.
pub(crate) async fn strangers_see_none(world: World) -> Result<()> {
    let (ann, acme) = acme(&world, &[]).await?;
    let eve = world.sign_up("eve").await?;
    let root = world.sign_up_superuser("root").await?;
    let (memberships, first) = (&world.memberships, Window::first(10));
    let list = members(&world, eve.caller, acme.id, first.clone()).await;
    assert_denied!(list, Use(ReadMembership), visible: false);
    let one = memberships.get(eve.caller, acme.id, eve.user.id).await;
    assert_denied!(one, Use(ReadMembership), visible: false);
    let one = memberships.get(eve.caller, acme.id, ann.user.id).await;
    assert_denied!(one, Use(ReadMembership), visible: false);
    let list = members(&world, root.caller, acme.id, first).await?;
    assert_eq!(list.items.len(), 1);
    Ok(())
}

pub(crate) async fn a_user_who_is_no_member_is_not_found(world: World) -> Result<()> {
    let (ann, acme) = acme(&world, &[]).await?;
    let bob = world.sign_up("bob").await?;
    world.create(&bob, "Bob's").await?;
    let outcome = world.memberships.get(ann.caller, acme.id, bob.user.id);
    assert_error!(outcome.await, Error::NotFound(Kind::Membership));
    Ok(())
}

/// better-auth PR #9993 and #10002: the cap was passed, or the last free seat was refused.
pub(crate) async fn the_last_seat_can_be_taken_and_no_more(world: World) -> Result<()> {
    let (ann, acme) = acme(&world, &["bob"]).await?;
    let (cat, dan) = (world.sign_up("cat").await?, world.sign_up("dan").await?);
    world.set_seats(&acme, 3).await?;
    world.join(&acme, &cat, &[Role::Member]).await?;
    let outcome = world.join(&acme, &dan, &[Role::Member]);
    assert_refused!(outcome.await, Refusal::SeatLimit { limit: 3 });
    let page = members(&world, ann.caller, acme.id, Window::first(1).counted()).await?;
    assert_eq!(page.total, Some(3));
    world.set_seats(&acme, 0).await?;
    world.join(&acme, &dan, &[Role::Member]).await?;
    Ok(())
}

/// better-auth #9154: two acceptances made two members.
pub(crate) async fn nobody_joins_twice(world: World) -> Result<()> {
    let (ann, acme) = acme(&world, &[]).await?;
    let bob = world.sign_up("bob").await?;
    world.join(&acme, &bob, &[Role::Viewer]).await?;
    for again in [&bob, &ann] {
        let outcome = world.join(&acme, again, &[Role::Admin]).await;
        assert_refused!(outcome, Refusal::AlreadyMember);
    }
    let kept = world
        .memberships
        .get(ann.caller, acme.id, bob.user.id)
        .await?;
    assert_eq!(kept.membership.roles, Roles::of(&[Role::Viewer]));
    Ok(())
}

/// zitadel #11532: a user was put into an organization that did not exist.
pub(crate) async fn nobody_joins_what_is_deleted_or_absent(world: World) -> Result<()> {
    let (ann, acme) = acme(&world, &[]).await?;
    let bob = world.sign_up("bob").await?;
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    let absent = sample::organization("absent", &ann.user);
    for organization in [&acme, &absent] {
        let outcome = world.join(organization, &bob, &[Role::Member]).await;
        assert_error!(outcome, Error::NotFound(Kind::Organization));
    }
    Ok(())
}
