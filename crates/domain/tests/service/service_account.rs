use rollbook_domain::access::Caller;
use rollbook_domain::error::Kind;
use rollbook_domain::error::Unauthenticated::Invalid;
use rollbook_domain::filter::Filter;
use rollbook_domain::id::{RoleId, TokenId, UserId};
use rollbook_domain::idempotency::{Once, RequestKey};
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::{Organization, Version};
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::role::{
    AssignedRole, CustomRole, Permission, Permissions, Role, RoleScope, Roles,
};
use rollbook_domain::secret::{Digest, Secret};
use rollbook_domain::service::organization::UpdateOrganization;
use rollbook_domain::service::service_account::{
    CreateServiceAccount, Granted, IssueKey, ServiceAccount, UpdateServiceAccount,
};
use rollbook_domain::service::token::IssuedToken;
use rollbook_domain::service::user::DeleteUser;
use rollbook_domain::service::{
    AuditLog, Memberships, Organizations, ServiceAccounts, Tokens, Users,
};
use rollbook_domain::user::UserKind;
use rollbook_domain::value::{DisplayName, OrganizationName, RoleKey, RoleTitle, TokenName};
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_denied, assert_error, assert_refused};

/// What it takes to work with service accounts.
const KEEPER: &[Permission] = &[
    Permission::ReadOrganization,
    Permission::ReadMembership,
    Permission::ReadRole,
    Permission::ReadPreferences,
    Permission::ReadServiceAccount,
    Permission::CreateServiceAccount,
    Permission::UpdateServiceAccount,
    Permission::DeleteServiceAccount,
];

pub(crate) fn command(name: &str, roles: &[Role]) -> CreateServiceAccount {
    CreateServiceAccount {
        display_name: DisplayName::from_stored(name.to_owned()),
        granted: granted(roles),
        once: None,
    }
}

fn granted(roles: &[Role]) -> Granted {
    Granted {
        roles: Roles::of(roles),
        custom_roles: Vec::new(),
    }
}

fn key(name: &str) -> IssueKey {
    IssueKey {
        name: TokenName::from_stored(name.to_owned()),
        expires_at: None,
        once: None,
    }
}

fn bearer(issued: &IssuedToken) -> Caller {
    Caller::bearer(issued.secret.reveal())
}

async fn acme(world: &World) -> Result<(Account, Organization)> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    Ok((ann, acme))
}

async fn robot(
    world: &World,
    maker: Caller,
    acme: &Organization,
    roles: &[Role],
) -> Result<ServiceAccount> {
    let command = command("robot", roles);
    world.service_accounts.create(maker, acme.id, command).await
}

async fn key_of(
    world: &World,
    maker: Caller,
    acme: &Organization,
    robot: &ServiceAccount,
) -> Result<Caller> {
    let issue = world
        .service_accounts
        .issue_key(maker, acme.id, robot.user.id, key("ci"));
    Ok(bearer(&issue.await?))
}

/// Makes a role of the organization and gives it to a member beside theirs.
pub(crate) async fn empower(
    world: &World,
    acme: &Organization,
    user: UserId,
    permissions: &[Permission],
) -> Result<RoleKey> {
    let role = CustomRole {
        id: RoleId::new(sample::uuid("role keeper")),
        organization_id: acme.id,
        scope: RoleScope::Organization,
        key: RoleKey::from_stored("keeper".to_owned()),
        title: RoleTitle::from_stored("Keeper".to_owned()),
        description: None,
        permissions: Permissions::of(permissions),
        version: Version::FIRST,
        created_at: world.now(),
        updated_at: world.now(),
    };
    let key = role.key.clone();
    let organization = acme.id;
    let work = move |tx: &mut dyn Tx| {
        assert!(tx.roles().add(&role)?);
        let custom = vec![AssignedRole::from(&role)];
        set_custom_roles(tx, organization, user, custom)
    };
    world.store.write(work).await?;
    Ok(key)
}

async fn disempower(world: &World, acme: &Organization, user: UserId) -> Result<()> {
    let organization = acme.id;
    world
        .store
        .write(move |tx| set_custom_roles(tx, organization, user, Vec::new()))
        .await
}

