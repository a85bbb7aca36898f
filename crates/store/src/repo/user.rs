use diesel::prelude::*;
use rollbook_domain::id::{OrganizationId, UserId};
use rollbook_domain::organization::Version;
use rollbook_domain::page::{Page, Window};
use rollbook_domain::port::UserRepo;
use rollbook_domain::user::User;
use rollbook_domain::value::Email;
use rollbook_domain::{Refusal, Result};

use super::start;
use crate::row::{NewUser, UserRow};
use crate::schema::{organizations, users};
use crate::sql::Key;
use crate::statement::{kept, update};
use crate::tx::{SqlTx, change, change_one, each, failed, locked, unless_taken};

/// A page of the users that a query finds, by id. They are those that are not deleted.
macro_rules! page {
    ($tx:expr, $users:expr, $window:expr) => {{
        let (after, skip) = start($window, UserId::uuid);
        let rows: Vec<UserRow> = each!($tx, |connection| $users
            .filter(users::deleted_at.is_null())
            .filter(users::id.gt(after))
            .order(users::id)
            .limit($window.fetch())
            .offset(skip)
            .select(UserRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        let total = if $window.count {
            Some(each!($tx, |connection| $users
                .filter(users::deleted_at.is_null())
                .count()
                .get_result::<i64>(*connection)))
        } else {
            None
        };
        let total = total.transpose().map_err(failed)?;
        let items = rows.into_iter().map(UserRow::into_user);
        let items = items.collect::<Result<_>>()?;
        Ok(Page::cut(
            items,
            $window,
            total.map(i64::unsigned_abs),
            |user: &User| user.id,
        ))
    }};
}

impl UserRepo for SqlTx<'_> {
    fn add(&mut self, user: &User) -> Result<bool> {
        let added = change!(
            self,
            diesel::insert_into(users::table)
                .values(NewUser::of(user))
                .on_conflict(users::email_key)
                .do_nothing()
        );
        Ok(added.map_err(failed)? == 1)
    }

    fn find(&mut self, id: UserId) -> Result<Option<User>> {
        let found = each!(self, |connection| users::table
            .find(Key(id.uuid()))
            .select(UserRow::as_select())
            .first(*connection)
            .optional());
        found.map_err(failed)?.map(UserRow::into_user).transpose()
    }

    fn find_by_email(&mut self, email: &Email) -> Result<Option<User>> {
        let found = each!(self, |connection| kept!(
            users::table
                .filter(users::email_key.eq(email.key()))
                .select(UserRow::as_select())
        )
        .get_result(*connection)
        .optional());
        found.map_err(failed)?.map(UserRow::into_user).transpose()
    }

    fn lock(&mut self, id: UserId) -> Result<Option<User>> {
        let row = users::table.find(Key(id.uuid()));
        let found = locked!(self, row, |query, connection| query
            .select(UserRow::as_select())
            .first(*connection)
            .optional());
        found.map_err(failed)?.map(UserRow::into_user).transpose()
    }

    fn any(&mut self) -> Result<bool> {
        let first: Option<Key> = each!(self, |connection| users::table
            .select(users::id)
            .first(*connection)
            .optional())
        .map_err(failed)?;
        Ok(first.is_some())
    }

    fn update(&mut self, user: &User, seen: Version) -> Result<bool> {
        let outcome = change_one!(
            self,
            update(
                users::table
                    .find(Key(user.id.uuid()))
                    .filter(users::version.eq(seen.number()))
            )
            .set(NewUser::of(user))
        );
        // The primary key stays as it is, so only the address can collide.
        unless_taken(outcome, || Refusal::EmailTaken)
    }

    fn list(&mut self, window: &Window<UserId>) -> Result<Page<User, UserId>> {
        page!(self, users::table, window)
    }

    fn list_service_accounts(
        &mut self,
        organization: OrganizationId,
        window: &Window<UserId>,
    ) -> Result<Page<User, UserId>> {
        let theirs = users::organization_id.eq(Key(organization.uuid()));
        page!(self, users::table.filter(theirs), window)
    }

    fn owned(&mut self, user: UserId, at_most: u32) -> Result<Vec<OrganizationId>> {
        let ids: Vec<Key> = each!(self, |connection| organizations::table
            .filter(organizations::owner_id.eq(Key(user.uuid())))
            .filter(organizations::deleted_at.is_null())
            .order(organizations::id)
            .limit(i64::from(at_most))
            .select(organizations::id)
            .load(*connection))
        .map_err(failed)?;
        Ok(ids.iter().map(|id| OrganizationId::new(id.0)).collect())
    }
}
