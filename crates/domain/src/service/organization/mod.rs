//! Organizations: the driving port with its commands, here, and the use cases behind it.

mod changing;
mod founding;
mod service;
mod viewing;

use async_trait::async_trait;

use crate::Refusal;
use crate::Result;
use crate::access::Caller;
use crate::filter::{Filter, TextTest};
use crate::id::{OrganizationId, UserId};
use crate::idempotency::Once;
use crate::organization::{Organization, OrganizationView, Owner, Patch, Version};
use crate::page::{Page, Window};
use crate::port::Tx;
use crate::subscription::Quota;
use crate::time::Span;
use crate::user::User;
use crate::value::{Description, Logo, OrganizationName, Slug};

pub use changing::{Heir, close, hand_over};
pub use founding::{FoundingIds, found};
pub use service::OrganizationService;

/// How many organizations one user may own; `None`: as many as they like. Each dialect has its own
/// setting.
pub type OwnerLimit = Option<u32>;

/// A page of organizations.
pub type OrganizationPage = Page<OrganizationView, OrganizationId>;

/// What a new organization shall be.
#[derive(Clone, Debug)]
pub struct CreateOrganization {
    /// An id chosen by the caller; otherwise one is made.
    pub id: Option<OrganizationId>,
    /// Its name.
    pub name: OrganizationName,
    /// Its slug; otherwise one is made from the name.
    pub slug: Option<Slug>,
    /// What it is about.
    pub description: Option<Description>,
    /// Its logo.
    pub logo: Option<Logo>,
    /// How many organizations the caller may own with this one.
    pub owner_limit: OwnerLimit,
    /// What it may use at the beginning.
    pub terms: Terms,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// What a new organization may use. The operator decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long its trial is, if its owner has had none; `None`: there are no trials.
    pub trial: Option<Span>,
    /// How many members it may have.
    pub members: Quota,
    /// How many workspaces it may have.
    pub workspaces: Quota,
}

/// What shall change in an organization.
#[derive(Clone, Debug, Default)]
pub struct UpdateOrganization {
    /// The new name, if any.
    pub name: Option<OrganizationName>,
    /// The new slug, if any.
    pub slug: Option<Slug>,
    /// What happens to the description.
    pub description: Patch<Description>,
    /// What happens to the logo.
    pub logo: Patch<Logo>,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
}

/// Everything one can do with organizations. Every method authenticates the caller first.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Organizations: Send + Sync {
    /// Founds an organization that the caller owns, as its first member and admin.
    async fn create(&self, caller: Caller, command: CreateOrganization)
    -> Result<OrganizationView>;

    /// A live organization.
    async fn get(&self, caller: Caller, id: OrganizationId) -> Result<OrganizationView>;

    /// The live organizations that the caller belongs to.
    async fn list_mine(
        &self,
        caller: Caller,
        filter: Filter<TextTest>,
        window: Window<OrganizationId>,
    ) -> Result<OrganizationPage>;

    /// All live organizations, for superusers.
    async fn list_all(
        &self,
        caller: Caller,
        filter: Filter<TextTest>,
        window: Window<OrganizationId>,
    ) -> Result<OrganizationPage>;

    /// Changes an organization.
    async fn update(
        &self,
        caller: Caller,
        id: OrganizationId,
        command: UpdateOrganization,
    ) -> Result<OrganizationView>;

    /// Hands an organization over. The new owner becomes an admin, the old one stays one.
    async fn transfer(
        &self,
        caller: Caller,
        id: OrganizationId,
        new_owner: UserId,
        seen: Option<Version>,
        owner_limit: OwnerLimit,
    ) -> Result<OrganizationView>;

    /// Deletes an organization: it is invisible at once and its slug is free. It can be restored
    /// for [`crate::organization::RESTORE_WINDOW`].
    async fn delete(&self, caller: Caller, id: OrganizationId, seen: Option<Version>)
    -> Result<()>;

    /// Restores a deleted organization. It gets a numbered slug if its own is taken by now.
    async fn restore(
        &self,
        caller: Caller,
        id: OrganizationId,
        owner_limit: OwnerLimit,
    ) -> Result<OrganizationView>;
}

fn write(tx: &mut dyn Tx, organization: &Organization, before: Version) -> Result<()> {
    if tx.organizations().update(organization, before)? {
        Ok(())
    } else {
        Err(Refusal::VersionMismatch.into())
    }
}

/// Refuses one organization more than the owner may have. The owner's row must be locked.
fn check_owner_limit(tx: &mut dyn Tx, owner: UserId, limit: OwnerLimit) -> Result<()> {
    match limit {
        Some(limit) if tx.organizations().count_owned(owner, limit)? >= limit => {
            Err(Refusal::OrganizationLimit { limit }.into())
        }
        _ => Ok(()),
    }
}

impl From<&User> for Owner {
    fn from(user: &User) -> Self {
        Self {
            id: user.id,
            display_name: user.display_name.clone(),
            email: user.email.clone(),
        }
    }
}
