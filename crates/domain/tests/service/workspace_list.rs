use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::WorkspaceId;
use rollbook_domain::membership::Direction;
use rollbook_domain::mock::{Account, World, sample};
use rollbook_domain::organization::Organization;
use rollbook_domain::page::Window;
use rollbook_domain::role::{Role, WorkspaceRole};
use rollbook_domain::service::Workspaces;
use rollbook_domain::service::workspace::{COUNTED_AT_ONCE, UpdateWorkspace, WorkspacePage};
use rollbook_domain::time::Span;
use rollbook_domain::value::WorkspaceTitle;
use rollbook_domain::workspace::{Workspace, WorkspaceField, WorkspaceKey, WorkspaceOrder};
use rollbook_domain::{Error, Result};

use super::workspace::{add, member, robot};
use super::{assert_denied, assert_error};

const ORDERS: [WorkspaceOrder; 6] = [
    order(WorkspaceField::Created, Direction::Ascending),
    order(WorkspaceField::Created, Direction::Descending),
    order(WorkspaceField::Title, Direction::Ascending),
    order(WorkspaceField::Title, Direction::Descending),
    order(WorkspaceField::Updated, Direction::Ascending),
    order(WorkspaceField::Updated, Direction::Descending),
];

const fn order(field: WorkspaceField, direction: Direction) -> WorkspaceOrder {
    WorkspaceOrder { field, direction }
}

/// Ann's organization with workspaces of these titles, made a second apart; Bob, a member, belongs
/// to all but the last.
async fn acme(world: &World) -> Result<(Account, Account, Organization, Vec<Workspace>)> {
    let ann = world.sign_up("ann").await?;
    let acme = world.create(&ann, "Acme").await?.organization;
    let bob = member(world, &acme, "bob", &[Role::Member]).await?;
    let mut made = Vec::new();
    for title in ["Lab", "attic", "Lab", "Cellar", "Secret lab"] {
        world.clock.advance(Span::seconds(1));
        made.push(world.found_workspace(&ann, &acme, title).await?.workspace);
    }
    for workspace in &made[..4] {
        add(world, &ann, workspace, &bob, WorkspaceRole::Viewer).await?;
    }
    world.clock.advance(Span::seconds(1));
    let command = UpdateWorkspace {
        title: WorkspaceTitle::parse("Attic").ok(),
        ..UpdateWorkspace::default()
    };
    let at = made[1].reference();
    let view = world.workspaces.update(ann.caller, at, command).await?;
    made[1] = view.workspace;
    Ok((ann, bob, acme, made))
}

async fn list(
    world: &World,
    who: &Account,
    organization: &Organization,
    order: WorkspaceOrder,
    window: Window<WorkspaceKey>,
) -> Result<WorkspacePage> {
    let all = Filter::everything();
    world
        .workspaces
        .list(who.caller, organization.id, all, order, window)
        .await
}

fn titles(page: &WorkspacePage) -> Vec<&str> {
    let items = page.items.iter();
    items.map(|view| view.workspace.title.as_str()).collect()
}

/// CVE-2026-37978 and its like in keycloak: a list is what one could read item by item.
pub(crate) async fn who_may_read_sees_all_and_others_their_own(world: World) -> Result<()> {
    let (ann, bob, acme, made) = acme(&world).await?;
    let cat = member(&world, &acme, "cat", &[Role::Viewer]).await?;
    let dan = member(&world, &acme, "dan", &[Role::Member]).await?;
    let eve = world.sign_up("eve").await?;
    for (who, count) in [(&ann, 5), (&bob, 4), (&cat, 5), (&dan, 0)] {
        let window = Window::first(10).counted();
        let page = list(&world, who, &acme, WorkspaceOrder::default(), window).await?;
        assert_eq!((page.items.len(), page.total), (count, Some(count as u64)));
        for workspace in &made {
            let read = world.workspaces.get(who.caller, workspace.reference());
            let listed = page.items.iter().find(|it| it.workspace.id == workspace.id);
            assert_eq!(read.await.ok().as_ref(), listed);
        }
    }
    let window = Window::first(10);
    let outcome = list(&world, &eve, &acme, WorkspaceOrder::default(), window).await;
    assert_denied!(outcome, Use(ReadOrganization), visible: false);
    Ok(())
}

pub(crate) async fn orders_and_pages(world: World) -> Result<()> {
    let (ann, bob, acme, _) = acme(&world).await?;
    let expected = [
        ["Lab", "Attic", "Lab", "Cellar"],
        ["Cellar", "Lab", "Attic", "Lab"],
        ["Attic", "Cellar", "Lab", "Lab"],
        ["Lab", "Lab", "Cellar", "Attic"],
        ["Lab", "Lab", "Cellar", "Attic"],
        ["Attic", "Cellar", "Lab", "Lab"],
    ];
    for (order, expected) in ORDERS.into_iter().zip(expected) {
        for who in [&ann, &bob] {
            let whole = list(&world, who, &acme, order, Window::first(10)).await?;
            let mut theirs = titles(&whole);
            theirs.retain(|title| *title != "Secret lab");
            assert_eq!(theirs, expected, "{order:?}");
            let mut paged = Vec::new();
            let mut window = Window::first(2);
            loop {
                let page = list(&world, who, &acme, order, window).await?;
                paged.extend(page.items);
                match page.next {
                    Some(key) => window = Window::after(key, 2),
                    None => break,
                }
            }
            assert_eq!(paged, whole.items, "{order:?}");
            let skipped = list(&world, who, &acme, order, Window::skip(1, 2)).await?;
            assert_eq!(skipped.items, whole.items[1..3], "{order:?}");
        }
    }
    Ok(())
}