fn set_custom_roles(
    tx: &mut dyn Tx,
    organization: rollbook_domain::id::OrganizationId,
    user: UserId,
    custom: Vec<AssignedRole>,
) -> Result<()> {
    let member = tx.memberships().find(organization, user)?;
    let mut membership = member.ok_or(Error::NotFound(Kind::Membership))?.membership;
    let seen = membership.version;
    membership.custom_roles = custom;
    membership.version = seen.next();
    assert!(tx.memberships().update(&membership, seen)?);
    Ok(())
}

/// Ann's organization with Bob, who keeps its service accounts.
async fn with_keeper(world: &World) -> Result<(Account, Account, Organization, RoleKey)> {
    let (ann, acme) = acme(world).await?;
    let bob = world.sign_up("bob").await?;
    world.join(&acme, &bob, &[Role::Member]).await?;
    let key = empower(world, &acme, bob.user.id, KEEPER).await?;
    Ok((ann, bob, acme, key))
}

pub(crate) async fn it_is_a_member_with_its_roles(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let made = robot(&world, ann.caller, &acme, &[Role::Viewer]).await?;
    assert_eq!(made.user.kind, UserKind::ServiceAccount);
    assert_eq!(made.user.organization_id, Some(acme.id));
    assert!(made.user.active && !made.user.superuser && !made.user.has_verified_email());
    assert_eq!(made.roles, Roles::of(&[Role::Viewer]));
    let accounts = &world.service_accounts;
    assert_eq!(accounts.get(ann.caller, acme.id, made.user.id).await?, made);
    let member = world.memberships.get(ann.caller, acme.id, made.user.id);
    assert_eq!(member.await?.membership.roles, made.roles);
    let plain = robot(&world, ann.caller, &acme, &[]).await?;
    assert_eq!(plain.roles, Roles::of(&[Role::Member]));
    let latest = super::deletion::latest(&world, &ann, acme.id, 2).await?;
    assert_eq!(latest, ["membership.created", "user.created"]);
    Ok(())
}

pub(crate) async fn it_takes_a_seat(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    world.set_seats(&acme, 2).await?;
    let made = robot(&world, ann.caller, &acme, &[]).await?;
    let outcome = robot(&world, ann.caller, &acme, &[]).await;
    assert_refused!(outcome, Refusal::SeatLimit { limit: 2 });
    let accounts = &world.service_accounts;
    accounts
        .delete(ann.caller, acme.id, made.user.id, None)
        .await?;
    robot(&world, ann.caller, &acme, &[]).await?;
    Ok(())
}

pub(crate) async fn a_repeated_request_makes_one(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let create = || {
        let once = Some(once("job-1"));
        let command = CreateServiceAccount {
            once,
            ..command("robot", &[])
        };
        world.service_accounts.create(ann.caller, acme.id, command)
    };
    let first = create().await?;
    assert_eq!(create().await?, first);
    let list = world
        .service_accounts
        .list(ann.caller, acme.id, Window::first(10).counted());
    assert_eq!(list.await?.total, Some(1));
    let issue = || {
        let once = Some(once("job-2"));
        let key = IssueKey { once, ..key("ci") };
        world
            .service_accounts
            .issue_key(ann.caller, acme.id, first.user.id, key)
    };
    let id = issue().await?.token.id.to_string();
    assert_refused!(issue().await, Refusal::SecretShown { id });
    Ok(())
}

fn once(key: &str) -> Once {
    Once {
        key: RequestKey::from_stored(key.to_owned()),
        fingerprint: Digest::new([7; 32]),
    }
}

