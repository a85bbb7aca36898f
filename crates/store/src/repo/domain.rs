use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use rollbook_domain::domain::OrganizationDomain;
use rollbook_domain::id::{DomainId, OrganizationId};
use rollbook_domain::organization::Version;
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::DomainRepo;
use rollbook_domain::value::DomainName;
use rollbook_domain::{Refusal, Result};

use super::start;
use crate::row::{DomainRow, NewDomain};
use crate::schema::{organization_domains as domains, organizations};
use crate::sql::{Key, Moment};
use crate::statement::update;
use crate::tx::{SqlTx, change, each, failed};

macro_rules! domains_of {
    ($organization:expr) => {
        domains::table.filter(domains::organization_id.eq(Key($organization.uuid())))
    };
}

impl DomainRepo for SqlTx<'_> {
    fn add(&mut self, domain: &OrganizationDomain) -> Result<bool> {
        let added = change!(
            self,
            diesel::insert_into(domains::table)
                .values(NewDomain::of(domain))
                .on_conflict((domains::organization_id, domains::name))
                .do_nothing()
        );
        Ok(added.map_err(failed)? == 1)
    }

    fn find(
        &mut self,
        organization: OrganizationId,
        id: DomainId,
    ) -> Result<Option<OrganizationDomain>> {
        let found = each!(self, |connection| domains_of!(organization)
            .filter(domains::id.eq(Key(id.uuid())))
            .select(DomainRow::as_select())
            .first(*connection)
            .optional());
        found
            .map_err(failed)?
            .map(DomainRow::into_domain)
            .transpose()
    }

    fn find_verified(&mut self, name: &DomainName) -> Result<Option<OrganizationDomain>> {
        let found = each!(self, |connection| domains::table
            .inner_join(organizations::table.on(organizations::id.eq(domains::organization_id)))
            .filter(domains::name.eq(name.as_str()))
            .filter(domains::verified_at.is_not_null())
            .filter(organizations::deleted_at.is_null())
            .select(DomainRow::as_select())
            .first(*connection)
            .optional());
        found
            .map_err(failed)?
            .map(DomainRow::into_domain)
            .transpose()
    }

    fn list(
        &mut self,
        organization: OrganizationId,
        window: &Window<DomainId>,
    ) -> Result<Page<OrganizationDomain, DomainId>> {
        let (after, skip) = start(window, DomainId::uuid);
        let rows: Vec<DomainRow> = each!(self, |connection| domains_of!(organization)
            .filter(domains::id.gt(after))
            .order(domains::id)
            .limit(window.fetch())
            .offset(skip)
            .select(DomainRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        let total = if window.count {
            Some(DomainRepo::count(self, organization)?.into())
        } else {
            None
        };
        let items = rows.into_iter().map(DomainRow::into_domain);
        let items = items.collect::<Result<_>>()?;
        Ok(Page::cut(
            items,
            window,
            total,
            |domain: &OrganizationDomain| domain.id,
        ))
    }

    fn count(&mut self, organization: OrganizationId) -> Result<u32> {
        let count: i64 = each!(self, |connection| domains_of!(organization)
            .count()
            .get_result(*connection))
        .map_err(failed)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn update(&mut self, domain: &OrganizationDomain, seen: Version) -> Result<bool> {
        let key = (Key(domain.organization_id.uuid()), Key(domain.id.uuid()));
        let outcome = change!(
            self,
            update(
                domains::table
                    .find(key)
                    .filter(domains::version.eq(seen.number()))
            )
            .set(NewDomain::of(domain))
        );
        match outcome {
            Err(error) if is_verified_twice(&error) => Err(Refusal::DomainTaken.into()),
            outcome => Ok(outcome.map_err(failed)? == 1),
        }
    }

    fn remove(&mut self, organization: OrganizationId, id: DomainId) -> Result<bool> {
        let removed = change!(
            self,
            diesel::delete(domains::table.find((Key(organization.uuid()), Key(id.uuid()))))
        );
        Ok(removed.map_err(failed)? == 1)
    }

    fn release_all(&mut self, organization: OrganizationId) -> Result<()> {
        let released = change!(
            self,
            update(
                domains_of!(organization)
                    .filter(domains::verified_at.is_not_null().or(domains::is_primary))
            )
            .set((
                domains::verified_at.eq(None::<Moment>),
                domains::is_primary.eq(false),
                domains::version.eq(domains::version + 1),
            ))
        );
        released.map(drop).map_err(failed)
    }
}

/// Whether another row has verified the same name. PostgreSQL tells the index, SQLite its columns;
/// the index over the organization's only primary domain has others.
fn is_verified_twice(error: &DieselError) -> bool {
    let DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, info) = error else {
        return false;
    };
    info.constraint_name() == Some("organization_domains_verified")
        || info.message() == "UNIQUE constraint failed: organization_domains.name"
}
