//! What the store promises, on both databases: every method of every repository, transactions,
//! races, failures, migrations, and the whole suite of the services.

#[path = "../../../domain/tests/service/mod.rs"]
mod service;
#[path = "../support/mod.rs"]
mod support;

mod access;
mod audit;
mod behind_lock;
mod chained;
mod deferred;
mod deletion_races;
mod domain;
mod durability;
mod events;
mod explain;
mod filter;
mod harness;
mod house;
mod inside;
mod installation;
mod invitation;
mod invitation_secret;
mod killed;
mod list;
mod lost;
mod member_list;
mod membership;
mod migration;
mod migration_rows;
mod model;
mod oauth;
mod oauth_grant;
mod oauth_races;
mod organization;
mod outbox;
mod outbox_delivery;
mod outbox_durability;
mod pairs;
mod panic;
mod password;
mod plan;
mod plan_oauth;
mod plan_outbox;
mod plan_postgres;
mod preferences;
mod queue;
mod races;
mod recorder;
mod recovery;
mod request;
mod role;
mod services;
mod subscription;
mod token;
mod transactions;
mod user;
mod verification;
mod webhook;
mod workspace;
mod workspace_list;
mod workspace_member;
