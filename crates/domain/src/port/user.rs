use crate::Result;
use crate::id::UserId;
use crate::user::User;
use crate::value::Email;

/// Keeps users.
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
}
