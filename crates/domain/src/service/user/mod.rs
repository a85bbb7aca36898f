//! Users: the driving port with its commands, here, and the use cases behind it.

mod administration;
mod credentials;
mod deletion;
mod homes;
mod profile;
mod service;
mod verifying;

use async_trait::async_trait;

use super::organization::OwnerLimit;
use crate::access::Caller;
use crate::id::{OrganizationId, UserId};
use crate::idempotency::Once;
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::port::Tx;
use crate::user::User;
use crate::value::{DisplayName, Email};
use crate::{Error, Refusal, Result};

pub use credentials::end_credentials;
pub use deletion::bury;
pub use homes::HOMES_TOLD;
pub use service::UserService;
pub(in crate::service) use verifying::vouch;
pub use verifying::{OpenedVerification, VerificationSecret};

/// How many organizations a [`Refusal::StillOwner`] names at the most.
pub const OWNED_SHOWN: u32 = 100;

/// A page of users.
pub type UserPage = Page<User, UserId>;

/// What shall change in the caller's profile. Whether the address is verified is not among it
/// (CVE-2026-27946 in zitadel).
#[derive(Clone, Debug, Default)]
pub struct UpdateProfile {
    /// The new display name, if any.
    pub display_name: Option<DisplayName>,
    /// The new address, if any. It is not verified until it is shown to be the user's.
    pub email: Option<Email>,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
}

/// What a person shall be whom a superuser makes. Superusers are made at the command line only.
#[derive(Clone, Debug)]
pub struct CreatePerson {
    /// Their address, which is not verified thereby.
    pub email: Email,
    /// What to call them.
    pub display_name: DisplayName,
    /// The client's name of the request, if it shall have its effect only once.
    pub once: Option<Once>,
}

/// What becomes of an organization whose owner is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bequest {
    /// It is deleted.
    Delete,
    /// This member owns it.
    TransferTo(UserId),
}

/// That a user shall be deleted, and what becomes of what they own.
#[derive(Clone, Debug, Default)]
pub struct DeleteUser {
    /// What becomes of each organization that they own. One that is not here stands in the way of
    /// the deletion.
    pub bequests: Vec<(OrganizationId, Bequest)>,
    /// How many organizations an heir may own.
    pub owner_limit: OwnerLimit,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
}

/// What users can do with themselves, and superusers with all.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Users: Send + Sync {
    /// The caller.
    async fn me(&self, caller: Caller) -> Result<User>;

    /// Changes the caller's profile.
    async fn update_me(&self, caller: Caller, command: UpdateProfile) -> Result<User>;

    /// Mails the caller a secret that verifies their address, unless it is verified already. The
    /// one before is dead.
    async fn send_email_verification(&self, caller: Caller) -> Result<User>;

    /// Whose address a mailed secret verifies. It needs no credential and changes nothing: mail
    /// scanners open links.
    async fn open_email_verification(
        &self,
        caller: Caller,
        secret: VerificationSecret,
    ) -> Result<OpenedVerification>;

    /// Verifies the caller's address by the secret that was mailed there. An organization that has
    /// verified the address's domain may take the caller in thereby. Doing it again changes
    /// nothing.
    async fn verify_my_email(&self, caller: Caller, secret: VerificationSecret) -> Result<User>;
    /// Changes the profile of a user, who must be the caller.
    async fn update(&self, caller: Caller, id: UserId, command: UpdateProfile) -> Result<User>;

    /// Deletes the caller, with all memberships and tokens.
    async fn delete_me(&self, caller: Caller, command: DeleteUser) -> Result<()>;

    /// All users, for superusers.
    async fn list(&self, caller: Caller, window: Window<UserId>) -> Result<UserPage>;

    /// Any user, for superusers.
    async fn get(&self, caller: Caller, id: UserId) -> Result<User>;

    /// Makes a person, for superusers.
    async fn create(&self, caller: Caller, command: CreatePerson) -> Result<User>;

    /// Vouches for a user's address, for superusers. Who has an address in a domain that an
    /// organization has verified may be taken in thereby.
    async fn verify_email(&self, caller: Caller, id: UserId) -> Result<User>;

    /// Ends all credentials of a user, who owns no organization, for superusers.
    async fn deactivate(&self, caller: Caller, id: UserId, seen: Option<Version>) -> Result<User>;

    /// Lets a deactivated user have credentials again, for superusers. The old ones stay dead.
    async fn activate(&self, caller: Caller, id: UserId, seen: Option<Version>) -> Result<User>;

    /// Deletes a user, with all memberships and tokens, for superusers.
    async fn delete(&self, caller: Caller, id: UserId, command: DeleteUser) -> Result<()>;
}

fn write(tx: &mut dyn Tx, user: &User, before: Version) -> Result<()> {
    if tx.users().update(user, before)? {
        Ok(())
    } else {
        Err(Refusal::VersionMismatch.into())
    }
}

/// Refuses addresses that Rollbook gives away itself: nobody shall wait at the address that
/// another user will have when deleted.
fn check_address(email: &Email) -> Result<()> {
    if email.domain().ends_with(".invalid") {
        let reason = "addresses in .invalid belong to nobody (RFC 2606)";
        return Err(Error::invalid("email", reason));
    }
    Ok(())
}