/// decocms #4022 and its like: who made accounts made one with more rights than their own.
pub(crate) async fn nobody_grants_beyond_their_rights(world: World) -> Result<()> {
    let (ann, bob, acme, keeper) = with_keeper(&world).await?;
    for role in [Role::Admin, Role::Manager, Role::Viewer] {
        let outcome = robot(&world, bob.caller, &acme, &[role]).await;
        assert_error!(outcome, Error::Refused(Refusal::BeyondOwnRights { .. }));
    }
    let mut within = command("robot", &[]);
    within.granted.custom_roles = vec![keeper.clone(), keeper];
    let made = world
        .service_accounts
        .create(bob.caller, acme.id, within)
        .await?;
    assert_eq!(made.custom_roles.len(), 1);
    let promote = UpdateServiceAccount {
        granted: Some(granted(&[Role::Admin])),
        ..UpdateServiceAccount::default()
    };
    let update = |caller| {
        world
            .service_accounts
            .update(caller, acme.id, made.user.id, promote.clone())
    };
    let outcome = update(bob.caller).await;
    assert_error!(outcome, Error::Refused(Refusal::BeyondOwnRights { .. }));
    let promoted = update(ann.caller).await?;
    assert_eq!(promoted.roles, Roles::of(&[Role::Admin]));
    assert!(promoted.custom_roles.is_empty());
    Ok(())
}

pub(crate) async fn who_holds_more_is_not_touched(world: World) -> Result<()> {
    let (ann, bob, acme, _) = with_keeper(&world).await?;
    let made = robot(&world, ann.caller, &acme, &[Role::Admin]).await?;
    let accounts = &world.service_accounts;
    let rename = UpdateServiceAccount {
        display_name: Some(DisplayName::from_stored("mine".to_owned())),
        ..UpdateServiceAccount::default()
    };
    let outcome = accounts.update(bob.caller, acme.id, made.user.id, rename);
    assert_refused!(outcome.await, Refusal::Outranked);
    let outcome = accounts.delete(bob.caller, acme.id, made.user.id, None);
    assert_refused!(outcome.await, Refusal::Outranked);
    let outcome = accounts.issue_key(bob.caller, acme.id, made.user.id, key("ci"));
    assert_refused!(outcome.await, Refusal::Outranked);
    Ok(())
}

pub(crate) async fn a_role_that_is_not_there_is_not_granted(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let mut command = command("robot", &[]);
    command.granted.custom_roles = vec![RoleKey::from_stored("absent".to_owned())];
    let outcome = world.service_accounts.create(ann.caller, acme.id, command);
    assert_error!(outcome.await, Error::NotFound(Kind::Role));
    Ok(())
}

pub(crate) async fn only_who_may_sees_and_changes(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let made = robot(&world, ann.caller, &acme, &[]).await?;
    let bob = world.sign_up("bob").await?;
    world.join(&acme, &bob, &[Role::Viewer]).await?;
    let accounts = &world.service_accounts;
    accounts.get(bob.caller, acme.id, made.user.id).await?;
    let outcome = robot(&world, bob.caller, &acme, &[]).await;
    assert_denied!(outcome, Use(CreateServiceAccount), visible: true);
    let outcome = accounts.update(
        bob.caller,
        acme.id,
        made.user.id,
        UpdateServiceAccount::default(),
    );
    assert_denied!(outcome.await, Use(UpdateServiceAccount), visible: true);
    let outcome = accounts.delete(bob.caller, acme.id, made.user.id, None);
    assert_denied!(outcome.await, Use(DeleteServiceAccount), visible: true);
    let outcome = accounts.issue_key(bob.caller, acme.id, made.user.id, key("ci"));
    assert_denied!(outcome.await, Use(UpdateServiceAccount), visible: true);
    let eve = world.sign_up("eve").await?;
    let outcome = accounts.list(eve.caller, acme.id, Window::first(10)).await;
    assert_denied!(outcome, Use(ReadServiceAccount), visible: false);
    Ok(())
}

