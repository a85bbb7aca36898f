use rollbook_domain::error::Kind;
use rollbook_domain::error::Unauthenticated::Invalid;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::OrganizationId;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::role::Role;
use rollbook_domain::service::user::{Bequest, DeleteUser};
use rollbook_domain::service::{AuditLog, Memberships, Organizations, Users};
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_error, assert_refused};

fn bequests(bequests: &[(OrganizationId, Bequest)]) -> DeleteUser {
    DeleteUser {
        bequests: bequests.to_vec(),
        ..DeleteUser::default()
    }
}

/// The latest deeds in an organization, as its owner or member sees them.
pub(crate) async fn latest(
    world: &World,
    reader: &Account,
    organization: OrganizationId,
    count: u32,
) -> Result<Vec<String>> {
    let (all, window) = (Filter::everything(), Window::first(count));
    let page = world.audit.list(reader.caller, organization, all, window);
    Ok(page.await?.items.into_iter().map(|it| it.act).collect())
}

async fn acme(world: &World) -> Result<(Account, Account, Organization)> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let acme = world.create(&ann, "Acme").await?.organization;
    world.join(&acme, &bob, &[Role::Manager]).await?;
    Ok((ann, bob, acme))
}

/// GHSA-2vg6-77g8-24mp in better-auth: sessions survived the deletion of their user.
pub(crate) async fn nothing_of_a_user_works_any_more(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world).await?;
    let bound = super::profile::bound_token(&world, &bob, acme.id).await?;
    let delete = world.users.delete_me(bob.caller, DeleteUser::default());
    delete.await?;
    for caller in [bob.caller, bound] {
        let outcome = world.users.me(caller).await;
        assert_error!(outcome, Error::Unauthenticated(Invalid));
    }
    let outcome = world.memberships.get(ann.caller, acme.id, bob.user.id);
    assert_error!(outcome.await, Error::NotFound(Kind::Membership));
    let latest = latest(&world, &ann, acme.id, 1).await?;
    assert_eq!(latest, ["membership.left"]);
    let log = super::profile::log_of(&world, bob.user.id).await?;
    assert_eq!(
        log.last().map(|(act, _)| act.as_str()),
        Some("user.deleted")
    );
    Ok(())
}

pub(crate) async fn an_id_is_all_that_stays(world: World) -> Result<()> {
    let (_, bob, _) = acme(&world).await?;
    let delete = world.users.delete_me(bob.caller, DeleteUser::default());
    delete.await?;
    let id = bob.user.id;
    let kept = world.store.read(move |tx| tx.users().find(id)).await?;
    let kept = kept.ok_or_else(|| Error::storage("the row is gone"))?;
    let address = format!("deleted-{id}@deleted.invalid");
    assert_eq!(kept.email.as_str(), address);
    assert_eq!(kept.display_name.as_str(), "Deleted user");
    assert_eq!(kept.deleted_at, Some(world.now()));
    assert!(!kept.active && !kept.superuser && !kept.has_verified_email());
    Ok(())
}

/// zitadel #11020, CVE-2026-55670: who got the id of a deleted user landed in their organizations.
pub(crate) async fn an_address_that_is_free_again_is_another_user(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let (ann, bob, acme) = acme(&world).await?;
    let delete = world.users.delete_me(bob.caller, DeleteUser::default());
    delete.await?;
    let command = rollbook_domain::service::user::CreatePerson {
        email: bob.user.email.clone(),
        display_name: bob.user.display_name.clone(),
        once: None,
    };
    let next = world.users.create(root.caller, command).await?;
    assert_ne!(next.id, bob.user.id);
    assert_eq!(next.email, bob.user.email);
    let outcome = world.memberships.get(ann.caller, acme.id, next.id).await;
    assert_error!(outcome, Error::NotFound(Kind::Membership));
    // Nor can anybody be written under the old id.
    let twin = rollbook_domain::user::User {
        id: bob.user.id,
        ..sample::user("twin")
    };
    assert_error!(world.add(twin).await, Error::Storage(_));
    Ok(())
}

/// better-auth #10960: the only owner of an organization was deleted.
pub(crate) async fn an_owner_is_told_what_they_own(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let (ann, _, acme) = acme(&world).await?;
    let other = world.create(&ann, "Other").await?.organization;
    let gone = world.create(&ann, "Gone").await?.organization;
    world
        .organizations
        .delete(ann.caller, gone.id, None)
        .await?;
    let mut organizations = vec![acme.id, other.id];
    organizations.sort_unstable();
    let refusal = Refusal::StillOwner { organizations };
    let outcome = world.users.delete_me(ann.caller, DeleteUser::default());
    assert_refused!(outcome.await, refusal.clone());
    let outcome = world
        .users
        .delete(root.caller, ann.user.id, DeleteUser::default());
    assert_refused!(outcome.await, refusal);
    let outcome = world
        .users
        .delete_me(ann.caller, bequests(&[(acme.id, Bequest::Delete)]));
    let organizations = vec![other.id];
    assert_refused!(outcome.await, Refusal::StillOwner { organizations });
    world.organizations.get(ann.caller, acme.id).await?;
    Ok(())
}

