//! Organizations: the driving port with its commands, here, and the use cases behind it.

mod changing;
mod founding;
mod naming;
mod service;
mod viewing;

use async_trait::async_trait;

use crate::Refusal;
use crate::Result;
use crate::access::Caller;
use crate::filter::{Filter, TextTest};
use crate::id::{OrganizationId, UserId};
use crate::idempotency::Once;
use crate::organization::{
    Age, Handle, Organization, OrganizationTest, OrganizationView, Owner, Patch, Version,
};
use crate::page::{Page, Window};
use crate::port::Tx;
use crate::subscription::Quota;
use crate::time::Span;
use crate::user::User;
use crate::value::{Description, Links, Logo, OrganizationName, Slug};

pub use changing::{Heir, close, hand_over};
pub use founding::{Founder, FoundingIds, found};
pub use service::OrganizationService;

/// How many organizations one user may own; `None`: as many as they like. Each dialect has its own
/// setting.
pub type OwnerLimit = Option<u32>;

/// A page of organizations.
pub type OrganizationPage = Page<OrganizationView, OrganizationId>;

/// A page of organizations, the oldest first.
pub type AgePage = Page<OrganizationView, Age>;

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
    /// Links that clients show with it.
    pub links: Option<Links>,
    /// Who shall own it, if somebody says so: only the caller can.
    pub owner: Option<UserId>,
    /// Whether its name may repeat.
    pub naming: Naming,
    /// How many organizations the caller may own with this one.
    pub owner_limit: OwnerLimit,
    /// What it may use at the beginning.
    pub terms: Terms,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// Whether the name of an organization may be the name of another one. Each dialect decides for
/// what is made or renamed there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Naming {
    /// It may.
    #[default]
    Repeating,
    /// No other live organization may bear it when it is given, whatever its spelling.
    Unique,
}

/// To whom an organization shall be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Succession {
    /// The user.
    pub owner: UserId,
    /// How many organizations they may own with this one.
    pub owner_limit: OwnerLimit,
}

/// An organization, and how it stands with whoever sells the service, if the caller may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationStatus {
    /// The organization.
    pub view: OrganizationView,
    /// Its subscription; `None` when nobody asked, or the caller may not see it.
    pub subscription: Option<SubscriptionStatus>,
}

/// How a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubscriptionStatus {
    /// Whether the service may be used.
    pub active: bool,
    /// How many whole seconds of the trial are left; `None` when it is not on trial.
    pub trial_seconds_left: Option<u64>,
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
    /// What happens to the links.
    pub links: Patch<Links>,
    /// Whether a new name may repeat.
    pub naming: Naming,
    /// Who shall own it from now on, if that changes. It takes the right to hand it over.
    pub succession: Option<Succession>,
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

    /// A live organization by its id or its name. A name is looked for among what the caller may
    /// see. With the subscription, if that is asked for.
    async fn find(
        &self,
        caller: Caller,
        handle: Handle,
        with_subscription: bool,
    ) -> Result<OrganizationStatus>;

    /// Whether no live organization bears this name.
    async fn name_is_free(&self, caller: Caller, name: OrganizationName) -> Result<bool>;

    /// The live organizations that the caller may see: those they belong to, or all for
    /// superusers. The oldest come first.
    async fn list(
        &self,
        caller: Caller,
        filter: Filter<OrganizationTest>,
        window: Window<Age>,
    ) -> Result<AgePage>;

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
