//! Lists of members: every order, every page, every filter.

use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::OrganizationId;
use rollbook_domain::membership::{
    Direction, MemberField, MemberKey, MemberOrder, MemberTest, MemberView, Membership, SortValue,
};
use rollbook_domain::mock::{FixedClock, sample};
use rollbook_domain::page::{From, Window};
use rollbook_domain::port::{Store, Tx};
use rollbook_domain::role::{AssignedRole, Role, RoleRef, RoleScope, Roles, WorkspaceRole};
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::Span;
use rollbook_domain::user::User;
use rollbook_domain::value::{DisplayName, Email};
use rollbook_domain::{Error, Result};

use crate::harness::{assert_error, on_both};
use crate::house::belonging;
use crate::support::{Outcome, TestDatabase};

on_both! {
    every_order_is_kept_from_page_to_page,
    a_key_of_another_order_is_refused,
    texts_are_compared_by_bytes,
    filters_find_whom_they_should,
    a_changed_profile_is_found_in_its_new_place,
    nobody_is_counted_who_does_not_pass,
}

/// Names that come often, and some that collations sort in other ways than bytes do.
const NAMES: [&str; 8] = [
    "Zoë", "zoe", "Ann B", "ann-b", "Émile", "ANN B", "李", "a_b%",
];

/// Acme's forty members: names and moments repeat, so that later fields and ids decide.
fn crowd(tx: &mut dyn Tx) -> Result<OrganizationId> {
    let boss = sample::user("boss");
    let acme = sample::organization("Acme", &boss);
    tx.users().add(&boss)?;
    tx.organizations().add(&acme, &Plan::default())?;
    for (number, name) in NAMES.iter().cycle().take(40).enumerate() {
        let user = User {
            display_name: DisplayName::from_stored((*name).to_owned()),
            ..sample::user(&format!("u{}", number * 7 % 40))
        };
        tx.users().add(&user)?;
        let after = |seconds| FixedClock::START.plus(Span::seconds(seconds));
        let membership = Membership {
            created_at: after(u32::try_from(number % 3).unwrap_or(0)),
            updated_at: after(u32::try_from(number % 5).unwrap_or(0)),
            ..sample::membership(&acme, &user, &[Role::Member])
        };
        tx.memberships().add(&membership, &user)?;
    }
    Ok(acme.id)
}

/// Walks through the list, `limit` at a time.
async fn walk(
    store: &dyn Store,
    organization: OrganizationId,
    order: &MemberOrder,
    limit: u32,
) -> Outcome<Vec<MemberView>> {
    let mut walked = Vec::new();
    let mut window = Window::first(limit);
    loop {
        let (asked, order) = (window.clone(), order.clone());
        let page = store
            .read(move |tx| {
                let everything = Filter::everything();
                tx.memberships()
                    .list(organization, &everything, &order, &asked)
            })
            .await?;
        walked.extend(page.items);
        match page.next {
            Some(key) => window.from = From::After(key),
            None => return Ok(walked),
        }
    }
}

/// Pages by number show what lies there in the whole list.
async fn skip_into(
    store: &dyn Store,
    organization: OrganizationId,
    order: &MemberOrder,
    sorted: &[MemberView],
) -> Outcome {
    for rows in [0, 9, 38] {
        let (order, skipping) = (order.clone(), rows);
        let page = store.read(move |tx| {
            let mut window = Window::first(5);
            window.from = From::Skip(skipping);
            tx.memberships()
                .list(organization, &Filter::everything(), &order, &window)
        });
        let rest = sorted.iter().skip(rows.try_into()?).take(5);
        assert!(page.await?.items.iter().eq(rest), "from {rows}");
    }
    Ok(())
}

/// How the domain compares two members.
fn compare(order: &MemberOrder, one: &MemberView, other: &MemberView) -> std::cmp::Ordering {
    let (one, other) = (order.key(one), order.key(other));
    let turned = |direction, ordering: std::cmp::Ordering| match direction {
        Direction::Ascending => ordering,
        Direction::Descending => ordering.reverse(),
    };
    let values = one.values.iter().zip(&other.values);
    let fields = order.fields().iter().zip(values);
    fields
        .map(|((_, direction), (one, other))| turned(*direction, one.cmp(other)))
        .find(|ordering| ordering.is_ne())
        .unwrap_or_else(|| turned(order.last(), one.id.cmp(&other.id)))
}

