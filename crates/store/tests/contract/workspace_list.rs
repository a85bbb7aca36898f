//! The lists of workspaces: every order, every window.

use rollbook_domain::Result;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::WorkspaceId;
use rollbook_domain::membership::Direction;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::Store;
use rollbook_domain::role::WorkspaceRole;
use rollbook_domain::time::Span;
use rollbook_domain::user::User;
use rollbook_domain::workspace::{Workspace, WorkspaceField, WorkspaceKey, WorkspaceView};

use crate::harness::on_both;
use crate::house::{House, belonging, house, view};
use crate::support::{Outcome, TestDatabase};

on_both! {
    the_windows_of_every_order,
    page_by_page_nobody_is_missed,
    a_filter_applies_to_window_and_total,
    filters_and_orders_take_turns,
    the_windows_of_a_member,
}

const ORDERS: [(WorkspaceField, Direction); 6] = [
    (WorkspaceField::Created, Direction::Ascending),
    (WorkspaceField::Created, Direction::Descending),
    (WorkspaceField::Title, Direction::Ascending),
    (WorkspaceField::Title, Direction::Descending),
    (WorkspaceField::Updated, Direction::Ascending),
    (WorkspaceField::Updated, Direction::Descending),
];

/// Sorted by folded bytes, not as a dictionary does; some come more than once.
const TITLES: [&str; 8] = ["b", "Zeta", "ä", "alpha", "ALPHA", "a b", "a-b", "株式会社"];

/// 23 live workspaces of Acme, some alike in title or moment of change, some of ann, some of bob;
/// a deleted one beside them, and one of another organization.
async fn many(store: &dyn Store) -> Outcome<(House, Vec<WorkspaceView>)> {
    let house = house(store).await?;
    let mut views = Vec::new();
    for number in 0..23_u32 {
        let creator = if number % 3 == 0 {
            &house.bob
        } else {
            &house.ann
        };
        let name = sample::workspace(&house.acme, &format!("number {number}"), creator);
        let titled = sample::workspace(&house.acme, TITLES[number as usize % 8], creator);
        let workspace = Workspace {
            id: name.id,
            updated_at: FixedClock::START.plus(Span::seconds(number % 5)),
            ..titled
        };
        views.push(view(&workspace, creator));
    }
    let mut beside = vec![sample::workspace(&house.globex, "alpha", &house.ann)];
    beside.push(Workspace {
        deleted_at: Some(FixedClock::START),
        ..sample::workspace(&house.acme, "Zeta", &house.ann)
    });
    let written: Vec<_> = views.iter().map(|view| view.workspace.clone()).collect();
    store
        .write(move |tx| {
            for workspace in written.iter().chain(&beside) {
                tx.workspaces().add(workspace)?;
            }
            Ok(())
        })
        .await?;
    Ok((house, views))
}

fn sort(views: &mut [WorkspaceView], (field, direction): (WorkspaceField, Direction)) {
    views.sort_by_key(|view| WorkspaceKey::of(field, &view.workspace));
    if direction == Direction::Descending {
        views.reverse();
    }
}

async fn list(
    store: &dyn Store,
    house: &House,
    filter: &Filter<TextTest>,
    (field, direction): (WorkspaceField, Direction),
    window: &Window<WorkspaceKey>,
) -> Result<Page<WorkspaceView, WorkspaceKey>> {
    let (acme, filter, window) = (house.acme.id, filter.clone(), window.clone());
    store
        .read(move |tx| {
            tx.workspaces()
                .list(acme, &filter, field, direction, &window)
        })
        .await
}

async fn the_windows_of_every_order(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (house, mut views) = many(&*store).await?;
    for order in ORDERS {
        sort(&mut views, order);
        let key = |at: usize| WorkspaceKey::of(order.0, &views[at].workspace);
        let cases = [
            (Window::first(1), 0..1, true),
            (Window::first(22), 0..22, true),
            (Window::first(23), 0..23, false),
            (Window::first(u32::MAX).counted(), 0..23, false),
            (Window::after(key(4), 5), 5..10, true),
            (Window::after(key(17), 5).counted(), 18..23, false),
            (Window::after(key(22), 5).counted(), 23..23, false),
            (Window::skip(0, 5), 0..5, true),
            (Window::skip(20, 5).counted(), 20..23, false),
            (Window::skip(u32::MAX, 5).counted(), 23..23, false),
        ];
        for (window, expected, more) in cases {
            let page = list(&*store, &house, &Filter::everything(), order, &window).await?;
            assert_eq!(page.items, views[expected.clone()], "{order:?} {window:?}");
            let next = more.then(|| key(expected.end - 1));
            assert_eq!(page.next, next, "{order:?} {window:?}");
            assert_eq!(page.total, window.count.then_some(23), "{order:?}");
        }
    }
    Ok(())
}

/// With a workspace that vanishes between the pages: a key needs no row.
async fn page_by_page_nobody_is_missed(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (house, mut views) = many(&*store).await?;
    for order in ORDERS {
        sort(&mut views, order);
        let mut window = Window::first(4);
        let mut seen = Vec::new();
        loop {
            let page = list(&*store, &house, &Filter::everything(), order, &window).await?;
            seen.extend(page.items);
            let Some(next) = page.next else { break };
            let mut last = seen[seen.len() - 1].workspace.clone();
            let version = last.version;
            last.deleted_at = Some(FixedClock::START);
            let gone = last.clone();
            let deleted = store.write(move |tx| tx.workspaces().update(&gone, version));
            assert!(deleted.await?);
            window = Window::after(next, 4);
        }
        assert_eq!(seen, views, "{order:?}");
        restore(&*store, &seen).await?;
    }
    Ok(())
}

