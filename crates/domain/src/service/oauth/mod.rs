//! The authorization server: the driving ports with their commands, here, and the use cases behind
//! them. [`OAuthClients`] administers clients, [`Authorization`] runs the protocol.
//!
//! Locks are taken in the order organization, user, client, grant, device: whoever issues something
//! of a grant has its row, and whoever ends grants ends them before the tokens under them, so that
//! nothing is issued that escapes.

mod asking;
mod authenticating;
mod client_service;
pub(super) mod clients;
mod device;
mod ending;
mod grants;
mod inspecting;
mod issuing;
mod keys;
mod messages;
pub(super) mod office;
mod polling;
mod reading;
mod redeeming;
mod service;

use async_trait::async_trait;

use crate::Result;
use crate::access::{Caller, Origin};
use crate::id::{ClientId, GrantId, OrganizationId, UserId};
use crate::oauth::{Answer, SigningKey};
use crate::organization::Version;
use crate::page::Window;

pub use client_service::OAuthClientService;
pub use clients::CLIENTS_EACH;
pub use messages::{
    Audience, AuthorizationRequest, Authorized, ClientPage, ClientView, CreateClient, GrantPage,
    GrantView, Introspection, IssuedClient, IssuedDevice, IssuedTokens, Presented, Question,
    RotateSecret, TokenRequest, UserInfo,
};
pub use service::AuthorizationService;

/// The clients of an organization, or (`None`) of the installation.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait OAuthClients: Send + Sync {
    /// Makes a client, with a secret if it is confidential, and with a service account if it may act
    /// by itself.
    async fn create(
        &self,
        caller: Caller,
        organization: Option<OrganizationId>,
        command: CreateClient,
    ) -> Result<IssuedClient>;

    /// One client.
    async fn get(
        &self,
        caller: Caller,
        organization: Option<OrganizationId>,
        id: ClientId,
    ) -> Result<ClientView>;

    /// The clients, in the order of their making.
    async fn list(
        &self,
        caller: Caller,
        organization: Option<OrganizationId>,
        window: Window<ClientId>,
    ) -> Result<ClientPage>;

    /// Gives a client a new secret. The newest of the others works on for a while.
    async fn rotate_secret(
        &self,
        caller: Caller,
        organization: Option<OrganizationId>,
        id: ClientId,
        command: RotateSecret,
    ) -> Result<IssuedClient>;

    /// Deletes a client, with its service account, and ends all that it was allowed.
    async fn delete(
        &self,
        caller: Caller,
        organization: Option<OrganizationId>,
        id: ClientId,
        seen: Option<Version>,
    ) -> Result<()>;
}

/// The protocol.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Authorization: Send + Sync {
    /// What is to be done about an authorization request, or about the person's answer to it.
    async fn authorize(
        &self,
        caller: Caller,
        request: AuthorizationRequest,
        allowed: Option<bool>,
    ) -> Result<Authorized>;

    /// Issues tokens.
    async fn token(
        &self,
        origin: Origin,
        client: Presented,
        request: TokenRequest,
    ) -> Result<Answer<IssuedTokens>>;

    /// Begins to wait for a user, for a device. How often is limited for each client's address.
    async fn authorize_device(
        &self,
        origin: Origin,
        client: Presented,
        scope: Option<String>,
        audience: Audience,
    ) -> Result<Answer<IssuedDevice>>;

    /// What a device waits for, for the person who types its user code; `None`: there is no such
    /// code. Guesses are counted.
    async fn open_device(&self, caller: Caller, user_code: String) -> Result<Option<Question>>;

    /// The person's answer; `false`: there is no such code.
    async fn answer_device(&self, caller: Caller, user_code: String, allow: bool) -> Result<bool>;

    /// Revokes a refresh token with all of its grant, or an access token (RFC 7009).
    async fn revoke(&self, origin: Origin, client: Presented, token: String) -> Result<Answer<()>>;

    /// What is told of a token to a client; `None`: it does not work, or is not this client's
    /// business (RFC 7662).
    async fn introspect(
        &self,
        client: Presented,
        token: String,
    ) -> Result<Answer<Option<Introspection>>>;

    /// Who the user of an access token is (`OpenID` Connect Core §5.3).
    async fn user_info(&self, caller: Caller) -> Result<UserInfo>;

    /// The keys that verify ID tokens; one is made if there is none.
    async fn keys(&self) -> Result<Vec<SigningKey>>;

    /// What the caller has allowed clients, in that order.
    async fn list_grants(&self, caller: Caller, window: Window<GrantId>) -> Result<GrantPage>;

    /// Ends what the caller has allowed a client, however often: with this grant all that are to the
    /// same client for the same organization.
    async fn revoke_grant(&self, caller: Caller, id: GrantId) -> Result<()>;
}

/// Goes on with what a request of the protocol came to, or answers its error.
macro_rules! granted {
    ($answer:expr) => {
        match $answer {
            Ok(value) => value,
            Err(problem) => return Ok(Err(problem)),
        }
    };
}
use granted;

/// Who made a client's secret, if it was a user.
fn maker(author: &crate::audit::Author) -> Option<UserId> {
    author.actor.user()
}
