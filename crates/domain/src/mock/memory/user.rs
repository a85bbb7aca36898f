use super::MemoryTx;
use super::state::{State, cut, duplicate};
use crate::id::{OrganizationId, UserId};
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::port::UserRepo;
use crate::user::{User, UserKind};
use crate::value::Email;
use crate::{Refusal, Result};

impl UserRepo for MemoryTx {
    fn add(&mut self, user: &User) -> Result<bool> {
        let state = self.writing()?;
        check_organization(state, user)?;
        if state.users.values().any(|other| other.email == user.email) {
            return Ok(false);
        }
        match state.users.insert(user.id, user.clone()) {
            Some(_) => Err(duplicate("the user")),
            None => Ok(true),
        }
    }

    fn find(&mut self, id: UserId) -> Result<Option<User>> {
        Ok(self.reading()?.users.get(&id).cloned())
    }

    fn find_by_email(&mut self, email: &Email) -> Result<Option<User>> {
        let mut users = self.reading()?.users.values();
        Ok(users.find(|user| user.email == *email).cloned())
    }

    fn lock(&mut self, id: UserId) -> Result<Option<User>> {
        Ok(self.writing()?.users.get(&id).cloned())
    }

    fn any(&mut self) -> Result<bool> {
        Ok(!self.reading()?.users.is_empty())
    }

    fn update(&mut self, user: &User, seen: Version) -> Result<bool> {
        let state = self.writing()?;
        let kept = state.users.get(&user.id);
        if kept.is_none_or(|kept| kept.version != seen) {
            return Ok(false);
        }
        check_organization(state, user)?;
        let mut others = state.users.values().filter(|other| other.id != user.id);
        if others.any(|other| other.email == user.email) {
            return Err(Refusal::EmailTaken.into());
        }
        state.users.insert(user.id, user.clone());
        Ok(true)
    }

    fn list(&mut self, window: &Window<UserId>) -> Result<Page<User, UserId>> {
        Ok(list(self.reading()?, window, |_| true))
    }

    fn list_service_accounts(
        &mut self,
        organization: OrganizationId,
        window: &Window<UserId>,
    ) -> Result<Page<User, UserId>> {
        Ok(list(self.reading()?, window, |user| {
            user.kind == UserKind::ServiceAccount && user.organization_id == Some(organization)
        }))
    }

    fn owned(&mut self, user: UserId, at_most: u32) -> Result<Vec<OrganizationId>> {
        let all = self.reading()?.organizations.values();
        let theirs = all.filter(|o| o.is_live() && o.owner_id == user);
        Ok(theirs.map(|o| o.id).take(at_most as usize).collect())
    }
}

/// The foreign key of a service account's organization.
fn check_organization(state: &State, user: &User) -> Result<()> {
    match user.organization_id {
        Some(id) => state.organization(id).map(|_| ()),
        None => Ok(()),
    }
}

/// The users that are not deleted and belong here.
fn list(
    state: &State,
    window: &Window<UserId>,
    belongs: impl Fn(&User) -> bool,
) -> Page<User, UserId> {
    let users = state.users.values();
    let rows = users.filter(|user| user.deleted_at.is_none() && belongs(user));
    cut(rows.cloned().collect(), window, |user| user.id)
}
