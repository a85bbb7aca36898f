//! One organization in the model, and its rules.

use std::collections::{BTreeMap, BTreeSet};

use rollbook_domain::role::{Permission, Permissions, Role, Roles};

use super::deed::{Deed, Grant, KEEPS_MEMBERS, KEEPS_ROLES};

/// The roles that somebody has, or is invited to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) roles: Roles,
    /// The organization's own roles.
    pub(super) own: BTreeSet<usize>,
}

/// One organization.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) owner: usize,
    pub(super) members: BTreeMap<usize, Held>,
    /// Who is invited and as what.
    pub(super) pending: BTreeMap<usize, Held>,
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
    /// Who declined the last one to them, which they can do again.
    pub(super) declined: BTreeSet<usize>,
    /// The organization's own roles, and what they permit.
    pub(super) own_roles: BTreeMap<usize, Permissions>,
    /// Who is in the workspace.
    pub(super) inside: BTreeSet<usize>,
    /// How many tokens there are for this organization only, and whose.
    pub(super) tokens: BTreeMap<usize, usize>,
}

/// Who belongs to an organization in the beginning.
pub(super) fn staff(owner: usize) -> [(usize, Grant); 4] {
    let grant = |role, own| Grant { role, own };
    [
        (owner, grant(Role::Admin, None)),
        (3, grant(Role::Member, Some(0))),
        (4, grant(Role::Manager, None)),
        (5, grant(Role::Member, Some(1))),
    ]
}

impl Entry {
    /// An organization with two roles of its own, and somebody who has each: in the beginning
    /// there are already ranks.
    pub(super) fn founded_by(owner: usize) -> Self {
        let held = |(person, grant): &(usize, Grant)| (*person, grant.held());
        Self {
            owner,
            members: staff(owner).iter().map(held).collect(),
            pending: BTreeMap::new(),
            run_out: BTreeSet::new(),
            expired: BTreeSet::new(),
            seats: 0,
            live: true,
            restorable: false,
            accepted: BTreeSet::new(),
            declined: BTreeSet::new(),
            own_roles: BTreeMap::from([(0, KEEPS_ROLES), (1, KEEPS_MEMBERS)]),
            inside: BTreeSet::from([owner]),
            tokens: BTreeMap::new(),
        }
    }

    fn used(&self) -> u32 {
        u32::try_from(self.members.len() + self.pending.len()).unwrap_or(u32::MAX)
    }

    fn has_seat(&self) -> bool {
        self.seats == 0 || self.used() < self.seats
    }

    /// What roles permit here; `None` when one of them does not exist.
    pub(super) fn permitted(&self, held: &Held) -> Option<Permissions> {
        let built_in = Some(held.roles.permissions());
        held.own.iter().fold(built_in, |sum, number| {
            Some(sum?.or(*self.own_roles.get(number)?))
        })
    }

    pub(super) fn rights(&self, person: usize) -> Permissions {
        if person == 0 {
            return Permissions::ALL;
        }
        let held = self.members.get(&person);
        let permitted = held.and_then(|held| self.permitted(held));
        permitted.unwrap_or(Permissions::NONE)
    }

    pub(super) fn may(&self, person: usize, permission: Permission) -> bool {
        self.live && self.rights(person).has(permission)
    }

    fn may_grant(&self, person: usize, held: &Held) -> bool {
        let permitted = self.permitted(held);
        permitted.is_some_and(|it| self.rights(person).covers(it))
    }

    fn is_owner(&self, person: usize) -> bool {
        person == 0 || self.owner == person
    }

