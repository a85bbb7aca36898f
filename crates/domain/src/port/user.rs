use crate::Result;
use crate::id::{OrganizationId, UserId};
use crate::organization::Version;
use crate::page::{Page, Window};
use crate::user::User;
use crate::value::Email;

/// Keeps users. The deleted ones stay, without name and address.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait UserRepo {
    /// Adds a user; `false` when the folded e-mail address is taken.
    fn add(&mut self, user: &User) -> Result<bool>;

    /// A user.
    fn find(&mut self, id: UserId) -> Result<Option<User>>;

    /// The user with this address, whatever its spelling.
    fn find_by_email(&mut self, email: &Email) -> Result<Option<User>>;

    /// A user, with its row locked until the end of the transaction.
    fn lock(&mut self, id: UserId) -> Result<Option<User>>;

    /// Whether there is any user at all.
    fn any(&mut self) -> Result<bool>;

    /// Writes all fields of a user whose version in the store is `seen`; `false` when it is
    /// another. [`crate::Refusal::EmailTaken`] when another user has the folded address.
    fn update(&mut self, user: &User, seen: Version) -> Result<bool>;

    /// All users that are not deleted, by id.
    fn list(&mut self, window: &Window<UserId>) -> Result<Page<User, UserId>>;

    /// The service accounts that belong to an organization and are not deleted, by id.
    fn list_service_accounts(
        &mut self,
        organization: OrganizationId,
        window: &Window<UserId>,
    ) -> Result<Page<User, UserId>>;

    /// The live organizations that a user owns, by id, at most `at_most`.
    fn owned(&mut self, user: UserId, at_most: u32) -> Result<Vec<OrganizationId>>;
}