/// bitwarden #411: who owned an organization could not get out. Everything is decided in one call.
pub(crate) async fn an_owner_decides_and_goes(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world).await?;
    let lone = world.create(&ann, "Lone").await?.organization;
    let command = bequests(&[
        (lone.id, Bequest::Delete),
        (acme.id, Bequest::TransferTo(bob.user.id)),
    ]);
    world.users.delete_me(ann.caller, command).await?;
    let view = world.look(&acme).await?;
    assert_eq!(view.owner.id, bob.user.id);
    assert!(view.organization.is_live());
    assert!(!world.look(&lone).await?.organization.is_live());
    let outcome = world.users.me(ann.caller).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    let heir = world.memberships.get(bob.caller, acme.id, bob.user.id);
    assert!(heir.await?.membership.roles.has(Role::Admin));
    let latest = latest(&world, &bob, acme.id, 2).await?;
    assert_eq!(latest, ["membership.left", "organization.transferred"]);
    Ok(())
}

pub(crate) async fn only_a_fit_heir_inherits(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world).await?;
    let eve = world.sign_up("eve").await?;
    let robot = world.sign_up_service_account("robot").await?;
    world.join(&acme, &robot, &[Role::Admin]).await?;
    for heir in [&eve, &robot, &ann] {
        let command = bequests(&[(acme.id, Bequest::TransferTo(heir.user.id))]);
        let outcome = world.users.delete_me(ann.caller, command).await;
        assert_refused!(outcome, Refusal::UnsuitableOwner);
    }
    world.create(&bob, "His").await?;
    let command = DeleteUser {
        owner_limit: Some(1),
        ..bequests(&[(acme.id, Bequest::TransferTo(bob.user.id))])
    };
    let outcome = world.users.delete_me(ann.caller, command).await;
    assert_refused!(outcome, Refusal::OrganizationLimit { limit: 1 });
    assert_eq!(world.users.me(ann.caller).await?, ann.user);
    assert_eq!(world.look(&acme).await?.owner.id, ann.user.id);
    Ok(())
}

pub(crate) async fn decisions_are_about_what_one_owns_and_clear(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world).await?;
    let his = world.create(&bob, "His").await?.organization;
    let twice = [
        (acme.id, Bequest::Delete),
        (acme.id, Bequest::TransferTo(bob.user.id)),
    ];
    for command in [bequests(&[(his.id, Bequest::Delete)]), bequests(&twice)] {
        let outcome = world.users.delete_me(ann.caller, command).await;
        assert_error!(outcome, Error::Invalid(violations) if violations[0].field == "bequests");
    }
    assert!(world.look(&his).await?.organization.is_live());
    Ok(())
}

pub(crate) async fn a_superuser_deletes_others(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let (ann, bob, acme) = acme(&world).await?;
    let stale = DeleteUser {
        seen: Some(bob.user.version.next()),
        ..DeleteUser::default()
    };
    let outcome = world.users.delete(root.caller, bob.user.id, stale).await;
    assert_refused!(outcome, Refusal::VersionMismatch);
    let delete = world
        .users
        .delete(root.caller, bob.user.id, DeleteUser::default());
    delete.await?;
    let latest = latest(&world, &ann, acme.id, 1).await?;
    assert_eq!(latest, ["membership.deleted"]);
    let outcome = world.users.me(bob.caller).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    Ok(())
}

/// The organization of a deleted owner could come back without anybody to own it.
pub(crate) async fn what_a_deleted_owner_left_does_not_come_back(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let (ann, _, acme) = acme(&world).await?;
    let command = bequests(&[(acme.id, Bequest::Delete)]);
    world.users.delete_me(ann.caller, command).await?;
    let outcome = world.organizations.restore(root.caller, acme.id, None);
    assert_refused!(outcome.await, Refusal::UnsuitableOwner);
    assert!(!world.look(&acme).await?.organization.is_live());
    Ok(())
}

pub(crate) async fn a_failed_deletion_leaves_everything(world: World) -> Result<()> {
    let (ann, bob, acme) = acme(&world).await?;
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    let command = bequests(&[(acme.id, Bequest::TransferTo(bob.user.id))]);
    let outcome = flaky.users.delete_me(ann.caller, command.clone()).await;
    assert_error!(outcome, Error::Busy);
    assert_eq!(world.users.me(ann.caller).await?, ann.user);
    assert_eq!(world.look(&acme).await?.owner.id, ann.user.id);
    flaky.users.delete_me(ann.caller, command).await?;
    assert_eq!(world.look(&acme).await?.owner.id, bob.user.id);
    Ok(())
}

/// Whoever looked at the user before they were deleted does not bring them back.
pub(crate) async fn nobody_takes_in_who_was_deleted_meanwhile(world: World) -> Result<()> {
    let (ann, bob, _) = acme(&world).await?;
    let other = world.create(&ann, "Other").await?.organization;
    let delete = world.users.delete_me(bob.caller, DeleteUser::default());
    delete.await?;
    let id = bob.user.id;
    let found = world.store.read(move |tx| tx.users().find(id)).await?;
    let gone = Account {
        user: found.ok_or_else(|| Error::storage("the row is gone"))?,
        ..bob
    };
    let outcome = world.join(&other, &gone, &[Role::Member]).await;
    assert_error!(outcome, Error::NotFound(Kind::User));
    let count = world.store.read(move |tx| tx.memberships().count(other.id));
    assert_eq!(count.await?, 1);
    Ok(())
}
