//! What the operator of an installation does from its command line, with no caller to check: who
//! can run the program can read its database.

use async_trait::async_trait;

use super::Core;
use super::oauth::{ClientPage, CreateClient, IssuedClient, clients, office};
use super::password::{Fresh, GivenReset, give};
use super::token::{IssueToken, IssuedToken, Mint, issue};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::id::{ClientId, OrganizationId, UserId};
use crate::organization::Version;
use crate::page::Window;
use crate::port::Tx;
use crate::time::Timestamp;
use crate::user::{User, UserKind};
use crate::value::{DisplayName, Email, TokenName};
use crate::{Error, Refusal, Result};

/// What a new user shall be.
#[derive(Clone, Debug)]
pub struct CreateUser {
    /// Person or service account.
    pub kind: UserKind,
    /// The user's address.
    pub email: Email,
    /// What to call the user.
    pub display_name: DisplayName,
    /// Whether the user operates the platform.
    pub superuser: bool,
}

/// The operator's doings. Never reachable over HTTP.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Operator: Send + Sync {
    /// Makes a user.
    async fn create_user(&self, command: CreateUser) -> Result<User>;

    /// Issues a token to the user with this address.
    async fn issue_token(&self, email: Email, command: IssueToken) -> Result<IssuedToken>;

    /// Makes a way to a new password for the person with this address, to be handed on to them.
    /// Whoever uses it is taken to have the address: the operator vouches for that.
    async fn reset_password(&self, email: Email) -> Result<GivenReset>;

    /// Makes the first user, with a token, if there is no user at all; otherwise does nothing and
    /// answers `None`.
    async fn bootstrap(
        &self,
        first: CreateUser,
        token_name: TokenName,
    ) -> Result<Option<(User, IssuedToken)>>;

    /// Makes an OAuth client of an organization, or (`None`) of the installation.
    async fn create_client(
        &self,
        organization: Option<OrganizationId>,
        command: CreateClient,
    ) -> Result<IssuedClient>;

    /// The OAuth clients of an organization, or (`None`) of the installation.
    async fn list_clients(
        &self,
        organization: Option<OrganizationId>,
        window: Window<ClientId>,
    ) -> Result<ClientPage>;

    /// Gives an OAuth client, whosever it is, a new secret.
    async fn rotate_client_secret(&self, id: ClientId, end_others: bool) -> Result<IssuedClient>;

    /// Deletes an OAuth client, whosever it is.
    async fn delete_client(&self, id: ClientId) -> Result<()>;

    /// The key with which page tokens are authenticated, the same for all replicas and across
    /// restarts; made on the first call.
    async fn page_token_key(&self) -> Result<[u8; 32]>;
}

/// The real [`Operator`].
#[derive(Clone)]
pub struct OperatorService {
    core: Core,
}

impl OperatorService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Operator for OperatorService {
    async fn create_user(&self, command: CreateUser) -> Result<User> {
        let user = self.user(command, self.core.now());
        self.core
            .store
            .write(move |tx| add(tx, &Author::SYSTEM, &user))
            .await
    }

    async fn issue_token(&self, email: Email, command: IssueToken) -> Result<IssuedToken> {
        let now = self.core.now();
        let mint = Mint::new(&self.core, now);
        let work = move |tx: &mut dyn Tx| {
            let found = tx
                .users()
                .find_by_email(&email)?
                .ok_or(Error::NotFound(Kind::User))?;
            let user = tx
                .users()
                .lock(found.id)?
                .ok_or(Error::NotFound(Kind::User))?;
            issue(tx, &Author::SYSTEM, now, &mint, user.id, &command)
        };
        self.core.store.write(work).await
    }

    async fn reset_password(&self, email: Email) -> Result<GivenReset> {
        self.core.passwords()?;
        let now = self.core.now();
        let fresh = Fresh::new(&self.core, now);
        let work = move |tx: &mut dyn Tx| give(tx, now, &fresh, &email);
        self.core.store.write(work).await
    }

