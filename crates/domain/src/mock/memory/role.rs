use super::MemoryTx;
use super::state::{State, cut, duplicate};
use crate::id::{OrganizationId, RoleId};
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::port::{RoleHolder, RoleRepo};
use crate::role::{AssignedRole, CustomRole};
use crate::value::{RoleKey, RoleTitle};
use crate::{Error, Refusal, Result};

impl RoleRepo for MemoryTx {
    fn add(&mut self, role: &CustomRole) -> Result<bool> {
        let state = self.writing()?;
        state.organization(role.organization_id)?;
        let taken =
            |other: &CustomRole| other.key == role.key || other.title.key() == role.title.key();
        if of(state, role.organization_id).any(taken) {
            return Ok(false);
        }
        let id = (role.organization_id, role.id);
        match state.roles.insert(id, role.clone()) {
            Some(_) => Err(duplicate("the role")),
            None => Ok(true),
        }
    }

    fn find(&mut self, organization: OrganizationId, id: RoleId) -> Result<Option<CustomRole>> {
        Ok(self.reading()?.roles.get(&(organization, id)).cloned())
    }

    fn home(&mut self, id: RoleId) -> Result<Option<OrganizationId>> {
        let mut keys = self.reading()?.roles.keys();
        Ok(keys.find(|(_, role)| *role == id).map(|(home, _)| *home))
    }

    fn find_by_key(
        &mut self,
        organization: OrganizationId,
        key: &RoleKey,
    ) -> Result<Option<CustomRole>> {
        let mut roles = of(self.reading()?, organization);
        Ok(roles.find(|role| role.key == *key).cloned())
    }

    fn find_by_title(
        &mut self,
        organization: OrganizationId,
        title: &RoleTitle,
    ) -> Result<Option<CustomRole>> {
        let mut roles = of(self.reading()?, organization);
        Ok(roles.find(|role| role.title.key() == title.key()).cloned())
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        window: &Window<RoleId>,
    ) -> Result<Page<CustomRole, RoleId>> {
        let rows = of(self.reading()?, organization).cloned().collect();
        Ok(cut(rows, window, |role| role.id))
    }

    fn update(&mut self, role: &CustomRole, seen: Version) -> Result<bool> {
        let state = self.writing()?;
        let id = (role.organization_id, role.id);
        let kept = state.roles.get(&id);
        if kept.is_none_or(|kept| kept.version != seen) {
            return Ok(false);
        }
        let taken =
            |other: &CustomRole| other.id != role.id && other.title.key() == role.title.key();
        if of(state, role.organization_id).any(taken) {
            return Err(Refusal::RoleTitleTaken(role.title.as_str().to_owned()).into());
        }
        state.roles.insert(id, role.clone());
        Ok(true)
    }

    fn remove(&mut self, organization: OrganizationId, id: RoleId) -> Result<bool> {
        let state = self.writing()?;
        if !holders(state, organization, id).is_empty() {
            return Err(Error::storage("somebody has the role"));
        }
        Ok(state.roles.remove(&(organization, id)).is_some())
    }

    fn holders(&mut self, organization: OrganizationId, id: RoleId) -> Result<Vec<RoleHolder>> {
        Ok(holders(self.reading()?, organization, id))
    }
}

/// The roles of an organization.
fn of(state: &State, organization: OrganizationId) -> impl Iterator<Item = &CustomRole> {
    let roles = state.roles.values();
    roles.filter(move |role| role.organization_id == organization)
}

fn holders(state: &State, organization: OrganizationId, id: RoleId) -> Vec<RoleHolder> {
    let holds = |belongs_to: OrganizationId, roles: &[AssignedRole]| {
        belongs_to == organization && roles.iter().any(|role| role.id == id)
    };
    let members = state.memberships.values().map(|kept| &kept.membership);
    let members = members
        .filter(|m| holds(m.organization_id, &m.custom_roles))
        .map(|m| RoleHolder::Membership(m.user_id));
    let places = state.workspace_memberships.values();
    let places = places
        .filter(|m| holds(m.organization_id, &m.custom_roles))
        .map(|m| RoleHolder::WorkspaceMembership(m.workspace_id, m.user_id));
    let invitations = state.invitations.values().map(|kept| &kept.invitation);
    let invitations = invitations
        .filter(|i| holds(i.organization_id, &i.custom_roles))
        .map(|i| RoleHolder::Invitation(i.id));
    members.chain(places).chain(invitations).collect()
}
