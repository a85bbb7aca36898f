use super::MemoryTx;
use super::state::{KeptMembership, State, cut_by, duplicate, number};
use crate::Result;
use crate::access::Held;
use crate::filter::Filter;
use crate::id::{OrganizationId, UserId};
use crate::membership::{MemberKey, MemberOrder, MemberTest, MemberView, Membership};
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::port::MembershipRepo;
use crate::role::{RoleRef, RoleScope, WorkspaceRoles};
use crate::user::User;

impl MembershipRepo for MemoryTx {
    fn add(&mut self, membership: &Membership, user: &User) -> Result<bool> {
        let state = self.writing()?;
        let (organization, user_id) = (membership.organization_id, membership.user_id);
        state.user(user_id)?;
        state.organization(organization)?;
        if state.membership(organization, user_id).is_some() {
            return Ok(false);
        }
        let custom_roles = state.assigned(organization, &membership.custom_roles)?;
        let kept = KeptMembership {
            membership: Membership {
                custom_roles,
                ..membership.clone()
            },
            display_name: user.display_name.clone(),
            email: user.email.clone(),
        };
        match state.memberships.insert(membership.id, kept) {
            Some(_) => Err(duplicate("the membership")),
            None => Ok(true),
        }
    }

    fn find(&mut self, organization: OrganizationId, user: UserId) -> Result<Option<MemberView>> {
        let state = self.reading()?;
        let found = state.membership(organization, user);
        found.map(|membership| view(state, membership)).transpose()
    }

    fn held(&mut self, organization: OrganizationId, user: UserId) -> Result<Option<Held>> {
        Ok(self.reading()?.held(organization, user))
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        filter: &Filter<MemberTest>,
        order: &MemberOrder,
        window: &Window<MemberKey>,
    ) -> Result<Page<MemberView, MemberKey>> {
        let state = self.reading()?;
        let members = state.memberships.values();
        let mut rows = Vec::new();
        for kept in members.filter(|kept| kept.membership.organization_id == organization) {
            let view = view(state, &kept.membership)?;
            if filter.holds(&|test| passes(test, kept, &view)) {
                rows.push((sort_key(order, kept, &view), view));
            }
        }
        rows.sort_by(|(one, _), (other, _)| order.compare(one, other));
        let key = |(key, _): &(MemberKey, MemberView)| key.clone();
        let page = cut_by(rows, window, key, |one, other| order.compare(one, other));
        Ok(Page {
            items: page.items.into_iter().map(|(_, view)| view).collect(),
            next: page.next,
            total: page.total,
        })
    }

    fn count(&mut self, organization: OrganizationId) -> Result<u32> {
        let members = self.reading()?.memberships.values();
        let theirs = members.filter(|kept| kept.membership.organization_id == organization);
        Ok(number(theirs))
    }

    fn update(&mut self, membership: &Membership, seen: Version) -> Result<bool> {
        let state = self.writing()?;
        let (organization, user) = (membership.organization_id, membership.user_id);
        let kept = state.membership(organization, user);
        let Some(id) = kept.filter(|kept| kept.version == seen).map(|kept| kept.id) else {
            return Ok(false);
        };
        let custom_roles = state.assigned(organization, &membership.custom_roles)?;
        if let Some(kept) = state.memberships.get_mut(&id) {
            kept.membership.roles = membership.roles;
            kept.membership.custom_roles = custom_roles;
            kept.membership.version = membership.version;
            kept.membership.updated_at = membership.updated_at;
        }
        Ok(true)
    }

    fn remove(&mut self, organization: OrganizationId, user: UserId) -> Result<bool> {
        let state = self.writing()?;
        let Some(id) = state.membership(organization, user).map(|kept| kept.id) else {
            return Ok(false);
        };
        state.memberships.remove(&id);
        state
            .workspace_memberships
            .retain(|_, m| (m.organization_id, m.user_id) != (organization, user));
        Ok(true)
    }

    fn refresh(&mut self, user: &User) -> Result<()> {
        let members = self.writing()?.memberships.values_mut();
        for kept in members.filter(|kept| kept.membership.user_id == user.id) {
            kept.display_name = user.display_name.clone();
            kept.email = user.email.clone();
        }
        Ok(())
    }

    fn organizations_of(&mut self, user: UserId) -> Result<Vec<OrganizationId>> {
        let members = self.reading()?.memberships.values();
        let mut ids: Vec<_> = members
            .filter(|kept| kept.membership.user_id == user)
            .map(|kept| kept.membership.organization_id)
            .collect();
        ids.sort_unstable();
        Ok(ids)
    }
}

fn view(state: &State, membership: &Membership) -> Result<MemberView> {
    let user = state.user(membership.user_id)?;
    let (organization, user_id) = (membership.organization_id, membership.user_id);
    let mut workspace_roles = WorkspaceRoles::NONE;
    let mut custom_workspace_roles = Vec::new();
    let places = state.workspace_memberships.values();
    for place in places.filter(|p| (p.organization_id, p.user_id) == (organization, user_id)) {
        workspace_roles = workspace_roles.or(place.roles);
        custom_workspace_roles.extend(place.custom_roles.iter().cloned());
    }
    custom_workspace_roles.sort_unstable();
    custom_workspace_roles.dedup();
    Ok(MemberView {
        membership: membership.clone(),
        kind: user.kind,
        display_name: user.display_name.clone(),
        email: user.email.clone(),
        workspace_roles,
        custom_workspace_roles,
    })
}

fn passes(test: &MemberTest, kept: &KeptMembership, view: &MemberView) -> bool {
    match test {
        MemberTest::Role(roles) => roles.iter().any(|role| has(view, *role)),
        MemberTest::Scope(RoleScope::Organization) => true,
        MemberTest::Scope(RoleScope::Workspace) => !view.workspace_roles.is_empty(),
        MemberTest::Search(words) => {
            words.passes(&kept.display_name.key()) || words.passes(kept.email.key())
        }
    }
}

fn has(view: &MemberView, role: RoleRef) -> bool {
    let custom = || {
        let here = view.membership.custom_roles.iter();
        here.chain(&view.custom_workspace_roles)
    };
    match role {
        RoleRef::Organization(role) => view.membership.roles.has(role),
        RoleRef::Workspace(role) => view.workspace_roles.has(role),
        RoleRef::Custom(id) => custom().any(|role| role.id == id),
    }
}

/// Where a member stands: by the copies of name and address, as in a database.
fn sort_key(order: &MemberOrder, kept: &KeptMembership, view: &MemberView) -> MemberKey {
    order.key(&MemberView {
        display_name: kept.display_name.clone(),
        email: kept.email.clone(),
        ..view.clone()
    })
}
