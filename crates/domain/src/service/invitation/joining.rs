use super::ending::{Ending, end};
use super::{Acceptance, granting};
use crate::audit::Author;
use crate::id::{MembershipId, WorkspaceId};
use crate::invitation::{Invitation, InvitationView};
use crate::membership::{MemberView, Membership};
use crate::organization::Version;
use crate::port::Tx;
use crate::role::{AssignedRole, CustomRole, RoleScope};
use crate::service;
use crate::service::membership::seat;
use crate::service::workspace::Joining;
use crate::time::Timestamp;
use crate::user::User;
use crate::workspace::WorkspaceRef;
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
    let new = seat(tx, author, now, &membership, user)?;
    let mut member = MemberView::new(membership, user);
    if let Some(workspace) = invitation.workspace_id {
        join_workspace(tx, author, now, workspace, user, invitation, &custom)?;
        member.workspace_roles = invitation.workspace_roles;
        member.custom_workspace_roles = of_scope(&custom, RoleScope::Workspace);
    }
    if !new {
        let found = tx.memberships().find(organization, user.id)?;
        member = found.ok_or_else(|| Error::storage("the member is gone"))?;
    }
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
    user: &User,
    invitation: &Invitation,
    custom: &[CustomRole],
) -> Result<()> {
    let organization = invitation.organization_id;
    let there = tx
        .workspaces()
        .find_member(organization, workspace, user.id)?;
    if there.is_some() {
        return Ok(());
    }
    let at = WorkspaceRef {
        organization,
        id: workspace,
    };
    let joining = Joining {
        user: user.id,
        roles: invitation.workspace_roles,
        custom_roles: of_scope(custom, RoleScope::Workspace),
    };
    service::workspace::join(tx, author, now, at, joining)
}

fn of_scope(roles: &[CustomRole], scope: RoleScope) -> Vec<AssignedRole> {
    let of_scope = roles.iter().filter(|role| role.scope == scope);
    of_scope.map(AssignedRole::from).collect()
}
