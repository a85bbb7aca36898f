//! The audit log: who did what, written in the transaction that did it. The entries of one
//! organization (or of one user, for what is about no organization) form a chain: each holds the
//! digest of the one before, so that nobody can change or remove one without breaking it.

mod catalogue;
mod chain;
mod entry;

pub(crate) use chain::json_string;
pub use chain::{Break, Links, record, record_first};
pub use entry::{Act, Actor, Author, Chain, Change, Deed, Entry, EntryTest, Head, Target};