async fn every_order_is_kept_from_page_to_page(database: &TestDatabase) -> Outcome {
    use Direction::{Ascending, Descending};
    use MemberField::{Created, DisplayName, Email, Updated};
    let store = database.store()?;
    let acme = store.write(crowd).await?;
    let mut orders: Vec<Vec<(MemberField, Direction)>> = Vec::new();
    for field in [DisplayName, Email, Created, Updated] {
        orders.extend([vec![(field, Ascending)], vec![(field, Descending)]]);
    }
    orders.extend([
        vec![(DisplayName, Ascending), (Created, Ascending)],
        vec![(DisplayName, Ascending), (Created, Descending)],
        vec![
            (Created, Descending),
            (Updated, Ascending),
            (DisplayName, Descending),
        ],
        vec![
            (Updated, Descending),
            (DisplayName, Descending),
            (Created, Descending),
            (Email, Descending),
        ],
        vec![
            (Created, Ascending),
            (Updated, Descending),
            (DisplayName, Ascending),
            (Email, Descending),
        ],
    ]);
    for fields in orders {
        let order = MemberOrder::new(fields).ok_or("a field twice")?;
        let walked = walk(&*store, acme, &order, 7).await?;
        let mut sorted = walked.clone();
        sorted.sort_by(|one, other| compare(&order, one, other));
        assert_eq!(walked.len(), 40, "{order:?}");
        assert_eq!(walked, sorted, "{order:?}");
        sorted.dedup();
        assert_eq!(sorted.len(), 40, "{order:?}");
        skip_into(&*store, acme, &order, &sorted).await?;
    }
    Ok(())
}

async fn a_key_of_another_order_is_refused(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let acme = store.write(crowd).await?;
    let id = rollbook_domain::id::MembershipId::new(sample::uuid("somebody"));
    let text = || SortValue::Text("m".to_owned());
    for values in [
        vec![],
        vec![text()],
        vec![SortValue::Time(FixedClock::START), text()],
    ] {
        let window = Window::after(MemberKey { values, id }, 5);
        let outcome = store
            .read(move |tx| {
                let order = MemberOrder::default();
                let everything = Filter::everything();
                tx.memberships().list(acme, &everything, &order, &window)
            })
            .await;
        assert_error!(outcome, Error::Storage(_));
    }
    Ok(())
}

/// Whatever the collation of the database.
async fn texts_are_compared_by_bytes(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let acme = store.write(crowd).await?;
    let order = MemberOrder::new(vec![(MemberField::DisplayName, Direction::Ascending)]);
    let order = order.ok_or("a field twice")?;
    let walked = walk(&*store, acme, &order, 100).await?;
    let mut names: Vec<_> = walked.iter().map(|view| view.display_name.key()).collect();
    names.dedup();
    assert_eq!(
        names,
        ["a_b%", "ann b", "ann-b", "zoe", "zoë", "émile", "李"]
    );
    Ok(())
}

/// Who passes a filter, by the first part of their addresses.
async fn who(
    store: &dyn Store,
    organization: OrganizationId,
    filter: Filter<MemberTest>,
) -> Outcome<Vec<String>> {
    let page = store
        .read(move |tx| {
            let order = MemberOrder::new(vec![(MemberField::Email, Direction::Ascending)]);
            let window = Window::first(50).counted();
            tx.memberships()
                .list(organization, &filter, &order.unwrap_or_default(), &window)
        })
        .await?;
    assert_eq!(page.total, Some(page.items.len() as u64));
    let name = |view: &MemberView| view.email.as_str().split('@').next().map(str::to_owned);
    Ok(page.items.iter().filter_map(name).collect())
}

/// Ann, bob and cat with roles of every kind.
fn staff(tx: &mut dyn Tx) -> Result<[RoleRef; 2]> {
    let [ann, bob, cat] = ["ann", "bob", "cat"].map(sample::user);
    let acme = sample::organization("Acme", &ann);
    let other = sample::organization("Other", &ann);
    let host = sample::role(&acme, "host", &[]);
    let painter = sample::workspace_role(&acme, "painter", &[]);
    let lab = sample::workspace(&acme, "Lab", &ann);
    let elsewhere = sample::workspace(&other, "Elsewhere", &ann);
    for user in [&ann, &bob, &cat] {
        tx.users().add(user)?;
    }
    for organization in [&acme, &other] {
        tx.organizations().add(organization, &Plan::default())?;
    }
    tx.roles().add(&host)?;
    tx.roles().add(&painter)?;
    tx.workspaces().add(&lab)?;
    tx.workspaces().add(&elsewhere)?;
    let bobs = Membership {
        custom_roles: vec![AssignedRole::from(&host)],
        ..sample::membership(&acme, &bob, &[Role::Viewer, Role::Billing])
    };
    let members = [
        (sample::membership(&acme, &ann, &[Role::Admin]), &ann),
        (bobs, &bob),
        (sample::membership(&acme, &cat, &[Role::Member]), &cat),
        (sample::membership(&other, &bob, &[Role::Admin]), &bob),
    ];
    for (membership, user) in &members {
        tx.memberships().add(membership, user)?;
    }
    let places = [
        belonging(&lab, &cat, &[WorkspaceRole::Editor], &[&painter]),
        belonging(&elsewhere, &bob, &[WorkspaceRole::Admin], &[]),
    ];
    for place in &places {
        tx.workspaces().add_member(place)?;
    }
    Ok([RoleRef::Custom(host.id), RoleRef::Custom(painter.id)])
}

