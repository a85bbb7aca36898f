use crate::port::{
    AccessRepo, InstallationRepo, MembershipRepo, MockAccessRepo, MockInstallationRepo,
    MockMembershipRepo, MockOrganizationRepo, MockTokenRepo, MockUserRepo, OrganizationRepo,
    TokenRepo, Tx, UserRepo,
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
    /// Behind [`Tx::tokens`].
    pub tokens: MockTokenRepo,
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

    fn tokens(&mut self) -> &mut dyn TokenRepo {
        &mut self.tokens
    }

    fn installation(&mut self) -> &mut dyn InstallationRepo {
        &mut self.installation
    }
}
