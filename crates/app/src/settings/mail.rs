//! The section `mail`, and where letters lead.

use std::path::PathBuf;
use std::time::Duration;

use rollbook_domain::value::{Language, Url};
use rollbook_mail::{Sender, Server};

use super::layers::Table;
use super::parse::{self, Parsed};
use super::read;
use crate::failure::{Failure, Result};

/// Who letters are from that nobody answers.
const NOBODY: &str = "Rollbook <rollbook@localhost.localdomain>";

/// The section `mail`.
#[derive(Debug)]
pub(crate) struct MailSettings {
    /// The mail server; `None`: letters are written as files.
    pub(crate) server: Option<Server>,
    /// Certificates that are trusted beside the system's.
    pub(crate) ca_file: Option<PathBuf>,
    /// Who letters are from.
    pub(crate) from: Sender,
    /// To whom answers go, if not to `from`.
    pub(crate) reply_to: Option<Sender>,
    /// How long the mail server may take to let us in, and to answer each command.
    pub(crate) timeout: Duration,
    /// In which language letters are whose reader's is not known.
    pub(crate) language: Language,
    /// Where the operator's own templates are.
    pub(crate) templates: Option<PathBuf>,
    /// Where letters are written as files; `None`: beside the database.
    pub(crate) directory: Option<PathBuf>,
}

/// Reads the section.
pub(super) fn mail(table: &Table) -> Result<MailSettings> {
    let server = read(table, "mail.server", |text| unless("none", text, server))?;
    let from = read(table, "mail.from", |text| unless("none", text, sender))?;
    let from = match from {
        Some(from) => from,
        None if server.is_none() => sender(NOBODY).map_err(Failure::new)?,
        None => {
            return Err(Failure::new("mail.server is set, and mail.from is not")
                .hint("say who letters are from, such as Rollbook <no-reply@example.com>"));
        }
    };
    let path = |name, absent| {
        read(table, name, |text| {
            unless(absent, text, |text| Ok(PathBuf::from(text)))
        })
    };
    Ok(MailSettings {
        server,
        from,
        ca_file: path("mail.ca_file", "none")?,
        reply_to: read(table, "mail.reply_to", |text| unless("none", text, sender))?,
        timeout: read(table, "mail.timeout", parse::patience)?,
        language: read(table, "mail.language", |text| {
            Language::parse(text).map_err(|wrong| format!("must be a language: {wrong}"))
        })?,
        templates: path("mail.templates", "none")?,
        directory: path("mail.directory", "auto")?,
    })
}

/// Nothing for the word that says so, otherwise what the text says.
fn unless<T>(word: &str, text: &str, parse: impl FnOnce(&str) -> Parsed<T>) -> Parsed<Option<T>> {
    if text == word {
        Ok(None)
    } else {
        parse(text).map(Some)
    }
}

fn server(text: &str) -> Parsed<Server> {
    Server::parse(text).map_err(|wrong| {
        format!(
            "must be none, smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465, \
             with special characters percent-encoded: {wrong}"
        )
    })
}

fn sender(text: &str) -> Parsed<Sender> {
    Sender::parse(text)
        .map_err(|wrong| format!("must be an address, alone or as Name <address>: {wrong}"))
}

/// Where the world reaches Rollbook: `http` or `https`, a host and perhaps a path, without a slash
/// at its end. `None` for `auto`: where it listens.
pub(super) fn public_url(text: &str) -> Parsed<Option<String>> {
    unless("auto", text, |text| {
        let must = "must be auto or a URL such as https://rollbook.example.com, \
                    without query and fragment";
        let url = Url::parse(text).map_err(|wrong| format!("{must}: {wrong}"))?;
        if url.as_str().contains(['?', '#']) {
            return Err(must.to_owned());
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::super::{Flags, Settings};
    use super::*;

    fn load(pairs: &[(&str, &str)]) -> Result<Settings> {
        let environment = pairs
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        Settings::load(&Flags::default(), environment)
    }

    #[test]
    fn without_a_server_letters_are_files() {
        let mail = load(&[]).unwrap().mail;
        assert!(mail.server.is_none() && mail.directory.is_none() && mail.templates.is_none());
        assert_eq!(mail.from, Sender::parse(NOBODY).unwrap());
        assert_eq!(mail.language.as_str(), "en");
    }

    #[test]
    fn a_server_is_set_with_its_sender() {
        let server = (
            "ROLLBOOK_MAIL_SERVER",
            "smtp://me:hunter2@mail.acme.example",
        );
        let refusal = load(&[server]).unwrap_err().to_string();
        assert!(refusal.contains("mail.from"), "{refusal}");
        let from = ("ROLLBOOK_MAIL_FROM", "Acme <no-reply@acme.example>");
        let settings = load(&[server, from]).unwrap();
        let host = settings.mail.server.as_ref().map(|it| it.host.as_str());
        assert_eq!(host, Some("mail.acme.example"));
        let printed = super::super::print(&settings);
        let masked =
            "server = \"smtp://me:***@mail.acme.example:587?tls=required\" # ROLLBOOK_MAIL_SERVER";
        assert!(printed.contains(masked), "{printed}");
        assert!(!printed.contains("hunter2") && !format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn bad_values_are_refused_without_the_password() {
        for (variable, value, message) in [
            (
                "ROLLBOOK_MAIL_SERVER",
                "smtp://me:hunter2@h?tls=none",
                "only be sent over TLS",
            ),
            ("ROLLBOOK_MAIL_SERVER", "me:hunter2@h", "mail.server (from"),
            ("ROLLBOOK_MAIL_FROM", "Acme", "must be an address"),
            ("ROLLBOOK_MAIL_REPLY_TO", "x@", "must be an address"),
            ("ROLLBOOK_MAIL_TIMEOUT", "0s", "more than zero"),
            ("ROLLBOOK_MAIL_LANGUAGE", "german!", "BCP 47"),
            ("ROLLBOOK_SERVER_PUBLIC_URL", "rollbook.example", "https://"),
            (
                "ROLLBOOK_SERVER_PUBLIC_URL",
                "https://x.example/?a",
                "without query",
            ),
            (
                "ROLLBOOK_SERVER_PUBLIC_URL",
                "https://x.example/#a",
                "without query",
            ),
            (
                "ROLLBOOK_SERVER_PUBLIC_URL",
                "ftp://x.example",
                "must start with",
            ),
        ] {
            let refusal = load(&[(variable, value)]).unwrap_err().to_string();
            assert!(refusal.contains(message), "{refusal}");
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }

    #[test]
    fn a_public_url_has_no_slash_at_its_end() {
        for (text, url) in [
            ("auto", None),
            ("https://x.example/", Some("https://x.example")),
            (
                "HTTPS://X.example:8443/base/",
                Some("https://x.example:8443/base"),
            ),
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
        ] {
            assert_eq!(public_url(text).unwrap().as_deref(), url);
        }
    }
}
