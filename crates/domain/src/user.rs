//! Users: the people and service accounts that belong to organizations.

use crate::id::{OrganizationId, UserId};
use crate::organization::Version;
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
    /// When the user was shown to receive mail at the address; `None`: not yet.
    pub email_verified_at: Option<Timestamp>,
    /// The only organization that a service account belongs to; `None` for people, and for the
    /// operator's own service accounts.
    pub organization_id: Option<OrganizationId>,
    /// When an organization of the user's got its trial: there is no second one.
    pub trial_started_at: Option<Timestamp>,
    /// Counts the changes.
    pub version: Version,
    /// When the user was made.
    pub created_at: Timestamp,
    /// When the user last changed.
    pub updated_at: Timestamp,
    /// When the user was deleted. What is left of them is an id that is never given again.
    pub deleted_at: Option<Timestamp>,
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
    /// Marks the user as changed at `now`.
    pub fn touch(&mut self, now: Timestamp) {
        self.version = self.version.next();
        self.updated_at = now;
    }

    /// Whether the user may own an organization.
    #[must_use]
    pub fn can_own(&self) -> bool {
        self.active && self.kind == UserKind::Person
    }

    /// Whether the user was shown to receive mail at the address.
    #[must_use]
    pub const fn has_verified_email(&self) -> bool {
        self.email_verified_at.is_some()
    }
}
