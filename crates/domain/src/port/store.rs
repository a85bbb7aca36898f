use std::any::Any;

use async_trait::async_trait;

use super::{
    AccessRepo, AuditRepo, DomainRepo, InstallationRepo, InvitationRepo, MembershipRepo,
    OAuthClientRepo, OAuthDeviceRepo, OAuthGrantRepo, OrganizationRepo, OutboxRepo, PasswordRepo,
    PasswordResetRepo, PlanRepo, PreferencesRepo, RequestRepo, RoleRepo, TokenRepo, UserRepo,
    VerificationRepo, WebhookRepo, WorkspaceRepo,
};
use crate::{Error, Result};

/// One open transaction: the way to the repositories. Everything done through it is committed
/// together when the use case answers `Ok`, and undone together when it answers `Err`.
pub trait Tx {
    /// Credentials with all that a request needs to know about its caller.
    fn access(&mut self) -> &mut dyn AccessRepo;
    /// Organizations.
    fn organizations(&mut self) -> &mut dyn OrganizationRepo;
    /// Memberships.
    fn memberships(&mut self) -> &mut dyn MembershipRepo;
    /// Users.
    fn users(&mut self) -> &mut dyn UserRepo;
    /// Verifications of addresses.
    fn verifications(&mut self) -> &mut dyn VerificationRepo;
    /// Passwords.
    fn passwords(&mut self) -> &mut dyn PasswordRepo;
    /// Ways to a new password.
    fn password_resets(&mut self) -> &mut dyn PasswordResetRepo;
    /// Personal access tokens and keys of service accounts.
    fn tokens(&mut self) -> &mut dyn TokenRepo;
    /// OAuth clients and their secrets.
    fn oauth_clients(&mut self) -> &mut dyn OAuthClientRepo;
    /// What users have allowed OAuth clients.
    fn oauth_grants(&mut self) -> &mut dyn OAuthGrantRepo;
    /// What devices wait for.
    fn oauth_devices(&mut self) -> &mut dyn OAuthDeviceRepo;
    /// The roles that organizations make for themselves.
    fn roles(&mut self) -> &mut dyn RoleRepo;
    /// Invitations.
    fn invitations(&mut self) -> &mut dyn InvitationRepo;
    /// Workspaces and who belongs to them.
    fn workspaces(&mut self) -> &mut dyn WorkspaceRepo;
    /// Preferences of organizations and workspaces.
    fn preferences(&mut self) -> &mut dyn PreferencesRepo;
    /// Subscriptions and quotas.
    fn plans(&mut self) -> &mut dyn PlanRepo;
    /// Domains of organizations.
    fn domains(&mut self) -> &mut dyn DomainRepo;
    /// The audit log.
    fn audit(&mut self) -> &mut dyn AuditRepo;
    /// Requests that shall have their effect only once.
    fn requests(&mut self) -> &mut dyn RequestRepo;
    /// What waits to be sent.
    fn outbox(&mut self) -> &mut dyn OutboxRepo;
    /// Webhook endpoints.
    fn webhooks(&mut self) -> &mut dyn WebhookRepo;
    /// What all replicas share.
    fn installation(&mut self) -> &mut dyn InstallationRepo;
}

/// What a use case wants of its transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// One repository call that reads: it needs no snapshot, which saves PostgreSQL three round
    /// trips. Doubles refuse a second call.
    ReadOne,
    /// Several calls that read one snapshot.
    Read,
    /// Calls that write.
    Write,
}

/// What travels back from a use case through the object-safe door.
pub type Output = Box<dyn Any + Send>;

/// A use case with its input. It may be run again after a serialization failure or a lost
/// connection, so it must not change anything but the transaction.
pub type Work = Box<dyn FnMut(&mut dyn Tx) -> Result<Output> + Send>;

/// Runs use cases, each in a transaction of its own. The only asynchronous port.
#[async_trait]
pub trait Store: Send + Sync {
    /// Runs `work` in one transaction: commits and answers its output when it is `Ok`, rolls back
    /// when it is `Err` or panics. Answers `Ok` only after the commit is durable.
    async fn run(&self, access: Access, work: Work) -> Result<Output>;
}

impl dyn Store + '_ {
    /// Runs a use case that makes one reading repository call.
    pub async fn read_one<T, F>(&self, work: F) -> Result<T>
    where
        F: FnMut(&mut dyn Tx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.typed(Access::ReadOne, work).await
    }

    /// Runs a use case that reads.
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        F: FnMut(&mut dyn Tx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.typed(Access::Read, work).await
    }

    /// Runs a use case that writes.
    pub async fn write<T, F>(&self, work: F) -> Result<T>
    where
        F: FnMut(&mut dyn Tx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        self.typed(Access::Write, work).await
    }

    async fn typed<T, F>(&self, access: Access, mut work: F) -> Result<T>
    where
        F: FnMut(&mut dyn Tx) -> Result<T> + Send + 'static,
        T: Send + 'static,
    {
        let work: Work = Box::new(move |tx| Ok(Box::new(work(tx)?)));
        match self.run(access, work).await?.downcast::<T>() {
            Ok(output) => Ok(*output),
            Err(_) => Err(Error::storage(
                "the store answered another use case's output",
            )),
        }
    }
}
