use rollbook_domain::access::Caller;
use rollbook_domain::error::{Kind, Unauthenticated};
use rollbook_domain::id::UserId;
use rollbook_domain::idempotency::{Once, RequestKey};
use rollbook_domain::membership::MemberView;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::{Organization, Version};
use rollbook_domain::page::Window;
use rollbook_domain::role::{Permission, Role, Roles, WorkspaceRole};
use rollbook_domain::service::membership::{AddMember, Who};
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::{CustomRoles, Memberships, Organizations, Tokens, Users};
use rollbook_domain::time::Span;
use rollbook_domain::user::User;
use rollbook_domain::value::{Email, TokenName};
use rollbook_domain::{Error, Refusal, Result};

use super::membership::members;
use super::role::{acme, clerk, log, titled};
use super::{assert_denied, assert_error, assert_refused};

async fn member(world: &World, acme: &Organization, name: &str, role: Role) -> Result<Account> {
    let account = world.sign_up(name).await?;
    world.join(acme, &account, &[role]).await?;
    Ok(account)
}

async fn set(
    world: &World,
    account: &Account,
    organization: &Organization,
    user: UserId,
    roles: &[&str],
) -> Result<MemberView> {
    let roles = roles.iter().map(|&key| key.to_owned()).collect();
    world
        .memberships
        .set_roles(account.caller, organization.id, user, roles, None)
        .await
}

fn adding(who: Who, roles: &[&str]) -> AddMember {
    AddMember {
        who,
        roles: roles.iter().map(|&key| key.to_owned()).collect(),
        once: None,
    }
}

pub(crate) async fn roles_are_given_by_their_keys(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", Role::Member).await?;
    let lead = titled("Lead", &[Permission::ReadDomain]);
    let lead = world.roles.create(ann.caller, acme.id, lead).await?;
    world.clock.advance(Span::seconds(5));
    let keys = ["org-viewer", "lead", "org-billing", "lead"];
    let changed = set(&world, &ann, &acme, bob.user.id, &keys).await?;
    let membership = &changed.membership;
    assert_eq!(membership.roles, Roles::of(&[Role::Viewer, Role::Billing]));
    assert_eq!(membership.custom_roles.len(), 1);
    assert_eq!(membership.custom_roles[0].id, lead.id);
    assert_eq!(membership.version, Version::FIRST.next());
    assert_eq!(membership.updated_at, world.now());
    let kept = world
        .memberships
        .get(bob.caller, acme.id, bob.user.id)
        .await?;
    assert_eq!(kept, changed);
    let only_custom = set(&world, &ann, &acme, bob.user.id, &["lead"]).await?;
    assert_eq!(only_custom.membership.roles, Roles::of(&[Role::Member]));
    let entries = log(&world, acme.id).await?;
    let last = &entries[entries.len() - 1];
    assert_eq!(last.act, "membership.updated");
    let difference =
        r#"[{"field":"roles","before":"org-billing org-viewer lead","after":"org-member lead"}]"#;
    assert_eq!(last.changes, difference);
    Ok(())
}

pub(crate) async fn nothing_changed_is_no_change_and_stale_is_refused(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", Role::Viewer).await?;
    let before = world
        .memberships
        .get(ann.caller, acme.id, bob.user.id)
        .await?;
    world.clock.advance(Span::seconds(5));
    let same = set(&world, &ann, &acme, bob.user.id, &["org-viewer"]).await?;
    assert_eq!(same, before);
    let stale = Some(before.membership.version.next());
    let roles = vec!["org-member".to_owned()];
    let outcome = world
        .memberships
        .set_roles(ann.caller, acme.id, bob.user.id, roles, stale);
    assert_refused!(outcome.await, Refusal::VersionMismatch);
    for unusable in [
        &[][..],
        &["emperor"],
        &["workspace-admin"],
        &["Organization Admin"],
    ] {
        let outcome = set(&world, &ann, &acme, bob.user.id, unusable).await;
        assert_error!(outcome, Error::Invalid(_));
    }
    Ok(())
}

