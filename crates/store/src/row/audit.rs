use std::net::IpAddr;

use diesel::prelude::{Insertable, Queryable, Selectable};
use rollbook_domain::audit::{Chain, Entry, Head};
use rollbook_domain::id::{OrganizationId, TokenId, UserId};
use rollbook_domain::secret::Digest;
use rollbook_domain::{Error, Result};
use uuid::Uuid;

use super::unknown;
use crate::schema::audit_entries;
use crate::sql::{Key, Moment};

/// The columns that name a log.
pub(crate) const fn chain_columns(chain: Chain) -> (&'static str, Key) {
    match chain {
        Chain::Organization(id) => ("organization", Key(id.uuid())),
        Chain::User(id) => ("user", Key(id.uuid())),
    }
}

/// The log that they name.
pub(crate) fn chain_of(kind: &str, id: Uuid) -> Result<Chain> {
    match kind {
        "organization" => Ok(Chain::Organization(OrganizationId::new(id))),
        "user" => Ok(Chain::User(UserId::new(id))),
        other => Err(unknown("log", other)),
    }
}

/// Where an entry stands, as the databases count.
pub(crate) fn place(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = audit_entries)]
pub(crate) struct EntryRow {
    chain_id: Key,
    sequence: i64,
    chain_kind: String,
    at: Moment,
    actor_kind: String,
    actor_id: Option<Key>,
    token_id: Option<Key>,
    act: String,
    target_kind: String,
    target_id: Key,
    address: Option<String>,
    request_id: Option<String>,
    changes: String,
    previous: Vec<u8>,
    digest: Vec<u8>,
}

#[derive(Insertable)]
#[diesel(table_name = audit_entries)]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct NewEntry {
    chain_id: Key,
    sequence: i64,
    chain_kind: &'static str,
    at: Moment,
    actor_kind: String,
    actor_id: Option<Key>,
    token_id: Option<Key>,
    act: String,
    target_kind: String,
    target_id: Key,
    address: Option<String>,
    request_id: Option<String>,
    changes: String,
    previous: Vec<u8>,
    digest: Vec<u8>,
}

impl NewEntry {
    pub(crate) fn of(entry: &Entry) -> Self {
        let (chain_kind, chain_id) = chain_columns(entry.chain);
        Self {
            chain_id,
            sequence: place(entry.sequence),
            chain_kind,
            at: Moment(entry.at),
            actor_kind: entry.actor_kind.clone(),
            actor_id: entry.actor_id.map(|id| Key(id.uuid())),
            token_id: entry.token_id.map(|id| Key(id.uuid())),
            act: entry.act.clone(),
            target_kind: entry.target_kind.clone(),
            target_id: Key(entry.target_id),
            address: entry.address.as_ref().map(IpAddr::to_string),
            request_id: entry.request_id.clone(),
            changes: entry.changes.clone(),
            previous: entry.previous.bytes().to_vec(),
            digest: entry.digest.bytes().to_vec(),
        }
    }
}

impl EntryRow {
    pub(crate) fn into_entry(self) -> Result<Entry> {
        let address = self.address.map(|text| text.parse()).transpose();
        Ok(Entry {
            chain: chain_of(&self.chain_kind, self.chain_id.0)?,
            sequence: self.sequence.unsigned_abs(),
            at: self.at.0,
            actor_kind: self.actor_kind,
            actor_id: self.actor_id.map(|id| UserId::new(id.0)),
            token_id: self.token_id.map(|id| TokenId::new(id.0)),
            act: self.act,
            target_kind: self.target_kind,
            target_id: self.target_id.0,
            address: address.map_err(Error::storage)?,
            request_id: self.request_id,
            changes: self.changes,
            previous: digest(self.previous)?,
            digest: digest(self.digest)?,
        })
    }
}

/// The end of a log.
pub(crate) fn head(sequence: i64, digest: Vec<u8>) -> Result<Head> {
    Ok(Head {
        sequence: sequence.unsigned_abs(),
        digest: self::digest(digest)?,
    })
}

/// A digest as it was kept.
pub(crate) fn digest(bytes: Vec<u8>) -> Result<Digest> {
    let bytes = <[u8; 32]>::try_from(bytes);
    bytes
        .map(Digest::new)
        .map_err(|_| Error::storage("a digest has not 32 bytes"))
}
