//! What the domain needs from the outside: a store of transactions with one synchronous repository
//! an aggregate, and the sources of time, ids and randomness.

mod access;
mod ambient;
mod audit;
mod dns;
mod domain;
mod installation;
mod invitation;
mod mailer;
mod membership;
mod oauth_client;
mod oauth_device;
mod oauth_grant;
mod organization;
mod outbox;
mod password;
mod plan;
mod preferences;
mod probe;
mod request;
mod role;
mod signer;
mod store;
mod token;
mod user;
mod verification;
mod webhook;
mod workspace;

pub use access::AccessRepo;
pub use ambient::{Clock, IdSource, Random};
pub use audit::AuditRepo;
pub use dns::DnsTxt;
pub use domain::DomainRepo;
pub use installation::InstallationRepo;
pub use invitation::InvitationRepo;
pub use mailer::{Mailer, NotMailed};
pub use membership::MembershipRepo;
pub use oauth_client::OAuthClientRepo;
pub use oauth_device::OAuthDeviceRepo;
pub use oauth_grant::OAuthGrantRepo;
pub use organization::OrganizationRepo;
pub use outbox::{Claimed, OutboxRepo};
pub use password::{PasswordHasher, PasswordRepo, PasswordResetRepo, PasswordStrength};
pub use plan::PlanRepo;
pub use preferences::PreferencesRepo;
pub use probe::Probe;
pub use request::RequestRepo;
pub use role::{RoleHolder, RoleRepo};
pub use signer::Signer;
pub use store::{Access, Output, Store, Tx, Work};
pub use token::TokenRepo;
pub use user::UserRepo;
pub use verification::VerificationRepo;
pub use webhook::{WebhookRepo, WebhookSender};
pub use workspace::WorkspaceRepo;

#[cfg(feature = "mock")]
pub use {
    access::MockAccessRepo,
    ambient::{MockClock, MockIdSource, MockRandom},
    audit::MockAuditRepo,
    dns::MockDnsTxt,
    domain::MockDomainRepo,
    installation::MockInstallationRepo,
    invitation::MockInvitationRepo,
    mailer::MockMailer,
    membership::MockMembershipRepo,
    oauth_client::MockOAuthClientRepo,
    oauth_device::MockOAuthDeviceRepo,
    oauth_grant::MockOAuthGrantRepo,
    organization::MockOrganizationRepo,
    outbox::MockOutboxRepo,
    password::{MockPasswordHasher, MockPasswordRepo, MockPasswordResetRepo, MockPasswordStrength},
    plan::MockPlanRepo,
    preferences::MockPreferencesRepo,
    probe::MockProbe,
    request::MockRequestRepo,
    role::MockRoleRepo,
    signer::MockSigner,
    token::MockTokenRepo,
    user::MockUserRepo,
    verification::MockVerificationRepo,
    webhook::{MockWebhookRepo, MockWebhookSender},
    workspace::MockWorkspaceRepo,
};
