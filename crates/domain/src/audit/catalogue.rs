//! What the entries of organizations' logs are about and what they tell: the catalogue of events.
//! docs/events.md is written out of it, and a test holds it against everything that the services'
//! suite records.

use super::Act;

impl Act {
    /// Whether organizations' logs have it, which makes it a type of event. The others are about a
    /// user alone.
    #[must_use]
    pub const fn is_event(self) -> bool {
        !matches!(
            self,
            Self::UserDeactivated
                | Self::UserActivated
                | Self::VerificationSent
                | Self::SessionCreated
                | Self::SessionEnded
                | Self::SessionsEnded
                | Self::PasswordSet
                | Self::PasswordRemoved
                | Self::PasswordResetSent
                | Self::PasswordReset
                | Self::AccountClaimed
                | Self::GrantCreated
                | Self::GrantRevoked
        )
    }

    /// On what kinds of thing it is done in an organization, by [`super::Target::key`].
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a table with a row an act")]
    pub const fn targets(self) -> &'static [&'static str] {
        match self {
            Self::OrganizationCreated
            | Self::OrganizationUpdated
            | Self::OrganizationTransferred
            | Self::OrganizationDeleted
            | Self::OrganizationRestored
            | Self::SubscriptionUpdated => &["organization"],
            Self::MembershipCreated
            | Self::MembershipUpdated
            | Self::MembershipDeleted
            | Self::MembershipLeft
            | Self::MembershipDeactivated
            | Self::MembershipActivated => &["membership"],
            Self::InvitationCreated
            | Self::InvitationResent
            | Self::InvitationUpdated
            | Self::InvitationAccepted
            | Self::InvitationDeclined
            | Self::InvitationRevoked
            | Self::InvitationExpired => &["invitation"],
            Self::RoleCreated | Self::RoleUpdated | Self::RoleDeleted => &["role"],
            Self::WorkspaceCreated
            | Self::WorkspaceUpdated
            | Self::WorkspaceDeleted
            | Self::WorkspaceRestored => &["workspace"],
            Self::WorkspaceMembershipCreated
            | Self::WorkspaceMembershipUpdated
            | Self::WorkspaceMembershipDeleted => &["workspace_membership"],
            Self::PreferencesUpdated => &["organization", "workspace"],
            Self::DomainCreated
            | Self::DomainVerified
            | Self::DomainUpdated
            | Self::DomainDeleted => &["domain"],
            Self::UserCreated
            | Self::UserUpdated
            | Self::VerificationSent
            | Self::UserDeactivated
            | Self::UserActivated
            | Self::UserDeleted
            | Self::SessionsEnded
            | Self::PasswordSet
            | Self::PasswordRemoved
            | Self::PasswordResetSent
            | Self::PasswordReset
            | Self::AccountClaimed => &["user"],
            Self::TokenCreated | Self::TokenRevoked => &["token"],
            Self::SessionCreated | Self::SessionEnded => &["session"],
            Self::MessageReplayed => &["message"],
            Self::WebhookCreated
            | Self::WebhookUpdated
            | Self::WebhookSecretRotated
            | Self::WebhookDeleted => &["webhook"],
            Self::ClientCreated | Self::ClientSecretRotated | Self::ClientDeleted => {
                &["oauth_client"]
            }
            Self::GrantCreated | Self::GrantRevoked => &["grant"],
        }
    }

    /// Which fields its changes can name in an organization.
    #[must_use]
    #[expect(clippy::too_many_lines, reason = "a table with a row an act")]
    pub const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::OrganizationCreated => &["name", "slug", "owner_id"],
            Self::OrganizationUpdated => &["name", "slug", "description", "logo", "links"],
            Self::OrganizationTransferred => &["owner_id"],
            Self::OrganizationRestored => &["slug"],
            Self::MembershipCreated | Self::MembershipUpdated | Self::InvitationUpdated => {
                &["roles"]
            }
            Self::MembershipDeleted | Self::MembershipLeft => &["roles", "tokens_revoked"],
            Self::InvitationCreated => {
                &["email", "roles", "expires_at", "workspace_id", "language"]
            }
            Self::InvitationResent => &["state", "expires_at", "language"],
            Self::InvitationAccepted
            | Self::InvitationDeclined
            | Self::InvitationRevoked
            | Self::InvitationExpired => &["state"],
            Self::RoleCreated => &["key", "title", "permission"],
            Self::RoleUpdated => &["title", "description", "permission"],
            Self::RoleDeleted => &["key", "replacement"],
            Self::WorkspaceCreated | Self::WorkspaceUpdated => {
                &["title", "description", "icon", "icon_color"]
            }
            Self::WorkspaceMembershipCreated
            | Self::WorkspaceMembershipUpdated
            | Self::WorkspaceMembershipDeleted => &["workspace_id", "roles"],
            Self::PreferencesUpdated => &[
                "support_team_access",
                "time_zone",
                "time_format",
                "date_format",
                "decimal_symbol",
                "decimal_places",
                "measurement_system",
            ],
            Self::SubscriptionUpdated => &["status", "trial_end_time", "members", "workspaces"],
            Self::DomainCreated | Self::DomainDeleted => &["name"],
            Self::DomainUpdated => &["primary", "enrollment"],
            Self::UserCreated | Self::UserUpdated => &["display_name"],
            Self::TokenCreated => &["name", "service_account"],
            Self::MessageReplayed => &["kind"],
            Self::WebhookCreated | Self::WebhookUpdated => {
                &["url", "description", "event_types", "status"]
            }
            Self::WebhookDeleted => &["url"],
            Self::ClientCreated => &["name", "kind", "scopes", "service_account"],
            Self::OrganizationDeleted
            | Self::GrantCreated
            | Self::GrantRevoked
            | Self::MembershipDeactivated
            | Self::MembershipActivated
            | Self::WorkspaceDeleted
            | Self::WorkspaceRestored
            | Self::DomainVerified
            | Self::UserDeactivated
            | Self::UserActivated
            | Self::VerificationSent
            | Self::UserDeleted
            | Self::TokenRevoked
            | Self::SessionCreated
            | Self::SessionEnded
            | Self::WebhookSecretRotated
            | Self::SessionsEnded
            | Self::PasswordSet
            | Self::PasswordRemoved
            | Self::PasswordResetSent
            | Self::PasswordReset
            | Self::AccountClaimed
            | Self::ClientSecretRotated
            | Self::ClientDeleted => &[],
        }
    }
}
