//! Preferences of organizations and workspaces: the driving port and its use cases.

use async_trait::async_trait;

use super::Core;
use crate::Result;
use crate::access::{self, Caller, Used};
use crate::audit::{self, Act, Author, Chain, Change, Deed, Target};
use crate::id::OrganizationId;
use crate::organization::{Patch, Version};
use crate::policy::Action;
use crate::port::Tx;
use crate::preferences::{
    DateFormat, DecimalPlaces, DecimalSymbol, General, MeasurementSystem, OrganizationPreferences,
    TimeFormat, WorkspacePreferences,
};
use crate::role::Permission;
use crate::time::Timestamp;
use crate::value::TimeZone;
use crate::workspace::WorkspaceRef;

/// What shall change in how things are written and measured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateGeneral {
    /// What happens to the time zone.
    pub time_zone: Patch<TimeZone>,
    /// What happens to the form of times.
    pub time_format: Patch<TimeFormat>,
    /// What happens to the form of dates.
    pub date_format: Patch<DateFormat>,
    /// What happens to the decimal symbol.
    pub decimal_symbol: Patch<DecimalSymbol>,
    /// What happens to the number of decimal places.
    pub decimal_places: Patch<DecimalPlaces>,
    /// What happens to the measurement system.
    pub measurement_system: Patch<MeasurementSystem>,
}

/// What shall change in the preferences of an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateOrganizationPreferences {
    /// Whether the operator's support team may look into the organization, if that changes.
    pub support_team_access: Option<bool>,
    /// The rest.
    pub general: UpdateGeneral,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
}

/// What shall change in the preferences of a workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateWorkspacePreferences {
    /// How things are written and measured there.
    pub general: UpdateGeneral,
    /// The version that the caller saw, if they care.
    pub seen: Option<Version>,
}

/// The preferences of a workspace, and what holds there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspacePreferencesView {
    /// What the workspace has said itself.
    pub own: WorkspacePreferences,
    /// The same, and the organization's where the workspace says nothing.
    pub effective: General,
}

/// What organizations and workspaces prefer. Every method authenticates the caller first.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Preferences: Send + Sync {
    /// Those of an organization.
    async fn of_organization(
        &self,
        caller: Caller,
        organization: OrganizationId,
    ) -> Result<OrganizationPreferences>;

    /// Changes those of an organization.
    async fn update_organization(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: UpdateOrganizationPreferences,
    ) -> Result<OrganizationPreferences>;

    /// Those of a workspace.
    async fn of_workspace(
        &self,
        caller: Caller,
        at: WorkspaceRef,
    ) -> Result<WorkspacePreferencesView>;

    /// Changes those of a workspace.
    async fn update_workspace(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        command: UpdateWorkspacePreferences,
    ) -> Result<WorkspacePreferencesView>;
}

/// The real [`Preferences`].
#[derive(Clone)]
pub struct PreferencesService {
    core: Core,
}

impl PreferencesService {
    /// Over these ports.
    #[must_use]
    pub const fn new(core: Core) -> Self {
        Self { core }
    }
}

#[async_trait]
impl Preferences for PreferencesService {
    async fn of_organization(
        &self,
        caller: Caller,
        organization: OrganizationId,
    ) -> Result<OrganizationPreferences> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let action = Action::Use(Permission::ReadPreferences);
            let (authentication, _) = access::enter(tx, caller, now, organization, action)?;
            Ok(authentication.used(said(tx, organization)?))
        };
        self.core.read(caller, work).await
    }

    async fn update_organization(
        &self,
        caller: Caller,
        organization: OrganizationId,
        command: UpdateOrganizationPreferences,
    ) -> Result<OrganizationPreferences> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            update_organization(tx, caller, now, organization, &command)
        };
        self.core.write(caller, self.core.now(), work).await
    }

    async fn of_workspace(
        &self,
        caller: Caller,
        at: WorkspaceRef,
    ) -> Result<WorkspacePreferencesView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            let permission = Permission::ReadPreferences;
            let (authentication, _) = access::enter_workspace(tx, caller, now, at, permission)?;
            let own = said_in(tx, at)?;
            Ok(authentication.used(view(tx, own)?))
        };
        self.core.read(caller, work).await
    }

    async fn update_workspace(
        &self,
        caller: Caller,
        at: WorkspaceRef,
        command: UpdateWorkspacePreferences,
    ) -> Result<WorkspacePreferencesView> {
        let work = move |tx: &mut dyn Tx, caller: &Caller, now| {
            update_workspace(tx, caller, now, at, &command)
        };
        self.core.write(caller, self.core.now(), work).await
    }
}

