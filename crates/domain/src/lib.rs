//! Rollbook's domain: who belongs to what.
//!
//! Entities and values ([`organization`], [`user`], [`membership`], [`token`], [`value`]), the
//! rules over them ([`policy`] and the functions of each [`service`] module), and the two kinds of
//! port: what the domain needs ([`port`]) and what it offers ([`service`]).
//!
//! The crate does no I/O and knows no framework and no async runtime. A use case is a synchronous
//! function over `&mut dyn Tx`; the only asynchronous door is [`port::Store`], which runs such a
//! function in one transaction. To embed Rollbook in another service, implement [`port::Store`]
//! (see `examples/embed.rs`) or take `rollbook-store`.

pub mod access;
pub mod audit;
pub mod domain;
pub mod error;
pub mod event;
pub mod filter;
pub mod id;
pub mod idempotency;
pub mod invitation;
pub mod limit;
pub mod mail;
pub mod membership;
#[cfg(feature = "mock")]
pub mod mock;
pub mod oauth;
pub mod organization;
pub mod outbox;
pub mod page;
pub mod password;
pub mod policy;
pub mod port;
pub mod preferences;
pub mod role;
pub mod secret;
pub mod service;
pub mod subscription;
pub mod time;
pub mod token;
pub mod user;
pub mod value;
pub mod verification;
pub mod webhook;
pub mod workspace;

pub use error::{Error, Refusal, Result};