    async fn bootstrap(
        &self,
        first: CreateUser,
        token_name: TokenName,
    ) -> Result<Option<(User, IssuedToken)>> {
        let now = self.core.now();
        let user = self.user(first, now);
        let mint = Mint::new(&self.core, now);
        let command = IssueToken {
            name: token_name,
            expires_at: None,
            organization_id: None,
            once: None,
        };
        let work = move |tx: &mut dyn Tx| {
            // Two programs may start at once on one empty database: the second one's user is
            // refused for its address.
            if tx.users().any()? || !tx.users().add(&user)? {
                return Ok(None);
            }
            note_created(tx, &Author::SYSTEM, &user)?;
            let issued = issue(tx, &Author::SYSTEM, now, &mint, user.id, &command)?;
            Ok(Some((user.clone(), issued)))
        };
        self.core.store.write(work).await
    }

    async fn create_client(
        &self,
        organization: Option<OrganizationId>,
        command: CreateClient,
    ) -> Result<IssuedClient> {
        let now = self.core.now();
        let fresh = clients::Fresh::new(&self.core, now);
        let work = move |tx: &mut dyn Tx| {
            let office = office::open(tx, organization)?;
            clients::add(tx, &Author::SYSTEM, now, office, &fresh, &command)
        };
        self.core.store.write(work).await
    }

    async fn list_clients(
        &self,
        organization: Option<OrganizationId>,
        window: Window<ClientId>,
    ) -> Result<ClientPage> {
        let work = move |tx: &mut dyn Tx| tx.oauth_clients().list(organization, &window);
        self.core.store.read(work).await
    }

    async fn rotate_client_secret(&self, id: ClientId, end_others: bool) -> Result<IssuedClient> {
        let now = self.core.now();
        let fresh = clients::Fresh::new(&self.core, now);
        let work = move |tx: &mut dyn Tx| {
            let office = office_of(tx, id)?;
            clients::turn(tx, &Author::SYSTEM, now, (office, id), &fresh, end_others)
        };
        self.core.store.write(work).await
    }

    async fn delete_client(&self, id: ClientId) -> Result<()> {
        let now = self.core.now();
        let work = move |tx: &mut dyn Tx| {
            let office = office_of(tx, id)?;
            clients::remove(tx, &Author::SYSTEM, now, office, id, None)
        };
        self.core.store.write(work).await
    }

    async fn page_token_key(&self) -> Result<[u8; 32]> {
        let fresh = self.core.random.entropy();
        let work = move |tx: &mut dyn Tx| {
            if tx.installation().add_page_token_key(&fresh)? {
                return Ok(fresh);
            }
            let kept = tx.installation().page_token_key()?;
            kept.ok_or_else(|| Error::storage("the page token key vanished"))
        };
        self.core.store.write(work).await
    }
}

/// Where the operator administers a client.
fn office_of(tx: &mut dyn Tx, id: ClientId) -> Result<office::Office> {
    let found = tx.oauth_clients().find(id)?;
    let client = found.ok_or(Error::NotFound(Kind::OAuthClient))?;
    office::open(tx, client.organization_id)
}

impl OperatorService {
    fn user(&self, command: CreateUser, now: Timestamp) -> User {
        User {
            id: UserId::new(self.core.ids.next(now)),
            kind: command.kind,
            email: command.email,
            display_name: command.display_name,
            superuser: command.superuser,
            active: true,
            // The operator vouches for the address.
            email_verified_at: Some(now),
            organization_id: None,
            trial_started_at: None,
            version: Version::FIRST,
            created_at: now,
            updated_at: now,
            deleted_at: None,
        }
    }
}

/// Adds a user whose address is free.
pub fn add(tx: &mut dyn Tx, author: &Author, user: &User) -> Result<User> {
    if !tx.users().add(user)? {
        return Err(Refusal::EmailTaken.into());
    }
    note_created(tx, author, user)?;
    Ok(user.clone())
}

fn note_created(tx: &mut dyn Tx, author: &Author, user: &User) -> Result<()> {
    let deed = Deed {
        chain: Chain::User(user.id),
        act: Act::UserCreated,
        target: Target::User(user.id),
        changes: vec![
            Change::set("email", user.email.as_str()),
            Change::set("display_name", user.display_name.as_str()),
        ],
    };
    audit::record_first(tx, author, user.created_at, &deed)
}
