//! Memberships: the driving port with its commands, here, and the use cases behind it.

mod admitting;
mod changing;
mod reading;
mod service;

use async_trait::async_trait;

use crate::Result;
use crate::access::Caller;
use crate::filter::Filter;
use crate::id::{OrganizationId, UserId};
use crate::idempotency::Once;
use crate::membership::{MemberCondition, MemberKey, MemberOrder, MemberView, Membership};
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::role::Role;
use crate::value::Email;

pub use admitting::admit;
pub(in crate::service) use admitting::{close_invitation, membership_of_owner, seat};
pub use service::MembershipService;

/// A page of members.
pub type MemberPage = Page<MemberView, MemberKey>;

/// Which user is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The one with this id.
    User(UserId),
    /// The one with this address, whatever its spelling.
    Email(Email),
}

/// Who shall become a member without an invitation, and as what.
#[derive(Clone, Debug)]
pub struct AddMember {
    /// Who.
    pub who: Who,
    /// The public keys of roles in the organization; none: a plain member.
    pub roles: Vec<String>,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// Who belongs to an organization.
///
/// Nobody gives a role that permits what they may not do themselves, nobody changes or removes a
/// member who may do more than they, and the owner stays a member and an admin.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Memberships: Send + Sync {
    /// The members of an organization who pass the filter, in this order.
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        filter: Filter<MemberCondition>,
        order: MemberOrder,
        window: Window<MemberKey>,
    ) -> Result<MemberPage>;

    /// One member of an organization.
    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        user: UserId,
    ) -> Result<MemberView>;

    /// Takes an existing user in.
    async fn add(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: AddMember,
    ) -> Result<MemberView>;

    /// Gives a member these roles in the organization, at least one, instead of those that they
    /// have. What they have in workspaces stays.
    async fn set_roles(
        &self,
        caller: Caller,
        organization: OrganizationId,
        user: UserId,
        roles: Vec<String>,
        seen: Option<Version>,
    ) -> Result<MemberView>;

    /// Gives a member one role more, by its public key.
    async fn grant(
        &self,
        caller: Caller,
        organization: OrganizationId,
        user: UserId,
        role: String,
    ) -> Result<MemberView>;

    /// Takes one role from a member, by its public key. The last one cannot be taken.
    async fn withdraw(
        &self,
        caller: Caller,
        organization: OrganizationId,
        user: UserId,
        role: String,
    ) -> Result<MemberView>;

    /// Removes a member, with everything that the membership gave them: their next request fails.
    async fn remove(
        &self,
        caller: Caller,
        organization: OrganizationId,
        user: UserId,
        seen: Option<Version>,
    ) -> Result<()>;

    /// Ends the caller's own membership.
    async fn leave(&self, caller: Caller, organization: OrganizationId) -> Result<()>;
}

/// All roles of a member by their public keys, with spaces in between, for the audit log.
#[must_use]
pub fn role_keys(membership: &Membership) -> String {
    keys(membership).join(" ")
}

/// All roles of a member by their public keys.
fn keys(membership: &Membership) -> Vec<&str> {
    let mut keys: Vec<&str> = membership.roles.iter().map(Role::public_key).collect();
    keys.extend(membership.custom_roles.iter().map(|role| role.key.as_str()));
    keys
}
