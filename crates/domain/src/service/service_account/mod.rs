//! Service accounts of an organization, and their keys: the driving port with its commands, here,
//! and the use cases behind it.

mod accounts;
mod keys;
mod service;

use async_trait::async_trait;

use super::token::{IssuedToken, TokenPage};
use crate::Result;
use crate::access::Caller;
use crate::id::{OrganizationId, TokenId, UserId};
use crate::idempotency::Once;
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::role::{AssignedRole, Roles};
use crate::time::Timestamp;
use crate::user::User;
use crate::value::{DisplayName, RoleKey, TokenName};

pub(in crate::service) use accounts::{AccountIds, dismiss, establish};
pub use service::ServiceAccountService;

/// A service account, and what it holds in its organization.
///
/// It is a member like any other and takes a seat, as GitHub's machine users do: a quota of members
/// that robots go round is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its user.
    pub user: User,
    /// The built-in roles; none when it was removed from the members.
    pub roles: Roles,
    /// The organization's own roles.
    pub custom_roles: Vec<AssignedRole>,
}

/// A page of service accounts.
pub type ServiceAccountPage = Page<ServiceAccount, UserId>;

/// Roles in an organization: built-in ones, and its own by their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// The built-in ones. Who gets none is a [`crate::role::Role::Member`].
    pub roles: Roles,
    /// The organization's own.
    pub custom_roles: Vec<RoleKey>,
}

/// What a new service account shall be.
#[derive(Clone, Debug)]
pub struct CreateServiceAccount {
    /// What to call it.
    pub display_name: DisplayName,
    /// What it may.
    pub granted: Granted,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// What shall change in a service account.
#[derive(Clone, Debug, Default)]
pub struct UpdateServiceAccount {
    /// The new display name, if any.
    pub display_name: Option<DisplayName>,
    /// The new roles, all of them, if any.
    pub granted: Option<Granted>,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
}

/// What a new key shall be.
#[derive(Clone, Debug)]
pub struct IssueKey {
    /// What it is called.
    pub name: TokenName,
    /// From when on it does not work; `None`: never ends by itself.
    pub expires_at: Option<Timestamp>,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// The programs of an organization. None of them can be seen, changed or used from another one
/// (vouch PR #317).
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait ServiceAccounts: Send + Sync {
    /// Makes a service account, which becomes a member.
    async fn create(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: CreateServiceAccount,
    ) -> Result<ServiceAccount>;

    /// One service account.
    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: UserId,
    ) -> Result<ServiceAccount>;

    /// The service account of this name, whatever its spelling. Of several, the oldest.
    async fn named(
        &self,
        caller: Caller,
        organization: OrganizationId,
        name: DisplayName,
    ) -> Result<ServiceAccount>;

    /// The service accounts, in the order of their making.
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        window: Window<UserId>,
    ) -> Result<ServiceAccountPage>;

    /// Changes the name or the roles of a service account.
    async fn update(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: UserId,
        command: UpdateServiceAccount,
    ) -> Result<ServiceAccount>;

    /// Deletes a service account and revokes its keys.
    async fn delete(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: UserId,
        seen: Option<Version>,
    ) -> Result<()>;

    /// Issues a key to a service account. It works in this organization only, and permits no more
    /// than the caller may at the time of its use.
    async fn issue_key(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: UserId,
        command: IssueKey,
    ) -> Result<IssuedToken>;

    /// The unrevoked keys of a service account, in the order of issue.
    async fn list_keys(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: UserId,
        window: Window<TokenId>,
    ) -> Result<TokenPage>;

    /// Revokes a key of a service account.
    async fn revoke_key(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: UserId,
        key: TokenId,
    ) -> Result<()>;
}
