use rollbook_domain::error::Kind;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::{Age, Handle, OrganizationTest, OrganizationView, Patch};
use rollbook_domain::page::Window;
use rollbook_domain::role::Role;
use rollbook_domain::service::organization::{
    CreateOrganization, Naming, Organizations, Succession, Terms, UpdateOrganization,
};
use rollbook_domain::time::Span;
use rollbook_domain::value::{Links, OrganizationName};
use rollbook_domain::{Error, Refusal, Result};

use super::{assert_denied, assert_error, assert_refused};

fn name(text: &str) -> OrganizationName {
    OrganizationName::from_stored(text.to_owned())
}

fn unique(world: &World, name: &str) -> CreateOrganization {
    CreateOrganization {
        naming: Naming::Unique,
        ..world.command(name)
    }
}

fn rename(text: &str) -> UpdateOrganization {
    UpdateOrganization {
        name: Some(name(text)),
        naming: Naming::Unique,
        ..UpdateOrganization::default()
    }
}

/// Names repeat, unless whoever makes or renames one asks that they do not.
pub(crate) async fn a_name_can_be_one_of_its_kind(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let acme = world
        .organizations
        .create(ann.caller, unique(&world, "Acme"));
    let acme = acme.await?.organization;
    let again = world
        .organizations
        .create(bob.caller, unique(&world, "ACME"));
    assert_refused!(again.await, Refusal::NameTaken("ACME".to_owned()));
    assert!(
        !world
            .organizations
            .name_is_free(bob.caller, name("acme"))
            .await?
    );
    let other = world.create(&bob, "Acme").await?.organization;
    let outcome = world
        .organizations
        .update(bob.caller, other.id, rename("aCME"));
    assert_refused!(outcome.await, Refusal::NameTaken("aCME".to_owned()));
    // Its own name, in another spelling, is taken by nobody else.
    let free = world
        .organizations
        .update(bob.caller, other.id, rename("Bolt"));
    assert_eq!(free.await?.organization.name.as_str(), "Bolt");
    let respelled = world
        .organizations
        .update(ann.caller, acme.id, rename("ACME"));
    assert_eq!(respelled.await?.organization.name.as_str(), "ACME");
    world
        .organizations
        .delete(ann.caller, acme.id, None)
        .await?;
    assert!(
        world
            .organizations
            .name_is_free(bob.caller, name("Acme"))
            .await?
    );
    let freed = world
        .organizations
        .create(bob.caller, unique(&world, "Acme"));
    assert_eq!(freed.await?.organization.name.as_str(), "Acme");
    Ok(())
}

pub(crate) async fn one_is_made_for_oneself_only(world: World) -> Result<()> {
    let (ann, bob) = (
        world.sign_up("ann").await?,
        world.sign_up_superuser("bob").await?,
    );
    let owned_by = |account: &Account| CreateOrganization {
        owner: Some(account.user.id),
        ..world.command("Acme")
    };
    for caller in [&ann, &bob] {
        let other = if caller.user.id == ann.user.id {
            &bob
        } else {
            &ann
        };
        let outcome = world.organizations.create(caller.caller, owned_by(other));
        assert_refused!(outcome.await, Refusal::ForSomeoneElse);
    }
    let own = world
        .organizations
        .create(ann.caller, owned_by(&ann))
        .await?;
    assert_eq!(own.owner.id, ann.user.id);
    Ok(())
}

