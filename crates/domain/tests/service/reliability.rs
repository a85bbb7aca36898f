//! What a store that fails must not break: an error means that nothing happened.

use std::sync::Arc;

use rollbook_domain::filter::Filter;
use rollbook_domain::mock::{Fate, FlakyStore, World, sample};
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::role::Role;
use rollbook_domain::service::operator::CreateUser;
use rollbook_domain::service::organization::UpdateOrganization;
use rollbook_domain::service::token::IssueToken;
use rollbook_domain::service::{Memberships, Operator, Organizations, Tokens, Users};
use rollbook_domain::subscription::Plan;
use rollbook_domain::user::UserKind;
use rollbook_domain::value::{OrganizationName, TokenName};
use rollbook_domain::{Error, Result};

use super::assert_error;

/// The same world through a store whose commits can be made to fail.
pub(crate) fn flaky(world: &World) -> (World, Arc<FlakyStore>) {
    let store = Arc::new(FlakyStore::new(Arc::clone(&world.store)));
    (world.through(Arc::<FlakyStore>::clone(&store)), store)
}

/// A user, an organization and a membership.
fn write_everywhere(tx: &mut dyn Tx) -> Result<()> {
    let ann = sample::user("ann");
    let acme = sample::organization("Acme", &ann);
    tx.users().add(&ann)?;
    tx.organizations().add(&acme, &Plan::default())?;
    let membership = sample::membership(&acme, &ann, &[Role::Admin]);
    tx.memberships().add(&membership, &ann)?;
    Ok(())
}

async fn assert_nothing_anywhere(world: &World) -> Result<()> {
    let work = |tx: &mut dyn Tx| {
        let acme = sample::organization("Acme", &sample::user("ann"));
        Ok((
            tx.users().any()?,
            tx.organizations().find(acme.id)?,
            tx.memberships().count(acme.id)?,
        ))
    };
    assert_eq!(world.store.read(work).await?, (false, None, 0));
    Ok(())
}

/// ayunis-core PR #532, logto 811740be44: half of what had failed stayed.
pub(crate) async fn an_error_undoes_everything_before_it(world: World) -> Result<()> {
    let work = |tx: &mut dyn Tx| {
        write_everywhere(tx)?;
        Err::<(), _>(Error::invalid("field", "wrong after all"))
    };
    let outcome = world.store.write(work).await;
    assert_error!(outcome, Error::Invalid(_));
    assert_nothing_anywhere(&world).await
}

pub(crate) async fn a_panic_undoes_everything_before_it(world: World) -> Result<()> {
    let work = |tx: &mut dyn Tx| {
        write_everywhere(tx)?;
        assert!(!tx.users().any()?, "this panic belongs to a test");
        Ok(())
    };
    let outcome = world.store.write(work).await;
    assert_error!(outcome, Error::Storage(_));
    assert_nothing_anywhere(&world).await?;
    world.store.write(write_everywhere).await
}

pub(crate) async fn a_failed_creation_leaves_nothing(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let (world, store) = flaky(&world);
    store.fail_next_commits(1);
    assert_error!(world.create(&ann, "Acme").await, Error::Busy);
    let mine = || {
        let window = Window::first(10).counted();
        world
            .organizations
            .list_mine(ann.caller, Filter::everything(), window)
    };
    assert_eq!(mine().await?.total, Some(0));
    let view = world.create(&ann, "Acme").await?;
    assert_eq!(view.organization.slug.as_str(), "acme");
    assert_eq!(mine().await?.items, [view]);
    Ok(())
}

pub(crate) async fn a_failed_change_leaves_nothing(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let before = world.create(&ann, "Acme").await?;
    let (world, store) = flaky(&world);
    let rename = || {
        let command = UpdateOrganization {
            name: OrganizationName::parse("New").ok(),
            seen: Some(before.organization.version),
            ..UpdateOrganization::default()
        };
        world
            .organizations
            .update(ann.caller, before.organization.id, command)
    };
    store.fail_next_commits(1);
    assert_error!(rename().await, Error::Busy);
    assert_eq!(world.look(&before.organization).await?, before);
    let after = rename().await?.organization;
    assert_eq!(after.version, before.organization.version.next());
    Ok(())
}

