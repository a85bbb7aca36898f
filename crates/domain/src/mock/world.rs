use std::sync::Arc;

use super::{
    FixedClock, MemoryStore, PlainSigner, PlainStrength, QuickHasher, SequentialIds,
    SequentialRandom, Zone, sample,
};
use crate::access::Caller;
use crate::audit::Author;
use crate::id::{InvitationId, MembershipId, TokenId};
use crate::limit::{Limits, Quotas};
use crate::membership::Membership;
use crate::organization::{Organization, OrganizationView, Version};
use crate::port::{Clock, IdSource, Random, Store};
use crate::role::{Role, Roles};
use crate::secret::Secret;
use crate::service::membership::admit;
use crate::service::operator;
use crate::service::organization::{CreateOrganization, Naming, Organizations, Terms};
use crate::service::webhook::WebhookTerms;
use crate::service::workspace::CreateWorkspace;
use crate::service::{
    AuditService, AuthorizationService, Core, CustomRoleService, DomainService, InvitationService,
    MembershipService, OAuthClientService, OperatorService, OrganizationService, OutboxService,
    PasswordService, PasswordTools, PreferencesService, ServiceAccountService, SessionService,
    SubscriptionService, TokenService, UserService, WebhookService, WorkspaceService, Workspaces,
};
use crate::subscription::Quota;
use crate::time::Timestamp;
use crate::token::{Token, TokenKind};
use crate::user::User;
use crate::value::{OrganizationName, TokenName, WorkspaceTitle};
use crate::workspace::WorkspaceView;
use crate::{Error, Result};

/// All services over one store, with a clock that can be moved, and short ways to what most tests
/// begin with.
#[derive(Clone)]
pub struct World {
    /// The store, for what no service does.
    pub store: Arc<dyn Store>,
    /// The clock.
    pub clock: Arc<FixedClock>,
    /// The source of ids.
    pub ids: Arc<SequentialIds>,
    /// The source of randomness.
    pub random: Arc<SequentialRandom>,
    /// The DNS.
    pub dns: Arc<Zone>,
    /// What hashes passwords.
    pub hasher: Arc<QuickHasher>,
    /// What the services are made of.
    pub core: Core,
    /// The real service.
    pub organizations: OrganizationService,
    /// The real service.
    pub memberships: MembershipService,
    /// The real service.
    pub invitations: InvitationService,
    /// The real service.
    pub roles: CustomRoleService,
    /// The real service.
    pub users: UserService,
    /// The real service.
    pub audit: AuditService,
    /// The real service.
    pub domains: DomainService,
    /// The real service.
    pub service_accounts: ServiceAccountService,
    /// The real service.
    pub sessions: SessionService,
    /// The real service.
    pub passwords: PasswordService,
    /// The real service.
    pub oauth_clients: OAuthClientService,
    /// The real service, which signs with a [`PlainSigner`] as [`World::ISSUER`].
    pub authorization: AuthorizationService,
    /// The real service.
    pub tokens: TokenService,
    /// The real service.
    pub workspaces: WorkspaceService,
    /// The real service.
    pub preferences: PreferencesService,
    /// The real service.
    pub subscriptions: SubscriptionService,
    /// The real service.
    pub outbox: OutboxService,
    /// The real service.
    pub operator: OperatorService,
    /// The real service, under the terms of an operator who allows nothing special.
    pub webhooks: WebhookService,
}

/// A user with a credential.
#[derive(Clone, Debug)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The user's first token.
    pub token: Token,
    /// Its secret.
    pub secret: Secret,
    /// What a dialect makes of the secret.
    pub caller: Caller,
}

impl World {
    /// Under which URL OAuth clients know the world.
    pub const ISSUER: &str = "https://book.example";

    /// Over this store.
    #[must_use]
    pub fn over(store: Arc<dyn Store>) -> Self {
        Self::wire(
            store,
            Arc::default(),
            Arc::default(),
            Arc::default(),
            Arc::default(),
            Arc::default(),
            Arc::default(),
        )
    }

    /// Over an empty [`MemoryStore`].
    #[must_use]
    pub fn in_memory() -> Self {
        Self::over(Arc::new(MemoryStore::new()))
    }

    /// The same world (clock, ids, randomness, hasher, limits) seen through another store, such as a
    /// [`super::FlakyStore`] around this one's. It notes uses of tokens on its own.
    #[must_use]
    pub fn through(&self, store: Arc<dyn Store>) -> Self {
        Self::wire(
            store,
            Arc::clone(&self.clock),
            Arc::clone(&self.ids),
            Arc::clone(&self.random),
            Arc::clone(&self.dns),
            Arc::clone(&self.hasher),
            Arc::clone(self.core.limits()),
        )
    }

    /// The same world with these limits, of which nothing is taken yet.
    #[must_use]
    pub fn limited(&self, quotas: Quotas) -> Self {
        Self::wire(
            Arc::clone(&self.store),
            Arc::clone(&self.clock),
            Arc::clone(&self.ids),
            Arc::clone(&self.random),
            Arc::clone(&self.dns),
            Arc::clone(&self.hasher),
            Arc::new(Limits::new(quotas)),
        )
    }

