//! What the store promises, on both databases: every method of every repository, transactions,
//! races, failures, migrations, and the whole suite of the services.

#[path = "../../../domain/tests/service/mod.rs"]
mod service;
#[path = "../support/mod.rs"]
mod support;

mod access;
mod durability;
mod filter;
mod harness;
mod house;
mod installation;
mod invitation;
mod list;
mod lost;
mod member_list;
mod membership;
mod migration;
mod organization;
mod panic;
mod plan;
mod queue;
mod races;
mod recovery;
mod role;
mod services;
mod token;
mod transactions;
mod user;