fn update_organization(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    organization: OrganizationId,
    command: &UpdateOrganizationPreferences,
) -> Result<Used<OrganizationPreferences>> {
    let action = Action::Use(Permission::UpdatePreferences);
    let (authentication, _) = access::enter_locked(tx, caller, now, organization, action)?;
    let before = said(tx, organization)?;
    before.version.expect(command.seen)?;
    let mut after = before.clone();
    if let Some(access) = command.support_team_access {
        after.support_team_access = access;
    }
    command.general.clone().apply(&mut after.general);
    if after != before {
        after.version = before.version.next();
        after.updated_at = Some(now);
        tx.preferences().put_organization(&after)?;
        let mut changes = differences(&before.general, &after.general);
        if after.support_team_access != before.support_team_access {
            let (old, new) = (before.support_team_access, after.support_team_access);
            let (old, new) = (old.to_string(), new.to_string());
            let field = "support_team_access";
            changes.insert(0, Change::new(field, Some(&old), Some(&new)));
        }
        let author = authentication.author(caller);
        let target = Target::Organization(organization);
        note(tx, &author, now, organization, target, changes)?;
    }
    Ok(authentication.used(after))
}

fn update_workspace(
    tx: &mut dyn Tx,
    caller: &Caller,
    now: Timestamp,
    at: WorkspaceRef,
    command: &UpdateWorkspacePreferences,
) -> Result<Used<WorkspacePreferencesView>> {
    let permission = Permission::UpdatePreferences;
    let (authentication, _) = access::enter_workspace_locked(tx, caller, now, at, permission)?;
    let before = said_in(tx, at)?;
    before.version.expect(command.seen)?;
    let mut after = before.clone();
    command.general.clone().apply(&mut after.general);
    if after != before {
        after.version = before.version.next();
        after.updated_at = Some(now);
        tx.preferences().put_workspace(&after)?;
        let changes = differences(&before.general, &after.general);
        let author = authentication.author(caller);
        let target = Target::Workspace(at.id);
        note(tx, &author, now, at.organization, target, changes)?;
    }
    Ok(authentication.used(view(tx, after)?))
}

fn said(tx: &mut dyn Tx, organization: OrganizationId) -> Result<OrganizationPreferences> {
    let said = tx.preferences().of_organization(organization)?;
    Ok(said.unwrap_or_else(|| OrganizationPreferences::default_of(organization)))
}

fn said_in(tx: &mut dyn Tx, at: WorkspaceRef) -> Result<WorkspacePreferences> {
    let said = tx.preferences().of_workspace(at.organization, at.id)?;
    Ok(said.unwrap_or_else(|| WorkspacePreferences::default_of(at.organization, at.id)))
}

fn view(tx: &mut dyn Tx, own: WorkspacePreferences) -> Result<WorkspacePreferencesView> {
    let wider = said(tx, own.organization_id)?.general;
    Ok(WorkspacePreferencesView {
        effective: own.general.or(&wider),
        own,
    })
}

impl UpdateGeneral {
    fn apply(self, general: &mut General) {
        self.time_zone.apply(&mut general.time_zone);
        self.time_format.apply(&mut general.time_format);
        self.date_format.apply(&mut general.date_format);
        self.decimal_symbol.apply(&mut general.decimal_symbol);
        self.decimal_places.apply(&mut general.decimal_places);
        self.measurement_system
            .apply(&mut general.measurement_system);
    }
}

/// What an update changed, for the audit log.
fn differences(before: &General, after: &General) -> Vec<Change> {
    texts(before)
        .into_iter()
        .zip(texts(after))
        .filter(|((_, old), (_, new))| old != new)
        .map(|((field, old), (_, new))| Change::new(field, old.as_deref(), new.as_deref()))
        .collect()
}

fn texts(general: &General) -> [(&'static str, Option<String>); 6] {
    let own = |text: &str| text.to_owned();
    let places = general
        .decimal_places
        .map(|places| places.get().to_string());
    [
        (
            "time_zone",
            general.time_zone.as_ref().map(|zone| own(zone.as_str())),
        ),
        ("time_format", general.time_format.map(|it| own(it.key()))),
        ("date_format", general.date_format.map(|it| own(it.key()))),
        (
            "decimal_symbol",
            general.decimal_symbol.map(|it| own(it.key())),
        ),
        ("decimal_places", places),
        (
            "measurement_system",
            general.measurement_system.map(|it| own(it.key())),
        ),
    ]
}

fn note(
    tx: &mut dyn Tx,
    author: &Author,
    now: Timestamp,
    organization: OrganizationId,
    target: Target,
    changes: Vec<Change>,
) -> Result<()> {
    let deed = Deed {
        chain: Chain::Organization(organization),
        act: Act::PreferencesUpdated,
        target,
        changes,
    };
    audit::record(tx, author, now, &deed)
}
