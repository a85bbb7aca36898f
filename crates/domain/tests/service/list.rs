use rollbook_domain::access::{Caller, Credential};
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::mock::{Account, World};
use rollbook_domain::organization::OrganizationView;
use rollbook_domain::page::Window;
use rollbook_domain::role::Role;
use rollbook_domain::service::Organizations;
use rollbook_domain::{Error, Result};

use super::{assert_denied, assert_error};

type Ids = Window<OrganizationId>;

fn names(items: &[OrganizationView]) -> Vec<&str> {
    items
        .iter()
        .map(|view| view.organization.name.as_str())
        .collect()
}

async fn create_all(world: &World, owner: &Account, names: &[&str]) -> Result<Vec<OrganizationId>> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(world.create(owner, name).await?.organization.id);
    }
    Ok(ids)
}

async fn mine(world: &World, account: &Account, window: Ids) -> Result<Vec<OrganizationView>> {
    let list = world
        .organizations
        .list_mine(account.caller, Filter::everything(), window);
    Ok(list.await?.items)
}

pub(crate) async fn only_live_ones_that_the_caller_belongs_to(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let root = world.sign_up_superuser("root").await?;
    create_all(&world, &ann, &["Hers"]).await?;
    let shared = world.create(&ann, "Shared").await?.organization;
    let deleted = world.create(&ann, "Deleted").await?.organization;
    for organization in [&shared, &deleted] {
        world.join(organization, &bob, &[Role::Viewer]).await?;
    }
    create_all(&world, &bob, &["His"]).await?;
    world
        .organizations
        .delete(ann.caller, deleted.id, None)
        .await?;
    let list = mine(&world, &ann, Window::first(10)).await?;
    assert_eq!(names(&list), ["Hers", "Shared"]);
    let list = mine(&world, &bob, Window::first(10)).await?;
    assert_eq!(names(&list), ["Shared", "His"]);
    assert!(mine(&world, &root, Window::first(10)).await?.is_empty());
    Ok(())
}

pub(crate) async fn pages_follow_each_other(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    create_all(&world, &ann, &["A", "B", "C", "D", "E"]).await?;
    let (mut window, mut pages) = (Window::first(2), Vec::new());
    loop {
        let list = world
            .organizations
            .list_mine(ann.caller, Filter::everything(), window);
        let page = list.await?;
        assert_eq!(page.total, None);
        pages.push(names(&page.items).join(""));
        match page.next {
            Some(key) => window = Window::after(key, 2),
            None => break,
        }
    }
    assert_eq!(pages, ["AB", "CD", "E"]);
    let all = mine(&world, &ann, Window::first(5)).await?;
    assert_eq!(names(&all).len(), 5);
    Ok(())
}

pub(crate) async fn pages_survive_changes_between_them(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    let ids = create_all(&world, &ann, &["A", "B", "C", "D"]).await?;
    for id in &ids[..2] {
        world.organizations.delete(ann.caller, *id, None).await?;
    }
    create_all(&world, &ann, &["E"]).await?;
    let behind = mine(&world, &ann, Window::after(ids[1], 10)).await?;
    assert_eq!(names(&behind), ["C", "D", "E"]);
    let behind_the_end = mine(&world, &ann, Window::after(behind[2].organization.id, 10)).await?;
    assert!(behind_the_end.is_empty());
    Ok(())
}

pub(crate) async fn offsets_and_totals(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    create_all(&world, &ann, &["A", "B", "C", "D", "E"]).await?;
    let list = |window: Ids| {
        let everything = Filter::everything();
        world
            .organizations
            .list_mine(ann.caller, everything, window.counted())
    };
    let page = list(Window::skip(1, 2)).await?;
    assert_eq!((names(&page.items), page.total), (vec!["B", "C"], Some(5)));
    assert_eq!(
        page.next,
        page.items.last().map(|view| view.organization.id)
    );
    let page = list(Window::skip(3, 2)).await?;
    assert_eq!((names(&page.items), page.next), (vec!["D", "E"], None));
    let page = list(Window::skip(9, 2)).await?;
    assert_eq!((page.items.len(), page.total), (0, Some(5)));
    let page = list(Window::first(1)).await?;
    assert_eq!((names(&page.items), page.total), (vec!["A"], Some(5)));
    Ok(())
}

