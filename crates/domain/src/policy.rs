//! Who may do what. Every decision of the domain is made here, by a pure function; the golden
//! matrix in `tests/policy_matrix.txt` keeps it true.

use crate::role::{Permission, Roles};
use crate::user::User;
use crate::{Error, Result};

/// Everything that can be allowed or denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// See and manage what is one's own: profile, organizations one is in, tokens.
    ManageSelf,
    /// Found an organization, and own it.
    CreateOrganization,
    /// List all organizations of the platform.
    ListAllOrganizations,
    /// See an organization.
    ReadOrganization,
    /// Change an organization.
    UpdateOrganization,
    /// Delete an organization.
    DeleteOrganization,
    /// Restore a deleted organization.
    RestoreOrganization,
    /// Hand an organization over to another owner.
    TransferOrganization,
    /// See who belongs to an organization.
    ReadMembership,
}

impl Action {
    /// All actions.
    pub const ALL: [Self; 9] = [
        Self::ManageSelf,
        Self::CreateOrganization,
        Self::ListAllOrganizations,
        Self::ReadOrganization,
        Self::UpdateOrganization,
        Self::DeleteOrganization,
        Self::RestoreOrganization,
        Self::TransferOrganization,
        Self::ReadMembership,
    ];
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
        /// With these roles.
        roles: Roles,
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
    let (roles, owner) = match standing {
        Standing::Member { roles, owner } => (roles, owner),
        Standing::Platform | Standing::Stranger => (Roles::NONE, false),
    };
    match action {
        Action::ManageSelf => true,
        Action::CreateOrganization => actor.can_own(),
        Action::ListAllOrganizations => false,
        Action::ReadOrganization => roles.permit(Permission::ReadOrganization),
        Action::UpdateOrganization => roles.permit(Permission::UpdateOrganization),
        Action::ReadMembership => roles.permit(Permission::ReadMembership),
        Action::DeleteOrganization | Action::RestoreOrganization | Action::TransferOrganization => {
            owner
        }
    }
}