/// logto 26c8c3f2ed: setting roles dropped the roles of others. Here it is a difference: what a
/// member keeps, what they have in workspaces, and what others have is not touched.
pub(crate) async fn the_rest_stays_as_it_is(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let (bob, role) = clerk(&world, &ann, &acme, "bob", &[]).await?;
    let cat = member(&world, &acme, "cat", Role::Viewer).await?;
    set(
        &world,
        &ann,
        &acme,
        cat.user.id,
        &["org-viewer", role.key.as_str()],
    )
    .await?;
    let place = sample::workspace(&acme, "Lab", &ann.user);
    let inside = sample::workspace_membership(&place, &bob.user, &[WorkspaceRole::Editor]);
    world
        .store
        .write(move |tx| {
            tx.workspaces().add(&place)?;
            tx.workspaces().add_member(&inside)
        })
        .await?;
    let get = |user| world.memberships.get(ann.caller, acme.id, user);
    let (bobs, cats) = (get(bob.user.id).await?, get(cat.user.id).await?);
    let keys = [role.key.as_str(), "org-billing"];
    let after = set(&world, &ann, &acme, bob.user.id, &keys).await?;
    assert_eq!(after.membership.custom_roles, bobs.membership.custom_roles);
    assert_eq!(after.workspace_roles, bobs.workspace_roles);
    assert!(!after.workspace_roles.is_empty());
    assert_eq!(get(bob.user.id).await?, after);
    assert_eq!(get(cat.user.id).await?, cats);
    Ok(())
}

/// decocms #4022: an admin made themselves more than they were. Nobody gives what they lack, to
/// others or to themselves.
pub(crate) async fn nobody_gives_what_they_lack(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let max = member(&world, &acme, "max", Role::Manager).await?;
    let bob = member(&world, &acme, "bob", Role::Member).await?;
    let permission = "create:Role";
    for user in [max.user.id, bob.user.id] {
        let outcome = set(&world, &max, &acme, user, &["org-admin"]).await;
        assert_refused!(outcome, Refusal::BeyondOwnRights { permission });
    }
    let eve = world.sign_up("eve").await?;
    let add = adding(Who::User(eve.user.id), &["org-admin"]);
    let outcome = world.memberships.add(max.caller, acme.id, add).await;
    assert_refused!(outcome, Refusal::BeyondOwnRights { permission });
    let (deb, role) = clerk(&world, &ann, &acme, "deb", &[Permission::UpdateMembership]).await?;
    let outcome = set(&world, &deb, &acme, bob.user.id, &["org-viewer"]).await;
    assert_error!(outcome, Error::Refused(Refusal::BeyondOwnRights { .. }));
    set(&world, &deb, &acme, bob.user.id, &[role.key.as_str()]).await?;
    set(&world, &max, &acme, bob.user.id, &["org-viewer"]).await?;
    let root = world.sign_up_superuser("root").await?;
    set(&world, &root, &acme, bob.user.id, &["org-admin"]).await?;
    Ok(())
}

/// better-auth #1518: an admin changed and removed those above.
pub(crate) async fn nobody_touches_who_holds_more(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let max = member(&world, &acme, "max", Role::Manager).await?;
    let amy = member(&world, &acme, "amy", Role::Admin).await?;
    let (key, _) = clerk(&world, &ann, &acme, "key", &[Permission::ReadAuditEntry]).await?;
    for above in [&ann, &amy, &key] {
        let user = above.user.id;
        let outcome = set(&world, &max, &acme, user, &["org-member"]).await;
        assert_refused!(outcome, Refusal::Outranked);
        let outcome = world.memberships.remove(max.caller, acme.id, user, None);
        assert_refused!(outcome.await, Refusal::Outranked);
    }
    set(&world, &amy, &acme, max.user.id, &["org-member"]).await?;
    let outcome = set(&world, &max, &acme, max.user.id, &["org-viewer"]).await;
    assert_denied!(outcome, Use(UpdateMembership), visible: true);
    Ok(())
}