/// Filters, and whom of acme's staff they find.
fn cases(host: RoleRef, painter: RoleRef) -> Vec<(Filter<MemberTest>, &'static [&'static str])> {
    use RoleRef::{Organization, Workspace};
    let role = |roles: &[RoleRef]| Filter::Test(MemberTest::Role(roles.to_vec()));
    let search = |place, text: &str| Filter::Test(MemberTest::Search(TextTest::new(place, text)));
    vec![
        (Filter::everything(), &["ann", "bob", "cat"]),
        (role(&[]), &[]),
        (role(&[Organization(Role::Admin)]), &["ann"]),
        (
            role(&[
                Organization(Role::Billing),
                Workspace(WorkspaceRole::Editor),
            ]),
            &["bob", "cat"],
        ),
        // A role of another organization's workspace is none, nor is one of the same key.
        (role(&[Workspace(WorkspaceRole::Admin)]), &[]),
        (role(&[Workspace(WorkspaceRole::Viewer)]), &[]),
        (role(&[Organization(Role::Viewer)]), &["bob"]),
        (role(&[host]), &["bob"]),
        (role(&[painter]), &["cat"]),
        (role(&[painter, host]), &["bob", "cat"]),
        (
            Filter::Test(MemberTest::Scope(RoleScope::Organization)),
            &["ann", "bob", "cat"],
        ),
        (
            Filter::Test(MemberTest::Scope(RoleScope::Workspace)),
            &["cat"],
        ),
        (search(Place::Start, "BO"), &["bob"]),
        (search(Place::Whole, "Cat"), &["cat"]),
        (search(Place::End, "@EXAMPLE.com"), &["ann", "bob", "cat"]),
        (search(Place::Anywhere, "_"), &[]),
        (search(Place::Anywhere, "a\0"), &[]),
        (
            Filter::All(vec![
                Filter::Not(Box::new(role(&[host, painter]))),
                search(Place::Anywhere, "example"),
            ]),
            &["ann"],
        ),
        (
            Filter::Any(vec![search(Place::Start, "an"), role(&[painter])]),
            &["ann", "cat"],
        ),
    ]
}

async fn filters_find_whom_they_should(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let [host, painter] = store.write(staff).await?;
    let acme = sample::organization("Acme", &sample::user("ann")).id;
    for (filter, expected) in cases(host, painter) {
        assert_eq!(
            who(&*store, acme, filter.clone()).await?,
            expected,
            "{filter:?}"
        );
    }
    Ok(())
}

async fn a_changed_profile_is_found_in_its_new_place(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    store.write(staff).await?;
    let acme = sample::organization("Acme", &sample::user("ann")).id;
    let find = async |needle: &str| {
        let test = TextTest::new(Place::Anywhere, needle);
        who(&*store, acme, Filter::Test(MemberTest::Search(test))).await
    };
    let bob = sample::user("bob");
    let renamed = User {
        display_name: DisplayName::from_stored("ÉMILE".to_owned()),
        email: Email::parse("Zed@Example.com").map_err(|error| error.in_field("email"))?,
        version: bob.version.next(),
        ..bob.clone()
    };
    store
        .write(move |tx| {
            tx.users().update(&renamed, bob.version)?;
            tx.memberships().refresh(&renamed)
        })
        .await?;
    assert_eq!(find("émi").await?, ["Zed"]);
    assert_eq!(find("zed@").await?, ["Zed"]);
    assert!(find("bob").await?.is_empty());
    assert_eq!(find("cat").await?, ["cat"]);
    Ok(())
}

async fn nobody_is_counted_who_does_not_pass(database: &TestDatabase) -> Outcome {
    let store = database.store()?;
    let acme = store.write(crowd).await?;
    let test = TextTest::new(Place::Whole, "ann b");
    let filter = Filter::Test(MemberTest::Search(test));
    let page = store
        .read(move |tx| {
            let window = Window::skip(4, 3).counted();
            tx.memberships()
                .list(acme, &filter, &MemberOrder::default(), &window)
        })
        .await?;
    assert_eq!((page.items.len(), page.total), (3, Some(10)));
    assert!(page.next.is_some());
    let roles = page.items.iter().map(|view| view.membership.roles);
    assert!(roles.eq([Roles::of(&[Role::Member]); 3]));
    Ok(())
}
