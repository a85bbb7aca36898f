//! The rules of the roles that organizations make for themselves.

use rollbook_domain::role::{Permission, Permissions};

use super::deed::Replacement;
use super::entry::{Entry, Held};

impl Entry {
    pub(super) fn create_role(
        &mut self,
        actor: usize,
        number: usize,
        permits: Permissions,
    ) -> bool {
        let done = self.may(actor, Permission::CreateRole)
            && self.rights(actor).covers(permits)
            && !self.own_roles.contains_key(&number);
        if done {
            self.own_roles.insert(number, permits);
        }
        done
    }

    pub(super) fn update_role(
        &mut self,
        actor: usize,
        number: usize,
        permits: Permissions,
    ) -> bool {
        let Some(before) = self.own_roles.get(&number).copied() else {
            return false;
        };
        let done = self.may(actor, Permission::UpdateRole)
            && self.rights(actor).covers(before.or(permits));
        if done {
            self.own_roles.insert(number, permits);
        }
        done
    }

    pub(super) fn delete_role(
        &mut self,
        actor: usize,
        number: usize,
        instead: Option<Replacement>,
    ) -> bool {
        let Some(before) = self.own_roles.get(&number).copied() else {
            return false;
        };
        let gained = match instead {
            None => Some(Permissions::NONE),
            Some(Replacement::BuiltIn(role)) => Some(role.permissions()),
            Some(Replacement::Own(other)) if other == number => None,
            Some(Replacement::Own(other)) => self.own_roles.get(&other).copied(),
        };
        let done = self.may(actor, Permission::DeleteRole)
            && gained.is_some_and(|gained| self.rights(actor).covers(before.or(gained)))
            && (instead.is_some() || !self.has_holders(number));
        if done {
            self.own_roles.remove(&number);
            for held in self.members.values_mut().chain(self.pending.values_mut()) {
                replace(held, number, instead);
            }
        }
        done
    }

    /// Whether a member or a pending invitation has the role.
    pub(super) fn has_holders(&self, number: usize) -> bool {
        let mut held = self.members.values().chain(self.pending.values());
        held.any(|held| held.own.contains(&number))
    }
}

fn replace(held: &mut Held, number: usize, instead: Option<Replacement>) {
    if held.own.remove(&number) {
        match instead {
            None => {}
            Some(Replacement::BuiltIn(role)) => held.roles = held.roles.with(role),
            Some(Replacement::Own(other)) => drop(held.own.insert(other)),
        }
    }
}
