//! The repositories, one file each, under the same names as their ports in the domain.

mod access;
mod assigned;
mod audit;
mod condition;
mod domain;
mod end_of_log;
mod installation;
mod invitation;
mod member_order;
mod membership;
mod oauth_client;
mod oauth_device;
mod oauth_forgetting;
mod oauth_grant;
mod organization;
mod outbox;
mod outbox_claim;
mod owned;
mod password;
mod permissions;
mod plan;
mod preferences;
mod request;
mod role;
mod token;
mod user;
mod verification;
mod webhook;
mod workspace;
mod workspace_order;
mod workspace_roles;
mod written;

use rollbook_domain::page::{From, Window};
use uuid::Uuid;

use crate::sql::Key;

/// How many rows one statement names.
const CHUNK: usize = 500;

/// Where a keyset list starts: behind this key, and so many rows further. Before the first row
/// stands the nil UUID, which no row has; so one statement serves every window.
fn start<K: Copy>(window: &Window<K>, uuid: impl Fn(K) -> Uuid) -> (Key, i64) {
    match window.from {
        From::First => (Key(Uuid::nil()), 0),
        From::After(key) => (Key(uuid(key)), 0),
        From::Skip(rows) => (Key(Uuid::nil()), i64::from(rows)),
    }
}
