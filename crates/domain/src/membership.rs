//! Memberships: the bonds between users and organizations.

use crate::id::{MembershipId, OrganizationId, UserId};
use crate::role::Roles;
use crate::time::Timestamp;
use crate::user::UserKind;
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
    /// The roles that the user has in the organization, at least one.
    pub roles: Roles,
    /// When the user joined.
    pub created_at: Timestamp,
    /// When the membership last changed.
    pub updated_at: Timestamp,
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
}
