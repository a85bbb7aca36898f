//! What the book should hold, in a few maps, and what should come of every action.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest_state_machine::ReferenceStateMachine;
use rollbook_domain::role::{Permission, Permissions, Role, Roles};

/// How many people there are. Person 0 operates the platform.
pub(super) const PEOPLE: usize = 6;
/// How many organizations there are; each begins with an owner of its own.
pub(super) const ORGANIZATIONS: usize = 2;

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
    Invite(usize, Role),
    Accept,
    Decline,
    Revoke(usize),
    Add(usize, Role),
    SetRole(usize, Role),
    Remove(usize),
    Leave,
    Transfer(usize),
    SetSeats(u32),
    Delete,
    Restore,
    /// A month and a day go by: everything pending runs out, and nothing can be restored.
    Wait,
}

/// The whole book.
#[derive(Clone, Debug)]
pub(super) struct Book {
    pub(super) organizations: Vec<Entry>,
    /// Whether the last step should have succeeded.
    pub(super) expected: bool,
}

/// One organization.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) owner: usize,
    pub(super) members: BTreeMap<usize, Roles>,
    /// Who is invited and as what.
    pub(super) pending: BTreeMap<usize, Role>,
    /// Whose invitation ran out, and nobody has touched it since.
    pub(super) run_out: BTreeSet<usize>,
    /// Whose invitation ran out, and made room for something else.
    pub(super) expired: BTreeSet<usize>,
    pub(super) seats: u32,
    pub(super) live: bool,
    pub(super) restorable: bool,
    /// Whose invitation was the last one that they accepted, since when nothing happened to it:
    /// accepting again changes nothing and succeeds.
    pub(super) accepted: BTreeSet<usize>,
}

impl Entry {
    fn used(&self) -> u32 {
        u32::try_from(self.members.len() + self.pending.len()).unwrap_or(u32::MAX)
    }

    fn has_seat(&self) -> bool {
        self.seats == 0 || self.used() < self.seats
    }

    fn rights(&self, person: usize) -> Permissions {
        if person == 0 {
            return Permissions::ALL;
        }
        let roles = self.members.get(&person).copied();
        roles.map_or(Permissions::NONE, Roles::permissions)
    }

    fn may(&self, person: usize, permission: Permission) -> bool {
        self.live && self.rights(person).has(permission)
    }

    fn is_owner(&self, person: usize) -> bool {
        person == 0 || self.owner == person
    }

    /// What becomes of it; `false`: nothing, the step is refused.
    fn step(&mut self, actor: usize, deed: Deed) -> bool {
        match deed {
            Deed::Invite(whom, role) => self.invite(actor, whom, role),
            Deed::Accept => self.accept(actor),
            Deed::Decline => self.live && self.pending.remove(&actor).is_some(),
            Deed::Revoke(whom) => {
                self.may(actor, Permission::DeleteInvitation)
                    && (self.pending.remove(&whom).is_some()
                        || self.run_out.remove(&whom)
                        || self.expired.remove(&whom))
            }
            Deed::Add(whom, role) => self.add(actor, whom, role),
            Deed::SetRole(whom, role) => self.set_role(actor, whom, role),
            Deed::Remove(whom) => self.remove(actor, whom),
            Deed::Leave => self.live && self.owner != actor && self.members.remove(&actor).is_some(),
            Deed::Transfer(whom) => self.transfer(actor, whom),
            Deed::SetSeats(seats) => {
                let done = self.live && actor == 0;
                self.seats = if done { seats } else { self.seats };
                done
            }
            Deed::Delete => {
                let done = self.live && self.is_owner(actor);
                if done {
                    (self.live, self.restorable) = (false, true);
                    self.pending.clear();
                    self.run_out.clear();
                }
                done
            }
            Deed::Restore => {
                let done = !self.live && self.restorable && self.is_owner(actor);
                self.live |= done;
                done
            }
            Deed::Wait => {
                self.run_out.extend(self.pending.keys().copied());
                self.pending.clear();
                self.restorable = false;
                true
            }
        }
    }

    fn invite(&mut self, actor: usize, whom: usize, role: Role) -> bool {
        let done = self.may(actor, Permission::CreateInvitation)
            && self.rights(actor).covers(role.permissions())
            && !self.members.contains_key(&whom)
            && !self.pending.contains_key(&whom)
            && self.has_seat();
        if done {
            self.pending.insert(whom, role);
            self.accepted.remove(&whom);
            self.run_out.remove(&whom);
            self.expired.remove(&whom);
        }
        done
    }

