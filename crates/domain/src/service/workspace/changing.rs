use super::members::{self, Joining};
use super::{CreateWorkspace, UpdateWorkspace};
use crate::access::{self, Authentication, Caller, Place, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::error::Kind;
use crate::id::{OrganizationId, WorkspaceId};
use crate::idempotency::{self, Claim};
use crate::organization::Version;
use crate::policy::Action;
use crate::port::Tx;
use crate::role::{Permission, WorkspaceRole, WorkspaceRoles};
use crate::time::Timestamp;
use crate::value::{Description, IconName};
use crate::workspace::{Workspace, WorkspaceRef, WorkspaceView};
use crate::{Error, Refusal, Result};

pub(super) fn create(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    fresh: WorkspaceId,
    organization: OrganizationId,
    command: &CreateWorkspace,
) -> Result<Used<WorkspaceView>> {
    let action = Action::Use(Permission::CreateWorkspace);
    let (authentication, place) = access::enter_locked(tx, caller, now, organization, action)?;
    let id = command.id.unwrap_or(fresh);
    let user = authentication.user.id;
    if let Claim::Made(id) = idempotency::claim(tx, user, command.once.as_ref(), now, id.uuid())? {
        let made = tx.workspaces().find(organization, WorkspaceId::new(id))?;
        let live = made.filter(|view| view.workspace.is_live());
        return Ok(authentication.used(live.ok_or(Error::NotFound(Kind::Workspace))?));
    }
    check_quota(tx, organization)?;
    let workspace = Workspace {
        id,
        organization_id: organization,
        title: command.title.clone(),
        description: command.description.clone(),
        icon: command.icon.clone(),
        icon_color: command.icon_color.clone(),
        creator_id: user,
        version: Version::FIRST,
        created_at: now,
        updated_at: now,
        deleted_at: None,
    };
    if !tx.workspaces().add(&workspace)? {
        return Err(Refusal::IdTaken.into());
    }
    let author = authentication.author(caller);
    let changes = differences(None, &workspace);
    note(tx, &author, now, &workspace, Act::WorkspaceCreated, changes)?;
    appoint(tx, &author, now, &authentication, &place, &workspace)?;
    let view = WorkspaceView {
        creator_name: authentication.user.display_name.clone(),
        creator_email: authentication.user.email.clone(),
        workspace,
    };
    Ok(authentication.used(view))
}

/// Lets the creator run the new workspace. A superuser who is no member of the organization cannot
/// belong to it.
fn appoint(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    authentication: &Authentication,
    place: &Place,
    workspace: &Workspace,
) -> Result<()> {
    if place.held.is_none() {
        return Ok(());
    }
    let joining = Joining {
        user: authentication.user.id,
        roles: WorkspaceRoles::of(&[WorkspaceRole::Admin]),
        custom_roles: Vec::new(),
    };
    members::join(tx, author, now, workspace.reference(), joining)
}

pub(super) fn update(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    command: &UpdateWorkspace,
) -> Result<Used<WorkspaceView>> {
    let permission = Permission::UpdateWorkspace;
    let (authentication, place) = access::enter_workspace_locked(tx, caller, now, at, permission)?;
    let mut view = place.view;
    let before = view.workspace.clone();
    before.version.expect(command.seen)?;
    let workspace = &mut view.workspace;
    if let Some(title) = &command.title {
        workspace.title = title.clone();
    }
    command
        .description
        .clone()
        .apply(&mut workspace.description);
    command.icon.clone().apply(&mut workspace.icon);
    command.icon_color.clone().apply(&mut workspace.icon_color);
    if *workspace != before {
        workspace.touch(now);
        write(tx, workspace, before.version)?;
        let changes = differences(Some(&before), workspace);
        let author = authentication.author(caller);
        note(tx, &author, now, workspace, Act::WorkspaceUpdated, changes)?;
    }
    Ok(authentication.used(view))
}

pub(super) fn delete(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    seen: Option<Version>,
) -> Result<Used<()>> {
    let permission = Permission::DeleteWorkspace;
    let (authentication, place) = access::enter_workspace_locked(tx, caller, now, at, permission)?;
    let mut workspace = place.view.workspace;
    let before = workspace.version;
    before.expect(seen)?;
    workspace.touch(now);
    workspace.deleted_at = Some(now);
    write(tx, &workspace, before)?;
    let author = authentication.author(caller);
    let act = Act::WorkspaceDeleted;
    note(tx, &author, now, &workspace, act, Vec::new())?;
    Ok(authentication.used(()))
}

pub(super) fn undelete(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
) -> Result<Used<WorkspaceView>> {
    let permission = Permission::DeleteWorkspace;
    let (authentication, place) =
        access::enter_any_workspace_locked(tx, caller, now, at, permission)?;
    let mut view = place.view;
    let workspace = &mut view.workspace;
    let until = workspace.restorable_until().ok_or(Refusal::NotDeleted)?;
    if now >= until {
        return Err(Refusal::RestoreWindowOver { until }.into());
    }
    check_quota(tx, at.organization)?;
    let before = workspace.version;
    workspace.touch(now);
    workspace.deleted_at = None;
    write(tx, workspace, before)?;
    let author = authentication.author(caller);
    let act = Act::WorkspaceRestored;
    note(tx, &author, now, workspace, act, Vec::new())?;
    Ok(authentication.used(view))
}

/// Refuses one workspace more than the organization may have. Its row is locked.
fn check_quota(tx: &mut dyn Tx, organization: OrganizationId) -> Result<()> {
    let quota = tx
        .plans()
        .find(organization)?
        .unwrap_or_default()
        .workspaces;
    if quota.limit().is_none() {
        return Ok(());
    }
    let used = tx.workspaces().count(organization)?;
    match quota.reached(u64::from(used)) {
        Some(limit) => Err(Refusal::WorkspaceLimit { limit }.into()),
        None => Ok(()),
    }
}

fn write(tx: &mut dyn Tx, workspace: &Workspace, before: Version) -> Result<()> {
    if tx.workspaces().update(workspace, before)? {
        Ok(())
    } else {
        Err(Refusal::VersionMismatch.into())
    }
}

/// What is new in a workspace, for the audit log.
fn differences(before: Option<&Workspace>, after: &Workspace) -> Vec<Change> {
    let old = before.map_or([None; 4], texts);
    FIELDS
        .into_iter()
        .zip(old.into_iter().zip(texts(after)))
        .filter(|(_, (old, new))| old != new)
        .map(|(field, (old, new))| Change::new(field, old, new))
        .collect()
}

const FIELDS: [&str; 4] = ["title", "description", "icon", "icon_color"];

/// The values of [`FIELDS`].
fn texts(workspace: &Workspace) -> [Option<&str>; 4] {
    [
        Some(workspace.title.as_str()),
        workspace.description.as_ref().map(Description::as_str),
        workspace.icon.as_ref().map(IconName::as_str),
        workspace.icon_color.as_ref().map(IconName::as_str),
    ]
}

fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    workspace: &Workspace,
    act: Act,
    changes: Vec<Change>,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::Organization(workspace.organization_id),
        act,
        target: Target::Workspace(workspace.id),
        changes,
    };
    audit::record(tx, author, now, &deed)
}
