//! Passwords: the driving port with its commands, here, and the use cases behind it.
//!
//! Hashing takes long on purpose, so it never happens in a transaction: a use case reads, the
//! service hashes, and a second use case writes if things are still as they were read.

mod own;
mod resetting;
mod service;
mod signing_in;
mod tools;

use async_trait::async_trait;

use crate::Result;
use crate::access::{Caller, Origin};
use crate::password::Password;
use crate::secret::{Digest, Secret};
use crate::time::Timestamp;
use crate::user::User;
use crate::value::Email;

pub use resetting::{Fresh, give};
pub use service::PasswordService;
pub use signing_in::sign_in;
pub use tools::{PasswordTools, note, words};

/// What it takes to set one's password.
#[derive(Clone, Debug)]
pub struct SetPassword {
    /// The present one; needed if there is one.
    pub current: Option<Password>,
    /// The new one.
    pub new: Password,
}

/// What a user is told about their password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MyPassword {
    /// The user.
    pub user: User,
    /// When it was set; `None`: there is none.
    pub changed_at: Option<Timestamp>,
}

/// The secret of a reset, as somebody presents it; nothing when it cannot be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResetSecret(Option<Digest>);

impl ResetSecret {
    /// Reads what was mailed.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self(Secret::parse_password_reset(text).map(|secret| secret.digest()))
    }
}

/// What the page shows that the mailed link leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedReset {
    /// Whose password it is about.
    pub user: User,
    /// From when on it does not work.
    pub expires_at: Timestamp,
}

impl OpenedReset {
    /// Whether whoever uses it takes the account over: nobody has shown until now that its address is
    /// theirs, and all that opens it will be dead.
    #[must_use]
    pub const fn claims(&self) -> bool {
        !self.user.has_verified_email()
    }
}

/// A way to a new password, with its secret, which cannot be had again.
#[derive(Clone, Debug)]
pub struct GivenReset {
    /// Whose password it is about.
    pub user: User,
    /// The secret.
    pub secret: Secret,
    /// From when on it does not work.
    pub expires_at: Timestamp,
}

/// What people can do with their own passwords. Nobody else can do anything with them: superusers
/// neither see nor set them.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Passwords: Send + Sync {
    /// What the caller is told about their password.
    async fn mine(&self, caller: Caller) -> Result<MyPassword>;

    /// Sets the caller's password. All their browser sessions end, but the one they call with.
    async fn set(&self, caller: Caller, command: SetPassword) -> Result<()>;

    /// Removes the caller's password, which has to be given. All their browser sessions end, but
    /// the one they call with.
    async fn remove(&self, caller: Caller, current: Password) -> Result<()>;

    /// Mails a way to a new password to an address, if somebody has it who can have a password, and
    /// if not too many mails go there. Which of them is not told, and since it takes longer if
    /// there is somebody, whoever asked is better not kept waiting for it.
    async fn request_reset(&self, origin: Origin, email: Email) -> Result<()>;

    /// Whose password the secret is about. It needs no credential and changes nothing: mail
    /// scanners open links.
    async fn open_reset(&self, secret: ResetSecret) -> Result<OpenedReset>;

    /// Sets a password with the secret that was mailed. All browser sessions end, and the address
    /// counts as verified from then on. If it was not, whoever made the account may be somebody
    /// else: then all that opened it before is dead. Nobody is signed in by it.
    async fn reset(&self, origin: Origin, secret: ResetSecret, new: Password) -> Result<User>;
}
