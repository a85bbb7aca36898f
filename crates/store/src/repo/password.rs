use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::id::UserId;
use rollbook_domain::password::{KeptPassword, PasswordHash, PasswordReset};
use rollbook_domain::port::{PasswordRepo, PasswordResetRepo};
use rollbook_domain::secret::Digest;
use rollbook_domain::value::Email;

use crate::schema::{password_resets, passwords};
use crate::sql::{Key, Moment};
use crate::tx::{SqlTx, change, each, failed};

impl PasswordRepo for SqlTx<'_> {
    fn find(&mut self, user: UserId) -> Result<Option<KeptPassword>> {
        let found: Option<(String, Moment)> = each!(self, |connection| passwords::table
            .find(Key(user.uuid()))
            .select((passwords::hash, passwords::changed_at))
            .first(*connection)
            .optional())
        .map_err(failed)?;
        Ok(found.map(|(hash, changed)| KeptPassword {
            user_id: user,
            hash: PasswordHash::new(hash),
            changed_at: changed.0,
        }))
    }

    fn put(&mut self, password: &KeptPassword) -> Result<()> {
        PasswordRepo::remove(self, password.user_id)?;
        let row = (
            passwords::user_id.eq(Key(password.user_id.uuid())),
            passwords::hash.eq(password.hash.as_str()),
            passwords::changed_at.eq(Moment(password.changed_at)),
        );
        let added = change!(self, diesel::insert_into(passwords::table).values(row));
        added.map(drop).map_err(failed)
    }

    fn remove(&mut self, user: UserId) -> Result<bool> {
        let removed = change!(
            self,
            diesel::delete(passwords::table.find(Key(user.uuid())))
        );
        Ok(removed.map_err(failed)? == 1)
    }
}

impl PasswordResetRepo for SqlTx<'_> {
    fn put(&mut self, reset: &PasswordReset, digest: &Digest) -> Result<()> {
        PasswordResetRepo::remove(self, reset.user_id)?;
        let row = (
            password_resets::user_id.eq(Key(reset.user_id.uuid())),
            password_resets::email.eq(reset.email.as_str()),
            password_resets::digest.eq(digest.bytes().as_slice()),
            password_resets::created_at.eq(Moment(reset.created_at)),
            password_resets::expires_at.eq(Moment(reset.expires_at)),
        );
        let added = change!(
            self,
            diesel::insert_into(password_resets::table).values(row)
        );
        added.map(drop).map_err(failed)
    }

    fn find_by_secret(&mut self, digest: &Digest) -> Result<Option<PasswordReset>> {
        let found: Option<(Key, String, Moment, Moment)> =
            each!(self, |connection| password_resets::table
                .filter(password_resets::digest.eq(digest.bytes().as_slice()))
                .select((
                    password_resets::user_id,
                    password_resets::email,
                    password_resets::created_at,
                    password_resets::expires_at,
                ))
                .first(*connection)
                .optional())
            .map_err(failed)?;
        Ok(found.map(|(user, email, created, expires)| PasswordReset {
            user_id: UserId::new(user.0),
            email: Email::from_stored(email),
            created_at: created.0,
            expires_at: expires.0,
        }))
    }

    fn remove(&mut self, user: UserId) -> Result<bool> {
        let removed = change!(
            self,
            diesel::delete(password_resets::table.find(Key(user.uuid())))
        );
        Ok(removed.map_err(failed)? == 1)
    }
}
