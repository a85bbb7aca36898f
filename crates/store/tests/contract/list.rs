//! The lists of organizations with their windows, and the count.

use rollbook_domain::Result;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::organization::OrganizationView;
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::Tx;
use rollbook_domain::role::Role;
use rollbook_domain::subscription::Plan;

use crate::harness::on_both;
use crate::support::{Outcome, TestDatabase};

on_both! {
    the_windows_of_a_member,
    the_windows_of_all,
    a_member_sees_only_what_lives_and_is_theirs,
    a_filter_applies_to_window_and_total,
    owned_ones_are_counted_up_to_a_limit,
}

type Organizations = Page<OrganizationView, OrganizationId>;
type List = fn(&mut dyn Tx, &Filter<TextTest>, &Window<OrganizationId>) -> Result<Organizations>;

fn of_ann(
    tx: &mut dyn Tx,
    filter: &Filter<TextTest>,
    window: &Window<OrganizationId>,
) -> Result<Organizations> {
    let ann = sample::user("ann").id;
    tx.organizations().list_of_member(ann, filter, window)
}

fn of_all(
    tx: &mut dyn Tx,
    filter: &Filter<TextTest>,
    window: &Window<OrganizationId>,
) -> Result<Organizations> {
    tx.organizations().list_all(filter, window)
}

/// 23 organizations of which ann is a member, written in another order than that of their ids:
/// some are hers, some bob's.
fn many(tx: &mut dyn Tx) -> Result<Vec<OrganizationView>> {
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    tx.users().add(&ann)?;
    tx.users().add(&bob)?;
    let mut views = Vec::new();
    for number in 0..23 {
        let owner = if number % 3 == 0 { &bob } else { &ann };
        let view = sample::organization_view(&format!("Acme {number}"), owner);
        tx.organizations()
            .add(&view.organization, &Plan::default())?;
        for user in [&ann, &bob] {
            let membership = sample::membership(&view.organization, user, &[Role::Member]);
            tx.memberships().add(&membership, user)?;
        }
        views.push(view);
    }
    assert!(
        !views.is_sorted_by_key(|view| view.organization.id),
        "the sample is no good"
    );
    views.sort_by_key(|view| view.organization.id);
    Ok(views)
}

async fn the_windows_of_a_member(database: &TestDatabase) -> Outcome {
    windows(database, of_ann).await
}

async fn the_windows_of_all(database: &TestDatabase) -> Outcome {
    windows(database, of_all).await
}

async fn windows(database: &TestDatabase, list: List) -> Outcome {
    let store = database.store()?;
    let views = store.write(many).await?;
    let id = |index: usize| views[index].organization.id;
    let nil = OrganizationId::new(uuid::Uuid::nil());
    let between = OrganizationId::new(uuid::Uuid::from_u128(id(4).uuid().as_u128() + 1));
    let max = OrganizationId::new(uuid::Uuid::max());
    let cases = [
        (Window::first(1), 0..1, true),
        (Window::first(22), 0..22, true),
        (Window::first(23), 0..23, false),
        (Window::first(u32::MAX).counted(), 0..23, false),
        (Window::after(nil, 5).counted(), 0..5, true),
        (Window::after(id(4), 5), 5..10, true),
        (Window::after(between, 5), 5..10, true),
        (Window::after(id(17), 5).counted(), 18..23, false),
        (Window::after(id(22), 5), 23..23, false),
        (Window::after(max, 5).counted(), 23..23, false),
        (Window::skip(0, 5), 0..5, true),
        (Window::skip(20, 5).counted(), 20..23, false),
        (Window::skip(u32::MAX, 5).counted(), 23..23, false),
    ];
    for (window, expected, more) in cases {
        let asked = window.clone();
        let page = store
            .read(move |tx| list(tx, &Filter::everything(), &asked))
            .await?;
        assert_eq!(page.items, views[expected.clone()], "{window:?}");
        let next = more.then(|| id(expected.end - 1));
        assert_eq!(page.next, next, "{window:?}");
        assert_eq!(page.total, window.count.then_some(23), "{window:?}");
    }
    Ok(())
}

async fn a_member_sees_only_what_lives_and_is_theirs(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let theirs = store
        .write(|tx| {
            let (ann, bob) = (sample::user("ann"), sample::user("bob"));
            tx.users().add(&ann)?;
            tx.users().add(&bob)?;
            let theirs = sample::organization_view("Theirs", &bob);
            let mut dead = sample::organization("Dead", &ann);
            dead.deleted_at = Some(FixedClock::START);
            // Owning is not belonging, and a stranger's is not ann's.
            let owned = sample::organization("Owned", &ann);
            let strange = sample::organization("Strange", &bob);
            for organization in [&theirs.organization, &dead, &owned, &strange] {
                tx.organizations().add(organization, &Plan::default())?;
            }
            for organization in [&theirs.organization, &dead] {
                let membership = sample::membership(organization, &ann, &[Role::Viewer]);
                tx.memberships().add(&membership, &ann)?;
            }
            Ok(theirs)
        })
        .await?;
    let window = Window::first(9).counted();
    let (mine, all) = store
        .read(move |tx| {
            let everything = Filter::everything();
            let mine = of_ann(tx, &everything, &window)?;
            Ok((mine, of_all(tx, &everything, &window)?))
        })
        .await?;
    assert_eq!((mine.items, mine.total), (vec![theirs], Some(1)));
    assert_eq!((all.items.len(), all.total), (3, Some(3)));
    Ok(())
}

/// "Acme 1" and "Acme 10" to "Acme 19".
async fn a_filter_applies_to_window_and_total(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let mut views = store.write(many).await?;
    views.retain(|view| view.organization.name.as_str().starts_with("Acme 1"));
    let after = views[6].organization.id;
    for list in [of_ann as List, of_all as List] {
        let page = store
            .read(move |tx| {
                let filter = Filter::Test(TextTest::new(Place::Start, "ACME 1"));
                list(tx, &filter, &Window::after(after, 3).counted())
            })
            .await?;
        assert_eq!(page.items, views[7..10]);
        assert_eq!(page.next, Some(views[9].organization.id));
        assert_eq!(page.total, Some(11));
    }
    Ok(())
}

async fn owned_ones_are_counted_up_to_a_limit(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let add_all = |tx: &mut dyn Tx| {
        let (ann, bob) = (sample::user("ann"), sample::user("bob"));
        tx.users().add(&ann)?;
        tx.users().add(&bob)?;
        let mut dead = sample::organization("Dead", &ann);
        dead.deleted_at = Some(FixedClock::START);
        tx.organizations().add(&dead, &Plan::default())?;
        let theirs = (0..5).map(|number| if number < 4 { &ann } else { &bob });
        for (number, owner) in theirs.enumerate() {
            let organization = sample::organization(&format!("Acme {number}"), owner);
            tx.organizations().add(&organization, &Plan::default())?;
        }
        Ok(())
    };
    store.write(add_all).await?;
    let count = async |owner, at_most| {
        let owner = sample::user(owner).id;
        store
            .read_one(move |tx| tx.organizations().count_owned(owner, at_most))
            .await
    };
    for (at_most, counted) in [(0, 0), (1, 1), (3, 3), (4, 4), (5, 4), (u32::MAX, 4)] {
        assert_eq!(count("ann", at_most).await?, counted, "at most {at_most}");
    }
    assert_eq!(count("bob", 9).await?, 1);
    assert_eq!(count("nobody", 9).await?, 0);
    Ok(())
}
