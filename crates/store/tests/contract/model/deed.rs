//! What can be done to the book, and how it is drawn.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rollbook_domain::role::{Permission, Permissions, Role, Roles};

use super::entry::{Entry, Held};
use super::reference::{Book, PEOPLE};

/// How many roles of its own an organization can have.
pub(super) const OWN_ROLES: usize = 3;

/// What the organizations' own roles permit: what makes granting, ranks and roles interesting.
const PERMITTED: [Permissions; 5] = [
    Permissions::NONE,
    Permissions::of(&[Permission::ReadAuditEntry]),
    KEEPS_ROLES,
    KEEPS_MEMBERS,
    Role::Manager.permissions().with(Permission::UpdateRole),
];

/// Changes roles, and invites.
pub(super) const KEEPS_ROLES: Permissions = Permissions::of(&[
    Permission::CreateRole,
    Permission::UpdateRole,
    Permission::DeleteRole,
    Permission::CreateInvitation,
]);

/// Takes members in, changes and removes them.
pub(super) const KEEPS_MEMBERS: Permissions = Permissions::of(&[
    Permission::CreateMembership,
    Permission::UpdateMembership,
    Permission::DeleteMembership,
]);

/// Somebody does something in an organization.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    pub(super) organization: usize,
    pub(super) actor: usize,
    pub(super) deed: Deed,
}

/// What is done, and to whom.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deed {
    /// The last says whether the address is written in capital letters.
    Invite(usize, Grant, bool),
    Accept,
    Decline,
    Revoke(usize),
    Add(usize, Grant),
    SetRoles(usize, Grant),
    Remove(usize),
    Leave,
    Transfer(usize),
    SetSeats(u32),
    Delete,
    Restore,
    CreateRole(usize, Permissions),
    UpdateRole(usize, Permissions),
    DeleteRole(usize, Option<Replacement>),
    /// They get a token for this organization only.
    IssueToken,
    /// Somebody gets into the organization's workspace.
    Enter(usize),
    /// A month and a day go by: everything pending runs out, and nothing can be restored.
    Wait,
}

/// What somebody gets: a built-in role, and perhaps one of the organization's own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grant {
    pub(super) role: Role,
    pub(super) own: Option<usize>,
}

impl Grant {
    /// What whoever gets it has.
    pub(super) fn held(self) -> Held {
        Held {
            roles: Roles::of(&[self.role]),
            own: BTreeSet::from_iter(self.own),
        }
    }

    /// How it is asked for. Who gets nothing but an own role is a plain member beside.
    pub(super) fn keys(self) -> Vec<String> {
        let own = self.own.map(own_key);
        let implied = own.is_some() && self.role == Role::Member;
        let built_in = (!implied).then(|| self.role.public_key().to_owned());
        built_in.into_iter().chain(own).collect()
    }
}

/// What takes the place of a deleted role.
#[derive(Clone, Copy, Debug)]
pub(super) enum Replacement {
    BuiltIn(Role),
    Own(usize),
}

impl Replacement {
    pub(super) fn key(self) -> String {
        match self {
            Self::BuiltIn(role) => role.public_key().to_owned(),
            Self::Own(number) => own_key(number),
        }
    }
}

/// The key of an organization's own role.
pub(super) fn own_key(number: usize) -> String {
    format!("own-{number}")
}

/// A step in this book: mostly by those who may take it, and with roles that there are, since what
/// strangers are refused is soon seen.
pub(super) fn step(book: &Book) -> BoxedStrategy<Step> {
    let organizations = book.organizations.iter().enumerate();
    let steps = organizations.map(|(organization, entry)| {
        deed(entry).prop_map(move |(actor, deed)| Step {
            organization,
            actor,
            deed,
        })
    });
    proptest::strategy::Union::new(steps).boxed()
}

/// Who does what.
fn deed(entry: &Entry) -> impl Strategy<Value = (usize, Deed)> + use<> {
    let members: Vec<_> = entry.members.keys().copied().collect();
    let invited = entry.pending.keys().chain(&entry.run_out);
    let invited = invited.chain(&entry.accepted).copied().collect();
    prop_oneof![
        26 => (among(members), by_members(entry)),
        8 => (among(invited), prop_oneof![5 => Just(Deed::Accept), 1 => Just(Deed::Decline)]),
        5 => (among(vec![entry.owner]), by_owners()),
        4 => (among(vec![0]), (0..8_u32).prop_map(Deed::SetSeats)),
        2 => (person(), Just(Deed::Wait)),
    ]
}

/// Mostly one of these, if there are any.
fn among(people: Vec<usize>) -> BoxedStrategy<usize> {
    if people.is_empty() {
        return person().boxed();
    }
    prop_oneof![4 => prop::sample::select(people), 1 => person()].boxed()
}

fn by_members(entry: &Entry) -> impl Strategy<Value = Deed> + use<> {
    let existing: Vec<_> = entry.own_roles.keys().copied().collect();
    let own = move || match existing.as_slice() {
        [] => (0..OWN_ROLES).boxed(),
        _ => prop_oneof![1 => 0..OWN_ROLES, 3 => prop::sample::select(existing.clone())].boxed(),
    };
    let (members, strangers): (Vec<_>, _) =
        (0..PEOPLE).partition(|person| entry.members.contains_key(person));
    let member = || among(members.clone());
    let stranger = || among(strangers.clone());
    prop_oneof![
        6 => (stranger(), grant(own()), any::<bool>())
            .prop_map(|(whom, grant, loud)| Deed::Invite(whom, grant, loud)),
        1 => person().prop_map(Deed::Revoke),
        4 => (stranger(), grant(own())).prop_map(|(whom, grant)| Deed::Add(whom, grant)),
        5 => (member(), grant(own())).prop_map(|(whom, grant)| Deed::SetRoles(whom, grant)),
        3 => member().prop_map(Deed::Remove),
        1 => Just(Deed::Leave),
        2 => (0..OWN_ROLES, permitted()).prop_map(|(number, it)| Deed::CreateRole(number, it)),
        4 => (own(), permitted()).prop_map(|(number, it)| Deed::UpdateRole(number, it)),
        4 => (own(), prop::option::of(replacement(own())))
            .prop_map(|(number, replacement)| Deed::DeleteRole(number, replacement)),
        1 => Just(Deed::IssueToken),
        2 => member().prop_map(Deed::Enter),
    ]
}

fn by_owners() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => person().prop_map(Deed::Transfer),
        1 => Just(Deed::Delete),
        2 => Just(Deed::Restore),
    ]
}

fn person() -> impl Strategy<Value = usize> {
    0..PEOPLE
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(Role::ALL.to_vec())
}

fn permitted() -> impl Strategy<Value = Permissions> {
    prop::sample::select(PERMITTED.to_vec())
}

fn grant(own: BoxedStrategy<usize>) -> impl Strategy<Value = Grant> {
    let own = prop_oneof![1 => Just(None), 1 => own.prop_map(Some)];
    (role(), own).prop_map(|(role, own)| Grant { role, own })
}

fn replacement(own: BoxedStrategy<usize>) -> impl Strategy<Value = Replacement> {
    prop_oneof![
        role().prop_map(Replacement::BuiltIn),
        own.prop_map(Replacement::Own),
    ]
}
