//! The chess club's store: everything is in vectors, and a transaction is a copy of them. A real
//! embedder would keep the rows in its own database.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use rollbook_domain::access::{Arrival, Authentication, Place};
use rollbook_domain::filter::{Filter, TextTest};
use rollbook_domain::id::{MembershipId, OrganizationId, TokenId, UserId};
use rollbook_domain::membership::{MemberView, Membership};
use rollbook_domain::organization::{Organization, OrganizationView, Owner, Version};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::{
    Access, AccessRepo, InstallationRepo, MembershipRepo, OrganizationRepo, Output, Store,
    TokenRepo, Tx, UserRepo, Work,
};
use rollbook_domain::role::Roles;
use rollbook_domain::secret::Digest;
use rollbook_domain::time::Timestamp;
use rollbook_domain::token::PersonalAccessToken;
use rollbook_domain::user::User;
use rollbook_domain::value::{Email, Slug};
use rollbook_domain::{Error, Result};

/// All that the club keeps.
#[derive(Clone, Default)]
struct Rows {
    users: Vec<User>,
    organizations: Vec<Organization>,
    memberships: Vec<Membership>,
    tokens: Vec<(PersonalAccessToken, Digest)>,
}

/// One transaction at a time.
#[derive(Default)]
pub(crate) struct ClubStore {
    rows: Mutex<Rows>,
}

#[async_trait]
impl Store for ClubStore {
    async fn run(&self, _: Access, mut work: Work) -> Result<Output> {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let mut copy = rows.clone();
        // An error, or a panic, leaves before the copy takes the place of the rows: rolled back.
        let output = work(&mut copy)?;
        *rows = copy;
        Ok(output)
    }
}

impl Tx for Rows {
    fn access(&mut self) -> &mut dyn AccessRepo {
        self
    }
    fn organizations(&mut self) -> &mut dyn OrganizationRepo {
        self
    }
    fn memberships(&mut self) -> &mut dyn MembershipRepo {
        self
    }
    fn users(&mut self) -> &mut dyn UserRepo {
        self
    }
    fn tokens(&mut self) -> &mut dyn TokenRepo {
        self
    }
    fn installation(&mut self) -> &mut dyn InstallationRepo {
        self
    }
}

/// What the club's program never calls, it need not implement.
fn unused<T>() -> Result<T> {
    Err(Error::storage("the chess club has no use for this"))
}

impl AccessRepo for Rows {
    fn authenticate(&mut self, digest: &Digest) -> Result<Option<Authentication>> {
        let found = self.tokens.iter().find(|(_, kept)| kept == digest);
        Ok(found.and_then(|(token, _)| {
            let user = self.users.iter().find(|user| user.id == token.user_id)?;
            Some(Authentication {
                user: user.clone(),
                token: token.clone(),
            })
        }))
    }
    fn authenticate_locking(&mut self, digest: &Digest) -> Result<Option<Authentication>> {
        // There is one transaction at a time, which is lock enough.
        self.authenticate(digest)
    }
    fn arrive(&mut self, digest: &Digest, id: OrganizationId) -> Result<Option<Arrival>> {
        let Some(authentication) = self.authenticate(digest)? else {
            return Ok(None);
        };
        let view = OrganizationRepo::find(self, id)?;
        let user = authentication.user.id;
        let mut memberships = self.memberships.iter();
        let mine = memberships.find(|m| m.organization_id == id && m.user_id == user);
        let place = view.map(|view| Place {
            view,
            membership: mine.cloned(),
        });
        Ok(Some(Arrival {
            authentication,
            place,
        }))
    }
}

