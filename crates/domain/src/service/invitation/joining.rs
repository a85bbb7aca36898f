use super::ending::{Ending, end};
use super::{Acceptance, granting};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::id::{MembershipId, WorkspaceId};
use crate::invitation::{Invitation, InvitationView};
use crate::membership::Membership;
use crate::organization::Version;
use crate::port::Tx;
use crate::role::{AssignedRole, CustomRole, RoleScope, WorkspaceRole};
use crate::service::membership::seat;
use crate::time::Timestamp;
use crate::user::User;
use crate::workspace::WorkspaceMembership;
use crate::{Error, Result};

/// Makes the invitee a member of the organization and of the workspace. Who is one already stays
/// what they are: the invitation is used up, and that is a success.
pub(super) fn join(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    membership: MembershipId,
    mut view: InvitationView,
    user: &User,
) -> Result<Acceptance> {
    let invitation = &mut view.invitation;
    // Its seat is the new member's, also where a lowered quota leaves none to others.
    end(tx, author, now, invitation, Ending::Accepted(user.id))?;
    let custom = granting::custom_roles(tx, invitation)?;
    let organization = invitation.organization_id;
    if tx.memberships().held(organization, user.id)?.is_none() {
        let membership = Membership {
            id: membership,
            organization_id: organization,
            user_id: user.id,
            roles: invitation.roles,
            custom_roles: of_scope(&custom, RoleScope::Organization),
            version: Version::FIRST,
            created_at: now,
            updated_at: now,
        };
        seat(tx, author, now, &membership, user)?;
    }
    if let Some(workspace) = invitation.workspace_id {
        join_workspace(tx, author, now, workspace, invitation, &custom)?;
    }
    let found = tx.memberships().find(organization, user.id)?;
    let member = found.ok_or_else(|| Error::storage("the new member is gone"))?;
    Ok(Acceptance {
        invitation: view,
        member,
    })
}

/// A workspace that was deleted in the meantime gets its member, too: it can be restored.
fn join_workspace(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    workspace: WorkspaceId,
    invitation: &Invitation,
    custom: &[CustomRole],
) -> Result<()> {
    let Some(user) = invitation.accepted_by else {
        return Ok(());
    };
    let membership = WorkspaceMembership {
        organization_id: invitation.organization_id,
        workspace_id: workspace,
        user_id: user,
        roles: invitation.workspace_roles,
        custom_roles: of_scope(custom, RoleScope::Workspace),
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
    };
    if !tx.workspaces().add_member(&membership)? {
        return Ok(());
    }
    let mut roles: Vec<&str> = membership
        .roles
        .iter()
        .map(WorkspaceRole::public_key)
        .collect();
    let own = membership.custom_roles.iter();
    roles.extend(own.map(|role| role.key.as_str()));
    let deed = Deed {
        chain: Chain::Organization(invitation.organization_id),
        act: Act::WorkspaceMembershipCreated,
        target: Target::WorkspaceMembership(user),
        changes: vec![
            Change::set("workspace_id", &workspace.to_string()),
            Change::set("roles", &roles.join(" ")),
        ],
    };
    audit::record(tx, author, now, &deed)
}

fn of_scope(roles: &[CustomRole], scope: RoleScope) -> Vec<AssignedRole> {
    let of_scope = roles.iter().filter(|role| role.scope == scope);
    of_scope.map(AssignedRole::from).collect()
}
