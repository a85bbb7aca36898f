use crate::Result;
use crate::id::{OrganizationId, WorkspaceId};
use crate::preferences::{OrganizationPreferences, WorkspacePreferences};

/// Keeps preferences. Lock the organization before writing any.
#[cfg_attr(feature = "mock", mockall::automock)]
pub trait PreferencesRepo {
    /// What an organization has said, if anything.
    fn of_organization(
        &mut self,
        organization: OrganizationId,
    ) -> Result<Option<OrganizationPreferences>>;

    /// Replaces what an organization has said.
    fn put_organization(&mut self, preferences: &OrganizationPreferences) -> Result<()>;

    /// What a workspace has said, if anything.
    fn of_workspace(
        &mut self,
        organization: OrganizationId,
        workspace: WorkspaceId,
    ) -> Result<Option<WorkspacePreferences>>;

    /// Replaces what a workspace has said.
    fn put_workspace(&mut self, preferences: &WorkspacePreferences) -> Result<()>;
}