/// vouch PR #317: the organization of a credential was dropped on the way, and it opened the whole
/// house. Everything about an account is behind its own organization's door.
pub(crate) async fn another_organization_has_no_hand_on_it(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let made = robot(&world, ann.caller, &acme, &[]).await?;
    let issued = world
        .service_accounts
        .issue_key(ann.caller, acme.id, made.user.id, key("ci"))
        .await?;
    let eve = world.sign_up("eve").await?;
    let evil = world.create(&eve, "Evil").await?.organization;
    let person = eve.user.id;
    let own_robot = world.sign_up_service_account("platform").await?.user.id;
    let accounts = &world.service_accounts;
    for id in [made.user.id, person, own_robot] {
        let outcome = accounts.get(eve.caller, evil.id, id).await;
        assert_error!(outcome, Error::NotFound(Kind::ServiceAccount));
        let outcome = accounts.update(eve.caller, evil.id, id, UpdateServiceAccount::default());
        assert_error!(outcome.await, Error::NotFound(Kind::ServiceAccount));
        let outcome = accounts.delete(eve.caller, evil.id, id, None).await;
        assert_error!(outcome, Error::NotFound(Kind::ServiceAccount));
        let outcome = accounts.issue_key(eve.caller, evil.id, id, key("ci")).await;
        assert_error!(outcome, Error::NotFound(Kind::ServiceAccount));
        let outcome = accounts.list_keys(eve.caller, evil.id, id, Window::first(10));
        assert_error!(outcome.await, Error::NotFound(Kind::ServiceAccount));
        let outcome = accounts.revoke_key(eve.caller, evil.id, id, issued.token.id);
        assert_error!(outcome.await, Error::NotFound(Kind::ServiceAccount));
    }
    world.organizations.get(bearer(&issued), acme.id).await?;
    Ok(())
}

/// vouch PR #317, the other side: a key opens its organization and nothing else.
pub(crate) async fn a_key_works_in_its_organization_only(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let other = world.create(&ann, "Other").await?.organization;
    let made = robot(&world, ann.caller, &acme, &[Role::Admin]).await?;
    let key = key_of(&world, ann.caller, &acme, &made).await?;
    world.organizations.get(key, acme.id).await?;
    let outcome = world.organizations.get(key, other.id).await;
    assert_denied!(outcome, Use(ReadOrganization), visible: false);
    let outcome = world.organizations.create(key, world.command("Mine")).await;
    assert_denied!(outcome, CreateOrganization, visible: true);
    let outcome = world.tokens.list(key, Window::first(10)).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    let outcome = world.organizations.delete(key, acme.id, None).await;
    assert_denied!(outcome, DeleteOrganization, visible: true);
    let window = Window::first(10);
    let mine = world
        .organizations
        .list_mine(key, Filter::everything(), window);
    assert_eq!(mine.await?.items.len(), 1);
    Ok(())
}

/// A key permits what its maker may at the time of its use, not at the time of its issue.
pub(crate) async fn a_key_follows_the_rights_of_its_maker(world: World) -> Result<()> {
    let (ann, bob, acme, _) = with_keeper(&world).await?;
    let made = robot(&world, ann.caller, &acme, &[]).await?;
    let key = key_of(&world, bob.caller, &acme, &made).await?;
    // Ann gives the account more; Bob, whose key it is, still has less.
    let promote = UpdateServiceAccount {
        granted: Some(granted(&[Role::Admin])),
        ..UpdateServiceAccount::default()
    };
    let accounts = &world.service_accounts;
    accounts
        .update(ann.caller, acme.id, made.user.id, promote)
        .await?;
    let rename = || UpdateOrganization {
        name: OrganizationName::parse("New").ok(),
        ..UpdateOrganization::default()
    };
    let outcome = world.organizations.update(key, acme.id, rename()).await;
    assert_denied!(outcome, Use(UpdateOrganization), visible: true);
    accounts.list(key, acme.id, Window::first(1)).await?;
    disempower(&world, &acme, bob.user.id).await?;
    let outcome = accounts.list(key, acme.id, Window::first(1)).await;
    assert_denied!(outcome, Use(ReadServiceAccount), visible: true);
    let delete = world.users.delete_me(bob.caller, DeleteUser::default());
    delete.await?;
    let outcome = world.organizations.get(key, acme.id).await;
    assert_denied!(outcome, Use(ReadOrganization), visible: true);
    Ok(())
}

/// Who had left could end the account's membership, and all its keys, with a key that permits
/// nothing any more.
pub(crate) async fn a_key_does_not_end_the_membership(world: World) -> Result<()> {
    let (ann, bob, acme, _) = with_keeper(&world).await?;
    let made = robot(&world, ann.caller, &acme, &[]).await?;
    let anns = key_of(&world, ann.caller, &acme, &made).await?;
    let bobs = key_of(&world, bob.caller, &acme, &made).await?;
    world.memberships.leave(bob.caller, acme.id).await?;
    for key in [bobs, anns] {
        let outcome = world.memberships.leave(key, acme.id).await;
        assert_denied!(outcome, LeaveOrganization, visible: true);
    }
    world.organizations.get(anns, acme.id).await?;
    Ok(())
}

