//! Who may do what. Every decision of the domain is made here, by a pure function; the golden
//! matrix in `tests/policy_matrix.txt` keeps it true.

use crate::role::{Permission, Permissions};
use crate::user::User;
use crate::{Error, Result};

/// Everything that can be allowed or denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// See what is one's own: profile, organizations one is in.
    ReadSelf,
    /// Manage what is one's own: profile, tokens, invitations to oneself.
    ManageSelf,
    /// Found an organization, and own it.
    CreateOrganization,
    /// List all organizations of the platform.
    ListAllOrganizations,
    /// Administer the users of the platform.
    AdministerUsers,
    /// Administer the OAuth clients of the installation.
    AdministerClients,
    /// See what waits to be sent and what became of it, and send it again.
    AdministerOutbox,
    /// Set the subscription and the quotas of an organization.
    AdministerSubscriptions,
    /// Delete an organization.
    DeleteOrganization,
    /// Restore a deleted organization.
    RestoreOrganization,
    /// Hand an organization over to another owner.
    TransferOrganization,
    /// Leave an organization.
    LeaveOrganization,
    /// What a permission of a role is needed for.
    Use(Permission),
}

impl Action {
    /// All actions but those that need a permission.
    pub const WITHOUT_PERMISSION: [Self; 12] = [
        Self::ReadSelf,
        Self::ManageSelf,
        Self::CreateOrganization,
        Self::ListAllOrganizations,
        Self::AdministerUsers,
        Self::AdministerClients,
        Self::AdministerOutbox,
        Self::AdministerSubscriptions,
        Self::DeleteOrganization,
        Self::RestoreOrganization,
        Self::TransferOrganization,
        Self::LeaveOrganization,
    ];

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_reading(self) -> bool {
        match self {
            Self::ReadSelf | Self::ListAllOrganizations => true,
            Self::Use(permission) => permission.is_reading(),
            _ => false,
        }
    }

    /// All actions.
    pub fn all() -> impl Iterator<Item = Self> {
        let permitted = Permission::ALL.iter().copied().map(Self::Use);
        Self::WITHOUT_PERMISSION.into_iter().chain(permitted)
    }
}

/// What an actor is to the thing that the action is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The action is about the platform or the actor, not about one organization.
    Platform,
    /// The actor does not belong to the organization.
    Stranger,
    /// The actor belongs to the organization.
    Member {
        /// With roles that permit this, in the organization or in the workspace in question.
        granted: Permissions,
        /// And owns it or not.
        owner: bool,
    },
}

/// Allows `action` or says how it is denied. Strangers are denied invisibly: they do not learn
/// whether the organization exists.
pub fn allow(actor: &User, action: Action, standing: Standing) -> Result<()> {
    if actor.active && (actor.superuser || permits(actor, action, standing)) {
        return Ok(());
    }
    Err(Error::Denied {
        action,
        visible: standing != Standing::Stranger,
    })
}

fn permits(actor: &User, action: Action, standing: Standing) -> bool {
    let (granted, owner, member) = match standing {
        Standing::Member { granted, owner } => (granted, owner, true),
        Standing::Platform | Standing::Stranger => (Permissions::NONE, false, false),
    };
    match action {
        Action::ReadSelf | Action::ManageSelf => true,
        Action::CreateOrganization => actor.can_own(),
        Action::ListAllOrganizations
        | Action::AdministerUsers
        | Action::AdministerClients
        | Action::AdministerOutbox
        | Action::AdministerSubscriptions => false,
        Action::DeleteOrganization | Action::RestoreOrganization | Action::TransferOrganization => {
            owner
        }
        Action::LeaveOrganization => member,
        Action::Use(permission) => granted.has(permission),
    }
}
