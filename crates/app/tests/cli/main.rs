//! The program as its users meet it: command line, settings, terminal, signals.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

mod audit;
mod client;
mod commands;
mod isolation;
mod mail;
mod outbox;
mod pages;
mod passwords;
#[cfg(unix)]
mod readme;
mod sample;
mod scopes;
mod serve;
mod settings;
mod support;
mod webhook;
mod zenml;
