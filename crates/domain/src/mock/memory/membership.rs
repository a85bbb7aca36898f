use super::MemoryTx;
use super::state::{State, cut, duplicate};
use crate::id::{MembershipId, OrganizationId, UserId};
use crate::membership::{MemberView, Membership};
use crate::page::{Page, Window};
use crate::port::MembershipRepo;
use crate::role::Roles;
use crate::time::Timestamp;
use crate::{Error, Result};

impl MembershipRepo for MemoryTx {
    fn add(&mut self, membership: &Membership) -> Result<bool> {
        let state = self.writing()?;
        state.user(membership.user_id)?;
        if !state
            .organizations
            .contains_key(&membership.organization_id)
        {
            return Err(Error::storage("there is no such organization"));
        }
        if state
            .membership(membership.organization_id, membership.user_id)
            .is_some()
        {
            return Ok(false);
        }
        match state.memberships.insert(membership.id, membership.clone()) {
            Some(_) => Err(duplicate("the membership")),
            None => Ok(true),
        }
    }

    fn find(&mut self, organization: OrganizationId, user: UserId) -> Result<Option<MemberView>> {
        let state = self.reading()?;
        let found = state.membership(organization, user);
        found.map(|membership| view(state, membership)).transpose()
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        window: &Window<MembershipId>,
    ) -> Result<Page<MemberView, MembershipId>> {
        let state = self.reading()?;
        let members = state.memberships.values();
        let rows = members
            .filter(|m| m.organization_id == organization)
            .map(|m| view(state, m))
            .collect::<Result<Vec<_>>>()?;
        Ok(cut(rows, window, |row| row.membership.id))
    }

    fn count(&mut self, organization: OrganizationId) -> Result<u32> {
        let members = self.reading()?.memberships.values();
        let count = members
            .filter(|m| m.organization_id == organization)
            .count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn set_roles(
        &mut self,
        organization: OrganizationId,
        user: UserId,
        roles: Roles,
        now: Timestamp,
    ) -> Result<bool> {
        let mut members = self.writing()?.memberships.values_mut();
        let found = members.find(|m| m.organization_id == organization && m.user_id == user);
        let Some(membership) = found else {
            return Ok(false);
        };
        membership.roles = roles;
        membership.updated_at = now;
        Ok(true)
    }
}

fn view(state: &State, membership: &Membership) -> Result<MemberView> {
    let user = state.user(membership.user_id)?;
    Ok(MemberView {
        membership: membership.clone(),
        kind: user.kind,
        display_name: user.display_name.clone(),
        email: user.email.clone(),
    })
}