    fn wire(
        store: Arc<dyn Store>,
        clock: Arc<FixedClock>,
        ids: Arc<SequentialIds>,
        random: Arc<SequentialRandom>,
        dns: Arc<Zone>,
        hasher: Arc<QuickHasher>,
        limits: Arc<Limits>,
    ) -> Self {
        let tools = PasswordTools::new(Arc::<QuickHasher>::clone(&hasher), Arc::new(PlainStrength));
        let core = Core::new(
            Arc::clone(&store),
            Arc::<FixedClock>::clone(&clock),
            Arc::<SequentialIds>::clone(&ids),
            Arc::<SequentialRandom>::clone(&random),
        )
        .with_limits(limits)
        .with_passwords(tools);
        Self {
            store,
            clock,
            ids,
            random,
            organizations: OrganizationService::new(core.clone()),
            memberships: MembershipService::new(core.clone()),
            invitations: InvitationService::new(core.clone()),
            roles: CustomRoleService::new(core.clone()),
            users: UserService::new(core.clone()),
            audit: AuditService::new(core.clone()),
            domains: DomainService::new(core.clone(), Arc::<Zone>::clone(&dns)),
            dns,
            hasher,
            service_accounts: ServiceAccountService::new(core.clone()),
            sessions: SessionService::new(core.clone()),
            passwords: PasswordService::new(core.clone()),
            oauth_clients: OAuthClientService::new(core.clone()),
            authorization: AuthorizationService::new(
                core.clone(),
                Arc::new(PlainSigner::default()),
                Self::ISSUER,
            ),
            tokens: TokenService::new(core.clone()),
            workspaces: WorkspaceService::new(core.clone()),
            preferences: PreferencesService::new(core.clone()),
            subscriptions: SubscriptionService::new(core.clone()),
            outbox: OutboxService::new(core.clone()),
            operator: OperatorService::new(core.clone()),
            webhooks: WebhookService::new(core.clone(), WebhookTerms::default()),
            core,
        }
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A person `name@example.com` with a token.
    pub async fn sign_up(&self, name: &str) -> Result<Account> {
        self.add(sample::user(name)).await
    }

    /// A person who operates the platform, with a token.
    pub async fn sign_up_superuser(&self, name: &str) -> Result<Account> {
        self.add(sample::superuser(name)).await
    }

    /// A service account with a token.
    pub async fn sign_up_service_account(&self, name: &str) -> Result<Account> {
        self.add(sample::service_account(name)).await
    }

    /// Writes a user, who may be inactive, and a token that never expires.
    pub async fn add(&self, user: User) -> Result<Account> {
        let now = self.now();
        let secret = Secret::personal_access_token(&self.random.entropy());
        let token = Token {
            id: TokenId::new(self.ids.next(now)),
            kind: TokenKind::Access,
            parent_id: None,
            oauth: None,
            user_id: user.id,
            name: TokenName::from_stored("first".to_owned()),
            last_four: secret.last_four(),
            organization_id: None,
            created_by: None,
            created_at: now,
            expires_at: None,
            last_used_at: None,
            revoked_at: None,
        };
        let account = Account {
            user,
            token,
            caller: Caller::bearer(secret.reveal()),
            secret,
        };
        let written = account.clone();
        self.store
            .write(move |tx| {
                operator::add(tx, &Author::SYSTEM, &written.user)?;
                tx.tokens().add(&written.token, &written.secret.digest())
            })
            .await?;
        Ok(account)
    }

    /// What it takes to create an organization of this name, without limit.
    #[must_use]
    pub fn command(&self, name: &str) -> CreateOrganization {
        CreateOrganization {
            id: None,
            name: OrganizationName::from_stored(name.to_owned()),
            slug: None,
            description: None,
            logo: None,
            links: None,
            owner: None,
            naming: Naming::default(),
            owner_limit: None,
            terms: Terms::default(),
            once: None,
        }
    }

    /// An organization of this name, owned by the account.
    pub async fn create(&self, owner: &Account, name: &str) -> Result<OrganizationView> {
        self.organizations
            .create(owner.caller, self.command(name))
            .await
    }

    /// A workspace of this title, made by the account.
    pub async fn found_workspace(
        &self,
        creator: &Account,
        organization: &Organization,
        title: &str,
    ) -> Result<WorkspaceView> {
        let command = CreateWorkspace {
            id: None,
            title: WorkspaceTitle::from_stored(title.to_owned()),
            description: None,
            icon: None,
            icon_color: None,
            once: None,
        };
        let id = organization.id;
        self.workspaces.create(creator.caller, id, command).await
    }

    /// Makes the account a member of the organization, if it has a seat.
    pub async fn join(
        &self,
        organization: &Organization,
        account: &Account,
        roles: &[Role],
    ) -> Result<Membership> {
        let now = self.now();
        let membership = Membership {
            id: MembershipId::new(self.ids.next(now)),
            organization_id: organization.id,
            user_id: account.user.id,
            roles: Roles::of(roles),
            custom_roles: Vec::new(),
            version: Version::FIRST,
            created_at: now,
            updated_at: now,
        };
        let (written, user) = (membership.clone(), account.user.clone());
        self.store
            .write(move |tx| admit(tx, &Author::SYSTEM, now, &written, &user))
            .await?;
        Ok(membership)
    }

    /// Gives the organization so many seats; 0: any number.
    pub async fn set_seats(&self, organization: &Organization, seats: u32) -> Result<()> {
        let id = organization.id;
        self.store
            .write(move |tx| {
                tx.organizations().lock(id)?;
                let mut plan = tx.plans().find(id)?.unwrap_or_default();
                plan.members = Quota(seats);
                tx.plans().set(id, &plan)
            })
            .await
    }

    /// The secret of this invitation, if it was sent last and nothing was random since: only its
    /// digest is in the store, and what reads the outbox takes it away.
    #[must_use]
    pub fn invitation_secret(&self, id: InvitationId) -> Secret {
        Secret::invitation(id, &self.random.last())
    }

    /// The organization as it is in the store, live or deleted.
    pub async fn look(&self, organization: &Organization) -> Result<OrganizationView> {
        let id = organization.id;
        self.store
            .read_one(move |tx| {
                let found = tx.organizations().find(id)?;
                found.ok_or_else(|| Error::storage("the organization is gone"))
            })
            .await
    }
}