async fn restore(store: &dyn Store, views: &[WorkspaceView]) -> Outcome {
    let living: Vec<_> = views.iter().map(|view| view.workspace.clone()).collect();
    store
        .write(move |tx| {
            for workspace in &living {
                tx.workspaces().update(workspace, workspace.version)?;
            }
            Ok(())
        })
        .await?;
    Ok(())
}

fn starts(needle: &str) -> Filter<TextTest> {
    Filter::Test(TextTest::new(Place::Start, needle))
}

async fn a_filter_applies_to_window_and_total(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (house, mut views) = many(&*store).await?;
    views.retain(|view| view.workspace.title.key().starts_with("alpha"));
    assert_eq!(views.len(), 6, "the sample is no good");
    for order in ORDERS {
        sort(&mut views, order);
        let after = WorkspaceKey::of(order.0, &views[1].workspace);
        let window = Window::after(after, 3).counted();
        let page = list(&*store, &house, &starts("ALPHA"), order, &window).await?;
        assert_eq!(page.items, views[2..5], "{order:?}");
        let next = WorkspaceKey::of(order.0, &views[4].workspace);
        assert_eq!((page.next, page.total), (Some(next), Some(6)), "{order:?}");
    }
    Ok(())
}

/// The lists without a filter are prepared statements; each order must be one of its own.
async fn filters_and_orders_take_turns(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (house, mut views) = many(&*store).await?;
    let filters = [
        Filter::everything(),
        starts("alpha"),
        Filter::Not(Box::new(starts("a"))),
        Filter::Any(vec![starts("ä"), starts("株")]),
        starts("\0"),
    ];
    for turn in 0..60 {
        let (order, filter) = (ORDERS[turn % 6], &filters[turn % 5]);
        sort(&mut views, order);
        let passes = |view: &&WorkspaceView| {
            let key = view.workspace.title.key();
            filter.holds(&|test| test.passes(&key))
        };
        let expected: Vec<_> = views.iter().filter(passes).cloned().collect();
        let page = list(&*store, &house, filter, order, &Window::first(99)).await?;
        assert_eq!(page.items, expected, "{order:?} {filter:?}");
    }
    Ok(())
}

async fn the_windows_of_a_member(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let (house, mut views) = many(&*store).await?;
    sort(&mut views, ORDERS[0]);
    let (mine, theirs): (Vec<_>, Vec<_>) = (0..).zip(&views).partition(|(at, _)| at % 2 == 0);
    let only = |of: Vec<(usize, &WorkspaceView)>| -> Vec<WorkspaceView> {
        of.into_iter().map(|(_, view)| view.clone()).collect()
    };
    let (mine, theirs) = (only(mine), only(theirs));
    belong(&*store, &house.ann, &mine).await?;
    belong(&*store, &house.bob, &theirs).await?;
    let dead = sample::workspace(&house.acme, "Zeta", &house.ann);
    let elsewhere = sample::workspace(&house.globex, "alpha", &house.ann);
    let beside = [view(&dead, &house.ann), view(&elsewhere, &house.ann)];
    belong(&*store, &house.ann, &beside).await?;
    let id = |at: usize| mine[at].workspace.id;
    let cases = [
        (Window::first(5).counted(), 0..5, true),
        (Window::after(id(4), 5), 5..10, true),
        (Window::after(id(9), 5), 10..12, false),
        (Window::skip(10, 5).counted(), 10..12, false),
        (Window::first(12), 0..12, false),
    ];
    let list = async |user, window: &Window<WorkspaceId>| {
        let (acme, window) = (house.acme.id, window.clone());
        store
            .read(move |tx| tx.workspaces().list_of_member(acme, user, &window))
            .await
    };
    for (window, expected, more) in cases {
        let page = list(house.ann.id, &window).await?;
        assert_eq!(page.items, mine[expected.clone()], "{window:?}");
        let next = more.then(|| id(expected.end - 1));
        assert_eq!(page.next, next, "{window:?}");
        assert_eq!(page.total, window.count.then_some(12), "{window:?}");
    }
    let page = list(house.bob.id, &Window::first(99).counted()).await?;
    assert_eq!((page.items, page.total), (theirs, Some(11)));
    let stranger = sample::user("stranger").id;
    let page = list(stranger, &Window::first(99).counted()).await?;
    assert_eq!((page.items, page.total), (vec![], Some(0)));
    Ok(())
}

async fn belong(store: &dyn Store, user: &User, to: &[WorkspaceView]) -> Outcome {
    let belong =
        |view: &WorkspaceView| belonging(&view.workspace, user, &[WorkspaceRole::Viewer], &[]);
    let memberships: Vec<_> = to.iter().map(belong).collect();
    store
        .write(move |tx| {
            for membership in &memberships {
                tx.workspaces().add_member(membership)?;
            }
            Ok(())
        })
        .await?;
    Ok(())
}
