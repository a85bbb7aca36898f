use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::id::UserId;
use rollbook_domain::port::VerificationRepo;
use rollbook_domain::secret::Digest;
use rollbook_domain::value::Email;
use rollbook_domain::verification::EmailVerification;

use crate::schema::email_verifications;
use crate::sql::{Key, Moment};
use crate::tx::{SqlTx, change, each, failed};

impl VerificationRepo for SqlTx<'_> {
    fn put(&mut self, verification: &EmailVerification, digest: &Digest) -> Result<()> {
        self.remove(verification.user_id)?;
        let row = (
            email_verifications::user_id.eq(Key(verification.user_id.uuid())),
            email_verifications::email.eq(verification.email.as_str()),
            email_verifications::digest.eq(digest.bytes().as_slice()),
            email_verifications::created_at.eq(Moment(verification.created_at)),
            email_verifications::expires_at.eq(Moment(verification.expires_at)),
        );
        let added = change!(
            self,
            diesel::insert_into(email_verifications::table).values(row)
        );
        added.map(drop).map_err(failed)
    }

    fn find_by_secret(&mut self, digest: &Digest) -> Result<Option<EmailVerification>> {
        let found: Option<(Key, String, Moment, Moment)> =
            each!(self, |connection| email_verifications::table
                .filter(email_verifications::digest.eq(digest.bytes().as_slice()))
                .select((
                    email_verifications::user_id,
                    email_verifications::email,
                    email_verifications::created_at,
                    email_verifications::expires_at,
                ))
                .first(*connection)
                .optional())
            .map_err(failed)?;
        Ok(
            found.map(|(user, email, created, expires)| EmailVerification {
                user_id: UserId::new(user.0),
                email: Email::from_stored(email),
                created_at: created.0,
                expires_at: expires.0,
            }),
        )
    }

    fn remove(&mut self, user: UserId) -> Result<bool> {
        let own = email_verifications::table.find(Key(user.uuid()));
        let removed = change!(self, diesel::delete(own));
        Ok(removed.map_err(failed)? == 1)
    }
}
