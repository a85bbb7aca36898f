//! Domains of organizations: the driving port with its commands, here, and the use cases behind
//! it.

mod changing;
mod enrolling;
mod service;
mod suitable;
mod verifying;

use async_trait::async_trait;

use crate::access::Caller;
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::domain::{Enrollment, OrganizationDomain};
use crate::error::Kind;
use crate::id::{DomainId, OrganizationId};
use crate::idempotency::Once;
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::port::Tx;
use crate::time::Timestamp;
use crate::value::DomainName;
use crate::{Error, Refusal, Result};

pub use enrolling::{Newcomer, enroll, hold_with_house};
pub use service::DomainService;
pub use suitable::PUBLIC_PROVIDERS;

/// How many domains an organization may have.
pub const DOMAINS_PER_ORGANIZATION: u32 = 10;

/// A page of domains.
pub type DomainPage = Page<OrganizationDomain, DomainId>;

/// What a new domain shall be.
#[derive(Clone, Debug)]
pub struct AddDomain {
    /// The domain.
    pub name: DomainName,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// What shall change in a domain.
#[derive(Clone, Copy, Debug, Default)]
pub struct UpdateDomain {
    /// Whether it stands for the organization, in place of the one that did.
    pub primary: Option<bool>,
    /// Who gets in by an address of the domain, from now on.
    pub enrollment: Option<Enrollment>,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
}

/// The domains that an organization says are its own. Several may say so of one domain; only who
/// controls its DNS can verify it, and nothing follows from it before (keycloak #36509).
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Domains: Send + Sync {
    /// Adds a domain, with a challenge for its DNS.
    async fn add(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: AddDomain,
    ) -> Result<OrganizationDomain>;

    /// The domains, in the order of their adding.
    async fn list(
        &self,
        caller: Caller,
        organization: OrganizationId,
        window: Window<DomainId>,
    ) -> Result<DomainPage>;

    /// One domain.
    async fn get(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: DomainId,
    ) -> Result<OrganizationDomain>;

    /// Looks for the challenge in the DNS, and verifies the domain when it is there.
    async fn verify(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: DomainId,
    ) -> Result<OrganizationDomain>;

    /// Changes what a verified domain is used for.
    async fn update(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: DomainId,
        command: UpdateDomain,
    ) -> Result<OrganizationDomain>;

    /// Removes a domain. Who got in by it stays.
    async fn remove(
        &self,
        caller: Caller,
        organization: OrganizationId,
        id: DomainId,
        seen: Option<Version>,
    ) -> Result<()>;
}

fn find(tx: &mut dyn Tx, organization: OrganizationId, id: DomainId) -> Result<OrganizationDomain> {
    let found = tx.domains().find(organization, id)?;
    found.ok_or(Error::NotFound(Kind::Domain))
}

fn write(tx: &mut dyn Tx, domain: &OrganizationDomain, before: Version) -> Result<()> {
    if tx.domains().update(domain, before)? {
        Ok(())
    } else {
        Err(Refusal::VersionMismatch.into())
    }
}

/// Records what happened to a domain.
fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    domain: &OrganizationDomain,
    act: Act,
    changes: Vec<Change>,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::Organization(domain.organization_id),
        act,
        target: Target::Domain(domain.id),
        changes,
    };
    audit::record(tx, author, now, &deed)
}