/// better-auth #3651: an organization ended without an owner, since the owner made themselves
/// something less.
pub(crate) async fn the_owner_stays_a_member_and_an_admin(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let amy = member(&world, &acme, "amy", Role::Admin).await?;
    let root = world.sign_up_superuser("root").await?;
    let owner = ann.user.id;
    for account in [&ann, &amy, &root] {
        let outcome = set(&world, account, &acme, owner, &["org-member"]).await;
        assert_refused!(outcome, Refusal::OwnerMustStay);
        let outcome = world
            .memberships
            .remove(account.caller, acme.id, owner, None);
        assert_refused!(outcome.await, Refusal::OwnerMustStay);
    }
    let outcome = world.memberships.leave(ann.caller, acme.id).await;
    assert_refused!(outcome, Refusal::OwnerMustStay);
    let more = set(&world, &ann, &acme, owner, &["org-admin", "org-billing"]).await?;
    assert!(more.membership.roles.has(Role::Admin));
    world
        .organizations
        .transfer(ann.caller, acme.id, amy.user.id, None, None)
        .await?;
    world.memberships.leave(ann.caller, acme.id).await
}

async fn bound_token(world: &World, account: &Account, acme: &Organization) -> Result<Caller> {
    let command = IssueToken {
        name: TokenName::from_stored("bound".to_owned()),
        expires_at: None,
        organization_id: Some(acme.id),
        once: None,
    };
    let issued = world.tokens.issue(account.caller, command).await?;
    Ok(Caller::bearer(issued.secret.reveal()))
}

/// objectstack #15409, #15396, nakama PR #803: whoever was removed went on reading and writing.
pub(crate) async fn a_removed_members_next_request_fails(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", Role::Admin).await?;
    let bound = bound_token(&world, &bob, &acme).await?;
    world.organizations.get(bound, acme.id).await?;
    world
        .memberships
        .remove(ann.caller, acme.id, bob.user.id, Some(Version::FIRST))
        .await?;
    let outcome = world.organizations.get(bob.caller, acme.id).await;
    assert_denied!(outcome, Use(ReadOrganization), visible: false);
    let outcome = members(&world, bob.caller, acme.id, Window::first(9)).await;
    assert_denied!(outcome, Use(ReadMembership), visible: false);
    let outcome = set(&world, &bob, &acme, bob.user.id, &["org-admin"]).await;
    assert_denied!(outcome, Use(UpdateMembership), visible: false);
    assert_error!(
        world.organizations.get(bound, acme.id).await,
        Error::Unauthenticated(Unauthenticated::Invalid)
    );
    world.users.me(bob.caller).await?;
    world.join(&acme, &bob, &[Role::Member]).await?;
    world.organizations.get(bob.caller, acme.id).await?;
    assert_error!(
        world.organizations.get(bound, acme.id).await,
        Error::Unauthenticated(Unauthenticated::Invalid)
    );
    let entries = log(&world, acme.id).await?;
    let removed = entries.iter().find(|it| it.act == "membership.deleted");
    let changes = removed.map(|entry| entry.changes.as_str());
    let expected =
        r#"[{"field":"roles","before":"org-admin"},{"field":"tokens_revoked","after":"1"}]"#;
    assert_eq!(changes, Some(expected));
    Ok(())
}

