use rollbook_domain::audit::Chain;
use rollbook_domain::error::Kind;
use rollbook_domain::error::Unauthenticated::Invalid;
use rollbook_domain::id::UserId;
use rollbook_domain::idempotency::{Once, RequestKey};
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::role::Role;
use rollbook_domain::secret::Digest;
use rollbook_domain::service::user::{CreatePerson, DeleteUser};
use rollbook_domain::service::{Organizations, Users};
use rollbook_domain::user::UserKind;
use rollbook_domain::{Error, Refusal, Result};

use super::profile::log_of;
use super::{assert_denied, assert_error, assert_refused};

fn person(name: &str) -> CreatePerson {
    CreatePerson {
        email: sample::email(name),
        display_name: sample::user(name).display_name,
        once: None,
    }
}

pub(crate) async fn a_superuser_makes_people(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let ann = world.users.create(root.caller, person("ann")).await?;
    assert_eq!(ann.kind, UserKind::Person);
    assert!(ann.active && !ann.superuser && !ann.has_verified_email());
    assert_eq!(world.users.get(root.caller, ann.id).await?, ann);
    let again = world.users.create(root.caller, person("ann")).await;
    assert_refused!(again, Refusal::EmailTaken);
    let log = log_of(&world, ann.id).await?;
    assert_eq!(log.len(), 1);
    assert_eq!(log[0].0, "user.created");
    Ok(())
}

pub(crate) async fn a_repeated_request_makes_one_user(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let once = |fingerprint| Once {
        key: RequestKey::from_stored("job-7".to_owned()),
        fingerprint: Digest::new([fingerprint; 32]),
    };
    let create = |fingerprint| {
        let once = Some(once(fingerprint));
        let command = CreatePerson {
            once,
            ..person("ann")
        };
        world.users.create(root.caller, command)
    };
    let first = create(1).await?;
    assert_eq!(create(1).await?, first);
    assert_refused!(create(2).await, Refusal::RequestKeyReused);
    Ok(())
}

/// CVE-2026-2366 in keycloak: any token told where a user belongs. Only superusers see users as
/// such; nobody else learns from an answer whether there is one.
pub(crate) async fn nobody_else_administers(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    world.create(&ann, "Acme").await?;
    for id in [
        bob.user.id,
        ann.user.id,
        UserId::new(sample::uuid("absent")),
    ] {
        let users = &world.users;
        let outcome = users.get(ann.caller, id).await;
        assert_denied!(outcome, AdministerUsers, visible: true);
        let outcome = users.verify_email(ann.caller, id).await;
        assert_denied!(outcome, AdministerUsers, visible: true);
        let outcome = users.deactivate(ann.caller, id, None).await;
        assert_denied!(outcome, AdministerUsers, visible: true);
        let outcome = users.activate(ann.caller, id, None).await;
        assert_denied!(outcome, AdministerUsers, visible: true);
        let outcome = users.delete(ann.caller, id, DeleteUser::default()).await;
        assert_denied!(outcome, AdministerUsers, visible: true);
    }
    let outcome = world.users.list(ann.caller, Window::first(10)).await;
    assert_denied!(outcome, AdministerUsers, visible: true);
    let outcome = world.users.create(ann.caller, person("eve")).await;
    assert_denied!(outcome, AdministerUsers, visible: true);
    assert_eq!(world.users.me(bob.caller).await?, bob.user);
    Ok(())
}

pub(crate) async fn users_in_the_order_of_their_ids(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let ann = world.users.create(root.caller, person("ann")).await?;
    let bob = world.users.create(root.caller, person("bob")).await?;
    let list = |window| world.users.list(root.caller, window);
    let all = list(Window::first(10).counted()).await?;
    assert_eq!((all.items.len(), all.total), (3, Some(3)));
    assert!(all.items.is_sorted_by_key(|user| user.id));
    let first = list(Window::first(2)).await?;
    assert_eq!(first.next, Some(all.items[1].id));
    let rest = list(Window::after(all.items[1].id, 2)).await?;
    assert_eq!((&rest.items[..], rest.next), (&all.items[2..], None));
    assert!(all.items.contains(&ann) && all.items.contains(&bob));
    let delete = world
        .users
        .delete(root.caller, ann.id, DeleteUser::default());
    delete.await?;
    assert!(
        !list(Window::first(10))
            .await?
            .items
            .iter()
            .any(|user| user.id == ann.id)
    );
    Ok(())
}

pub(crate) async fn an_address_is_vouched_for(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let ann = world.users.create(root.caller, person("ann")).await?;
    let verified = world.users.verify_email(root.caller, ann.id).await?;
    assert_eq!(verified.email_verified_at, Some(world.now()));
    assert_eq!(verified.version, ann.version.next());
    let again = world.users.verify_email(root.caller, ann.id).await?;
    assert_eq!(again, verified);
    let acts = log_of(&world, ann.id).await?;
    let acts: Vec<_> = acts.iter().map(|(act, _)| act.as_str()).collect();
    assert_eq!(acts, ["user.created", "user.updated"]);
    Ok(())
}

