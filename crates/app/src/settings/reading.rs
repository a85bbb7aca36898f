//! How sections are read out of what the sources say.

use std::num::NonZeroUsize;

use rollbook_domain::limit::Quotas;
use rollbook_domain::service::organization::Terms;
use rollbook_domain::service::webhook::WebhookTerms;
use rollbook_domain::subscription::Quota;
use rollbook_domain::time::Span;
use rollbook_store::DatabaseUrl;

use super::layers::{Found, Table};
use super::parse::{self, Parsed};
use super::{
    DatabaseSettings, OutboxSettings, PasswordSettings, ServerSettings, WebhookSettings, mail,
};
use crate::failure::{Failure, Result};

pub(super) fn database(table: &Table) -> Result<DatabaseSettings> {
    Ok(DatabaseSettings {
        url: read(table, "database.url", |text| {
            DatabaseUrl::parse(text).map_err(|wrong| {
                format!("must be sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME: {wrong}")
            })
        })?,
        connections: read(table, "database.connections", |text| {
            parse::number_or_auto(text, 1..=1_000)
        })?,
        readers: read(table, "database.readers", |text| {
            parse::number_or_auto(text, 1..=64)
        })?,
        statement_timeout: read(table, "database.statement_timeout", parse::patience)?,
        durable: read(table, "database.durable", parse::flag)?,
        migrate_at_start: read(table, "database.migrate_at_start", parse::flag)?,
    })
}

pub(super) fn server(table: &Table) -> Result<ServerSettings> {
    Ok(ServerSettings {
        listen: read(table, "server.listen", parse::listen)?,
        public_url: read(table, "server.public_url", mail::public_url)?,
        trusted_proxies: read(table, "server.trusted_proxies", parse::networks)?,
        workers: read(table, "server.workers", |text| {
            parse::number_or_auto(text, 1..=512)
        })?,
        backlog: read(table, "server.backlog", |text| {
            parse::number(text, 1..=65_535)
        })?,
        max_connections: read(table, "server.max_connections", |text| {
            parse::number(text, 1..=1_000_000)
        })?,
        body_limit: read(table, "server.body_limit", parse::size)?,
        header_timeout: read(table, "server.header_timeout", parse::patience)?,
        request_timeout: read(table, "server.request_timeout", parse::patience)?,
        keep_alive: read(table, "server.keep_alive", parse::duration)?,
        disconnect_timeout: read(table, "server.disconnect_timeout", parse::patience)?,
        shutdown_timeout: read(table, "server.shutdown_timeout", parse::patience)?,
    })
}

pub(super) fn outbox(table: &Table) -> Result<OutboxSettings> {
    let keep = read(table, "outbox.keep", parse::lifetime)?;
    Ok(OutboxSettings {
        enabled: read(table, "outbox.enabled", parse::flag)?,
        poll: read(table, "outbox.poll", parse::patience)?,
        concurrency: read(table, "outbox.concurrency", |text| {
            parse::number(text, 1..=256)
        })?,
        keep: Span::from_millis(i64::try_from(keep.as_millis()).unwrap_or(i64::MAX)),
    })
}

/// The section `organizations`.
pub(super) fn terms(table: &Table) -> Result<Terms> {
    let quota = |name| read(table, name, limit).map(|limit| Quota(limit.unwrap_or(0)));
    Ok(Terms {
        trial: read(table, "organizations.trial_days", trial)?,
        members: quota("organizations.members")?,
        workspaces: quota("organizations.workspaces")?,
    })
}

/// The section `limits`.
pub(super) fn limits(table: &Table) -> Result<Quotas> {
    Ok(Quotas {
        invitations_per_organization_hour: read(
            table,
            "limits.invitations_per_organization_hour",
            limit,
        )?,
        messages_per_recipient_day: read(table, "limits.messages_per_recipient_day", limit)?,
        sign_ins_per_account_hour: read(table, "limits.sign_ins_per_account_hour", limit)?,
        sign_ins_per_address_hour: read(table, "limits.sign_ins_per_address_hour", limit)?,
        device_authorizations_per_address_hour: read(
            table,
            "limits.device_authorizations_per_address_hour",
            limit,
        )?,
    })
}

pub(super) fn webhooks(table: &Table) -> Result<WebhookSettings> {
    Ok(WebhookSettings {
        terms: WebhookTerms {
            allow_http: read(table, "webhooks.allow_http", parse::flag)?,
            destinations: read(table, "webhooks.allow_networks", parse::destinations)?,
        },
        timeout: read(table, "webhooks.timeout", parse::errand)?,
    })
}

/// The section `passwords`.
pub(super) fn passwords(table: &Table) -> Result<PasswordSettings> {
    let number = |name, allowed| read(table, name, |text| parse::number(text, allowed));
    let concurrency = read(table, "passwords.concurrency", |text| {
        parse::number_or_auto(text, 1..=256)
    })?;
    Ok(PasswordSettings {
        enabled: read(table, "passwords.enabled", parse::flag)?,
        memory_kib: read(table, "passwords.memory", memory)?,
        iterations: number("passwords.iterations", 1..=100)?,
        parallelism: number("passwords.parallelism", 1..=8)?,
        concurrency: concurrency.unwrap_or_else(half_of_the_cores),
    })
}

/// How much memory a hash takes, in KiB: at least 64 KiB, which is 8 KiB for each of 8 lanes
/// (RFC 9106 §3.1), and at most what any size may be, 1 GiB.
pub(super) fn memory(text: &str) -> Parsed<u32> {
    let bytes = parse::size(text)?;
    let kib = u32::try_from(bytes >> 10).unwrap_or(u32::MAX);
    if kib < 64 {
        return Err("must be at least 64KiB".to_owned());
    }
    Ok(kib)
}

/// The other half answers everybody else.
pub(super) fn half_of_the_cores() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    (cores / 2).max(1)
}

/// A number of days; 0 means that there is no trial.
pub(super) fn trial(text: &str) -> Parsed<Option<Span>> {
    let days =
        parse::number(text, 0..=3_650).map_err(|wrong| format!("{wrong}; 0 means no trial"))?;
    Ok((days > 0).then(|| Span::days(days)))
}

/// A number; 0 means that there is no limit.
pub(super) fn limit(text: &str) -> Parsed<Option<u32>> {
    let limit = parse::number(text, 0..=1_000_000)
        .map_err(|wrong| format!("{wrong}; 0 means without limit"))?;
    Ok((limit > 0).then_some(limit))
}

pub(super) fn read<T>(
    table: &Table,
    name: &'static str,
    parse: impl FnOnce(&str) -> Parsed<T>,
) -> Result<T> {
    let Some(Found { text, origin }) = table.get(name) else {
        return Err(Failure::new(format!("{name} has no value")));
    };
    parse(text).map_err(|must| {
        // These URLs may hold a password, and an error may be logged.
        let shown = match name {
            "database.url" | "mail.server" => String::new(),
            _ => format!(" = {text:?}"),
        };
        Failure::new(format!("{name}{shown} (from {origin}): {must}"))
    })
}
