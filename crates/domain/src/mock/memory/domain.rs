use super::MemoryTx;
use super::state::{State, cut, duplicate, number};
use crate::domain::OrganizationDomain;
use crate::id::{DomainId, OrganizationId};
use crate::organization::{Organization, Version};
use crate::page::{Page, Window};
use crate::port::DomainRepo;
use crate::value::DomainName;
use crate::{Refusal, Result};

impl DomainRepo for MemoryTx {
    fn add(&mut self, domain: &OrganizationDomain) -> Result<bool> {
        let state = self.writing()?;
        let organization = domain.organization_id;
        state.organization(organization)?;
        if of(state, organization).any(|other| other.name == domain.name) {
            return Ok(false);
        }
        if is_verified_elsewhere(state, domain) {
            return Err(duplicate("the verified domain"));
        }
        check_primary(state, domain)?;
        let id = (organization, domain.id);
        match state.domains.insert(id, domain.clone()) {
            Some(_) => Err(duplicate("the domain")),
            None => Ok(true),
        }
    }

    fn find(
        &mut self,
        organization: OrganizationId,
        id: DomainId,
    ) -> Result<Option<OrganizationDomain>> {
        Ok(self.reading()?.domains.get(&(organization, id)).cloned())
    }

    fn find_verified(&mut self, name: &DomainName) -> Result<Option<OrganizationDomain>> {
        let state = self.reading()?;
        let is_it = |domain: &&OrganizationDomain| {
            let organization = state.organizations.get(&domain.organization_id);
            let live = organization.is_some_and(Organization::is_live);
            live && domain.verified_at.is_some() && domain.name == *name
        };
        Ok(state.domains.values().find(is_it).cloned())
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        window: &Window<DomainId>,
    ) -> Result<Page<OrganizationDomain, DomainId>> {
        let rows = of(self.reading()?, organization).cloned().collect();
        Ok(cut(rows, window, |domain| domain.id))
    }

    fn count(&mut self, organization: OrganizationId) -> Result<u32> {
        Ok(number(of(self.reading()?, organization)))
    }

    fn update(&mut self, domain: &OrganizationDomain, seen: Version) -> Result<bool> {
        let state = self.writing()?;
        let id = (domain.organization_id, domain.id);
        let kept = state.domains.get(&id);
        if kept.is_none_or(|kept| kept.version != seen) {
            return Ok(false);
        }
        if is_verified_elsewhere(state, domain) {
            return Err(Refusal::DomainTaken.into());
        }
        check_primary(state, domain)?;
        state.domains.insert(id, domain.clone());
        Ok(true)
    }

    fn remove(&mut self, organization: OrganizationId, id: DomainId) -> Result<bool> {
        let domains = &mut self.writing()?.domains;
        Ok(domains.remove(&(organization, id)).is_some())
    }

    fn release_all(&mut self, organization: OrganizationId) -> Result<()> {
        let domains = self.writing()?.domains.values_mut();
        for domain in domains.filter(|domain| domain.organization_id == organization) {
            if domain.verified_at.take().is_some() || domain.primary {
                domain.primary = false;
                domain.version = domain.version.next();
            }
        }
        Ok(())
    }
}

/// The domains of an organization, by id.
fn of(state: &State, organization: OrganizationId) -> impl Iterator<Item = &OrganizationDomain> {
    let all = state.domains.values();
    all.filter(move |domain| domain.organization_id == organization)
}

/// Whether this domain is verified and so is another one of the same name.
fn is_verified_elsewhere(state: &State, domain: &OrganizationDomain) -> bool {
    let is_other = |other: &OrganizationDomain| {
        (other.organization_id, other.id) != (domain.organization_id, domain.id)
            && other.verified_at.is_some()
            && other.name == domain.name
    };
    domain.verified_at.is_some() && state.domains.values().any(is_other)
}

/// The unique index of primary domains.
fn check_primary(state: &State, domain: &OrganizationDomain) -> Result<()> {
    let mut others = of(state, domain.organization_id).filter(|other| other.id != domain.id);
    if domain.primary && others.any(|other| other.primary) {
        return Err(duplicate("a primary domain"));
    }
    Ok(())
}
