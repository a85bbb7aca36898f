//! What the book should hold, in a few maps, and what should come of every action.

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;
use rollbook_domain::role::{Permissions, Role};

use super::deed::{Deed, Step, step};
use super::entry::Entry;

/// How many people there are. Person 0 operates the platform.
pub(super) const PEOPLE: usize = 8;
/// How many organizations there are; each begins with an owner of its own.
pub(super) const ORGANIZATIONS: usize = 2;

/// The whole book.
#[derive(Clone, Debug)]
pub(super) struct Book {
    pub(super) organizations: Vec<Entry>,
    /// Whether the last step should have succeeded.
    pub(super) expected: bool,
}

impl ReferenceStateMachine for Book {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let founded = |organization: usize| Entry::founded_by(organization + 1);
        Just(Self {
            organizations: (0..ORGANIZATIONS).map(founded).collect(),
            expected: true,
        })
        .boxed()
    }

    fn transitions(book: &Self) -> BoxedStrategy<Step> {
        step(book)
    }

    fn apply(mut book: Self, step: &Step) -> Self {
        if let Deed::Wait = step.deed {
            let mut entries = book.organizations.iter_mut();
            book.expected = entries.all(|entry| entry.step(step.actor, Deed::Wait));
            return book;
        }
        let entry = &mut book.organizations[step.organization];
        let before = entry.clone();
        book.expected = entry.step(step.actor, step.deed);
        check_gains(&before, entry, step);
        check_roles(&before, entry, step);
        book
    }
}

/// Nobody has or is invited to anything that whoever did the last step could not give: what they
/// may themselves, or what they were invited to.
fn check_gains(before: &Entry, after: &Entry, step: &Step) {
    let own = before.rights(step.actor);
    let invited = match step.deed {
        Deed::Accept => before.pending.get(&step.actor),
        _ => None,
    };
    let invited = invited.and_then(|held| before.permitted(held));
    let given = own.or(invited.unwrap_or(Permissions::NONE));
    for (then, now) in [
        (&before.members, &after.members),
        (&before.pending, &after.pending),
    ] {
        for (person, held) in now {
            let then = then.get(person).and_then(|held| before.permitted(held));
            let then = then.unwrap_or(Permissions::NONE);
            let now = after.permitted(held).unwrap_or(Permissions::NONE);
            let gained = now.except(then);
            assert!(given.covers(gained), "{step:?} gave {person} {gained:?}");
        }
    }
}

/// Every role that somebody has exists, one that was in use is not deleted without a replacement,
/// and the owner runs the organization.
fn check_roles(before: &Entry, after: &Entry, step: &Step) {
    for held in after.members.values().chain(after.pending.values()) {
        assert!(after.permitted(held).is_some(), "{step:?}: {held:?}");
    }
    if let Deed::DeleteRole(number, None) = step.deed {
        let deleted = before.own_roles.len() > after.own_roles.len();
        assert!(!deleted || !before.has_holders(number), "{step:?}");
    }
    let owner = after.members.get(&after.owner);
    assert!(
        owner.is_some_and(|held| held.roles.has(Role::Admin)),
        "{step:?}"
    );
}
