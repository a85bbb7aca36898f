//! Lists of members in memory, against a naive model.

use pollster::block_on;
use proptest::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::filter::{Filter, Place, TextTest};
use rollbook_domain::id::UserId;
use rollbook_domain::membership::{Direction, MemberField, MemberOrder, MemberTest, MemberView};
use rollbook_domain::page::Window;
use rollbook_domain::port::Tx;
use rollbook_domain::role::{Role, RoleRef, RoleScope, WorkspaceRole};
use rollbook_domain::value::fold;

use super::members::{Person, auditor, enroll, found, reviewer};
use super::{acme, memory};

/// Who is to be listed, in order: sorted once for every field, the least important one first.
fn expected(people: &[Person], filter: &Filter<MemberTest>, order: &MemberOrder) -> Vec<UserId> {
    let mut list: Vec<&Person> = people.iter().filter(|p| p.passes(filter)).collect();
    list.sort_by_key(|p| p.membership().id);
    if order.last() == Direction::Descending {
        list.reverse();
    }
    for (field, direction) in order.fields().iter().rev() {
        let key = |p: &&Person| match field {
            MemberField::DisplayName => (fold(p.name), 0),
            MemberField::Email => (p.user().email.key().to_owned(), 0),
            MemberField::Created => (String::new(), p.joined),
            MemberField::Updated => (String::new(), p.changed),
        };
        match direction {
            Direction::Ascending => list.sort_by_key(key),
            Direction::Descending => list.sort_by_key(|p| std::cmp::Reverse(key(p))),
        }
    }
    list.iter().map(|p| p.user().id).collect()
}

fn ids(members: &[MemberView]) -> Vec<UserId> {
    members.iter().map(|m| m.membership.user_id).collect()
}

/// All pages, one after the other.
fn pages(
    tx: &mut dyn Tx,
    filter: &Filter<MemberTest>,
    order: &MemberOrder,
    limit: u32,
) -> Result<Vec<UserId>> {
    let mut seen = Vec::new();
    let mut window = Window::first(limit);
    loop {
        let page = tx.memberships().list(acme().id, filter, order, &window)?;
        assert!(page.next.is_none() || page.items.len() == limit as usize);
        seen.extend(ids(&page.items));
        match page.next {
            Some(key) => window = Window::after(key, limit),
            None => return Ok(seen),
        }
    }
}

fn person() -> impl Strategy<Value = Person> {
    let names = prop::sample::select(vec!["bo", "Bo", "BEA", "ＢＯ", "éva", "Éva", "zoe", "_o%"]);
    let works = (prop::sample::select(&WorkspaceRole::ALL[..]), any::<bool>());
    let roles = prop::sample::select(&Role::ALL[..]);
    let fields = (
        names,
        0..3u32,
        0..3u32,
        roles,
        any::<bool>(),
        prop::option::of(works),
    );
    fields.prop_map(|(name, joined, changed, role, auditor, works)| Person {
        number: 0,
        name,
        joined,
        changed,
        role,
        auditor,
        works,
    })
}

fn people() -> impl Strategy<Value = Vec<Person>> {
    prop::collection::vec(person(), 0..9).prop_map(|mut people| {
        for (index, person) in people.iter_mut().enumerate() {
            person.number = (index * 5 + 3) % 11;
        }
        people
    })
}

fn order() -> impl Strategy<Value = MemberOrder> {
    let fields = [
        MemberField::DisplayName,
        MemberField::Email,
        MemberField::Created,
        MemberField::Updated,
    ];
    let direction = prop::sample::select(vec![Direction::Ascending, Direction::Descending]);
    let field = prop::sample::subsequence(fields.to_vec(), 0..=3).prop_shuffle();
    (field, prop::collection::vec(direction, 3))
        .prop_filter_map("fields come once", |(fields, directions)| {
            MemberOrder::new(fields.into_iter().zip(directions).collect())
        })
}

fn test() -> impl Strategy<Value = MemberTest> {
    let roles = vec![
        RoleRef::Organization(Role::Admin),
        RoleRef::Organization(Role::Member),
        RoleRef::Workspace(WorkspaceRole::Editor),
        RoleRef::Custom(auditor().id),
        RoleRef::Custom(reviewer().id),
    ];
    let scopes = vec![RoleScope::Organization, RoleScope::Workspace];
    let needle = prop::sample::select(vec!["bo", "É", "o", "p3@", "%", "_", "example.com"]);
    let place = prop::sample::select(vec![
        Place::Whole,
        Place::Start,
        Place::End,
        Place::Anywhere,
    ]);
    prop_oneof![
        prop::sample::subsequence(roles, 0..3).prop_map(MemberTest::Role),
        prop::sample::select(scopes).prop_map(MemberTest::Scope),
        (place, needle).prop_map(|(place, key)| MemberTest::Search(TextTest::new(place, key))),
    ]
}

fn filter() -> impl Strategy<Value = Filter<MemberTest>> {
    let tests = test().prop_map(Filter::Test);
    tests.prop_recursive(2, 8, 3, |inner| {
        let parts = prop::collection::vec(inner.clone(), 0..3);
        prop_oneof![
            parts.clone().prop_map(Filter::All),
            parts.prop_map(Filter::Any),
            inner.prop_map(|part| Filter::Not(Box::new(part))),
        ]
    })
}

proptest! {
    #[test]
    fn lists_are_what_a_naive_reading_makes_of_them(
        people in people(), filter in filter(), order in order(), limit in 1..4u32, skip in 0..4u32,
    ) {
        let wanted = expected(&people, &filter, &order);
        let (seen, jumped) = block_on(memory().write(move |tx| {
            found(tx)?;
            people.iter().try_for_each(|person| enroll(tx, person))?;
            let window = Window::skip(skip, limit).counted();
            let jumped = tx.memberships().list(acme().id, &filter, &order, &window)?;
            Ok((pages(tx, &filter, &order, limit)?, jumped))
        }))
        .unwrap();
        prop_assert_eq!(jumped.total, Some(wanted.len() as u64));
        let behind: Vec<_> = wanted.iter().copied().skip(skip as usize).collect();
        let part = behind.iter().copied().take(limit as usize).collect::<Vec<_>>();
        prop_assert_eq!(ids(&jumped.items), part);
        prop_assert_eq!(jumped.next.is_some(), behind.len() > limit as usize);
        prop_assert_eq!(seen, wanted);
    }
}
