//! Workspaces: the parts of an organization in which its members work.

use std::cmp::Ordering;

use crate::id::{OrganizationId, UserId, WorkspaceId};
use crate::membership::{Direction, SortValue};
use crate::organization::{OrganizationView, Version};
use crate::role::{AssignedRole, WorkspaceRoles};
use crate::time::Timestamp;
use crate::value::{Description, DisplayName, Email, IconName, WorkspaceTitle};

/// How long a deleted workspace can be restored.
pub use crate::organization::RESTORE_WINDOW;

/// Which workspace: its id means nothing without the organization that it is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkspaceRef {
    /// The organization.
    pub organization: OrganizationId,
    /// The workspace's id.
    pub id: WorkspaceId,
}

/// A workspace of an organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The workspace's id.
    pub id: WorkspaceId,
    /// The organization that it is a part of.
    pub organization_id: OrganizationId,
    /// What it is called; may repeat.
    pub title: WorkspaceTitle,
    /// What it is for.
    pub description: Option<Description>,
    /// The name of its picture.
    pub icon: Option<IconName>,
    /// The colour of its picture.
    pub icon_color: Option<IconName>,
    /// Who made it.
    pub creator_id: UserId,
    /// Counts the changes.
    pub version: Version,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was deleted, if it was.
    pub deleted_at: Option<Timestamp>,
}

impl Workspace {
    /// Whether it has not been deleted.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        self.deleted_at.is_none()
    }

    /// Which one it is.
    #[must_use]
    pub const fn reference(&self) -> WorkspaceRef {
        WorkspaceRef {
            organization: self.organization_id,
            id: self.id,
        }
    }

    /// Until when it can be restored, if it is deleted.
    #[must_use]
    pub fn restorable_until(&self) -> Option<Timestamp> {
        self.deleted_at.map(|deleted| deleted.plus(RESTORE_WINDOW))
    }

    /// Marks it as changed at `now`.
    pub fn touch(&mut self, now: Timestamp) {
        self.version = self.version.next();
        self.updated_at = now;
    }
}

/// A workspace with its creator: what reads answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceView {
    /// The workspace.
    pub workspace: Workspace,
    /// What to call its creator.
    pub creator_name: DisplayName,
    /// The creator's address.
    pub creator_email: Email,
}

/// A workspace with the organization that it is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HousedWorkspace {
    /// The organization.
    pub organization: OrganizationView,
    /// The workspace.
    pub workspace: WorkspaceView,
}

/// What workspaces can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WorkspaceField {
    /// When it was made, which is the order of the ids.
    Created,
    /// The folded title, and then the id.
    Title,
    /// When it last changed, and then the id.
    Updated,
}

/// The order of a list of workspaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WorkspaceOrder {
    /// By what.
    pub field: WorkspaceField,
    /// Which way; ids break ties in the same direction.
    pub direction: Direction,
}

impl WorkspaceOrder {
    /// How one key stands to another in a list of this order.
    #[must_use]
    pub fn compare(self, one: &WorkspaceKey, other: &WorkspaceKey) -> Ordering {
        match self.direction {
            Direction::Ascending => one.cmp(other),
            Direction::Descending => other.cmp(one),
        }
    }
}

impl Default for WorkspaceOrder {
    /// Those that were made last come first.
    fn default() -> Self {
        Self {
            field: WorkspaceField::Created,
            direction: Direction::Descending,
        }
    }
}

/// Where a workspace stands in a sorted list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkspaceKey {
    /// The value of the field: `None` for [`WorkspaceField::Created`].
    pub value: Option<SortValue>,
    /// The workspace's id.
    pub id: WorkspaceId,
}

impl WorkspaceKey {
    /// The key of a workspace in a list that is sorted by `field`.
    #[must_use]
    pub fn of(field: WorkspaceField, workspace: &Workspace) -> Self {
        Self {
            value: match field {
                WorkspaceField::Created => None,
                WorkspaceField::Title => Some(SortValue::Text(workspace.title.key())),
                WorkspaceField::Updated => Some(SortValue::Time(workspace.updated_at)),
            },
            id: workspace.id,
        }
    }
}

/// That a member of the organization belongs to a workspace, and as what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceMembership {
    /// The organization.
    pub organization_id: OrganizationId,
    /// The workspace.
    pub workspace_id: WorkspaceId,
    /// The member.
    pub user_id: UserId,
    /// The built-in roles that the member has in the workspace, at least one: who has nothing but
    /// custom roles is a [`crate::role::WorkspaceRole::Viewer`] beside.
    pub roles: WorkspaceRoles,
    /// The organization's own roles that the member has in the workspace, in the order of their
    /// ids.
    pub custom_roles: Vec<AssignedRole>,
    /// Counts the changes.
    pub version: Version,
    /// When the member came into the workspace.
    pub created_at: Timestamp,
    /// When this last changed.
    pub updated_at: Timestamp,
}

/// A membership of a workspace with the user: what reads answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceMemberView {
    /// The membership.
    pub membership: WorkspaceMembership,
    /// What to call the member.
    pub display_name: DisplayName,
    /// The member's address.
    pub email: Email,
}
