//! Users: the people and service accounts that belong to organizations.

use crate::id::UserId;
use crate::time::Timestamp;
use crate::value::{DisplayName, Email};

/// A person or a service account. Users are global; a membership ties one to an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// Person or service account.
    pub kind: UserKind,
    /// The address, unique among all users on its folded form.
    pub email: Email,
    /// What to call the user.
    pub display_name: DisplayName,
    /// Whether the user operates the platform and may see and do everything.
    pub superuser: bool,
    /// Whether the user's credentials work.
    pub active: bool,
    /// When the user was made.
    pub created_at: Timestamp,
    /// When the user last changed.
    pub updated_at: Timestamp,
}

/// What a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserKind {
    /// A human being.
    Person,
    /// A program. It can be a member, and cannot own an organization.
    ServiceAccount,
}

impl User {
    /// Whether the user may own an organization.
    #[must_use]
    pub fn can_own(&self) -> bool {
        self.active && self.kind == UserKind::Person
    }
}
