//! Organizations: what users belong to.

use crate::filter::TextTest;
use crate::id::{OrganizationId, UserId};
use crate::time::{Span, Timestamp};
use crate::value::{Description, DisplayName, Email, Links, Logo, OrganizationName, Slug};
use crate::{Refusal, Result};

/// How long a deleted organization can be restored.
pub const RESTORE_WINDOW: Span = Span::days(30);

/// An organization. It has exactly one owner, who is always a member with the admin role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// The organization's id.
    pub id: OrganizationId,
    /// What it is called; may repeat.
    pub name: OrganizationName,
    /// Its short name, unique among live organizations.
    pub slug: Slug,
    /// What it is about.
    pub description: Option<Description>,
    /// Its logo.
    pub logo: Option<Logo>,
    /// Links that clients show with it; `None`: nobody has said any.
    pub links: Option<Links>,
    /// The user who owns it.
    pub owner_id: UserId,
    /// Counts the changes; the entity tag of every dialect is made of it.
    pub version: Version,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}

impl Organization {
    /// Whether it has not been deleted.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }

    /// Until when it can be restored, if it is deleted.
    #[must_use]
    pub fn restorable_until(&self) -> Option<Timestamp> {
        self.deleted_at.map(|at| at.plus(RESTORE_WINDOW))
    }

    /// Marks it as changed at `now`.
    pub fn touch(&mut self, now: Timestamp) {
        self.version = self.version.next();
        self.updated_at = now;
    }
}

/// How often a row has changed; starts at 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(i64);

impl Version {
    /// The version of a new row.
    pub const FIRST: Self = Self(1);

    /// Takes what a store or an entity tag held.
    #[must_use]
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The version after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Refuses when the caller saw another version than this one. `None`: the caller does not care.
    pub fn expect(self, seen: Option<Self>) -> Result<()> {
        match seen {
            Some(seen) if seen != self => Err(Refusal::VersionMismatch.into()),
            _ => Ok(()),
        }
    }
}

/// The owner of an organization, as everybody who sees the organization sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The owner's user id.
    pub id: UserId,
    /// What to call the owner.
    pub display_name: DisplayName,
    /// The owner's address.
    pub email: Email,
}

/// An organization with its owner: what reads answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrganizationView {
    /// The organization.
    pub organization: Organization,
    /// Its owner.
    pub owner: Owner,
}

/// By what an organization is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handle {
    /// Its id.
    Id(OrganizationId),
    /// Its name, whatever its spelling, among the organizations that the caller may see.
    Name(OrganizationName),
}

/// One test of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrganizationTest {
    /// Its folded name passes.
    Name(TextTest),
    /// This user owns it.
    Owner(UserId),
    /// The folded address of its owner passes.
    OwnerEmail(TextTest),
}

impl OrganizationTest {
    /// Whether an organization passes.
    #[must_use]
    pub fn passes(&self, view: &OrganizationView) -> bool {
        match self {
            Self::Name(test) => test.passes(&view.organization.name.key()),
            Self::Owner(id) => view.organization.owner_id == *id,
            Self::OwnerEmail(test) => test.passes(view.owner.email.key()),
        }
    }
}

/// Where an organization stands in a list of the oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age {
    /// When it was made.
    pub created_at: Timestamp,
    /// Its id, which breaks ties.
    pub id: OrganizationId,
}

impl Age {
    /// That of an organization.
    #[must_use]
    pub const fn of(organization: &Organization) -> Self {
        Self {
            created_at: organization.created_at,
            id: organization.id,
        }
    }
}

/// What happens to a field in an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// It stays as it is.
    #[default]
    Keep,
    /// It becomes empty.
    Clear,
    /// It gets this value.
    Set(T),
}

impl<T> Patch<T> {
    /// Applies it to an optional field.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Self::Keep => {}
            Self::Clear => *field = None,
            Self::Set(value) => *field = Some(value),
        }
    }
}
