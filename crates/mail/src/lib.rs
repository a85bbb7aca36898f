//! Letters: their words, from templates, and two ways to send them. [`SmtpMailer`] hands them to a
//! mail server, [`FileMailer`] writes them into a directory, for those who try Rollbook out.
//!
//! Both implement [`rollbook_domain::port::Mailer`]. A [`Writer`] makes the mail itself; it reads
//! and tries all templates when it is made, so that none fails for the first time when somebody
//! waits for a letter.

mod compose;
mod file;
mod line;
mod sample;
mod server;
mod smtp;
mod words;

pub use compose::{Sender, Stationery, Writer};
pub use file::FileMailer;
pub use sample::sample;
pub use server::{Encryption, Server};
pub use smtp::{Receipt, SmtpMailer, SmtpOptions};
pub use words::{BadTemplate, KEYS, Words};
