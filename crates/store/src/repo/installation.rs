use diesel::prelude::*;
use rollbook_domain::port::InstallationRepo;
use rollbook_domain::{Error, Result};

use crate::schema::installation;
use crate::tx::{SqlTx, change, each, failed};

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
}