/// Keys that the removed member made for a service account stay, and permit nothing.
pub(crate) async fn keys_of_a_removed_member_permit_nothing(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", Role::Admin).await?;
    let robot = sample::service_account_of(&acme, "robot");
    let account = world.add(robot.clone()).await?;
    world.join(&acme, &account, &[Role::Viewer]).await?;
    let key = sample::key("ci", &acme, &robot, &bob.user);
    let secret = sample::key_secret("ci");
    let (caller, digest) = (Caller::bearer(secret.reveal()), secret.digest());
    world
        .store
        .write(move |tx| tx.tokens().add(&key, &digest))
        .await?;
    world.organizations.get(caller, acme.id).await?;
    world
        .memberships
        .remove(ann.caller, acme.id, bob.user.id, None)
        .await?;
    let outcome = world.organizations.get(caller, acme.id).await;
    assert_denied!(outcome, Use(ReadOrganization), visible: true);
    Ok(())
}

pub(crate) async fn removing_needs_the_right_and_the_version(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", Role::Member).await?;
    let cat = member(&world, &acme, "cat", Role::Viewer).await?;
    let nobody = UserId::new(sample::uuid("nobody"));
    let remove = |account: &Account, user, seen| {
        world
            .memberships
            .remove(account.caller, acme.id, user, seen)
    };
    for user in [bob.user.id, nobody] {
        let outcome = remove(&cat, user, None).await;
        assert_denied!(outcome, Use(DeleteMembership), visible: true);
    }
    let outcome = remove(&ann, nobody, None).await;
    assert_error!(outcome, Error::NotFound(Kind::Membership));
    let stale = Some(Version::FIRST.next());
    assert_refused!(
        remove(&ann, bob.user.id, stale).await,
        Refusal::VersionMismatch
    );
    remove(&ann, bob.user.id, None).await?;
    let outcome = remove(&ann, bob.user.id, None).await;
    assert_error!(outcome, Error::NotFound(Kind::Membership));
    let left = members(&world, ann.caller, acme.id, Window::first(1).counted());
    assert_eq!(left.await?.total, Some(2));
    Ok(())
}

pub(crate) async fn members_leave_by_themselves(world: World) -> Result<()> {
    let (_, acme) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", Role::Member).await?;
    let root = world.sign_up_superuser("root").await?;
    let bound = bound_token(&world, &bob, &acme).await?;
    world.memberships.leave(bound, acme.id).await?;
    let outcome = world.memberships.leave(bob.caller, acme.id).await;
    assert_denied!(outcome, LeaveOrganization, visible: false);
    let outcome = world.memberships.leave(root.caller, acme.id).await;
    assert_error!(outcome, Error::NotFound(Kind::Membership));
    let entries = log(&world, acme.id).await?;
    let last = &entries[entries.len() - 1];
    assert_eq!(last.act, "membership.left");
    assert_eq!(last.actor_id, Some(bob.user.id));
    Ok(())
}

pub(crate) async fn a_user_is_taken_in_by_id_or_address(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let (bob, cat) = (world.sign_up("bob").await?, world.sign_up("cat").await?);
    let add = |command| world.memberships.add(ann.caller, acme.id, command);
    let added = add(adding(Who::User(bob.user.id), &[])).await?;
    assert_eq!(added.membership.roles, Roles::of(&[Role::Member]));
    world.organizations.get(bob.caller, acme.id).await?;
    let address = Email::from_stored("CAT@example.com".to_owned());
    let added = add(adding(Who::Email(address.clone()), &["org-viewer"])).await?;
    assert_eq!(added.membership.user_id, cat.user.id);
    assert_eq!(added.membership.roles, Roles::of(&[Role::Viewer]));
    let outcome = add(adding(Who::Email(address), &["org-admin"])).await;
    assert_refused!(outcome, Refusal::AlreadyMember);
    world.set_seats(&acme, 3).await?;
    let dan = world.sign_up("dan").await?;
    let outcome = add(adding(Who::User(dan.user.id), &[])).await;
    assert_refused!(outcome, Refusal::SeatLimit { limit: 3 });
    Ok(())
}

