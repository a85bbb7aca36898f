use diesel::prelude::*;
use rollbook_domain::id::SigningKeyId;
use rollbook_domain::oauth::SigningKey;
use rollbook_domain::port::InstallationRepo;
use rollbook_domain::time::Timestamp;
use rollbook_domain::{Error, Result};

use crate::row::SigningKeyRow;
use crate::schema::{installation, signing_keys};
use crate::sql::{Key, Moment};
use crate::statement::update;
use crate::tx::{SqlTx, change, each, failed, hold};

/// The number of the table's only row.
const ONLY: i32 = 1;

impl InstallationRepo for SqlTx<'_> {
    fn page_token_key(&mut self) -> Result<Option<[u8; 32]>> {
        let found: Option<Vec<u8>> = each!(self, |connection| installation::table
            .find(ONLY)
            .select(installation::page_token_key)
            .first(*connection)
            .optional())
        .map_err(failed)?;
        let key = found.map(<[u8; 32]>::try_from).transpose();
        key.map_err(|_| Error::storage("the page token key has not 32 bytes"))
    }

    fn add_page_token_key(&mut self, key: &[u8; 32]) -> Result<bool> {
        let row = (
            installation::id.eq(ONLY),
            installation::page_token_key.eq(key.as_slice()),
        );
        let added = change!(
            self,
            diesel::insert_into(installation::table)
                .values(row)
                .on_conflict_do_nothing()
        );
        Ok(added.map_err(failed)? == 1)
    }

    fn hold(&mut self) -> Result<()> {
        let row = installation::table.find(ONLY);
        hold!(self, row.select(installation::id)).map(drop)
    }

    fn signing_keys(&mut self) -> Result<Vec<SigningKey>> {
        let rows: Vec<SigningKeyRow> = each!(self, |connection| signing_keys::table
            .order(signing_keys::id.desc())
            .select(SigningKeyRow::as_select())
            .load(*connection))
        .map_err(failed)?;
        Ok(rows.into_iter().map(SigningKeyRow::into_key).collect())
    }

    fn add_signing_key(&mut self, key: &SigningKey) -> Result<()> {
        let row = (
            signing_keys::id.eq(Key(key.id.uuid())),
            signing_keys::private_key.eq(key.pair.private.as_slice()),
            signing_keys::public_key.eq(key.pair.public.as_slice()),
            signing_keys::created_at.eq(Moment(key.created_at)),
            signing_keys::retired_at.eq(key.retired_at.map(Moment)),
        );
        let added = change!(self, diesel::insert_into(signing_keys::table).values(row));
        added.map(drop).map_err(failed)
    }

    fn retire_signing_key(&mut self, id: SigningKeyId, at: Timestamp) -> Result<()> {
        let retired = change!(
            self,
            update(signing_keys::table.find(Key(id.uuid())))
                .set(signing_keys::retired_at.eq(Moment(at)))
        );
        retired.map(drop).map_err(failed)
    }

    fn remove_signing_key(&mut self, id: SigningKeyId) -> Result<()> {
        let removed = change!(
            self,
            diesel::delete(signing_keys::table.find(Key(id.uuid())))
        );
        removed.map(drop).map_err(failed)
    }
}
