use crate::port::{
    AccessRepo, AuditRepo, DomainRepo, InstallationRepo, InvitationRepo, MembershipRepo,
    MockAccessRepo, MockAuditRepo, MockDomainRepo, MockInstallationRepo, MockInvitationRepo,
    MockMembershipRepo, MockOAuthClientRepo, MockOAuthDeviceRepo, MockOAuthGrantRepo,
    MockOrganizationRepo, MockOutboxRepo, MockPasswordRepo, MockPasswordResetRepo, MockPlanRepo,
    MockPreferencesRepo, MockRequestRepo, MockRoleRepo, MockTokenRepo, MockUserRepo,
    MockVerificationRepo, MockWebhookRepo, MockWorkspaceRepo, OAuthClientRepo, OAuthDeviceRepo,
    OAuthGrantRepo, OrganizationRepo, OutboxRepo, PasswordRepo, PasswordResetRepo, PlanRepo,
    PreferencesRepo, RequestRepo, RoleRepo, TokenRepo, Tx, UserRepo, VerificationRepo, WebhookRepo,
    WorkspaceRepo,
};

/// A transaction whose repositories are mocks: set expectations on the ones that a use case is
/// meant to call; any other call panics.
#[derive(Debug, Default)]
pub struct MockTx {
    /// Behind [`Tx::access`].
    pub access: MockAccessRepo,
    /// Behind [`Tx::organizations`].
    pub organizations: MockOrganizationRepo,
    /// Behind [`Tx::memberships`].
    pub memberships: MockMembershipRepo,
    /// Behind [`Tx::users`].
    pub users: MockUserRepo,
    /// Behind [`Tx::verifications`].
    pub verifications: MockVerificationRepo,
    /// Behind [`Tx::passwords`].
    pub passwords: MockPasswordRepo,
    /// Behind [`Tx::password_resets`].
    pub password_resets: MockPasswordResetRepo,
    /// Behind [`Tx::tokens`].
    pub tokens: MockTokenRepo,
    /// Behind [`Tx::oauth_clients`].
    pub oauth_clients: MockOAuthClientRepo,
    /// Behind [`Tx::oauth_grants`].
    pub oauth_grants: MockOAuthGrantRepo,
    /// Behind [`Tx::oauth_devices`].
    pub oauth_devices: MockOAuthDeviceRepo,
    /// Behind [`Tx::roles`].
    pub roles: MockRoleRepo,
    /// Behind [`Tx::invitations`].
    pub invitations: MockInvitationRepo,
    /// Behind [`Tx::workspaces`].
    pub workspaces: MockWorkspaceRepo,
    /// Behind [`Tx::preferences`].
    pub preferences: MockPreferencesRepo,
    /// Behind [`Tx::plans`].
    pub plans: MockPlanRepo,
    /// Behind [`Tx::domains`].
    pub domains: MockDomainRepo,
    /// Behind [`Tx::audit`].
    pub audit: MockAuditRepo,
    /// Behind [`Tx::requests`].
    pub requests: MockRequestRepo,
    /// Behind [`Tx::outbox`].
    pub outbox: MockOutboxRepo,
    /// Behind [`Tx::webhooks`].
    pub webhooks: MockWebhookRepo,
    /// Behind [`Tx::installation`].
    pub installation: MockInstallationRepo,
}

impl Tx for MockTx {
    fn access(&mut self) -> &mut dyn AccessRepo {
        &mut self.access
    }

    fn organizations(&mut self) -> &mut dyn OrganizationRepo {
        &mut self.organizations
    }

    fn memberships(&mut self) -> &mut dyn MembershipRepo {
        &mut self.memberships
    }

    fn users(&mut self) -> &mut dyn UserRepo {
        &mut self.users
    }
    fn verifications(&mut self) -> &mut dyn VerificationRepo {
        &mut self.verifications
    }

    fn passwords(&mut self) -> &mut dyn PasswordRepo {
        &mut self.passwords
    }

    fn password_resets(&mut self) -> &mut dyn PasswordResetRepo {
        &mut self.password_resets
    }

    fn tokens(&mut self) -> &mut dyn TokenRepo {
        &mut self.tokens
    }

    fn oauth_clients(&mut self) -> &mut dyn OAuthClientRepo {
        &mut self.oauth_clients
    }

    fn oauth_grants(&mut self) -> &mut dyn OAuthGrantRepo {
        &mut self.oauth_grants
    }

    fn oauth_devices(&mut self) -> &mut dyn OAuthDeviceRepo {
        &mut self.oauth_devices
    }

    fn roles(&mut self) -> &mut dyn RoleRepo {
        &mut self.roles
    }

    fn invitations(&mut self) -> &mut dyn InvitationRepo {
        &mut self.invitations
    }

    fn workspaces(&mut self) -> &mut dyn WorkspaceRepo {
        &mut self.workspaces
    }

    fn preferences(&mut self) -> &mut dyn PreferencesRepo {
        &mut self.preferences
    }

    fn plans(&mut self) -> &mut dyn PlanRepo {
        &mut self.plans
    }

    fn domains(&mut self) -> &mut dyn DomainRepo {
        &mut self.domains
    }

    fn audit(&mut self) -> &mut dyn AuditRepo {
        &mut self.audit
    }

    fn requests(&mut self) -> &mut dyn RequestRepo {
        &mut self.requests
    }

    fn outbox(&mut self) -> &mut dyn OutboxRepo {
        &mut self.outbox
    }

    fn webhooks(&mut self) -> &mut dyn WebhookRepo {
        &mut self.webhooks
    }

    fn installation(&mut self) -> &mut dyn InstallationRepo {
        &mut self.installation
    }
}
