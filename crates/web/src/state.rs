//! What the handlers of all dialects share.

use std::sync::Arc;
use std::time::Duration;

use rollbook_domain::limit::Limits;
use rollbook_domain::port::{Clock, IdSource, Probe};
use rollbook_domain::service::organization::Terms;
use rollbook_domain::service::{
    AuditLog, Authorization, CustomRoles, Domains, Invitations, Memberships, OAuthClients,
    Organizations, Outbox, Passwords, Preferences, ServiceAccounts, Sessions, Subscriptions,
    Tokens, Users, Webhooks, Workspaces,
};
use rollbook_domain::webhook::Network;

use crate::docs::Docs;
use crate::errand::Places;
use crate::metrics::Metrics;
use crate::page::PageTokens;

/// What the web layer calls.
#[derive(Clone)]
pub struct Services {
    /// The use cases of organizations.
    pub organizations: Arc<dyn Organizations>,
    /// The use cases of memberships.
    pub memberships: Arc<dyn Memberships>,
    /// The use cases of roles.
    pub roles: Arc<dyn CustomRoles>,
    /// The use cases of users.
    pub users: Arc<dyn Users>,
    /// The use cases of personal access tokens.
    pub tokens: Arc<dyn Tokens>,
    /// The use cases of OAuth clients.
    pub oauth_clients: Arc<dyn OAuthClients>,
    /// The authorization server.
    pub authorization: Arc<dyn Authorization>,
    /// The use cases of browser sessions.
    pub sessions: Arc<dyn Sessions>,
    /// The use cases of passwords.
    pub passwords: Arc<dyn Passwords>,
    /// The use cases of service accounts.
    pub service_accounts: Arc<dyn ServiceAccounts>,
    /// The use cases of domains.
    pub domains: Arc<dyn Domains>,
    /// The use cases of the audit log.
    pub audit: Arc<dyn AuditLog>,
    /// The use cases of invitations.
    pub invitations: Arc<dyn Invitations>,
    /// The use cases of workspaces and their members.
    pub workspaces: Arc<dyn Workspaces>,
    /// The use cases of preferences.
    pub preferences: Arc<dyn Preferences>,
    /// The use cases of subscriptions and quotas.
    pub subscriptions: Arc<dyn Subscriptions>,
    /// What superusers see of the outbox, and how full it is.
    pub outbox: Arc<dyn Outbox>,
    /// How much may be sent, and how much of that is left.
    pub limits: Arc<Limits>,
    /// The use cases of webhook endpoints and deliveries.
    pub webhooks: Arc<dyn Webhooks>,
    /// Tells whether requests can be served.
    pub probe: Arc<dyn Probe>,
    /// Tells the time, for what expires.
    pub clock: Arc<dyn Clock>,
    /// Makes ids, for requests.
    pub ids: Arc<dyn IdSource>,
}

/// How the web layer behaves.
#[derive(Clone)]
pub struct Settings {
    /// The key that authenticates page tokens. All replicas need the same one.
    pub page_token_key: [u8; 32],
    /// Under which URL people reach this server, without a slash at the end. With `https://`,
    /// cookies are kept from plain HTTP.
    pub public_url: String,
    /// The native dialect's own settings.
    pub native: NativeSettings,
    /// The settings of the pages.
    pub pages: PageSettings,
    /// The ZenML dialect's own settings.
    pub zenml: ZenmlSettings,
    /// Whose word is taken for where a request came from (`X-Forwarded-For`).
    pub trusted_proxies: Vec<Network>,
    /// The largest request body that is read, in bytes.
    pub body_limit: usize,
    /// How long an answer may take.
    pub request_timeout: Duration,
}

impl Settings {
    /// What [`Settings::body_limit`] is unless the operator chose: room for the largest logo.
    pub const BODY_LIMIT: usize = 256 * 1024;
}

/// The settings of the native dialect.
#[derive(Clone, Debug, Default)]
pub struct NativeSettings {
    /// How many organizations one user may own when founding them here; `None`: any number.
    pub owner_limit: Option<u32>,
    /// What a new organization may use.
    pub terms: Terms,
}

/// The settings of the pages.
#[derive(Clone, Debug, Default)]
pub struct PageSettings {
    /// Where whoever accepts an invitation is led, with `{organization}` and `{workspace}` for their
    /// ids (nothing, where there is no workspace); `None`: to a page that says so.
    pub after_accept_url: Option<String>,
    /// Whether people can have passwords.
    pub passwords: bool,
}

/// The settings of the ZenML dialect.
#[derive(Clone, Debug, Default)]
pub struct ZenmlSettings {
    /// The id of the OAuth client as which ZenML's own programs wait for a person, whatever they
    /// say; `None`: each as the client that it says it is.
    pub client_id: Option<String>,
    /// How many organizations one user may own when founding them here; `None`: any number.
    pub owner_limit: Option<u32>,
    /// What a new organization may use.
    pub terms: Terms,
}

/// How many ways to a new password are made ready at once.
const RESETS_AT_ONCE: usize = 16;

/// What every worker shares.
pub(crate) struct State {
    pub(crate) services: Services,
    pub(crate) settings: Settings,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) docs: Docs,
    pub(crate) page_tokens: PageTokens,
    /// For whoever asks for a way to a new password.
    pub(crate) resets: Places,
}

impl State {
    pub(crate) fn new(services: Services, settings: Settings) -> Self {
        let now = services.clock.now();
        Self {
            metrics: Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"), now)),
            docs: Docs::new(),
            page_tokens: PageTokens::new(&settings.page_token_key),
            resets: Places::new(RESETS_AT_ONCE),
            services,
            settings,
        }
    }
}
