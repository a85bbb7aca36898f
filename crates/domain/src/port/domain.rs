use crate::Result;
use crate::domain::OrganizationDomain;
use crate::id::{DomainId, OrganizationId};
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::value::DomainName;

/// Keeps the domains of organizations.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait DomainRepo {
    /// Adds a domain; `false` when the organization has it already.
    fn add(&mut self, domain: &OrganizationDomain) -> Result<bool>;

    /// A domain of an organization.
    fn find(
        &mut self,
        organization: OrganizationId,
        id: DomainId,
    ) -> Result<Option<OrganizationDomain>>;

    /// The verified domain of this name, of whichever live organization.
    fn find_verified(&mut self, name: &DomainName) -> Result<Option<OrganizationDomain>>;

    /// The domains of an organization, by id.
    fn list(
        &mut self,
        organization: OrganizationId,
        window: &Window<DomainId>,
    ) -> Result<Page<OrganizationDomain, DomainId>>;

    /// How many domains an organization has.
    fn count(&mut self, organization: OrganizationId) -> Result<u32>;

    /// Writes all fields of a domain whose version in the store is `seen`; `false` when it is
    /// another. [`crate::Refusal::DomainTaken`] when it is verified, and so is another of that
    /// name. At most one domain of an organization may be primary: clear the other one first.
    fn update(&mut self, domain: &OrganizationDomain, seen: Version) -> Result<bool>;

    /// Removes a domain; `false` when there is no such domain.
    fn remove(&mut self, organization: OrganizationId, id: DomainId) -> Result<bool>;

    /// Makes all domains of an organization unverified and none primary, so that others can verify
    /// them.
    fn release_all(&mut self, organization: OrganizationId) -> Result<()>;
}
