use diesel::prelude::*;
use rollbook_domain::Result;
use rollbook_domain::id::{OrganizationId, WorkspaceId};
use rollbook_domain::port::PreferencesRepo;
use rollbook_domain::preferences::{OrganizationPreferences, WorkspacePreferences};

use crate::row::{OrganizationPreferencesRow, WorkspacePreferencesRow};
use crate::schema::{organization_preferences, workspace_preferences};
use crate::sql::Key;
use crate::statement::update;
use crate::tx::{SqlTx, change, each, failed};

/// Overwrites a row, or adds it when there is none. Nobody else does at the same time, since the
/// organization is locked; Diesel prepares an upsert anew each time.
macro_rules! put {
    ($tx:expr, $table:ident, $key:expr, $row:expr) => {{
        let written = change!($tx, update($table::table.find($key)).set($row));
        if written.map_err(failed)? == 0 {
            change!($tx, diesel::insert_into($table::table).values($row)).map_err(failed)?;
        }
        Ok(())
    }};
}

impl PreferencesRepo for SqlTx<'_> {
    fn of_organization(
        &mut self,
        organization: OrganizationId,
    ) -> Result<Option<OrganizationPreferences>> {
        let found = each!(self, |connection| organization_preferences::table
            .find(Key(organization.uuid()))
            .select(OrganizationPreferencesRow::as_select())
            .first(*connection)
            .optional());
        found
            .map_err(failed)?
            .map(OrganizationPreferencesRow::into_preferences)
            .transpose()
    }

    fn put_organization(&mut self, preferences: &OrganizationPreferences) -> Result<()> {
        let key = Key(preferences.organization_id.uuid());
        let row = OrganizationPreferencesRow::of(preferences);
        put!(self, organization_preferences, key, &row)
    }

    fn of_workspace(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
    ) -> Result<Option<WorkspacePreferences>> {
        let found = each!(self, |connection| workspace_preferences::table
            .find((Key(organization.uuid()), Key(workspace.uuid())))
            .select(WorkspacePreferencesRow::as_select())
            .first(*connection)
            .optional());
        found
            .map_err(failed)?
            .map(WorkspacePreferencesRow::into_preferences)
            .transpose()
    }

    fn put_workspace(&mut self, preferences: &WorkspacePreferences) -> Result<()> {
        let key = (
            Key(preferences.organization_id.uuid()),
            Key(preferences.workspace_id.uuid()),
        );
        let row = WorkspacePreferencesRow::of(preferences);
        put!(self, workspace_preferences, key, &row)
    }
}
