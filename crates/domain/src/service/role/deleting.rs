use super::changing::{changeable, note};
use crate::access::{self, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::id::{InvitationId, OrganizationId, UserId, WorkspaceId};
use crate::organization::Version;
use crate::policy::Action;
use crate::port::{RoleHolder, Tx};
use crate::role::{AssignedRole, CustomRole, Permission, Permissions, Role, RoleView};
use crate::service::authority;
use crate::service::membership::role_keys;
use crate::time::Timestamp;
use crate::{Error, Refusal, Result};

pub(super) fn delete(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    key: &str,
    replacement: Option<&str>,
    seen: Option<Version>,
) -> Result<Used<()>> {
    let action = Action::Use(Permission::DeleteRole);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let role = changeable(tx, organization, key)?;
    role.version.expect(seen)?;
    let replacement = match replacement {
        Some(key) => Some(suitable(tx, &role, key)?),
        None => None,
    };
    let gained = replacement.as_ref().map(RoleView::permissions);
    let touched = role.permissions.or(gained.unwrap_or(Permissions::NONE));
    authority::check_grant(access::rights(&authentication, &place), touched)?;
    let author = authentication.author(caller);
    let exchange = Exchange {
        author: &author,
        now,
        role: &role,
        replacement: replacement.as_ref(),
    };
    exchange.empty(tx)?;
    tx.roles().remove(organization, role.id)?;
    let mut changes = vec![Change::new("key", Some(role.key.as_str()), None)];
    let replaced_by = replacement.as_ref().map(RoleView::key);
    changes.extend(replaced_by.map(|key| Change::set("replacement", key)));
    note(tx, &author, now, &role, Act::RoleDeleted, changes)?;
    Ok(authentication.used(()))
}

/// The replacement: another role of the same scope.
fn suitable(tx: &mut dyn Tx, role: &CustomRole, key: &str) -> Result<RoleView> {
    let invalid = |reason: String| Error::invalid("replacement_role", reason);
    let found = super::find(tx, role.organization_id, key)?;
    let found = found.ok_or_else(|| invalid(format!("there is no role '{key}'")))?;
    if found.key() == role.key.as_str() || found.scope() != role.scope {
        let reason = format!("take another role of the scope '{}'", role.scope.key());
        return Err(invalid(reason));
    }
    Ok(found)
}

/// Takes a role from everybody who has it, and gives them another.
struct Exchange<'a> {
    author: &'a Author,
    now: Timestamp,
    role: &'a CustomRole,
    replacement: Option<&'a RoleView>,
}

impl Exchange<'_> {
    /// Leaves nobody with the role. Without a replacement, members and open invitations that have
    /// it are in the way; an invitation that is closed only loses it.
    fn empty(&self, tx: &mut dyn Tx) -> Result<()> {
        let holders = tx.roles().holders(self.organization(), self.role.id)?;
        if self.replacement.is_none() {
            let mut in_the_way = 0;
            for holder in &holders {
                in_the_way += u64::from(self.is_in_the_way(tx, *holder)?);
            }
            if in_the_way > 0 {
                return Err(Refusal::RoleInUse {
                    holders: in_the_way,
                }
                .into());
            }
        }
        for holder in holders {
            match holder {
                RoleHolder::Membership(user) => self.of_member(tx, user)?,
                RoleHolder::WorkspaceMembership(workspace, user) => {
                    self.in_workspace(tx, workspace, user)?;
                }
                RoleHolder::Invitation(id) => self.of_invitation(tx, id)?,
            }
        }
        Ok(())
    }

    fn organization(&self) -> OrganizationId {
        self.role.organization_id
    }

    fn is_in_the_way(&self, tx: &mut dyn Tx, holder: RoleHolder) -> Result<bool> {
        let RoleHolder::Invitation(id) = holder else {
            return Ok(true);
        };
        let found = tx.invitations().find(self.organization(), id)?;
        Ok(found.is_some_and(|view| view.invitation.is_pending(self.now)))
    }

    fn of_member(&self, tx: &mut dyn Tx, user: UserId) -> Result<()> {
        let found = tx.memberships().find(self.organization(), user)?;
        let mut membership = found.ok_or_else(gone)?.membership;
        let (before, old) = (membership.version, role_keys(&membership));
        self.swap(&mut membership.custom_roles);
        if let Some(replacement) = self.replacement {
            membership.roles = membership.roles.or(replacement.as_roles());
        }
        membership.touch(self.now);
        let written = tx.memberships().update(&membership, before)?;
        check(written)?;
        let new = role_keys(&membership);
        let changes = vec![Change::new("roles", Some(&old), Some(&new))];
        self.note(
            tx,
            Act::MembershipUpdated,
            Target::Membership(user),
            changes,
        )
    }

    fn in_workspace(&self, tx: &mut dyn Tx, workspace: WorkspaceId, user: UserId) -> Result<()> {
        let organization = self.organization();
        let found = tx.workspaces().find_member(organization, workspace, user)?;
        let mut membership = found.ok_or_else(gone)?.membership;
        let before = membership.version;
        self.swap(&mut membership.custom_roles);
        if let Some(replacement) = self.replacement {
            membership.roles = membership.roles.or(replacement.as_workspace_roles());
        }
        membership.version = before.next();
        membership.updated_at = self.now;
        let written = tx.workspaces().update_member(&membership, before)?;
        check(written)?;
        let mut changes = vec![Change::set("workspace_id", &workspace.to_string())];
        changes.extend(self.swapped());
        let target = Target::WorkspaceMembership(user);
        self.note(tx, Act::WorkspaceMembershipUpdated, target, changes)
    }

    fn of_invitation(&self, tx: &mut dyn Tx, id: InvitationId) -> Result<()> {
        let found = tx.invitations().find(self.organization(), id)?;
        let mut invitation = found.ok_or_else(gone)?.invitation;
        let before = invitation.clone();
        self.swap(&mut invitation.custom_roles);
        if let Some(replacement) = self.replacement {
            invitation.roles = invitation.roles.or(replacement.as_roles());
            let places = replacement.as_workspace_roles();
            invitation.workspace_roles = invitation.workspace_roles.or(places);
        }
        if invitation.roles.is_empty() {
            invitation.roles = invitation.roles.with(Role::Member);
        }
        invitation.touch(self.now);
        let written = tx.invitations().update(&invitation, &before)?;
        check(written)?;
        let changes = self.swapped();
        self.note(tx, Act::InvitationUpdated, Target::Invitation(id), changes)
    }

    /// Takes the role out of a list, and puts the replacement in if it belongs there.
    fn swap(&self, roles: &mut Vec<AssignedRole>) {
        roles.retain(|role| role.id != self.role.id);
        if let Some(RoleView::Custom(custom)) = self.replacement {
            roles.push(AssignedRole::from(custom));
        }
        roles.sort_unstable();
        roles.dedup();
    }

    fn swapped(&self) -> Vec<Change> {
        let (old, new) = (self.role.key.as_str(), self.replacement.map(RoleView::key));
        vec![Change::new("roles", Some(old), new)]
    }

    fn note(&self, tx: &mut dyn Tx, act: Act, target: Target, changes: Vec<Change>) -> Result<()> {
        let deed = Deed {
            chain: Chain::Organization(self.organization()),
            act,
            target,
            changes,
        };
        audit::record(tx, self.author, self.now, &deed)
    }
}

/// The organization's row is locked: nothing of it changes meanwhile.
fn gone() -> Error {
    Error::storage("the holder of a role is gone")
}

fn check(written: bool) -> Result<()> {
    if written {
        Ok(())
    } else {
        Err(Refusal::VersionMismatch.into())
    }
}
