use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use rollbook_domain::Result;
use rollbook_domain::domain::{Enrollment, OrganizationDomain};
use rollbook_domain::id::{DomainId, OrganizationId};
use rollbook_domain::organization::Version;
use rollbook_domain::value::DomainName;

use super::unknown;
use crate::schema::organization_domains;
use crate::sql::{Key, Moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = organization_domains)]
pub(crate) struct DomainRow {
    id: Key,
    organization_id: Key,
    name: String,
    challenge: String,
    verified_at: Option<Moment>,
    is_primary: bool,
    enrollment: String,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
}

#[derive(AsChangeset, Insertable)]
#[diesel(table_name = organization_domains, treat_none_as_null = true)]
#[diesel(treat_none_as_default_value = false)]
#[diesel(primary_key(organization_id, id))]
pub(crate) struct NewDomain<'a> {
    id: Key,
    organization_id: Key,
    name: &'a str,
    challenge: &'a str,
    verified_at: Option<Moment>,
    is_primary: bool,
    enrollment: &'static str,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
}

impl<'a> NewDomain<'a> {
    pub(crate) fn of(domain: &'a OrganizationDomain) -> Self {
        Self {
            id: Key(domain.id.uuid()),
            organization_id: Key(domain.organization_id.uuid()),
            name: domain.name.as_str(),
            challenge: &domain.challenge,
            verified_at: domain.verified_at.map(Moment),
            is_primary: domain.primary,
            enrollment: domain.enrollment.key(),
            version: domain.version.number(),
            created_at: Moment(domain.created_at),
            updated_at: Moment(domain.updated_at),
        }
    }
}

impl DomainRow {
    pub(crate) fn into_domain(self) -> Result<OrganizationDomain> {
        let enrollment = Enrollment::from_key(&self.enrollment);
        Ok(OrganizationDomain {
            id: DomainId::new(self.id.0),
            organization_id: OrganizationId::new(self.organization_id.0),
            name: DomainName::from_stored(self.name),
            challenge: self.challenge,
            verified_at: self.verified_at.map(|at| at.0),
            primary: self.is_primary,
            enrollment: enrollment.ok_or_else(|| unknown("mode", &self.enrollment))?,
            version: Version::new(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
        })
    }
}