    /// What becomes of it; `false`: nothing, the step is refused.
    pub(super) fn step(&mut self, actor: usize, deed: Deed) -> bool {
        match deed {
            Deed::Invite(whom, grant, _) => self.invite(actor, whom, grant),
            Deed::Accept => self.accept(actor),
            Deed::Decline => self.decline(actor),
            Deed::Revoke(whom) => {
                self.may(actor, Permission::DeleteInvitation)
                    && (self.pending.remove(&whom).is_some()
                        || self.run_out.remove(&whom)
                        || self.expired.remove(&whom))
            }
            Deed::Add(whom, grant) => self.add(actor, whom, grant),
            Deed::SetRoles(whom, grant) => self.set_roles(actor, whom, grant),
            Deed::Remove(whom) => self.remove(actor, whom),
            Deed::Leave => {
                let done = self.live && self.owner != actor && self.members.contains_key(&actor);
                if done {
                    self.end(actor);
                }
                done
            }
            Deed::IssueToken => {
                let done = self.members.contains_key(&actor);
                if done {
                    *self.tokens.entry(actor).or_default() += 1;
                }
                done
            }
            Deed::Enter(whom) => self.members.contains_key(&whom) && self.inside.insert(whom),
            Deed::CreateRole(number, permits) => self.create_role(actor, number, permits),
            Deed::UpdateRole(number, permits) => self.update_role(actor, number, permits),
            Deed::DeleteRole(number, replacement) => self.delete_role(actor, number, replacement),
            _ => self.govern(actor, deed),
        }
    }

    /// What is done to the organization itself.
    fn govern(&mut self, actor: usize, deed: Deed) -> bool {
        match deed {
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
                    self.tokens.clear();
                }
                done
            }
            Deed::Restore => {
                let done = !self.live && self.restorable && self.is_owner(actor);
                self.live |= done;
                done
            }
            _ => {
                self.run_out.extend(self.pending.keys().copied());
                self.pending.clear();
                self.restorable = false;
                true
            }
        }
    }

    fn invite(&mut self, actor: usize, whom: usize, grant: Grant) -> bool {
        let done = self.may(actor, Permission::CreateInvitation)
            && self.may_grant(actor, &grant.held())
            && !self.members.contains_key(&whom)
            && !self.pending.contains_key(&whom)
            && self.has_seat();
        if done {
            self.pending.insert(whom, grant.held());
            self.accepted.remove(&whom);
            self.declined.remove(&whom);
            self.run_out.remove(&whom);
            self.expired.remove(&whom);
        }
        done
    }

    fn accept(&mut self, actor: usize) -> bool {
        if !self.live {
            return false;
        }
        let Some(held) = self.pending.remove(&actor) else {
            return self.accepted.contains(&actor) && self.members.contains_key(&actor);
        };
        self.members.insert(actor, held);
        self.accepted.insert(actor);
        true
    }

    fn decline(&mut self, actor: usize) -> bool {
        if self.live && self.pending.remove(&actor).is_some() {
            self.declined.insert(actor);
        }
        self.live && self.declined.contains(&actor)
    }

    fn add(&mut self, actor: usize, whom: usize, grant: Grant) -> bool {
        let invited = self.pending.contains_key(&whom);
        let done = self.may(actor, Permission::CreateMembership)
            && self.may_grant(actor, &grant.held())
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
            self.members.insert(whom, grant.held());
        }
        done
    }

    fn set_roles(&mut self, actor: usize, whom: usize, grant: Grant) -> bool {
        let Some(held) = self.members.get(&whom) else {
            return false;
        };
        let done = self.may(actor, Permission::UpdateMembership)
            && self.may_grant(actor, held)
            && self.may_grant(actor, &grant.held())
            && (self.owner != whom || grant.role == Role::Admin);
        if done {
            self.members.insert(whom, grant.held());
        }
        done
    }

    fn remove(&mut self, actor: usize, whom: usize) -> bool {
        let Some(held) = self.members.get(&whom) else {
            return false;
        };
        let done = self.may(actor, Permission::DeleteMembership)
            && self.may_grant(actor, held)
            && self.owner != whom;
        if done {
            self.end(whom);
        }
        done
    }

    /// With a membership goes what hangs on it.
    fn end(&mut self, whom: usize) {
        self.members.remove(&whom);
        self.inside.remove(&whom);
        self.tokens.remove(&whom);
    }

    fn transfer(&mut self, actor: usize, whom: usize) -> bool {
        let done = self.live && self.is_owner(actor) && self.members.contains_key(&whom);
        if done {
            self.owner = whom;
            if let Some(held) = self.members.get_mut(&whom) {
                held.roles = held.roles.with(Role::Admin);
            }
        }
        done
    }
}