pub(crate) async fn the_deactivated_are_nobody(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let ann = world.sign_up("ann").await?;
    let stale = Some(ann.user.version.next());
    let outcome = world.users.deactivate(root.caller, ann.user.id, stale);
    assert_refused!(outcome.await, Refusal::VersionMismatch);
    let seen = Some(ann.user.version);
    let idle = world.users.deactivate(root.caller, ann.user.id, seen);
    let idle = idle.await?;
    assert!(!idle.active);
    let outcome = world.users.me(ann.caller).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    let again = world.users.deactivate(root.caller, ann.user.id, None);
    assert_eq!(again.await?, idle);
    let back = world.users.activate(root.caller, ann.user.id, None).await?;
    assert!(back.active);
    let outcome = world.users.me(ann.caller).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    let acts = log_of(&world, ann.user.id).await?;
    let acts: Vec<_> = acts.iter().map(|(act, _)| act.as_str()).collect();
    assert_eq!(acts, ["user.created", "user.deactivated", "user.activated"]);
    Ok(())
}

/// Ann's organizations, of which the last is deleted, with Bob in all of them.
async fn homes(world: &World, ann: &Account, bob: &Account) -> Result<[Organization; 3]> {
    let mut homes = Vec::new();
    for name in ["Acme", "Beta", "Gone"] {
        let home = world.create(ann, name).await?.organization;
        world.join(&home, bob, &[Role::Member]).await?;
        homes.push(home);
    }
    let gone = homes[2].id;
    world.organizations.delete(ann.caller, gone, None).await?;
    homes.try_into().map_err(|_| Error::Busy)
}

/// Their organizations hear of it, in the transaction that does it; those that are deleted do not.
pub(crate) async fn organizations_hear_who_is_deactivated(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let [acme, beta, gone] = homes(&world, &ann, &bob).await?;
    let heard = async |count: usize| -> Result<Vec<String>> {
        let mut logs = Vec::new();
        for home in [&acme, &beta] {
            let chain = Chain::Organization(home.id);
            let log = world.store.read(move |tx| tx.audit().follow(chain, 0, 99));
            let log = log.await?.into_iter();
            assert!(log.clone().skip(2).all(|it| {
                (it.actor_id, it.target_id) == (Some(root.user.id), bob.user.id.uuid())
            }));
            logs.push(log.map(|it| it.act).collect::<Vec<_>>());
        }
        assert_eq!((logs[0].len(), &logs[0]), (2 + count, &logs[1]));
        Ok(logs.swap_remove(0).split_off(2))
    };
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    let outcome = flaky.users.deactivate(root.caller, bob.user.id, None).await;
    assert_error!(outcome, Error::Busy);
    assert_eq!(heard(0).await?, Vec::<String>::new());
    for _ in 0..2 {
        let again = world.users.deactivate(root.caller, bob.user.id, None);
        again.await?;
        assert_eq!(heard(1).await?, ["membership.deactivated"]);
    }
    world.users.activate(root.caller, bob.user.id, None).await?;
    let expected = ["membership.deactivated", "membership.activated"];
    assert_eq!(heard(2).await?, expected);
    let chain = Chain::Organization(gone.id);
    let log = world
        .store
        .read(move |tx| tx.audit().follow(chain, 0, 99))
        .await?;
    let last = log.last().map(|it| it.act.as_str());
    assert_eq!(last, Some("organization.deleted"));
    Ok(())
}

/// better-auth #10960: an organization lost its only owner to the administration of users.
pub(crate) async fn an_owner_is_not_deactivated(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let outcome = world.users.deactivate(root.caller, ann.user.id, None).await;
    let organizations = vec![acme.id];
    assert_refused!(outcome, Refusal::StillOwner { organizations });
    world.users.me(ann.caller).await?;
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    world
        .users
        .deactivate(root.caller, ann.user.id, None)
        .await?;
    Ok(())
}

pub(crate) async fn who_is_absent_is_not_found(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let gone = world.sign_up("gone").await?;
    let delete = world.users.delete_me(gone.caller, DeleteUser::default());
    delete.await?;
    for id in [gone.user.id, UserId::new(sample::uuid("absent"))] {
        let users = &world.users;
        let outcome = users.get(root.caller, id).await;
        assert_error!(outcome, Error::NotFound(Kind::User));
        let outcome = users.verify_email(root.caller, id).await;
        assert_error!(outcome, Error::NotFound(Kind::User));
        let outcome = users.deactivate(root.caller, id, None).await;
        assert_error!(outcome, Error::NotFound(Kind::User));
        let outcome = users.activate(root.caller, id, None).await;
        assert_error!(outcome, Error::NotFound(Kind::User));
        let outcome = users.delete(root.caller, id, DeleteUser::default()).await;
        assert_error!(outcome, Error::NotFound(Kind::User));
    }
    Ok(())
}

/// A superuser's token for one organization does not administer the platform.
pub(crate) async fn a_bound_token_administers_nobody(world: World) -> Result<()> {
    let root = world.sign_up_superuser("root").await?;
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    world.join(&acme, &root, &[Role::Member]).await?;
    let bound = super::profile::bound_token(&world, &root, acme.id).await?;
    let outcome = world.users.list(bound, Window::first(10)).await;
    assert_denied!(outcome, AdministerUsers, visible: true);
    let outcome = world.users.deactivate(bound, ann.user.id, None).await;
    assert_denied!(outcome, AdministerUsers, visible: true);
    Ok(())
}
