//! Rows as they lie in the tables, and their way to and from the domain's entities: one file an
//! aggregate. A value that the domain does not know is a storage error: somebody else has written
//! it.

mod audit;
mod domain;
mod invitation;
mod membership;
mod oauth;
mod organization;
mod outbox;
mod plan;
mod preferences;
mod role;
mod token;
mod user;
mod webhook;
mod workspace;

pub(crate) use audit::{EntryRow, NewEntry, chain_columns, chain_of, digest, head, place};
pub(crate) use domain::{DomainRow, NewDomain};
pub(crate) use invitation::{
    InvitationRow, InvitationViewRow, NewInvitation, view as invitation_view,
};
pub(crate) use membership::{
    MemberRow, MembershipRow, NewMembership, PersonRow, custom, held, member_view, roles_of,
};
pub(crate) use oauth::{
    ClientRow, CodeRow, DeviceRow, GrantRow, NewClient, RefreshTokenRow, SecretRow, SigningKeyRow,
    scopes,
};
pub(crate) use organization::{NewOrganization, OrganizationRow};
pub(crate) use outbox::{AttemptRow, DeliveryRow, MessageRow, NewAttempt, NewMessage};
pub(crate) use plan::PlanRow;
pub(crate) use preferences::{OrganizationPreferencesRow, WorkspacePreferencesRow};
pub(crate) use role::{NewRole, RoleRow};
pub(crate) use token::TokenRow;
pub(crate) use user::{NewUser, OwnerRow, UserRow, kind_of};
pub(crate) use webhook::{EndpointRow, NewEndpoint};
pub(crate) use workspace::{
    NewWorkspace, NewWorkspaceMembership, WorkspaceMembershipRow, WorkspaceRow, assigned_role,
    assigned_roles, workspace_roles,
};

use rollbook_domain::Error;

/// The error for a text that the domain does not know.
pub(crate) fn unknown(what: &str, text: &str) -> Error {
    Error::storage(format!("unknown {what} in '{text}'"))
}
