use super::MemoryTx;
use crate::Result;
use crate::id::{OrganizationId, WorkspaceId};
use crate::port::PreferencesRepo;
use crate::preferences::{OrganizationPreferences, WorkspacePreferences};

impl PreferencesRepo for MemoryTx {
    fn of_organization(
        &mut self,
        organization: OrganizationId,
    ) -> Result<Option<OrganizationPreferences>> {
        let said = &self.reading()?.organization_preferences;
        Ok(said.get(&organization).cloned())
    }

    fn put_organization(&mut self, preferences: &OrganizationPreferences) -> Result<()> {
        let state = self.writing()?;
        let id = preferences.organization_id;
        state.organization(id)?;
        state
            .organization_preferences
            .insert(id, preferences.clone());
        Ok(())
    }

    fn of_workspace(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
    ) -> Result<Option<WorkspacePreferences>> {
        let said = &self.reading()?.workspace_preferences;
        Ok(said.get(&(organization, workspace)).cloned())
    }

    fn put_workspace(&mut self, preferences: &WorkspacePreferences) -> Result<()> {
        let state = self.writing()?;
        let id = (preferences.organization_id, preferences.workspace_id);
        state.workspace(id.0, id.1)?;
        state.workspace_preferences.insert(id, preferences.clone());
        Ok(())
    }
}