pub(crate) async fn filters_fold(world: World) -> Result<()> {
    let (ann, bob, acme, _) = acme(&world).await?;
    let lab = Filter::Test(TextTest::new(Place::Anywhere, "LAB"));
    let not = Filter::Not(Box::new(lab.clone()));
    let by_title = order(WorkspaceField::Title, Direction::Ascending);
    for (filter, who, expected) in [
        (&lab, &ann, &["Lab", "Lab", "Secret lab"][..]),
        (&lab, &bob, &["Lab", "Lab"]),
        (&not, &ann, &["Attic", "Cellar"]),
        (&not, &bob, &["Attic", "Cellar"]),
    ] {
        let window = Window::first(10).counted();
        let page = world
            .workspaces
            .list(who.caller, acme.id, filter.clone(), by_title, window)
            .await?;
        assert_eq!(titles(&page), expected);
        assert_eq!(page.total, Some(expected.len() as u64));
    }
    Ok(())
}

pub(crate) async fn mine_are_those_one_belongs_to(world: World) -> Result<()> {
    let (_, bob, acme, made) = acme(&world).await?;
    let root = world.sign_up_superuser("root").await?;
    let list = |who: &Account, window| world.workspaces.list_mine(who.caller, acme.id, window);
    let ids = |items: &[rollbook_domain::workspace::WorkspaceView]| -> Vec<_> {
        items.iter().map(|view| view.workspace.id).collect()
    };
    let mut bobs: Vec<_> = made[..4].iter().map(|workspace| workspace.id).collect();
    bobs.sort_unstable();
    let first = list(&bob, Window::first(3).counted()).await?;
    assert_eq!(
        (ids(&first.items), first.total),
        (bobs[..3].to_vec(), Some(4))
    );
    assert_eq!(first.next, Some(bobs[2]));
    let rest = list(&bob, Window::after(bobs[2], 3)).await?;
    assert_eq!((ids(&rest.items), rest.next), (bobs[3..].to_vec(), None));
    assert_eq!(list(&root, Window::first(3)).await?.items, []);
    Ok(())
}

/// A key sees what both its account and its maker may see.
pub(crate) async fn a_key_lists_what_its_maker_may_see_too(world: World) -> Result<()> {
    let (ann, bob, acme, made) = acme(&world).await?;
    let robot = robot(&world, &acme, &bob, &[Role::Member]).await?;
    for workspace in &made[3..] {
        add(&world, &ann, workspace, &robot, WorkspaceRole::Viewer).await?;
    }
    // Bob belongs to the first four, the robot to the last two.
    let all = list(&world, &robot, &acme, ORDERS[0], Window::first(10)).await?;
    assert_eq!(titles(&all), ["Cellar"]);
    let mine = world
        .workspaces
        .list_mine(robot.caller, acme.id, Window::first(10))
        .await?;
    assert_eq!(mine.items, all.items);
    for workspace in &made {
        let read = world.workspaces.get(robot.caller, workspace.reference());
        let listed = all.items.iter().find(|it| it.workspace.id == workspace.id);
        assert_eq!(read.await.ok().as_ref(), listed);
    }
    Ok(())
}

pub(crate) async fn members_are_counted_where_one_may_see_them(world: World) -> Result<()> {
    let (ann, bob, acme, made) = acme(&world).await?;
    let mut asked: Vec<_> = made.iter().map(|workspace| workspace.id).collect();
    asked.push(WorkspaceId::new(sample::uuid("absent")));
    asked.push(made[0].id);
    let doomed = made[3].reference();
    world.workspaces.delete(ann.caller, doomed, None).await?;
    let count = |who: &Account, ids: &[WorkspaceId]| {
        let ids = ids.to_vec();
        world.workspaces.count_members(who.caller, acme.id, ids)
    };
    let sorted = |mut counts: Vec<(WorkspaceId, u64)>| {
        counts.sort_unstable();
        counts
    };
    let bobs = sorted(vec![(made[0].id, 2), (made[1].id, 2), (made[2].id, 2)]);
    let mut anns = bobs.clone();
    anns.push((made[4].id, 1));
    assert_eq!(count(&bob, &asked).await?, bobs);
    assert_eq!(count(&ann, &asked).await?, sorted(anns));
    let many = (0..=COUNTED_AT_ONCE).map(|n| WorkspaceId::new(sample::uuid(&n.to_string())));
    let many: Vec<_> = many.collect();
    assert_error!(count(&ann, &many).await, Error::Invalid(_));
    assert_eq!(count(&ann, &many[1..]).await?, []);
    Ok(())
}
