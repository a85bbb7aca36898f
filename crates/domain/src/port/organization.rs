use crate::Result;
use crate::filter::{Filter, TextTest};
use crate::id::{OrganizationId, UserId};
use crate::organization::{Age, Organization, OrganizationTest, OrganizationView, Version};
use crate::page::{Page, Window};
use crate::subscription::Plan;
use crate::value::{OrganizationName, Slug};

/// Keeps organizations.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait OrganizationRepo {
    /// Adds an organization with the plan that it begins with; `false` when its id, or its slug among
    /// live organizations, is taken.
    fn add(&mut self, organization: &Organization, plan: &Plan) -> Result<bool>;

    /// An organization with its owner, live or deleted.
    fn find(&mut self, id: OrganizationId) -> Result<Option<OrganizationView>>;

    /// An organization, live or deleted, with its row locked until the end of the transaction.
    /// Rules that count or compare rows below an organization start with this.
    fn lock(&mut self, id: OrganizationId) -> Result<Option<Organization>>;

    /// [`Self::lock`] for those who read the organization afterwards anyway; nothing happens when
    /// there is none with this id.
    fn hold(&mut self, id: OrganizationId) -> Result<()>;

    /// Writes all fields of an organization whose version in the store is `seen`; `false` when it
    /// is another. [`crate::Refusal::SlugTaken`] when another live organization has the slug.
    fn update(&mut self, organization: &Organization, seen: Version) -> Result<bool>;

    /// Whether a live organization has this slug.
    fn slug_is_taken(&mut self, slug: &Slug) -> Result<bool>;

    /// Keeps all others that call this with the same name, whatever its spelling, waiting until the
    /// end of the transaction. A rule about who bears a name starts with this; it is the last lock
    /// that a use case takes.
    fn hold_name(&mut self, name: &OrganizationName) -> Result<()>;

    /// The live organizations that bear this name, whatever its spelling, by id, at most `at_most`.
    fn bearers(&mut self, name: &OrganizationName, at_most: u32) -> Result<Vec<OrganizationId>>;

    /// How many live organizations a user owns, counted up to `at_most`. Lock the user first if a
    /// rule depends on it.
    fn count_owned(&mut self, owner: UserId, at_most: u32) -> Result<u32>;

    /// The live organizations that a user belongs to, by id, which is the order of creation
    /// unless a caller chose the id. The filter tests the folded name.
    fn list_of_member(
        &mut self,
        user: UserId,
        filter: &Filter<TextTest>,
        window: &Window<OrganizationId>,
    ) -> Result<Page<OrganizationView, OrganizationId>>;

    /// All live organizations, in the same order.
    fn list_all(
        &mut self,
        filter: &Filter<TextTest>,
        window: &Window<OrganizationId>,
    ) -> Result<Page<OrganizationView, OrganizationId>>;

    /// The live organizations that `member` belongs to, all of them without a member, the oldest
    /// first.
    fn list_by_age(
        &mut self,
        member: Option<UserId>,
        filter: &Filter<OrganizationTest>,
        window: &Window<Age>,
    ) -> Result<Page<OrganizationView, Age>>;
}