/// A key that makes another key must not shake off its maker.
pub(crate) async fn keys_of_keys_stay_behind_the_first_maker(world: World) -> Result<()> {
    let (ann, bob, acme, keeper) = with_keeper(&world).await?;
    let mut with_rights = command("robot", &[]);
    with_rights.granted.custom_roles = vec![keeper];
    let accounts = &world.service_accounts;
    let made = accounts.create(bob.caller, acme.id, with_rights).await?;
    let first = key_of(&world, bob.caller, &acme, &made).await?;
    let second = key_of(&world, first, &acme, &made).await?;
    accounts.list(second, acme.id, Window::first(1)).await?;
    let strong = robot(&world, ann.caller, &acme, &[Role::Admin]).await?;
    let outcome = key_of(&world, first, &acme, &strong).await;
    assert_refused!(outcome.map(|_| ()), Refusal::Outranked);
    disempower(&world, &acme, bob.user.id).await?;
    for key in [first, second] {
        let outcome = accounts.list(key, acme.id, Window::first(1)).await;
        assert_denied!(outcome, Use(ReadServiceAccount), visible: true);
    }
    Ok(())
}

/// solana PR #945 (Clerk): what a key had done was nobody's doing.
pub(crate) async fn the_log_knows_programs_from_people(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let made = robot(&world, ann.caller, &acme, &[Role::Admin]).await?;
    let issue = world
        .service_accounts
        .issue_key(ann.caller, acme.id, made.user.id, key("ci"));
    let issued = issue.await?;
    let rename = UpdateOrganization {
        name: OrganizationName::parse("New").ok(),
        ..UpdateOrganization::default()
    };
    world
        .organizations
        .update(bearer(&issued), acme.id, rename)
        .await?;
    let (all, window) = (Filter::everything(), Window::first(2));
    let page = world.audit.list(ann.caller, acme.id, all, window).await?;
    let [by_key, by_ann] = &page.items[..] else {
        return Err(Error::storage("two entries were asked for"));
    };
    assert_eq!(by_key.actor_kind, "service_account");
    assert_eq!(by_key.actor_id, Some(made.user.id));
    assert_eq!(by_key.token_id, Some(issued.token.id));
    assert_eq!(by_ann.act, "token.created");
    assert_eq!(by_ann.actor_kind, "person");
    assert_eq!(by_ann.actor_id, Some(ann.user.id));
    Ok(())
}

pub(crate) async fn a_key_is_shown_once(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let made = robot(&world, ann.caller, &acme, &[]).await?;
    let accounts = &world.service_accounts;
    let issue = accounts.issue_key(ann.caller, acme.id, made.user.id, key("ci"));
    let issued = issue.await?;
    let clear = issued.secret.reveal();
    assert!(clear.starts_with("rbk_key_") && Secret::parse(clear).is_some());
    assert_eq!(issued.token.organization_id, Some(acme.id));
    assert_eq!(issued.token.created_by, Some(ann.user.id));
    let list = || accounts.list_keys(ann.caller, acme.id, made.user.id, Window::first(10));
    assert_eq!(list().await?.items, std::slice::from_ref(&issued.token));
    assert!(!format!("{:?}", list().await?).contains(&clear[8..20]));
    let late = IssueKey {
        expires_at: Some(world.now()),
        ..key("late")
    };
    let outcome = accounts.issue_key(ann.caller, acme.id, made.user.id, late);
    assert_error!(outcome.await, Error::Invalid(violations) if violations.len() == 1);
    Ok(())
}

pub(crate) async fn a_revoked_key_is_dead_at_once(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let made = robot(&world, ann.caller, &acme, &[]).await?;
    let accounts = &world.service_accounts;
    let issue = accounts.issue_key(ann.caller, acme.id, made.user.id, key("ci"));
    let issued = issue.await?;
    let revoke = |id| accounts.revoke_key(ann.caller, acme.id, made.user.id, id);
    revoke(issued.token.id).await?;
    let outcome = world.organizations.get(bearer(&issued), acme.id).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    for id in [
        issued.token.id,
        ann.token.id,
        TokenId::new(sample::uuid("x")),
    ] {
        assert_error!(revoke(id).await, Error::NotFound(Kind::Token));
    }
    world.users.me(ann.caller).await?;
    Ok(())
}