/// Whoever is deleted, belongs to another organization or was never there cannot be taken in; and
/// who may not take anybody in does not learn who is there.
pub(crate) async fn only_users_who_are_there_are_taken_in(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let other = world.create(&ann, "Other").await?.organization;
    let foreign = sample::service_account_of(&other, "robot");
    let gone = User {
        deleted_at: Some(world.now()),
        active: false,
        ..sample::user("gone")
    };
    let own = world.add(sample::service_account_of(&acme, "own")).await?;
    let (foreign, gone) = (world.add(foreign).await?, world.add(gone).await?);
    let nobody = UserId::new(sample::uuid("nobody"));
    let viewer = member(&world, &acme, "viewer", Role::Viewer).await?;
    let add = |account: &Account, user| {
        let command = adding(Who::User(user), &[]);
        world.memberships.add(account.caller, acme.id, command)
    };
    for user in [foreign.user.id, gone.user.id, nobody] {
        assert_error!(add(&ann, user).await, Error::NotFound(Kind::User));
        let outcome = add(&viewer, user).await;
        assert_denied!(outcome, Use(CreateMembership), visible: true);
    }
    add(&ann, own.user.id).await?;
    let eve = world.sign_up("eve").await?;
    let outcome = add(&eve, eve.user.id).await;
    assert_denied!(outcome, Use(CreateMembership), visible: false);
    Ok(())
}

pub(crate) async fn a_user_is_taken_in_once(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = world.sign_up("bob").await?;
    let command = AddMember {
        once: RequestKey::parse("again").ok().map(|key| Once {
            key,
            fingerprint: sample::secret("the same").digest(),
        }),
        ..adding(Who::User(bob.user.id), &[])
    };
    let add = || world.memberships.add(ann.caller, acme.id, command.clone());
    let first = add().await?;
    assert_eq!(add().await?, first);
    let remove = world
        .memberships
        .remove(ann.caller, acme.id, bob.user.id, None);
    remove.await?;
    assert_error!(add().await, Error::NotFound(Kind::Membership));
    Ok(())
}

/// daytona #4264, keycloak PR #47135, unkey PR #6524: the admin of one organization reached
/// members of another by their ids.
pub(crate) async fn members_of_others_are_out_of_reach(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let bob = member(&world, &acme, "bob", Role::Member).await?;
    let eve = world.sign_up("eve").await?;
    let evil = world.create(&eve, "Evil").await?.organization;
    for user in [ann.user.id, bob.user.id] {
        let outcome = set(&world, &eve, &acme, user, &["org-member"]).await;
        assert_denied!(outcome, Use(UpdateMembership), visible: false);
        let outcome = world.memberships.remove(eve.caller, acme.id, user, None);
        assert_denied!(outcome.await, Use(DeleteMembership), visible: false);
        let outcome = set(&world, &eve, &evil, user, &["org-member"]).await;
        assert_error!(outcome, Error::NotFound(Kind::Membership));
        let outcome = world.memberships.remove(eve.caller, evil.id, user, None);
        assert_error!(outcome.await, Error::NotFound(Kind::Membership));
    }
    Ok(())
}

/// Whoever waits at an unverified address would get the roles that were meant for another.
pub(crate) async fn an_address_that_anybody_could_type_is_nobodys(world: World) -> Result<()> {
    let (ann, acme) = acme(&world).await?;
    let squatter = User {
        email_verified_at: None,
        ..sample::user("boss")
    };
    let eve = world.add(squatter).await?;
    let add = |who| {
        let command = adding(who, &["org-admin"]);
        world.memberships.add(ann.caller, acme.id, command)
    };
    let outcome = add(Who::Email(sample::email("boss"))).await;
    assert_refused!(outcome, Refusal::EmailNotVerified);
    let outcome = world.organizations.get(eve.caller, acme.id).await;
    assert_denied!(outcome, Use(ReadOrganization), visible: false);
    // Whoever names the user means the user.
    add(Who::User(eve.user.id)).await?;
    Ok(())
}