pub(crate) async fn links_are_kept_in_their_order(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let links = |texts: &[&str]| {
        let texts: Vec<_> = texts.iter().map(|text| (*text).to_owned()).collect();
        Links::new(&texts).map_err(|wrong| wrong.in_field("links"))
    };
    let first = links(&[r#"{"title":"b"}"#, r#"{"title":"a"}"#])?;
    let command = CreateOrganization {
        links: Some(first.clone()),
        ..world.command("Acme")
    };
    let acme = world
        .organizations
        .create(ann.caller, command)
        .await?
        .organization;
    assert_eq!(acme.links, Some(first));
    let replace = |links: Patch<Links>| UpdateOrganization {
        links,
        ..UpdateOrganization::default()
    };
    let empty = links(&[])?;
    let replaced = world
        .organizations
        .update(ann.caller, acme.id, replace(Patch::Set(empty.clone())))
        .await?;
    assert_eq!(replaced.organization.links, Some(empty));
    assert_eq!(world.look(&acme).await?, replaced);
    let cleared = world
        .organizations
        .update(ann.caller, acme.id, replace(Patch::Clear))
        .await?;
    assert_eq!(cleared.organization.links, None);
    Ok(())
}

fn succeed(owner: UserId, owner_limit: Option<u32>) -> UpdateOrganization {
    UpdateOrganization {
        succession: Some(Succession { owner, owner_limit }),
        ..rename("Ours")
    }
}

/// One change may rename and hand over: all of it happens, or nothing.
pub(crate) async fn an_update_can_hand_over(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let carl = world.sign_up("carl").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    world.join(&acme, &bob, &[Role::Admin]).await?;
    let update =
        |caller: &Account, command| world.organizations.update(caller.caller, acme.id, command);
    // An admin who is not the owner changes the name, but not the owner.
    let outcome = update(&bob, succeed(bob.user.id, None)).await;
    assert_denied!(outcome, TransferOrganization, visible: true);
    let outcome = update(&ann, succeed(carl.user.id, None)).await;
    assert_refused!(outcome, Refusal::UnsuitableOwner);
    let outcome = update(&ann, succeed(UserId::new(sample::uuid("none")), None)).await;
    assert_error!(outcome, Error::NotFound(Kind::User));
    world.create(&bob, "Bolt").await?;
    let outcome = update(&ann, succeed(bob.user.id, Some(1))).await;
    assert_refused!(outcome, Refusal::OrganizationLimit { limit: 1 });
    world
        .organizations
        .create(carl.caller, unique(&world, "Ours"))
        .await?;
    let outcome = update(&ann, succeed(bob.user.id, None)).await;
    assert_refused!(outcome, Refusal::NameTaken("Ours".to_owned()));
    assert_eq!(world.look(&acme).await?.organization, acme);
    // Naming the owner that there is takes no right to hand over.
    let same = UpdateOrganization {
        name: Some(name("Mine")),
        ..succeed(ann.user.id, Some(0))
    };
    assert_eq!(update(&bob, same).await?.owner.id, ann.user.id);
    let command = UpdateOrganization {
        name: Some(name("Yours")),
        ..succeed(bob.user.id, Some(2))
    };
    let view = update(&ann, command).await?;
    assert_eq!(
        (view.owner.id, view.organization.owner_id),
        (bob.user.id, bob.user.id)
    );
    assert_eq!(view.organization.name.as_str(), "Yours");
    assert_eq!(world.look(&acme).await?, view);
    Ok(())
}

async fn found(world: &World, by: &Account, name: &str) -> Result<OrganizationId> {
    let handle = Handle::Name(self::name(name));
    let found = world.organizations.find(by.caller, handle, false).await?;
    assert_eq!(found.subscription, None);
    Ok(found.view.organization.id)
}

/// A name is looked for among what one may see: it says nothing about the rest.
pub(crate) async fn it_is_found_by_its_name(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let root = world.sign_up_superuser("root").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    assert_eq!(found(&world, &ann, "ACME").await?, acme.id);
    assert_eq!(found(&world, &root, "acme").await?, acme.id);
    assert_error!(
        found(&world, &bob, "Acme").await,
        Error::NotFound(Kind::Organization)
    );
    let other = world.create(&bob, "Acme").await?.organization;
    assert_eq!(found(&world, &bob, "Acme").await?, other.id);
    assert_eq!(found(&world, &ann, "Acme").await?, acme.id);
    let ambiguous = || Refusal::NameAmbiguous("acme".to_owned());
    assert_refused!(found(&world, &root, "acme").await, ambiguous());
    world.join(&other, &ann, &[Role::Member]).await?;
    assert_refused!(found(&world, &ann, "acme").await, ambiguous());
    world
        .organizations
        .delete(bob.caller, other.id, None)
        .await?;
    assert_eq!(found(&world, &ann, "Acme").await?, acme.id);
    Ok(())
}

pub(crate) async fn its_subscription_is_told_to_who_may_see_it(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let command = CreateOrganization {
        terms: Terms {
            trial: Some(Span::days(1)),
            ..Terms::default()
        },
        ..world.command("Acme")
    };
    let acme = world
        .organizations
        .create(ann.caller, command)
        .await?
        .organization;
    world.join(&acme, &bob, &[Role::Member]).await?;
    world.clock.advance(Span::seconds(60));
    let find = |who: &Account, with| {
        world
            .organizations
            .find(who.caller, Handle::Id(acme.id), with)
    };
    let told = find(&ann, true).await?.subscription;
    let told = told.map(|it| (it.active, it.trial_seconds_left));
    assert_eq!(told, Some((true, Some(24 * 3600 - 60))));
    assert_eq!(find(&ann, false).await?.subscription, None);
    assert_eq!(find(&bob, true).await?.subscription, None);
    Ok(())
}

async fn listed(
    world: &World,
    by: &Account,
    filter: Filter<OrganizationTest>,
    window: Window<Age>,
) -> Result<Vec<String>> {
    let page = world.organizations.list(by.caller, filter, window).await?;
    let name = |view: &OrganizationView| view.organization.name.as_str().to_owned();
    Ok(page.items.iter().map(name).collect())
}

/// Two organizations of ann's with one of bob's between them, in an order that is not that of
/// their ids: callers choose those.
async fn three(world: &World) -> Result<[Account; 3]> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let root = world.sign_up_superuser("root").await?;
    for (number, owner) in [&ann, &bob, &ann].into_iter().enumerate() {
        let id = uuid::Uuid::from_u128(u128::MAX - number as u128);
        let command = CreateOrganization {
            id: Some(OrganizationId::new(id)),
            ..world.command(&format!("Acme {number}"))
        };
        world.clock.advance(Span::seconds(1));
        world.organizations.create(owner.caller, command).await?;
    }
    Ok([ann, bob, root])
}

pub(crate) async fn the_oldest_come_first(world: World) -> Result<()> {
    let [ann, _, root] = three(&world).await?;
    let all = || Filter::everything();
    let of_ann = listed(&world, &ann, all(), Window::first(10)).await?;
    assert_eq!(of_ann, ["Acme 0", "Acme 2"]);
    let of_root = listed(&world, &root, all(), Window::first(10)).await?;
    assert_eq!(of_root, ["Acme 0", "Acme 1", "Acme 2"]);
    let second = listed(&world, &root, all(), Window::skip(1, 1)).await?;
    assert_eq!(second, ["Acme 1"]);
    let two = Window::first(2).counted();
    let page = world.organizations.list(root.caller, all(), two).await?;
    assert_eq!((page.items.len(), page.total), (2, Some(3)));
    let last = page.next.ok_or(Error::NotFound(Kind::Organization))?;
    let rest = listed(&world, &root, all(), Window::after(last, 2)).await?;
    assert_eq!(rest, ["Acme 2"]);
    Ok(())
}

pub(crate) async fn filters_narrow_what_one_may_see(world: World) -> Result<()> {
    let [ann, bob, root] = three(&world).await?;
    let whole = |text| TextTest::new(Place::Whole, text);
    let list = |by: &Account, test| {
        let (world, by) = (world.clone(), by.clone());
        async move { listed(&world, &by, Filter::Test(test), Window::first(10)).await }
    };
    for (test, expected) in [
        (
            OrganizationTest::Name(whole("ACME 1")),
            ["Acme 1"].as_slice(),
        ),
        (OrganizationTest::Name(whole("Acme")), &[]),
        (OrganizationTest::Owner(bob.user.id), &["Acme 1"]),
        (
            OrganizationTest::OwnerEmail(whole("Ann@example.com")),
            &["Acme 0", "Acme 2"],
        ),
    ] {
        assert_eq!(list(&root, test).await?, expected);
    }
    let theirs = OrganizationTest::Owner(bob.user.id);
    assert!(list(&ann, theirs).await?.is_empty());
    Ok(())
}

/// vouch PR #317: a token for one organization opened the others of its user.
pub(crate) async fn a_bound_token_finds_its_own_only(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let (acme, bolt) = (
        world.create(&ann, "Acme").await?,
        world.create(&ann, "Bolt").await?,
    );
    let bound = super::profile::bound_token(&world, &ann, bolt.organization.id).await?;
    let bound = Account {
        caller: bound,
        ..ann.clone()
    };
    assert_eq!(
        listed(&world, &bound, Filter::everything(), Window::first(10)).await?,
        ["Bolt"]
    );
    assert!(
        listed(&world, &bound, Filter::everything(), Window::skip(1, 10))
            .await?
            .is_empty()
    );
    assert_error!(
        found(&world, &bound, "Acme").await,
        Error::NotFound(Kind::Organization)
    );
    assert_eq!(found(&world, &bound, "Bolt").await?, bolt.organization.id);
    assert_eq!(found(&world, &ann, "Acme").await?, acme.organization.id);
    Ok(())
}
