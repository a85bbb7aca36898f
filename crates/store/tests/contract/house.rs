//! Two organizations with their people, for the repositories of what lies below an organization.

use rollbook_domain::mock::sample;
use rollbook_domain::organization::Organization;
use rollbook_domain::port::Store;
use rollbook_domain::role::{AssignedRole, CustomRole, Role, WorkspaceRole};
use rollbook_domain::subscription::Plan;
use rollbook_domain::user::User;
use rollbook_domain::workspace::{
    Workspace, WorkspaceMemberView, WorkspaceMembership, WorkspaceView,
};

use crate::support::Outcome;

/// Acme is ann's and Globex is bob's; both are members of both.
pub(crate) struct House {
    pub(crate) ann: User,
    pub(crate) bob: User,
    pub(crate) acme: Organization,
    pub(crate) globex: Organization,
}

/// Writes the two organizations.
pub(crate) async fn house(store: &dyn Store) -> Outcome<House> {
    let (ann, bob) = (sample::user("ann"), sample::user("bob"));
    let house = House {
        acme: sample::organization("Acme", &ann),
        globex: sample::organization("Globex", &bob),
        ann,
        bob,
    };
    let users = [house.ann.clone(), house.bob.clone()];
    let organizations = [house.acme.clone(), house.globex.clone()];
    store
        .write(move |tx| {
            for user in &users {
                tx.users().add(user)?;
            }
            for organization in &organizations {
                tx.organizations().add(organization, &Plan::default())?;
                for user in &users {
                    let membership = sample::membership(organization, user, &[Role::Member]);
                    tx.memberships().add(&membership, user)?;
                }
            }
            Ok(())
        })
        .await?;
    Ok(house)
}

/// A workspace as reads answer it.
pub(crate) fn view(workspace: &Workspace, creator: &User) -> WorkspaceView {
    WorkspaceView {
        workspace: workspace.clone(),
        creator_name: creator.display_name.clone(),
        creator_email: creator.email.clone(),
    }
}

/// That the user belongs to the workspace, with these roles.
pub(crate) fn belonging(
    workspace: &Workspace,
    user: &User,
    roles: &[WorkspaceRole],
    custom: &[&CustomRole],
) -> WorkspaceMembership {
    let mut custom_roles: Vec<_> = custom
        .iter()
        .map(|role| AssignedRole::from(*role))
        .collect();
    custom_roles.sort_unstable();
    WorkspaceMembership {
        custom_roles,
        ..sample::workspace_membership(workspace, user, roles)
    }
}

/// A member of a workspace as reads answer them.
pub(crate) fn member(membership: &WorkspaceMembership, user: &User) -> WorkspaceMemberView {
    WorkspaceMemberView {
        membership: membership.clone(),
        display_name: user.display_name.clone(),
        email: user.email.clone(),
    }
}
