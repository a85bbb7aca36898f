use diesel::connection::DefaultLoadingMode;
use diesel::prelude::*;
use rollbook_domain::audit::Chain;
use rollbook_domain::filter::{Filter, TextTest};
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::organization::{
    Age, Organization, OrganizationTest, OrganizationView, Version,
};
use rollbook_domain::page::{From, Page, Window};
use rollbook_domain::port::OrganizationRepo;
use rollbook_domain::subscription::Plan;
use rollbook_domain::value::{OrganizationName, Slug};
use rollbook_domain::{Refusal, Result};

use super::condition::{condition, text_condition, text_test};
use super::owned::CountOwned;
use super::start;
use super::written::Condition;
use crate::row::{NewOrganization, OrganizationRow, OwnerRow, PlanRow};
use crate::schema::{memberships, organizations, users};
use crate::sql::{Key, Moment};
use crate::statement::{kept, update};
use crate::tx::{Connection, SqlTx, Trail, change_one, each, failed, hold, locked, unless_taken};

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

/// The live organizations of a member, with their owners.
macro_rules! live_of {
    ($user:expr) => {
        memberships::table
            .inner_join(organizations::table.inner_join(users::table))
            .filter(memberships::user_id.eq(Key($user.uuid())))
            .filter(organizations::deleted_at.is_null())
    };
}

/// A window of those, by id.
macro_rules! windowed {
    ($live:expr, $after:expr, $skip:expr, $window:expr) => {
        $live
            .filter(memberships::organization_id.gt($after))
            .order(memberships::organization_id)
            .limit($window.fetch())
            .offset($skip)
            .select((OrganizationRow::as_select(), OwnerRow::as_select()))
    };
}

/// The live organizations that meet a condition, with their owners.
macro_rules! seen {
    ($passes:expr) => {
        organizations::table
            .inner_join(users::table)
            .filter(organizations::deleted_at.is_null())
            .filter($passes)
    };
}

