use rollbook_domain::audit::Chain;
use rollbook_domain::id::UserId;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::role::Role;
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::user::{DeleteUser, UpdateProfile};
use rollbook_domain::service::{Memberships, Tokens, Users};
use rollbook_domain::time::Span;
use rollbook_domain::value::{DisplayName, Email, TokenName};
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_denied, assert_error, assert_refused};

fn named(name: &str) -> UpdateProfile {
    UpdateProfile {
        display_name: Some(DisplayName::from_stored(name.to_owned())),
        ..UpdateProfile::default()
    }
}

fn at(address: &str) -> UpdateProfile {
    UpdateProfile {
        email: Some(Email::from_stored(address.to_owned())),
        ..UpdateProfile::default()
    }
}

/// What a user's own log says was done, in order, with the changes.
pub(crate) async fn log_of(world: &World, user: UserId) -> Result<Vec<(String, String)>> {
    let entries = world
        .store
        .read(move |tx| tx.audit().follow(Chain::User(user), 0, 1000))
        .await?;
    let told = entries.into_iter().map(|it| (it.act, it.changes));
    Ok(told.collect())
}

pub(crate) async fn a_new_name_is_shown_everywhere(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let acme = world.create(&ann, "Acme").await?.organization;
    world.join(&acme, &bob, &[Role::Member]).await?;
    world.clock.advance(Span::seconds(5));
    let updated = world.users.update_me(bob.caller, named("Robert")).await?;
    assert_eq!(updated.display_name.as_str(), "Robert");
    assert_eq!(updated.version, bob.user.version.next());
    assert_eq!(updated.updated_at, world.now());
    assert_eq!(updated.email_verified_at, bob.user.email_verified_at);
    assert_eq!(world.users.me(bob.caller).await?, updated);
    let member = world.memberships.get(ann.caller, acme.id, bob.user.id);
    assert_eq!(member.await?.display_name.as_str(), "Robert");
    let page = super::membership::members(
        &world,
        ann.caller,
        acme.id,
        rollbook_domain::page::Window::first(1),
    );
    assert_eq!(page.await?.items[0].display_name.as_str(), "Robert");
    let log = log_of(&world, bob.user.id).await?;
    let change = r#"[{"field":"display_name","before":"bob","after":"Robert"}]"#.to_owned();
    assert_eq!(log.last(), Some(&("user.updated".to_owned(), change)));
    Ok(())
}

/// CVE-2026-27946 in zitadel: users marked their own addresses as verified. Here a new address is
/// never verified, and there is no way for its user to say that it is.
pub(crate) async fn a_new_address_is_not_verified(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    assert!(ann.user.has_verified_email());
    let spelled = world
        .users
        .update_me(ann.caller, at("Ann@Example.com"))
        .await?;
    assert_eq!(spelled.email.as_str(), "Ann@Example.com");
    assert!(spelled.has_verified_email(), "it is the same address");
    let moved = world
        .users
        .update_me(ann.caller, at("ann@example.org"))
        .await?;
    assert_eq!(moved.email.as_str(), "ann@example.org");
    assert!(!moved.has_verified_email());
    let back = world
        .users
        .update_me(ann.caller, at("ann@example.com"))
        .await?;
    assert!(!back.has_verified_email(), "it may be another's by now");
    Ok(())
}

pub(crate) async fn a_taken_address_is_refused(world: World) -> Result<()> {
    let (ann, _) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    for address in ["bob@example.com", "BOB@example.com"] {
        let outcome = world.users.update_me(ann.caller, at(address)).await;
        assert_refused!(outcome, Refusal::EmailTaken);
    }
    let waiting = format!("deleted-{}@deleted.invalid", ann.user.id);
    let outcome = world.users.update_me(ann.caller, at(&waiting)).await;
    assert_error!(outcome, Error::Invalid(violations) if violations[0].field == "email");
    assert_eq!(world.users.me(ann.caller).await?, ann.user);
    Ok(())
}

pub(crate) async fn nothing_changed_is_no_change(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let command = UpdateProfile {
        email: Some(ann.user.email.clone()),
        seen: Some(ann.user.version),
        ..named(ann.user.display_name.as_str())
    };
    let before = log_of(&world, ann.user.id).await?;
    assert_eq!(world.users.update_me(ann.caller, command).await?, ann.user);
    assert_eq!(log_of(&world, ann.user.id).await?, before);
    Ok(())
}

pub(crate) async fn a_stale_version_is_refused(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let command = UpdateProfile {
        seen: Some(ann.user.version.next()),
        ..named("New")
    };
    let outcome = world.users.update_me(ann.caller, command).await;
    assert_refused!(outcome, Refusal::VersionMismatch);
    Ok(())
}

/// Whoever holds a token for one organization must not become its user everywhere.
pub(crate) async fn a_bound_token_only_looks(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let bound = bound_token(&world, &ann, acme.id).await?;
    world.users.me(bound).await?;
    let outcome = world.users.update_me(bound, named("New")).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    let outcome = world.users.delete_me(bound, DeleteUser::default()).await;
    assert_denied!(outcome, ManageSelf, visible: true);
    Ok(())
}

/// A personal access token of the account that works in one organization.
pub(crate) async fn bound_token(
    world: &World,
    account: &Account,
    organization: rollbook_domain::id::OrganizationId,
) -> Result<rollbook_domain::access::Caller> {
    let command = IssueToken {
        name: TokenName::from_stored("bound".to_owned()),
        expires_at: None,
        organization_id: Some(organization),
        once: None,
    };
    let issued = world.tokens.issue(account.caller, command).await?;
    Ok(rollbook_domain::access::Caller::bearer(
        issued.secret.reveal(),
    ))
}

pub(crate) async fn a_failed_update_leaves_nothing(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let (flaky, store) = super::reliability::flaky(&world);
    store.fail_next_commits(1);
    let outcome = flaky.users.update_me(ann.caller, named("New")).await;
    assert_error!(outcome, Error::Busy);
    assert_eq!(world.users.me(ann.caller).await?, ann.user);
    assert_eq!(ann.user.email, sample::email("ann"));
    Ok(())
}