impl OrganizationRepo for Rows {
    fn add(&mut self, new: &Organization) -> Result<bool> {
        let mut all = self.organizations.iter();
        let free = !all.any(|o| o.id == new.id || (o.is_live() && o.slug == new.slug));
        if free {
            self.organizations.push(new.clone());
        }
        Ok(free)
    }
    fn find(&mut self, id: OrganizationId) -> Result<Option<OrganizationView>> {
        let found = self.organizations.iter().find(|o| o.id == id);
        Ok(found.and_then(|organization| {
            let mut users = self.users.iter();
            let owner = users.find(|user| user.id == organization.owner_id)?;
            Some(OrganizationView {
                organization: organization.clone(),
                owner: Owner::from(owner),
            })
        }))
    }
    fn count_owned(&mut self, owner: UserId, at_most: u32) -> Result<u32> {
        let all = self.organizations.iter();
        let count = all.filter(|o| o.is_live() && o.owner_id == owner).count();
        Ok(u32::try_from(count).map_or(at_most, |count| count.min(at_most)))
    }
    fn lock(&mut self, _: OrganizationId) -> Result<Option<Organization>> {
        unused()
    }
    fn update(&mut self, _: &Organization, _: Version) -> Result<bool> {
        unused()
    }
    fn slug_is_taken(&mut self, _: &Slug) -> Result<bool> {
        unused()
    }
    fn list_of_member(
        &mut self,
        _: UserId,
        _: &Filter<TextTest>,
        _: &Window<OrganizationId>,
    ) -> Result<Page<OrganizationView, OrganizationId>> {
        unused()
    }
    fn list_all(
        &mut self,
        _: &Filter<TextTest>,
        _: &Window<OrganizationId>,
    ) -> Result<Page<OrganizationView, OrganizationId>> {
        unused()
    }
}

impl MembershipRepo for Rows {
    fn add(&mut self, new: &Membership) -> Result<bool> {
        self.memberships.push(new.clone());
        Ok(true)
    }
    fn find(&mut self, _: OrganizationId, _: UserId) -> Result<Option<MemberView>> {
        unused()
    }
    fn list(
        &mut self,
        _: OrganizationId,
        _: &Window<MembershipId>,
    ) -> Result<Page<MemberView, MembershipId>> {
        unused()
    }
    fn count(&mut self, _: OrganizationId) -> Result<u32> {
        unused()
    }
    fn set_roles(&mut self, _: OrganizationId, _: UserId, _: Roles, _: Timestamp) -> Result<bool> {
        unused()
    }
}

impl UserRepo for Rows {
    fn add(&mut self, new: &User) -> Result<bool> {
        let free = !self.users.iter().any(|user| user.email == new.email);
        if free {
            self.users.push(new.clone());
        }
        Ok(free)
    }
    fn find(&mut self, id: UserId) -> Result<Option<User>> {
        Ok(self.users.iter().find(|user| user.id == id).cloned())
    }
    fn find_by_email(&mut self, email: &Email) -> Result<Option<User>> {
        Ok(self.users.iter().find(|user| user.email == *email).cloned())
    }
    fn lock(&mut self, id: UserId) -> Result<Option<User>> {
        UserRepo::find(self, id)
    }
    fn any(&mut self) -> Result<bool> {
        Ok(!self.users.is_empty())
    }
}

impl TokenRepo for Rows {
    fn add(&mut self, token: &PersonalAccessToken, digest: &Digest) -> Result<()> {
        self.tokens.push((token.clone(), *digest));
        Ok(())
    }
    fn count_usable(&mut self, user: UserId, now: Timestamp) -> Result<u32> {
        let theirs = self.tokens.iter().filter(|(t, _)| t.user_id == user);
        let count = theirs.filter(|(t, _)| t.is_usable(now)).count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
    fn find(&mut self, _: UserId, _: TokenId) -> Result<Option<PersonalAccessToken>> {
        unused()
    }
    fn list(
        &mut self,
        _: UserId,
        _: &Window<TokenId>,
    ) -> Result<Page<PersonalAccessToken, TokenId>> {
        unused()
    }
    fn revoke(&mut self, _: UserId, _: TokenId, _: Timestamp) -> Result<bool> {
        unused()
    }
    fn mark_used(&mut self, _: TokenId, _: Timestamp) -> Result<()> {
        unused()
    }
}

impl InstallationRepo for Rows {
    fn page_token_key(&mut self) -> Result<Option<[u8; 32]>> {
        unused()
    }
    fn add_page_token_key(&mut self, _: &[u8; 32]) -> Result<bool> {
        unused()
    }
}
