use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use rollbook_domain::mail::Mail;
use rollbook_domain::value::{DisplayName, Email, Language};

use crate::words::{BadTemplate, Templates, Words, one_line};

/// Who a letter is from, or to whom its answer goes: `Name <address>` or an address alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mailbox: Result<Mailbox, _> = text.parse();
        let mailbox = mailbox.map_err(|error| error.to_string())?;
        let email = mailbox.email.to_string();
        Email::parse(&email).map_err(|error| error.to_string())?;
        if let Some(name) = &mailbox.name {
            DisplayName::parse(name).map_err(|error| error.to_string())?;
        }
        Ok(Self(mailbox))
    }
}

/// What all letters have in common.
#[derive(Clone, Debug)]
pub struct Stationery {
    /// Who they are from; its domain is the one of the messages' ids.
    pub from: Sender,
    /// To whom answers go, if not to `from`.
    pub reply_to: Option<Sender>,
    /// Where the pages are that links lead to: `http` or `https`, a host and perhaps a path, without
    /// a slash at its end.
    pub public_url: String,
    /// In which language letters are whose reader's is not known.
    pub language: Language,
    /// The directory of the operator's own templates, if there are some.
    pub templates: Option<PathBuf>,
}

/// Makes mails out of letters.
#[derive(Debug)]
pub struct Writer {
    stationery: Stationery,
    templates: Templates,
}

/// A mail that is ready to be sent.
#[derive(Debug)]
pub(crate) struct Composed {
    pub(crate) envelope: Envelope,
    /// The message (RFC 5322), with CRLF at the end of its lines.
    pub(crate) bytes: Vec<u8>,
    pub(crate) subject: String,
}

impl Writer {
    /// Reads the templates, and tries them.
    pub fn new(stationery: Stationery) -> Result<Self, BadTemplate> {
        let templates = Templates::load(stationery.templates.as_deref())?;
        Ok(Self {
            stationery,
            templates,
        })
    }

    /// The words of a letter, in its language, the installation's or English.
    pub fn words(&self, mail: &Mail) -> Result<Words, BadTemplate> {
        let Stationery {
            language,
            public_url,
            ..
        } = &self.stationery;
        self.templates.words(mail, language, public_url)
    }

    /// Where the links lead.
    pub(crate) fn public_url(&self) -> &str {
        &self.stationery.public_url
    }

    /// The letter as a mail, or a clause that says why there is none.
    pub(crate) fn compose(&self, mail: &Mail) -> Result<Composed, String> {
        let words = self.words(mail).map_err(|error| error.to_string())?;
        self.put(mail, words)
    }

    /// Words of one's own as a mail to whom the letter is to.
    pub(crate) fn put(&self, mail: &Mail, words: Words) -> Result<Composed, String> {
        let Stationery { from, reply_to, .. } = &self.stationery;
        let to = address(&mail.recipient)?;
        // A name with a line break is none that we parsed; lettre panics at it.
        let name = mail.name.as_ref().map(|name| one_line(name.as_str()));
        let subject = words.subject.clone();
        let mut builder = Message::builder()
            .from(from.0.clone())
            .to(Mailbox::new(name, to.clone()))
            .subject(words.subject)
            .date(UNIX_EPOCH + since_the_epoch(mail))
            // The same each time that the letter is sent, so that a second copy can be told.
            .message_id(Some(format!("<{}@{}>", mail.id, from.0.email.domain())))
            // Nobody's absence is an answer (RFC 3834).
            .raw_header(raw("Auto-Submitted", "auto-generated"))
            .raw_header(raw("Content-Language", words.language.as_str()));
        if let Some(reply_to) = reply_to {
            builder = builder.reply_to(reply_to.0.clone());
        }
        let body = MultiPart::alternative_plain_html(words.text, words.html);
        let message = builder
            .multipart(body)
            .map_err(|error| format!("the mail cannot be put together: {error}"))?;
        let envelope = Envelope::new(Some(from.0.email.clone()), vec![to]);
        Ok(Composed {
            envelope: envelope.map_err(|error| error.to_string())?,
            bytes: message.formatted(),
            subject,
        })
    }
}

fn since_the_epoch(mail: &Mail) -> Duration {
    Duration::from_millis(mail.written_at.millis().unsigned_abs())
}

fn raw(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

/// The address as SMTP has it: the domain in ASCII.
fn address(email: &Email) -> Result<Address, String> {
    let (local, _) = email.as_str().rsplit_once('@').unwrap_or_default();
    Address::new(local, email.domain())
        .map_err(|error| format!("the address cannot be written to: {error}"))
}
