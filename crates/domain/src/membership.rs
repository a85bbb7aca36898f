//! Memberships: the bonds between users and organizations.

use std::cmp::Ordering;

use crate::filter::TextTest;
use crate::id::{MembershipId, OrganizationId, UserId};
use crate::organization::Version;
use crate::role::{AssignedRole, RoleRef, RoleScope, Roles, WorkspaceRoles};
use crate::time::Timestamp;
use crate::user::{User, UserKind};
use crate::value::{DisplayName, Email};

/// That a user belongs to an organization, and as what. A pair has at most one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// The membership's id.
    pub id: MembershipId,
    /// The organization.
    pub organization_id: OrganizationId,
    /// The user.
    pub user_id: UserId,
    /// The built-in roles that the user has in the organization, at least one: who has nothing but
    /// custom roles is a [`crate::role::Role::Member`] beside.
    pub roles: Roles,
    /// The organization's own roles that the user has, in the order of their ids.
    pub custom_roles: Vec<AssignedRole>,
    /// Counts the changes.
    pub version: Version,
    /// When the user joined.
    pub created_at: Timestamp,
    /// When the membership last changed.
    pub updated_at: Timestamp,
}

impl Membership {
    /// Marks it as changed at `now`.
    pub fn touch(&mut self, now: Timestamp) {
        self.version = self.version.next();
        self.updated_at = now;
    }
}

/// A membership with the user: what reads answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberView {
    /// The membership.
    pub membership: Membership,
    /// Person or service account.
    pub kind: UserKind,
    /// What to call the member.
    pub display_name: DisplayName,
    /// The member's address.
    pub email: Email,
    /// The roles that the member has in some workspace or other, built in.
    pub workspace_roles: WorkspaceRoles,
    /// The organization's own roles that the member has in some workspace or other.
    pub custom_workspace_roles: Vec<AssignedRole>,
}

impl MemberView {
    /// A new member, who is in no workspace as yet.
    #[must_use]
    pub fn new(membership: Membership, user: &User) -> Self {
        Self {
            membership,
            kind: user.kind,
            display_name: user.display_name.clone(),
            email: user.email.clone(),
            workspace_roles: WorkspaceRoles::NONE,
            custom_workspace_roles: Vec::new(),
        }
    }
}

/// One test of a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberTest {
    /// Has one of these roles, in the organization or in some workspace; without roles it never
    /// holds.
    Role(Vec<RoleRef>),
    /// Has a role of this scope. Everybody has one of the organization's.
    Scope(RoleScope),
    /// Display name or address, folded, passes.
    Search(TextTest),
}

/// One test of a member, as it is asked for: a role is named, not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberCondition {
    /// Has the role with this public key or title, whatever its case, built in or custom, in the
    /// organization or in some workspace. Nobody has a role that there is not.
    Role(String),
    /// [`MemberTest::Scope`].
    Scope(RoleScope),
    /// [`MemberTest::Search`].
    Search(TextTest),
}

/// What members can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MemberField {
    /// The folded display name.
    DisplayName,
    /// The folded address.
    Email,
    /// When they joined.
    Created,
    /// When the membership last changed.
    Updated,
}

/// How a list is sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl Direction {
    /// An order, turned round when this is descending.
    #[must_use]
    pub const fn turned(self, ordering: Ordering) -> Ordering {
        match self {
            Self::Ascending => ordering,
            Self::Descending => ordering.reverse(),
        }
    }
}

/// The order of a list of members: by these fields, and then by the membership's id in the
/// direction of the last field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberOrder(Vec<(MemberField, Direction)>);

impl MemberOrder {
    /// By these fields, each at most once; `None` when one comes twice. Without fields: those who
    /// joined last come first.
    #[must_use]
    pub fn new(fields: Vec<(MemberField, Direction)>) -> Option<Self> {
        if fields.is_empty() {
            return Some(Self::default());
        }
        let twice = |at: usize| fields[..at].iter().any(|(field, _)| *field == fields[at].0);
        let repeated = (1..fields.len()).any(twice);
        (!repeated).then_some(Self(fields))
    }

    /// The fields, first things first; at least one.
    #[must_use]
    pub fn fields(&self) -> &[(MemberField, Direction)] {
        &self.0
    }

    /// The direction in which ids break ties.
    #[must_use]
    pub fn last(&self) -> Direction {
        self.0
            .last()
            .map_or(Direction::Descending, |(_, direction)| *direction)
    }

    /// Which of two keys of this order comes first.
    #[must_use]
    pub fn compare(&self, one: &MemberKey, other: &MemberKey) -> Ordering {
        let values = one.values.iter().zip(&other.values);
        let fields = self.0.iter().zip(values);
        let by_fields = fields
            .map(|((_, direction), (one, other))| direction.turned(one.cmp(other)))
            .find(|ordering| ordering.is_ne());
        by_fields.unwrap_or_else(|| self.last().turned(one.id.cmp(&other.id)))
    }

    /// The key of a member in a list of this order.
    #[must_use]
    pub fn key(&self, member: &MemberView) -> MemberKey {
        let value = |field: &MemberField| match field {
            MemberField::DisplayName => SortValue::Text(member.display_name.key()),
            MemberField::Email => SortValue::Text(member.email.key().to_owned()),
            MemberField::Created => SortValue::Time(member.membership.created_at),
            MemberField::Updated => SortValue::Time(member.membership.updated_at),
        };
        MemberKey {
            values: self.0.iter().map(|(field, _)| value(field)).collect(),
            id: member.membership.id,
        }
    }
}

impl Default for MemberOrder {
    fn default() -> Self {
        Self(vec![(MemberField::Created, Direction::Descending)])
    }
}

/// Where a member stands in a sorted list: one value a field of the [`MemberOrder`], and the id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberKey {
    /// The values of the fields.
    pub values: Vec<SortValue>,
    /// The membership's id.
    pub id: MembershipId,
}

/// The value of a field that a list is sorted by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SortValue {
    /// A folded text. Stores compare texts by their bytes (UTF-8).
    Text(String),
    /// A moment.
    Time(Timestamp),
}