pub(crate) async fn a_deleted_one_is_gone_with_its_keys(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let made = robot(&world, ann.caller, &acme, &[]).await?;
    let key = key_of(&world, ann.caller, &acme, &made).await?;
    let accounts = &world.service_accounts;
    let stale = Some(made.user.version.next());
    let outcome = accounts.delete(ann.caller, acme.id, made.user.id, stale);
    assert_refused!(outcome.await, Refusal::VersionMismatch);
    accounts
        .delete(ann.caller, acme.id, made.user.id, None)
        .await?;
    let outcome = world.organizations.get(key, acme.id).await;
    assert_error!(outcome, Error::Unauthenticated(Invalid));
    let outcome = accounts.get(ann.caller, acme.id, made.user.id).await;
    assert_error!(outcome, Error::NotFound(Kind::ServiceAccount));
    let member = world.memberships.get(ann.caller, acme.id, made.user.id);
    assert_error!(member.await, Error::NotFound(Kind::Membership));
    let latest = super::deletion::latest(&world, &ann, acme.id, 2).await?;
    assert_eq!(latest, ["user.deleted", "membership.deleted"]);
    Ok(())
}

pub(crate) async fn name_and_roles_change(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let made = robot(&world, ann.caller, &acme, &[]).await?;
    let accounts = &world.service_accounts;
    let update = |command| accounts.update(ann.caller, acme.id, made.user.id, command);
    let same = update(UpdateServiceAccount {
        display_name: Some(made.user.display_name.clone()),
        granted: Some(granted(&[Role::Member])),
        seen: Some(made.user.version),
    });
    assert_eq!(same.await?, made);
    let changed = update(UpdateServiceAccount {
        display_name: Some(DisplayName::from_stored("deployer".to_owned())),
        granted: Some(granted(&[Role::Manager])),
        seen: Some(made.user.version),
    });
    let changed = changed.await?;
    assert_eq!(changed.user.display_name.as_str(), "deployer");
    assert_eq!(changed.roles, Roles::of(&[Role::Manager]));
    assert_eq!(changed.user.version, made.user.version.next());
    let read = accounts.get(ann.caller, acme.id, made.user.id).await?;
    assert_eq!(read, changed);
    let latest = super::deletion::latest(&world, &ann, acme.id, 2).await?;
    assert_eq!(latest, ["user.updated", "membership.updated"]);
    let stale = update(UpdateServiceAccount {
        seen: Some(made.user.version),
        ..UpdateServiceAccount::default()
    });
    assert_refused!(stale.await, Refusal::VersionMismatch);
    Ok(())
}

pub(crate) async fn pages_follow_each_other(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(robot(&world, ann.caller, &acme, &[Role::Viewer]).await?);
    }
    let other = world.create(&ann, "Other").await?.organization;
    robot(&world, ann.caller, &other, &[]).await?;
    let list = |window| world.service_accounts.list(ann.caller, acme.id, window);
    let page = list(Window::first(2).counted()).await?;
    assert_eq!((&page.items[..], page.total), (&made[..2], Some(3)));
    let rest = list(Window::after(made[1].user.id, 2)).await?;
    assert_eq!((&rest.items[..], rest.next), (&made[2..], None));
    Ok(())
}

pub(crate) async fn a_failed_issue_leaves_nothing(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let made = robot(&world, ann.caller, &acme, &[]).await?;
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(2);
    let outcome = robot(&flaky, ann.caller, &acme, &[]).await;
    assert_error!(outcome, Error::Busy);
    let outcome = key_of(&flaky, ann.caller, &acme, &made).await;
    assert_error!(outcome, Error::Busy);
    let accounts = &world.service_accounts;
    let all = accounts
        .list(ann.caller, acme.id, Window::first(10))
        .await?;
    assert_eq!(all.items, std::slice::from_ref(&made));
    let keys = accounts.list_keys(ann.caller, acme.id, made.user.id, Window::first(10));
    assert!(keys.await?.items.is_empty());
    Ok(())
}