pub(crate) async fn filters_fold_and_combine(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    create_all(
        &world,
        &ann,
        &["Acme Ärzte", "ACME 50%", "Beta_1", "Betax1"],
    )
    .await?;
    let is = |place, needle: &str| Filter::Test(TextTest::new(place, needle));
    let cases = [
        (is(Place::Start, "acme"), vec!["Acme Ärzte", "ACME 50%"]),
        (is(Place::End, "ärzte"), vec!["Acme Ärzte"]),
        (is(Place::Anywhere, "ÄRZ"), vec!["Acme Ärzte"]),
        (is(Place::Anywhere, "0%"), vec!["ACME 50%"]),
        (is(Place::Whole, "beta_1"), vec!["Beta_1"]),
        (is(Place::Start, "beta_"), vec!["Beta_1"]),
        (is(Place::Whole, "beta"), vec![]),
        (Filter::Any(vec![]), vec![]),
        (
            Filter::Not(Box::new(is(Place::Start, "acme"))),
            vec!["Beta_1", "Betax1"],
        ),
        (
            Filter::Any(vec![is(Place::End, "%"), is(Place::End, "x1")]),
            vec!["ACME 50%", "Betax1"],
        ),
        (
            Filter::All(vec![is(Place::Start, "a"), is(Place::End, "%")]),
            vec!["ACME 50%"],
        ),
    ];
    for (filter, expected) in cases {
        let window = Window::first(10).counted();
        let list = world
            .organizations
            .list_mine(ann.caller, filter.clone(), window);
        let page = list.await?;
        assert_eq!(names(&page.items), expected, "{filter:?}");
        assert_eq!(page.total, Some(expected.len() as u64), "{filter:?}");
    }
    Ok(())
}

/// CVE-2026-37978 and its like in keycloak: lists that skip the check that reading one makes.
pub(crate) async fn what_is_listed_can_be_read(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let mut ids = create_all(&world, &ann, &["A", "B", "C", "D"]).await?;
    ids.extend(create_all(&world, &bob, &["E", "F"]).await?);
    let shared = world.organizations.get(ann.caller, ids[1]).await?;
    world
        .join(&shared.organization, &bob, &[Role::Member])
        .await?;
    world.organizations.delete(bob.caller, ids[5], None).await?;
    for account in [&ann, &bob] {
        let listed = mine(&world, account, Window::first(10)).await?;
        let mut readable = Vec::new();
        for id in &ids {
            readable.extend(world.organizations.get(account.caller, *id).await.ok());
        }
        assert_eq!(listed, readable);
    }
    Ok(())
}

/// CVE-2026-2366 in keycloak: any token could enumerate memberships.
pub(crate) async fn only_superusers_list_all(world: World) -> Result<()> {
    let ann = world.sign_up("ann").await?;
    create_all(&world, &ann, &["A"]).await?;
    let list = world
        .organizations
        .list_all(ann.caller, Filter::everything(), Window::first(10));
    assert_denied!(list.await, ListAllOrganizations, visible: true);
    let nobody = Caller::from(Credential::Nobody);
    let list = world
        .organizations
        .list_all(nobody, Filter::everything(), Window::first(10));
    assert_error!(list.await, Error::Unauthenticated(_));
    Ok(())
}

pub(crate) async fn all_means_all_live_ones(world: World) -> Result<()> {
    let (ann, bob) = (world.sign_up("ann").await?, world.sign_up("bob").await?);
    let root = world.sign_up_superuser("root").await?;
    create_all(&world, &ann, &["A"]).await?;
    let ids = create_all(&world, &bob, &["B", "C", "D"]).await?;
    world.organizations.delete(bob.caller, ids[1], None).await?;
    let list = |filter: Filter<TextTest>, window: Ids| {
        world
            .organizations
            .list_all(root.caller, filter, window.counted())
    };
    let page = list(Filter::everything(), Window::first(2)).await?;
    assert_eq!((names(&page.items), page.total), (vec!["A", "B"], Some(3)));
    let rest = list(Filter::everything(), Window::after(ids[0], 2)).await?;
    assert_eq!((names(&rest.items), rest.next), (vec!["D"], None));
    let not_b = Filter::Not(Box::new(Filter::Test(TextTest::new(Place::Whole, "b"))));
    let page = list(not_b, Window::first(9)).await?;
    assert_eq!((names(&page.items), page.total), (vec!["A", "D"], Some(2)));
    Ok(())
}