    fn accept(&mut self, actor: usize) -> bool {
        if !self.live {
            return false;
        }
        let Some(role) = self.pending.remove(&actor) else {
            return self.accepted.contains(&actor) && self.members.contains_key(&actor);
        };
        self.members.insert(actor, Roles::of(&[role]));
        self.accepted.insert(actor);
        true
    }

    fn add(&mut self, actor: usize, whom: usize, role: Role) -> bool {
        let invited = self.pending.contains_key(&whom);
        let done = self.may(actor, Permission::CreateMembership)
            && self.rights(actor).covers(role.permissions())
            && !self.members.contains_key(&whom)
            // Whoever is invited has a seat already.
            && (invited || self.has_seat());
        if done {
            if self.pending.remove(&whom).is_some() {
                self.accepted.insert(whom);
            }
            if self.run_out.remove(&whom) {
                self.expired.insert(whom);
            }
            self.members.insert(whom, Roles::of(&[role]));
        }
        done
    }

    fn set_role(&mut self, actor: usize, whom: usize, role: Role) -> bool {
        let Some(held) = self.members.get(&whom).copied() else {
            return false;
        };
        let rights = self.rights(actor);
        let done = self.may(actor, Permission::UpdateMembership)
            && rights.covers(held.permissions())
            && rights.covers(role.permissions())
            && (self.owner != whom || role == Role::Admin);
        if done {
            self.members.insert(whom, Roles::of(&[role]));
        }
        done
    }

    fn remove(&mut self, actor: usize, whom: usize) -> bool {
        let Some(held) = self.members.get(&whom).copied() else {
            return false;
        };
        let done = self.may(actor, Permission::DeleteMembership)
            && self.rights(actor).covers(held.permissions())
            && self.owner != whom;
        if done {
            self.members.remove(&whom);
        }
        done
    }

    fn transfer(&mut self, actor: usize, whom: usize) -> bool {
        let done = self.live && self.is_owner(actor) && self.members.contains_key(&whom);
        if done {
            self.owner = whom;
            if let Some(roles) = self.members.get_mut(&whom) {
                *roles = roles.with(Role::Admin);
            }
        }
        done
    }
}

impl ReferenceStateMachine for Book {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let entry = |organization: usize| Entry {
            owner: organization + 1,
            members: BTreeMap::from([(organization + 1, Roles::of(&[Role::Admin]))]),
            pending: BTreeMap::new(),
            run_out: BTreeSet::new(),
            expired: BTreeSet::new(),
            seats: 0,
            live: true,
            restorable: false,
            accepted: BTreeSet::new(),
        };
        Just(Self {
            organizations: (0..ORGANIZATIONS).map(entry).collect(),
            expected: true,
        })
        .boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Step> {
        (0..ORGANIZATIONS, 0..PEOPLE, deed())
            .prop_map(|(organization, actor, deed)| Step {
                organization,
                actor,
                deed,
            })
            .boxed()
    }

    fn apply(mut book: Self, step: &Step) -> Self {
        book.expected = match step.deed {
            Deed::Wait => book
                .organizations
                .iter_mut()
                .all(|entry| entry.step(step.actor, Deed::Wait)),
            deed => book.organizations[step.organization].step(step.actor, deed),
        };
        book
    }
}

fn deed() -> impl Strategy<Value = Deed> {
    let person = || 0..PEOPLE;
    let role = || prop::sample::select(Role::ALL.to_vec());
    prop_oneof![
        5 => (person(), role()).prop_map(|(whom, role)| Deed::Invite(whom, role)),
        5 => Just(Deed::Accept),
        1 => Just(Deed::Decline),
        1 => person().prop_map(Deed::Revoke),
        3 => (person(), role()).prop_map(|(whom, role)| Deed::Add(whom, role)),
        4 => (person(), role()).prop_map(|(whom, role)| Deed::SetRole(whom, role)),
        2 => person().prop_map(Deed::Remove),
        1 => Just(Deed::Leave),
        2 => person().prop_map(Deed::Transfer),
        2 => (0..5_u32).prop_map(Deed::SetSeats),
        1 => Just(Deed::Delete),
        2 => Just(Deed::Restore),
        1 => Just(Deed::Wait),
    ]
}