pub(crate) async fn a_failed_transfer_leaves_nothing(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let before = world.create(&ann, "Acme").await?;
    let acme = &before.organization;
    world.join(acme, &bob, &[Role::Member]).await?;
    let (world, store) = flaky(&world);
    let transfer = || {
        world
            .organizations
            .transfer(ann.caller, acme.id, bob.user.id, None, None)
    };
    let bobs = || world.memberships.get(bob.caller, acme.id, bob.user.id);
    let member = bobs().await?;
    store.fail_next_commits(1);
    assert_error!(transfer().await, Error::Busy);
    assert_eq!(world.look(acme).await?, before);
    assert_eq!(bobs().await?, member);
    assert_eq!(transfer().await?.owner.id, bob.user.id);
    assert!(bobs().await?.membership.roles.has(Role::Admin));
    Ok(())
}

pub(crate) async fn a_failed_deletion_or_restoration_leaves_nothing(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let before = world.create(&ann, "Acme").await?;
    let acme = &before.organization;
    let (world, store) = flaky(&world);
    store.fail_next_commits(1);
    let outcome = world.organizations.delete(ann.caller, acme.id, None).await;
    assert_error!(outcome, Error::Busy);
    assert_eq!(world.look(acme).await?, before);
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    let deleted = world.look(acme).await?;
    store.fail_next_commits(1);
    let outcome = world.organizations.restore(ann.caller, acme.id, None).await;
    assert_error!(outcome, Error::Busy);
    assert_eq!(world.look(acme).await?, deleted);
    world
        .organizations
        .restore(ann.caller, acme.id, None)
        .await?;
    Ok(())
}

pub(crate) async fn a_failed_issue_or_revocation_leaves_nothing(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let (world, store) = flaky(&world);
    let command = IssueToken {
        name: TokenName::from_stored("laptop".to_owned()),
        expires_at: None,
        organization_id: None,
        once: None,
    };
    store.fail_next_commits(1);
    let outcome = world.tokens.issue(ann.caller, command).await;
    assert_error!(outcome, Error::Busy);
    let list = world.tokens.list(ann.caller, Window::first(10)).await?;
    assert_eq!(list.items.len(), 1);
    store.fail_next_commits(1);
    let outcome = world.tokens.revoke(ann.caller, ann.token.id).await;
    assert_error!(outcome, Error::Busy);
    world.users.me(ann.caller).await?;
    world.tokens.revoke(ann.caller, ann.token.id).await?;
    let outcome = world.users.me(ann.caller).await;
    assert_error!(outcome, Error::Unauthenticated(_));
    Ok(())
}

pub(crate) async fn a_failed_bootstrap_leaves_nothing(world: World) -> Result<()> {
    let (world, store) = flaky(&world);
    let bootstrap = || {
        let root = CreateUser {
            kind: UserKind::Person,
            email: sample::email("root"),
            display_name: sample::user("root").display_name,
            superuser: true,
        };
        let name = TokenName::from_stored("first".to_owned());
        world.operator.bootstrap(root, name)
    };
    store.fail_next_commits(1);
    assert_error!(bootstrap().await, Error::Busy);
    assert_nothing_anywhere(&world).await?;
    assert!(bootstrap().await?.is_some());
    store.fail_next_commits(1);
    assert_error!(world.operator.page_token_key().await, Error::Busy);
    let kept = world
        .store
        .read_one(|tx| tx.installation().page_token_key());
    assert_eq!(kept.await?, None);
    Ok(())
}

/// Refusals and reads do not get as far as a commit, and use up no fate.
pub(crate) async fn commits_fail_as_planned(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let (world, store) = flaky(&world);
    store.plan(&[Fate::Commit, Fate::Fail, Fate::Commit]);
    world.users.me(ann.caller).await?;
    let refused = world.organizations.restore(
        ann.caller,
        sample::organization("absent", &ann.user).id,
        None,
    );
    assert_error!(refused.await, Error::Denied { .. });
    world.create(&ann, "One").await?;
    assert_error!(world.create(&ann, "Two").await, Error::Busy);
    world.create(&ann, "Three").await?;
    world.create(&ann, "Four").await?;
    Ok(())
}