impl OrganizationRepo for SqlTx<'_> {
    fn add(&mut self, organization: &Organization, plan: &Plan) -> Result<bool> {
        let added = change_one!(
            self,
            diesel::insert_into(organizations::table)
                .values((NewOrganization::of(organization), PlanRow::of(plan)))
                .on_conflict_do_nothing()
        );
        let added = added.map_err(failed)?;
        if added {
            // Its log is empty, and nobody listens yet.
            self.trail = Some(Trail {
                chain: Chain::Organization(organization.id),
                head: None,
                is_heard: false,
            });
        }
        Ok(added)
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
        let found = found.map_err(failed)?;
        if found.is_some() {
            self.held = Some(id);
        }
        found.map(OrganizationRow::into_organization).transpose()
    }

    fn hold(&mut self, id: OrganizationId) -> Result<()> {
        let row = organizations::table.find(Key(id.uuid()));
        if hold!(self, row.select(organizations::id))? {
            self.held = Some(id);
        }
        Ok(())
    }

    fn update(&mut self, organization: &Organization, seen: Version) -> Result<bool> {
        let outcome = change_one!(
            self,
            update(
                organizations::table
                    .find(Key(organization.id.uuid()))
                    .filter(organizations::version.eq(seen.number()))
            )
            .set(NewOrganization::of(organization))
        );
        // The primary key stays as it is, so only the slug can collide.
        unless_taken(outcome, || {
            Refusal::SlugTaken(organization.slug.to_string())
        })
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

    fn hold_name(&mut self, name: &OrganizationName) -> Result<()> {
        let key = name.key();
        self.catch_up().map_err(failed)?;
        match &mut self.connection {
            // The only writer holds everything already.
            #[cfg(feature = "sqlite")]
            Connection::Sqlite(_) => {
                let _ = key;
                Ok(())
            }
            // There is no row to lock: the name may be nobody's as yet.
            #[cfg(feature = "postgres")]
            Connection::Postgres(connection) => {
                let held = diesel::sql_query(
                    "SELECT pg_advisory_xact_lock(hashtextextended('organization name ' || $1, 0))",
                )
                .bind::<diesel::sql_types::Text, _>(key)
                .execute(*connection);
                self.failed |= held.is_err();
                held.map(drop).map_err(failed)
            }
        }
    }

    fn bearers(&mut self, name: &OrganizationName, at_most: u32) -> Result<Vec<OrganizationId>> {
        let bearers = organizations::table
            .filter(organizations::name_key.eq(name.key()))
            .filter(organizations::deleted_at.is_null())
            .order(organizations::id)
            .limit(i64::from(at_most))
            .select(organizations::id);
        let ids: Vec<Key> = each!(self, |connection| bearers.load(*connection)).map_err(failed)?;
        Ok(ids
            .into_iter()
            .map(|id| OrganizationId::new(id.0))
            .collect())
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
        let rows = if filter.is_everything() {
            // What most ask for, so its text is not written anew each time.
            each!(self, |connection| kept!(windowed!(
                live_of!(user),
                after,
                skip,
                window
            ))
            .load_iter::<_, DefaultLoadingMode>(*connection)
            .and_then(|rows| views(rows, window)))
        } else {
            let passes = text_condition(filter, NAME);
            let live = live_of!(user).filter(passes);
            each!(self, |connection| windowed!(live, after, skip, window)
                .load_iter::<_, DefaultLoadingMode>(*connection)
                .and_then(|rows| views(rows, window)))
        };
        let views = rows.map_err(failed)??;
        let total = if window.count {
            let passes = text_condition(filter, NAME);
            Some(each!(self, |connection| live_of!(user)
                .filter(passes)
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

    fn list_by_age(
        &mut self,
        member: Option<UserId>,
        filter: &Filter<OrganizationTest>,
        window: &Window<Age>,
    ) -> Result<Page<OrganizationView, Age>> {
        let (passes, (behind, skip)) = (of_member(member, filter), younger(window));
        let rows = each!(self, |connection| seen!(passes)
            .filter(behind)
            .order((organizations::created_at, organizations::id))
            .limit(window.fetch())
            .offset(skip)
            .select((OrganizationRow::as_select(), OwnerRow::as_select()))
            .load::<(OrganizationRow, OwnerRow)>(*connection));
        let rows = rows.map_err(failed)?.into_iter().map(view);
        let views = rows.collect::<Result<Vec<_>>>()?;
        let total = if window.count {
            let passes = of_member(member, filter);
            Some(each!(self, |connection| seen!(passes)
                .count()
                .get_result::<i64>(*connection)))
        } else {
            None
        };
        let total = total.transpose().map_err(failed)?.map(i64::unsigned_abs);
        let age = |view: &OrganizationView| Age::of(&view.organization);
        Ok(Page::cut(views, window, total, age))
    }
}

/// Those that pass the filter and, if there is a member, that the member belongs to.
fn of_member(member: Option<UserId>, filter: &Filter<OrganizationTest>) -> Condition {
    let mut written = condition(filter, |written, test| match test {
        OrganizationTest::Name(test) => text_test(written, NAME, test),
        OrganizationTest::OwnerEmail(test) => text_test(written, "users.email_key", test),
        OrganizationTest::Owner(id) => {
            written.sql("organizations.owner_id = ");
            written.id(Key(id.uuid()));
        }
    });
    if let Some(member) = member {
        // Not EXISTS: what a member belongs to is found from the membership, not among all.
        written.sql(
            " AND organizations.id IN \
             (SELECT organization_id FROM memberships WHERE memberships.user_id = ",
        );
        written.id(Key(member.uuid()));
        written.sql(")");
    }
    written
}

/// The organizations behind the beginning of a window, and how many more to pass over.
fn younger(window: &Window<Age>) -> (Condition, i64) {
    let mut written = Condition::new();
    match window.from {
        From::First => written.sql("TRUE"),
        From::Skip(rows) => {
            written.sql("TRUE");
            return (written, i64::from(rows));
        }
        From::After(last) => {
            written.sql("(organizations.created_at, organizations.id) > (");
            written.moment(Moment(last.created_at));
            written.sql(", ");
            written.id(Key(last.id.uuid()));
            written.sql(")");
        }
    }
    (written, 0)
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
