use async_trait::async_trait;

use crate::mail::Mail;

/// Why a mail was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotMailed {
    /// Whether trying again is of no use: the server refused it for good (RFC 5321 §4.2.1: 5yz).
    pub permanent: bool,
    /// The status of the server's answer, if it gave one.
    pub status: Option<u16>,
    /// Why, in words for the operator; never the mail's text.
    pub reason: String,
}

/// Sends mails. Never called within a transaction.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Answers `Ok` when another machine has taken the responsibility for it (RFC 5321 §4.2.5).
    async fn send(&self, mail: &Mail) -> Result<(), NotMailed>;
}
