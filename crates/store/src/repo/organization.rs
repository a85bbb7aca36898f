use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use rollbook_domain::filter::{Filter, TextTest};
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::organization::{Organization, OrganizationView, Version};
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::OrganizationRepo;
use rollbook_domain::value::Slug;
use rollbook_domain::{Refusal, Result};

use super::condition::text_condition;
use super::owned::CountOwned;
use super::start;
use crate::row::{NewOrganization, OrganizationRow, OwnerRow};
use crate::schema::{memberships, organizations, users};
use crate::sql::Key;
use crate::statement::update;
use crate::tx::{SqlTx, change, each, failed, hold, locked, unless_taken};

/// What filters compare.
const NAME: &str = "organizations.name_key";

/// The live organizations that match a filter, with their owners.
macro_rules! live {
    ($filter:expr) => {
        organizations::table
            .inner_join(users::table)
            .filter(organizations::deleted_at.is_null())
            .filter(text_condition($filter, NAME))
    };
}

/// The live organizations of a member that match a filter, with their owners.
macro_rules! live_of {
    ($user:expr, $filter:expr) => {
        memberships::table
            .inner_join(organizations::table.inner_join(users::table))
            .filter(memberships::user_id.eq(Key($user.uuid())))
            .filter(organizations::deleted_at.is_null())
            .filter(text_condition($filter, NAME))
    };
}

impl OrganizationRepo for SqlTx<'_> {
    fn add(&mut self, organization: &Organization) -> Result<bool> {
        let added = change!(
            self,
            diesel::insert_into(organizations::table)
                .values(NewOrganization::of(organization))
                .on_conflict_do_nothing()
        );
        Ok(added.map_err(failed)? == 1)
    }

    fn find(&mut self, id: OrganizationId) -> Result<Option<OrganizationView>> {
        let found = each!(self, |connection| organizations::table
            .inner_join(users::table)
            .filter(organizations::id.eq(Key(id.uuid())))
            .select((OrganizationRow::as_select(), OwnerRow::as_select()))
            .first(*connection)
            .optional());
        found.map_err(failed)?.map(view).transpose()
    }

    fn lock(&mut self, id: OrganizationId) -> Result<Option<Organization>> {
        let row = organizations::table.find(Key(id.uuid()));
        let found = locked!(self, row, |query, connection| query
            .select(OrganizationRow::as_select())
            .first(*connection)
            .optional());
        found
            .map_err(failed)?
            .map(OrganizationRow::into_organization)
            .transpose()
    }

    fn hold(&mut self, id: OrganizationId) -> Result<()> {
        let row = organizations::table.find(Key(id.uuid()));
        hold!(self, row.select(organizations::id))
    }

    fn update(&mut self, organization: &Organization, seen: Version) -> Result<bool> {
        let outcome = change!(
            self,
            update(
                organizations::table
                    .find(Key(organization.id.uuid()))
                    .filter(organizations::version.eq(seen.number()))
            )
            .set(NewOrganization::of(organization))
        );
        // The primary key stays as it is, so only the slug can collide.
        let updated = unless_taken(outcome, || {
            Refusal::SlugTaken(organization.slug.to_string())
        })?;
        Ok(updated == 1)
    }

    fn slug_is_taken(&mut self, slug: &Slug) -> Result<bool> {
        let taken = organizations::table
            .filter(organizations::slug.eq(slug.as_str()))
            .filter(organizations::deleted_at.is_null());
        each!(self, |connection| diesel::select(diesel::dsl::exists(
            taken
        ))
        .get_result(*connection))
        .map_err(failed)
    }

    fn count_owned(&mut self, owner: UserId, at_most: u32) -> Result<u32> {
        let query = CountOwned {
            owner: Key(owner.uuid()),
            at_most: i64::from(at_most),
        };
        let count: i64 = each!(self, |connection| query.get_result(*connection)).map_err(failed)?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }

    fn list_of_member(
        &mut self,
        user: UserId,
        filter: &Filter<TextTest>,
        window: &Window<OrganizationId>,
    ) -> Result<Page<OrganizationView, OrganizationId>> {
        let (after, skip) = start(window, OrganizationId::uuid);
        let rows = each!(self, |connection| live_of!(user, filter)
            .filter(memberships::organization_id.gt(after))
            .order(memberships::organization_id)
            .limit(window.fetch())
            .offset(skip)
            .select((OrganizationRow::as_select(), OwnerRow::as_select()))
            .load_iter::<_, DefaultLoadingMode>(*connection)
            .and_then(|rows| views(rows, window)));
        let views = rows.map_err(failed)??;
        let total = if window.count {
            Some(each!(self, |connection| live_of!(user, filter)
                .count()
                .get_result(*connection)))
        } else {
            None
        };
        Ok(page(views, window, total.transpose().map_err(failed)?))
    }

    fn list_all(
        &mut self,
        filter: &Filter<TextTest>,
        window: &Window<OrganizationId>,
    ) -> Result<Page<OrganizationView, OrganizationId>> {
        let (after, skip) = start(window, OrganizationId::uuid);
        let rows = each!(self, |connection| live!(filter)
            .filter(organizations::id.gt(after))
            .order(organizations::id)
            .limit(window.fetch())
            .offset(skip)
            .select((OrganizationRow::as_select(), OwnerRow::as_select()))
            .load_iter::<_, DefaultLoadingMode>(*connection)
            .and_then(|rows| views(rows, window)));
        let views = rows.map_err(failed)??;
        let total = if window.count {
            Some(each!(self, |connection| live!(filter)
                .count()
                .get_result(*connection)))
        } else {
            None
        };
        Ok(page(views, window, total.transpose().map_err(failed)?))
    }
}

fn view((organization, owner): (OrganizationRow, OwnerRow)) -> Result<OrganizationView> {
    let organization = organization.into_organization()?;
    Ok(OrganizationView {
        owner: owner.into_owner(organization.owner_id),
        organization,
    })
}

/// Turns rows into views as they come, without keeping all rows first. The outer error is the
/// database's, the inner one is about a row that makes no sense.
fn views(
    rows: impl Iterator<Item = QueryResult<(OrganizationRow, OwnerRow)>>,
    window: &Window<OrganizationId>,
) -> QueryResult<Result<Vec<OrganizationView>>> {
    let mut views = Vec::with_capacity(ROOM.min(usize::try_from(window.fetch()).unwrap_or(ROOM)));
    for row in rows {
        match view(row?) {
            Ok(view) => views.push(view),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(views))
}

/// How many rows there is room for from the start; most pages are not larger.
const ROOM: usize = 64;

fn page(
    views: Vec<OrganizationView>,
    window: &Window<OrganizationId>,
    total: Option<i64>,
) -> Page<OrganizationView, OrganizationId> {
    let total = total.map(i64::unsigned_abs);
    Page::cut(views, window, total, |view| view.organization.id)
}
