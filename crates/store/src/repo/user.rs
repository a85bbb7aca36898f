use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::id::UserId;
use rollbook_domain::port::UserRepo;
use rollbook_domain::user::User;
use rollbook_domain::value::Email;

use crate::row::{NewUser, UserRow};
use crate::schema::users;
use crate::sql::Key;
use crate::tx::{SqlTx, each, failed, locked};

impl UserRepo for SqlTx<'_> {
    fn add(&mut self, user: &User) -> Result<bool> {
        let added = each!(self, |connection| diesel::insert_into(users::table)
            .values(NewUser::of(user))
            .on_conflict(users::email_key)
            .do_nothing()
            .execute(*connection));
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
        let found = each!(self, |connection| users::table
            .filter(users::email_key.eq(email.key()))
            .select(UserRow::as_select())
            .first(*connection)
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
}
