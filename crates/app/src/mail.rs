//! Who sends letters, and `rollbook mail`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use actix_web::rt::System;
use rollbook_domain::id::MessageId;
use rollbook_domain::mail::Mail;
use rollbook_domain::port::{Clock as _, IdSource as _, Mailer};
use rollbook_mail::{FileMailer, SmtpMailer, SmtpOptions, Stationery, Words, Writer, sample};
use rollbook_store::DatabaseUrl;
use url::{Host, Url};

use crate::ambient::{SystemClock, UuidSource};
use crate::cli::{PreviewArgs, TestArgs, print_line, print_text};
use crate::failure::{Failure, Result};
use crate::settings::Settings;

/// Whoever sends letters as the settings say; their links lead to `public_url`. Refused if a
/// template is broken or a certificate cannot be read.
pub(crate) fn mailer(settings: &Settings, public_url: &str) -> Result<Arc<dyn Mailer>> {
    match smtp(settings, public_url)? {
        Some(smtp) => Ok(Arc::new(smtp)),
        None => Ok(Arc::new(FileMailer::new(
            directory(settings),
            writer(settings, public_url)?,
        ))),
    }
}

/// Says what about mail is good for trying things out only.
pub(crate) fn warn(settings: &Settings, public_url: &str) {
    match &settings.mail.server {
        None => tracing::warn!(
            directory = %directory(settings).display(),
            "no mail server is set (mail.server): letters are written as files and reach nobody"
        ),
        Some(_) if settings.server.public_url.is_none() => tracing::warn!(
            url = public_url,
            "server.public_url is not set: the links in letters lead where this server listens"
        ),
        Some(server) if !server.is_safe() => tracing::warn!(
            server = server.masked(),
            "letters go to the mail server without certain encryption, and they hold secrets"
        ),
        Some(_) => {}
    }
    if !public_url.starts_with("https://") && !is_this_machine(public_url) {
        tracing::warn!(
            url = public_url,
            "server.public_url is not https: whoever is in between can read tokens and links"
        );
    }
}

fn smtp(settings: &Settings, public_url: &str) -> Result<Option<SmtpMailer>> {
    let Some(server) = settings.mail.server.clone() else {
        return Ok(None);
    };
    let options = SmtpOptions {
        server,
        timeout: settings.mail.timeout,
        authorities: settings
            .mail
            .ca_file
            .as_deref()
            .map(certificates)
            .transpose()?,
    };
    let smtp = SmtpMailer::new(options, writer(settings, public_url)?);
    smtp.map(Some)
        .map_err(|reason| Failure::new(format!("cannot prepare TLS for the mail server: {reason}")))
}

fn certificates(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| {
        Failure::new(format!(
            "mail.ca_file: cannot read {}: {error}",
            path.display()
        ))
    })
}

fn writer(settings: &Settings, public_url: &str) -> Result<Writer> {
    let mail = &settings.mail;
    let stationery = Stationery {
        from: mail.from.clone(),
        reply_to: mail.reply_to.clone(),
        public_url: public_url.to_owned(),
        language: mail.language.clone(),
        templates: mail.templates.clone(),
    };
    Writer::new(stationery).map_err(|bad| {
        Failure::new(format!("a mail template cannot be used: {bad}"))
            .hint("`rollbook mail preview KEY` shows a letter; docs/operations.md lists what templates know")
    })
}

/// Where letters are written as files: beside the database if that is a file, otherwise in the
/// working directory.
fn directory(settings: &Settings) -> PathBuf {
    if let Some(directory) = &settings.mail.directory {
        return directory.clone();
    }
    match &settings.database.url {
        DatabaseUrl::Sqlite(path) => path.with_file_name("mail"),
        DatabaseUrl::Postgres(_) => PathBuf::from("mail"),
    }
}

/// The URL that the settings name, or where the server would listen.
pub(crate) fn public_url(settings: &Settings) -> String {
    let server = &settings.server;
    server.public_url.clone().unwrap_or_else(|| {
        let listen: std::result::Result<SocketAddr, _> = server.listen.parse();
        match listen {
            Ok(address) => crate::serve::base_url(&[address]),
            Err(_) => format!("http://{}", server.listen),
        }
    })
}

/// Whether a URL leads nowhere else than to the machine that follows it.
fn is_this_machine(url: &str) -> bool {
    let url = Url::parse(url).ok();
    match url.as_ref().and_then(Url::host) {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Prints a letter with made-up names on standard output.
pub(crate) fn preview(settings: &Settings, args: PreviewArgs) -> Result<()> {
    let url = public_url(settings);
    let letter = sample(&args.key, args.language);
    let letter = letter.ok_or_else(|| Failure::new("there is no such letter"))?;
    let words = writer(settings, &url)?.words(&letter);
    let words = words.map_err(|bad| Failure::new(bad.to_string()))?;
    if args.html {
        print_line(&words.html)
    } else {
        print_text(&format!("Subject: {}\n\n{}\n", words.subject, words.text))
    }
}

/// Sends a letter that says it is a test, and prints what the mail server answered.
pub(crate) fn test(settings: &Settings, args: TestArgs) -> Result<()> {
    let url = public_url(settings);
    let Some(smtp) = smtp(settings, &url)? else {
        return Err(Failure::new("no mail server is set").hint(
            "set mail.server, such as ROLLBOOK_MAIL_SERVER=smtp://USER:PASSWORD@mail.example.com:587",
        ));
    };
    let letter = test_letter(args)?;
    let recipient = letter.recipient.clone();
    let words = Words {
        language: settings.mail.language.clone(),
        subject: format!("A test of mail from {url}"),
        text: format!("This is a test. Mail from {url} arrives.\n"),
        html: format!(
            "<!DOCTYPE html>\n<title>Test</title>\n<p>This is a test. Mail from {url} arrives.</p>\n"
        ),
    };
    let sent = System::new().block_on(smtp.deliver_words(&letter, words));
    let receipt = sent.map_err(|refusal| {
        let status = refusal
            .status
            .map_or_else(String::new, |it| format!(" ({it})"));
        Failure::new(format!(
            "the letter was not taken{status}: {}",
            refusal.reason
        ))
        .hint("`rollbook config` shows the settings in effect; docs/operations.md explains them")
    })?;
    print_line(&format!(
        "The mail server took the letter to {recipient}: {} {}",
        receipt.status, receipt.text
    ))
}

fn test_letter(args: TestArgs) -> Result<Mail> {
    let now = SystemClock.now();
    let letter = sample("ownership_transferred", None);
    let letter = letter.ok_or_else(|| Failure::new("there is no such letter"))?;
    Ok(Mail {
        id: MessageId::new(UuidSource::default().next(now)),
        recipient: args.to,
        name: None,
        written_at: now,
        ..letter
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_who_is_this_machine() {
        for (url, here) in [
            ("https://rollbook.example/base", false),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080/x", true),
            ("http://localhost", true),
            ("http://localhost@rollbook.example", false),
            ("http://192.0.2.1:80", false),
        ] {
            assert_eq!(is_this_machine(url), here, "{url}");
        }
    }
}
