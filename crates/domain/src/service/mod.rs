//! What the domain offers: one driving port an aggregate, with its use cases.
//!
//! A driving port ([`Organizations`], [`Memberships`], [`Invitations`] …) is an asynchronous trait,
//! so that a dialect can be tested against a mock of it. Its one real
//! implementation gathers time, ids and random values, and hands a synchronous use case to the
//! store: one hop, one transaction.

pub mod audit;
pub mod authority;
mod core;
pub mod domain;
pub mod event;
pub mod invitation;
pub mod membership;
pub mod oauth;
pub mod operator;
pub mod organization;
pub mod outbox;
pub mod password;
pub mod preferences;
pub mod role;
pub mod service_account;
pub mod session;
pub mod subscription;
pub mod token;
pub mod usage;
pub mod user;
pub mod webhook;
pub mod workspace;

pub use self::core::Core;
pub use audit::{AuditLog, AuditService};
pub use domain::{DomainService, Domains};
pub use invitation::{InvitationService, Invitations};
pub use membership::{MembershipService, Memberships};
pub use oauth::{Authorization, AuthorizationService, OAuthClientService, OAuthClients};
pub use operator::{Operator, OperatorService};
pub use organization::{OrganizationService, Organizations};
pub use outbox::{Courier, Outbox, OutboxService};
pub use password::{PasswordService, PasswordTools, Passwords};
pub use preferences::{Preferences, PreferencesService};
pub use role::{CustomRoleService, CustomRoles};
pub use service_account::{ServiceAccountService, ServiceAccounts};
pub use session::{SessionService, Sessions};
pub use subscription::{SubscriptionService, Subscriptions};
pub use token::{TokenService, Tokens};
pub use user::{UserService, Users};
pub use webhook::{WebhookService, Webhooks};
pub use workspace::{WorkspaceService, Workspaces};

#[cfg(feature = "mock")]
pub use {
    audit::MockAuditLog,
    domain::MockDomains,
    invitation::MockInvitations,
    membership::MockMemberships,
    oauth::{MockAuthorization, MockOAuthClients},
    operator::MockOperator,
    organization::MockOrganizations,
    outbox::MockOutbox,
    password::MockPasswords,
    preferences::MockPreferences,
    role::MockCustomRoles,
    service_account::MockServiceAccounts,
    session::MockSessions,
    subscription::MockSubscriptions,
    token::MockTokens,
    user::MockUsers,
    webhook::MockWebhooks,
    workspace::MockWorkspaces,
};
