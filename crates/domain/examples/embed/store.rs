//! The chess club's store: everything is in vectors, and a transaction is a copy of them. A real
//! embedder would keep the rows in its own database.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use rollbook_domain::access::{Arrival, Authentication, Held, Place};
use rollbook_domain::audit::{Chain, Entry, EntryTest, Head};
use rollbook_domain::filter::{Filter, TextTest};
use rollbook_domain::id::{OrganizationId, TokenId, UserId};
use rollbook_domain::membership::{MemberKey, MemberOrder, MemberTest, MemberView, Membership};
use rollbook_domain::organization::{
    Age, Organization, OrganizationTest, OrganizationView, Owner, Version,
};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::{
    Access, AccessRepo, AuditRepo, DomainRepo, InstallationRepo, InvitationRepo, MembershipRepo,
    OAuthClientRepo, OAuthDeviceRepo, OAuthGrantRepo, OrganizationRepo, OutboxRepo, Output,
    PasswordRepo, PasswordResetRepo, PlanRepo, PreferencesRepo, RequestRepo, RoleRepo, Store,
    TokenRepo, Tx, UserRepo, VerificationRepo, WebhookRepo, Work, WorkspaceRepo,
};
use rollbook_domain::role::Permissions;
use rollbook_domain::secret::Digest;
use rollbook_domain::subscription::Plan;
use rollbook_domain::time::Timestamp;
use rollbook_domain::token::Token;
use rollbook_domain::user::User;
use rollbook_domain::value::{Email, OrganizationName, Slug};
use rollbook_domain::{Error, Result};

use super::unused::unused;

/// All that the club keeps.
#[derive(Clone, Default)]
pub(crate) struct Rows {
    users: Vec<User>,
    organizations: Vec<Organization>,
    memberships: Vec<Membership>,
    tokens: Vec<(Token, Digest)>,
    log: Vec<Entry>,
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
    fn verifications(&mut self) -> &mut dyn VerificationRepo {
        self
    }
    fn passwords(&mut self) -> &mut dyn PasswordRepo {
        self
    }
    fn password_resets(&mut self) -> &mut dyn PasswordResetRepo {
        self
    }
    fn tokens(&mut self) -> &mut dyn TokenRepo {
        self
    }
    fn oauth_clients(&mut self) -> &mut dyn OAuthClientRepo {
        self
    }
    fn oauth_grants(&mut self) -> &mut dyn OAuthGrantRepo {
        self
    }
    fn oauth_devices(&mut self) -> &mut dyn OAuthDeviceRepo {
        self
    }
    fn roles(&mut self) -> &mut dyn RoleRepo {
        self
    }
    fn invitations(&mut self) -> &mut dyn InvitationRepo {
        self
    }
    fn workspaces(&mut self) -> &mut dyn WorkspaceRepo {
        self
    }
    fn preferences(&mut self) -> &mut dyn PreferencesRepo {
        self
    }
    fn plans(&mut self) -> &mut dyn PlanRepo {
        self
    }
    fn domains(&mut self) -> &mut dyn DomainRepo {
        self
    }
    fn audit(&mut self) -> &mut dyn AuditRepo {
        self
    }
    fn requests(&mut self) -> &mut dyn RequestRepo {
        self
    }
    fn outbox(&mut self) -> &mut dyn OutboxRepo {
        self
    }
    fn webhooks(&mut self) -> &mut dyn WebhookRepo {
        self
    }
    fn installation(&mut self) -> &mut dyn InstallationRepo {
        self
    }
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
        let held = mine.map(|membership| Held {
            roles: membership.roles,
            custom: Permissions::NONE,
        });
        let place = view.map(|view| Place {
            view,
            held,
            granted: Permissions::NONE,
        });
        Ok(Some(Arrival {
            authentication,
            place,
            sponsor: None,
        }))
    }
}

impl OrganizationRepo for Rows {
    // Nobody pays here: all plans are alike.
    fn add(&mut self, new: &Organization, _: &Plan) -> Result<bool> {
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
    unused! {
        lock(OrganizationId) -> Option<Organization>;
        hold(OrganizationId) -> ();
        update(&Organization, Version) -> bool;
        slug_is_taken(&Slug) -> bool;
        hold_name(&OrganizationName) -> ();
        bearers(&OrganizationName, u32) -> Vec<OrganizationId>;
        list_by_age(Option<UserId>, &Filter<OrganizationTest>, &Window<Age>)
            -> Page<OrganizationView, Age>;
        list_of_member(UserId, &Filter<TextTest>, &Window<OrganizationId>)
            -> Page<OrganizationView, OrganizationId>;
        list_all(&Filter<TextTest>, &Window<OrganizationId>)
            -> Page<OrganizationView, OrganizationId>;
    }
}

impl MembershipRepo for Rows {
    fn add(&mut self, new: &Membership, _: &User) -> Result<bool> {
        self.memberships.push(new.clone());
        Ok(true)
    }
    unused! {
        find(OrganizationId, UserId) -> Option<MemberView>;
        held(OrganizationId, UserId) -> Option<Held>;
        list(OrganizationId, &Filter<MemberTest>, &MemberOrder, &Window<MemberKey>)
            -> Page<MemberView, MemberKey>;
        count(OrganizationId) -> u32;
        update(&Membership, Version) -> bool;
        remove(OrganizationId, UserId) -> bool;
        refresh(&User) -> ();
        organizations_of(UserId) -> Vec<OrganizationId>;
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
    unused! {
        update(&User, Version) -> bool;
        list(&Window<UserId>) -> Page<User, UserId>;
        list_service_accounts(OrganizationId, &Window<UserId>) -> Page<User, UserId>;
        owned(UserId, u32) -> Vec<OrganizationId>;
    }
}

impl TokenRepo for Rows {
    fn add(&mut self, token: &Token, digest: &Digest) -> Result<()> {
        self.tokens.push((token.clone(), *digest));
        Ok(())
    }
    fn count_usable(&mut self, user: UserId, now: Timestamp) -> Result<u32> {
        let theirs = self.tokens.iter().filter(|(t, _)| t.user_id == user);
        let count = theirs.filter(|(t, _)| t.is_usable(now)).count();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
    unused! {
        find(UserId, TokenId) -> Option<Token>;
        list(UserId, &Window<TokenId>) -> Page<Token, TokenId>;
        revoke(UserId, TokenId, Timestamp) -> bool;
        revoke_all(UserId, Timestamp) -> u32;
        revoke_sessions(UserId, Option<TokenId>, Timestamp) -> u32;
        revoke_in(OrganizationId, UserId, Timestamp) -> u32;
        revoke_bound(OrganizationId, Timestamp) -> u32;
        mark_used(&[TokenId], Timestamp) -> ();
        forget_sessions(Timestamp, u32) -> u32;
    }
}

impl AuditRepo for Rows {
    fn head(&mut self, chain: Chain) -> Result<Option<Head>> {
        let last = self.log.iter().rev().find(|entry| entry.chain == chain);
        Ok(last.map(|entry| Head {
            sequence: entry.sequence,
            digest: entry.digest,
        }))
    }
    fn add(&mut self, entry: &Entry) -> Result<()> {
        self.log.push(entry.clone());
        Ok(())
    }
    unused! {
        list(Chain, &Filter<EntryTest>, &Window<u64>) -> Page<Entry, u64>;
        follow(Chain, u64, u32) -> Vec<Entry>;
        chains(Option<Chain>, u32) -> Vec<Chain>;
    }
}
