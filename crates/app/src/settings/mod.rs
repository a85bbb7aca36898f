//! The settings of the program: what there is, where values come from, and what they must be.

mod keys;
mod layers;
mod mail;
pub(crate) mod parse;
mod print;
mod reading;
mod sections;
#[cfg(test)]
mod tests;

use std::ffi::OsString;

use rollbook_domain::limit::Quotas;
use rollbook_domain::service::organization::Terms;
use rollbook_domain::value::{DisplayName, Email};

pub(crate) use self::layers::Flags;
use self::layers::Table;
pub(crate) use self::mail::MailSettings;
pub(crate) use self::print::print;
use self::reading::{database, limit, limits, outbox, passwords, read, server, terms, webhooks};
pub(crate) use self::sections::{
    BootstrapSettings, DatabaseSettings, DomainSettings, LogFormat, LogSettings, NativeSettings,
    OutboxSettings, PageSettings, PasswordSettings, ServerSettings, WebhookSettings, ZenmlSettings,
};
use crate::failure::Result;

/// All settings, checked.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Which database, and how it is used.
    pub(crate) database: DatabaseSettings,
    /// How the server serves.
    pub(crate) server: ServerSettings,
    /// What is logged, and how.
    pub(crate) log: LogSettings,
    /// What a new organization may use.
    pub(crate) terms: Terms,
    /// How letters are sent.
    pub(crate) mail: MailSettings,
    /// How much may be sent.
    pub(crate) limits: Quotas,
    /// Whether people can have passwords, and how those are hashed.
    pub(crate) passwords: PasswordSettings,
    /// How domains are verified.
    pub(crate) domains: DomainSettings,
    /// How what waits is sent.
    pub(crate) outbox: OutboxSettings,
    /// How webhooks are sent.
    pub(crate) webhooks: WebhookSettings,
    /// What the native API allows.
    pub(crate) native: NativeSettings,
    /// How the pages behave.
    pub(crate) pages: PageSettings,
    /// What the ZenML dialect allows.
    pub(crate) zenml: ZenmlSettings,
    /// Who the first user is.
    pub(crate) bootstrap: BootstrapSettings,
    table: Table,
}

impl Settings {
    /// Reads all sources.
    pub(crate) fn load(
        flags: &Flags,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self> {
        let table = layers::merge(flags, environment)?;
        Ok(Self {
            database: database(&table)?,
            server: server(&table)?,
            log: LogSettings {
                format: read(&table, "log.format", parse::log_format)?,
                level: read(&table, "log.level", parse::log_level)?,
            },
            terms: terms(&table)?,
            mail: mail::mail(&table)?,
            limits: limits(&table)?,
            passwords: passwords(&table)?,
            domains: DomainSettings {
                resolver: read(&table, "domains.resolver", parse::resolver)?,
            },
            outbox: outbox(&table)?,
            webhooks: webhooks(&table)?,
            native: NativeSettings {
                owner_limit: read(&table, "native.owner_limit", limit)?,
            },
            pages: PageSettings {
                after_accept_url: read(&table, "pages.after_accept_url", parse::after_accept_url)?,
            },
            zenml: ZenmlSettings {
                organizations: read(&table, "zenml.organizations", limit)?,
                client_id: read(&table, "zenml.client_id", parse::client_id)?,
            },
            bootstrap: BootstrapSettings {
                email: read(&table, "bootstrap.email", |text| {
                    Email::parse(text)
                        .map_err(|wrong| format!("must be an e-mail address: {wrong}"))
                })?,
                name: read(&table, "bootstrap.name", |text| {
                    DisplayName::parse(text).map_err(|wrong| format!("must be a name: {wrong}"))
                })?,
            },
            table,
        })
    }
}
