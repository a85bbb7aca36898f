use diesel::prelude::{Insertable, Queryable, Selectable};
use rollbook_domain::Result;
use rollbook_domain::id::{InvitationId, OrganizationId, UserId, WorkspaceId};
use rollbook_domain::invitation::{Invitation, InvitationState, InvitationView};
use rollbook_domain::organization::Version;
use rollbook_domain::role::WorkspaceRoles;
use rollbook_domain::secret::Digest;
use rollbook_domain::value::{
    DisplayName, Email, Language, Metadata, OrganizationName, WorkspaceTitle,
};

use super::{assigned_roles, roles_of, unknown};
use crate::schema::invitations;
use crate::sql::{Key, Moment};

#[derive(Queryable, Selectable)]
#[diesel(table_name = invitations)]
pub(crate) struct InvitationRow {
    pub(crate) id: Key,
    pub(crate) organization_id: Key,
    workspace_id: Option<Key>,
    email: String,
    roles: String,
    workspace_roles: String,
    inviter_id: Option<Key>,
    inviter_kind: String,
    redirect_organization_id: Option<Key>,
    redirect_workspace_id: Option<Key>,
    language: Option<String>,
    metadata: String,
    state: String,
    accepted_by: Option<Key>,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
    expires_at: Moment,
}

#[derive(Insertable)]
#[diesel(table_name = invitations)]
#[diesel(treat_none_as_default_value = false)]
pub(crate) struct NewInvitation {
    id: Key,
    organization_id: Key,
    workspace_id: Option<Key>,
    email: String,
    email_key: String,
    roles: String,
    workspace_roles: String,
    inviter_id: Option<Key>,
    inviter_kind: String,
    redirect_organization_id: Option<Key>,
    redirect_workspace_id: Option<Key>,
    language: Option<String>,
    metadata: String,
    state: &'static str,
    accepted_by: Option<Key>,
    digest: Vec<u8>,
    secret_names_id: bool,
    holds_limited_seat: bool,
    version: i64,
    created_at: Moment,
    updated_at: Moment,
    expires_at: Moment,
}

impl NewInvitation {
    pub(crate) fn of(invitation: &Invitation, digest: &Digest, seats_are_limited: bool) -> Self {
        Self {
            id: Key(invitation.id.uuid()),
            organization_id: Key(invitation.organization_id.uuid()),
            workspace_id: invitation.workspace_id.map(|id| Key(id.uuid())),
            email: invitation.email.as_str().to_owned(),
            email_key: invitation.email.key().to_owned(),
            roles: invitation.roles.to_keys(),
            workspace_roles: invitation.workspace_roles.to_keys(),
            inviter_id: invitation.inviter_id.map(|id| Key(id.uuid())),
            inviter_kind: invitation.inviter_kind.clone(),
            redirect_organization_id: invitation.redirect_organization_id.map(|id| Key(id.uuid())),
            redirect_workspace_id: invitation.redirect_workspace_id.map(|id| Key(id.uuid())),
            language: invitation
                .language
                .as_ref()
                .map(|it| it.as_str().to_owned()),
            metadata: invitation.metadata.as_str().to_owned(),
            state: invitation.state.key(),
            accepted_by: invitation.accepted_by.map(|id| Key(id.uuid())),
            digest: digest.bytes().to_vec(),
            secret_names_id: true,
            holds_limited_seat: seats_are_limited,
            version: invitation.version.number(),
            created_at: Moment(invitation.created_at),
            updated_at: Moment(invitation.updated_at),
            expires_at: Moment(invitation.expires_at),
        }
    }
}

impl InvitationRow {
    pub(crate) fn into_invitation(self, custom: Option<&str>) -> Result<Invitation> {
        let state = InvitationState::from_key(&self.state);
        let workspace_roles = WorkspaceRoles::from_keys(&self.workspace_roles);
        let organization = |id: Key| OrganizationId::new(id.0);
        let workspace = |id: Key| WorkspaceId::new(id.0);
        let user = |id: Key| UserId::new(id.0);
        Ok(Invitation {
            id: InvitationId::new(self.id.0),
            organization_id: organization(self.organization_id),
            workspace_id: self.workspace_id.map(workspace),
            email: Email::from_stored(self.email),
            roles: roles_of(&self.roles)?,
            workspace_roles: workspace_roles
                .ok_or_else(|| unknown("role", &self.workspace_roles))?,
            custom_roles: assigned_roles(custom)?,
            inviter_id: self.inviter_id.map(user),
            inviter_kind: self.inviter_kind,
            redirect_organization_id: self.redirect_organization_id.map(organization),
            redirect_workspace_id: self.redirect_workspace_id.map(workspace),
            language: self.language.map(Language::from_stored),
            metadata: Metadata::from_stored(self.metadata),
            state: state.ok_or_else(|| unknown("state", &self.state))?,
            accepted_by: self.accepted_by.map(user),
            version: Version::new(self.version),
            created_at: self.created_at.0,
            updated_at: self.updated_at.0,
            expires_at: self.expires_at.0,
        })
    }
}

/// An invitation with `RolesOfInvitation` and the names of the organization, the workspace and the
/// inviter.
pub(crate) type InvitationViewRow = (
    InvitationRow,
    Option<String>,
    String,
    Option<String>,
    Option<String>,
);

pub(crate) fn view(row: InvitationViewRow) -> Result<InvitationView> {
    let (invitation, custom, organization, workspace, inviter) = row;
    Ok(InvitationView {
        invitation: invitation.into_invitation(custom.as_deref())?,
        organization_name: OrganizationName::from_stored(organization),
        workspace_title: workspace.map(WorkspaceTitle::from_stored),
        inviter_name: inviter.map(DisplayName::from_stored),
    })
}
