//! Rollbook, the program: reads the command line and the settings, wires domain, store and web
//! together, and runs what was asked for.

mod ambient;
mod audit;
mod cli;
mod client;
mod dns;
mod failure;
mod house;
mod logging;
mod mail;
mod migrate;
mod outbox;
mod password;
mod sample;
mod serve;
mod settings;
mod signer;
mod token;
mod user;
mod webhook;

use std::process::ExitCode;

/// What one thread allocates, another frees, with every request: the system's allocator takes up to
/// a fifth of the time of a list for that. Without transparent huge pages (feature `no_thp`), which
/// would round an idle service up to more than 30 MB.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    cli::main()
}
