//! A server over mocks, and what it answers.

use std::cell::OnceCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::test::{self, TestRequest};
use rollbook_domain::Error;
use rollbook_domain::limit::Limits;
use rollbook_domain::mock::{FixedClock, SequentialIds, sample};
use rollbook_domain::organization::OrganizationView;
use rollbook_domain::port::MockProbe;
use rollbook_domain::service::organization::Terms;
use rollbook_domain::service::{
    MockAuditLog, MockAuthorization, MockCustomRoles, MockDomains, MockInvitations,
    MockMemberships, MockOAuthClients, MockOrganizations, MockOutbox, MockPasswords,
    MockPreferences, MockServiceAccounts, MockSessions, MockSubscriptions, MockTokens, MockUsers,
    MockWebhooks, MockWorkspaces,
};
use rollbook_domain::subscription::Quota;
use rollbook_domain::time::Span;
use rollbook_domain::user::User;
use rollbook_web::{NativeSettings, PageSettings, Services, Settings, Web, ZenmlSettings};
use serde_json::Value;

/// The limit on bodies in tests.
pub(super) const BODY_LIMIT: usize = 4096;
/// The limit on owned organizations in tests.
pub(super) const OWNER_LIMIT: Option<u32> = Some(7);

/// The client as which ZenML's devices wait in tests.
pub(super) const DEVICE_CLIENT: &str = "019b796d-d600-73e6-a391-8a11d6c780ee";

/// What a new organization may use in tests.
pub(super) const TERMS: Terms = Terms {
    trial: Some(Span::days(14)),
    members: Quota(5),
    workspaces: Quota(3),
};

/// Makes an error, as often as it is needed: errors cannot be cloned.
pub(super) type Make = fn() -> Error;

/// The services behind a server; a test expects calls of them.
#[derive(Default)]
pub(super) struct Mocks {
    pub(super) organizations: MockOrganizations,
    pub(super) memberships: MockMemberships,
    pub(super) roles: MockCustomRoles,
    pub(super) users: MockUsers,
    pub(super) sessions: MockSessions,
    pub(super) passwords: MockPasswords,
    pub(super) tokens: MockTokens,
    pub(super) oauth_clients: MockOAuthClients,
    pub(super) authorization: MockAuthorization,
    pub(super) service_accounts: MockServiceAccounts,
    pub(super) domains: MockDomains,
    pub(super) audit: MockAuditLog,
    pub(super) invitations: MockInvitations,
    pub(super) workspaces: MockWorkspaces,
    pub(super) preferences: MockPreferences,
    pub(super) subscriptions: MockSubscriptions,
    pub(super) outbox: MockOutbox,
    pub(super) limits: Arc<Limits>,
    pub(super) webhooks: MockWebhooks,
}

impl Mocks {
    pub(super) fn serve(self) -> Server {
        let clock = Arc::new(FixedClock::default());
        let services = Services {
            organizations: Arc::new(self.organizations),
            memberships: Arc::new(self.memberships),
            roles: Arc::new(self.roles),
            users: Arc::new(self.users),
            tokens: Arc::new(self.tokens),
            oauth_clients: Arc::new(self.oauth_clients),
            authorization: Arc::new(self.authorization),
            sessions: Arc::new(self.sessions),
            passwords: Arc::new(self.passwords),
            service_accounts: Arc::new(self.service_accounts),
            domains: Arc::new(self.domains),
            audit: Arc::new(self.audit),
            invitations: Arc::new(self.invitations),
            workspaces: Arc::new(self.workspaces),
            preferences: Arc::new(self.preferences),
            subscriptions: Arc::new(self.subscriptions),
            outbox: Arc::new(self.outbox),
            limits: self.limits,
            webhooks: Arc::new(self.webhooks),
            probe: Arc::new(MockProbe::new()),
            clock: clock.clone(),
            ids: Arc::new(SequentialIds::default()),
        };
        let settings = Settings {
            page_token_key: [42; 32],
            public_url: "https://book.example".to_owned(),
            pages: PageSettings::default(),
            native: NativeSettings {
                owner_limit: OWNER_LIMIT,
                terms: TERMS,
            },
            zenml: ZenmlSettings {
                client_id: Some(DEVICE_CLIENT.to_owned()),
                owner_limit: Some(1),
                terms: TERMS,
            },
            trusted_proxies: Vec::new(),
            body_limit: BODY_LIMIT,
            request_timeout: Duration::from_secs(60),
        };
        Server {
            web: Web::new(services, settings),
            clock,
            app: OnceCell::new(),
        }
    }
}

/// A server under test.
pub(super) struct Server {
    web: Web,
    clock: Arc<FixedClock>,
    /// The application, made for the first request: all its routes take a while.
    app: OnceCell<App>,
}

/// An application that answers.
type App = Box<dyn Fn(TestRequest) -> Pin<Box<dyn Future<Output = Answer>>>>;

async fn app(web: &Web) -> App {
    let app = actix_web::App::new().configure(|config| web.configure(config));
    let app = Rc::new(test::init_service(app).await);
    Box::new(move |request| {
        let app = Rc::clone(&app);
        Box::pin(async move {
            let response = test::call_service(&*app, request.to_request()).await;
            let (status, headers) = (response.status(), response.headers().clone());
            let body = to_bytes(response.into_body()).await.unwrap();
            Answer {
                status,
                headers,
                body: String::from_utf8(body.to_vec()).unwrap(),
            }
        })
    })
}

impl Server {
    /// Sends a request as it is.
    pub(super) async fn send_raw(&self, request: TestRequest) -> Answer {
        if self.app.get().is_none() {
            // Nobody else can have made one: there is one thread.
            drop(self.app.set(app(&self.web).await));
        }
        match self.app.get() {
            Some(app) => app(request).await,
            None => unreachable!("it was just made"),
        }
    }

    /// Sends a request with a credential that is well formed.
    pub(super) async fn send(&self, request: TestRequest) -> Answer {
        let secret = sample::secret("token");
        let bearer = format!("Bearer {}", secret.reveal());
        self.send_raw(request.insert_header((AUTHORIZATION, bearer)))
            .await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    pub(super) fn later(&self, span: Span) {
        self.clock.advance(span);
    }
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The JSON values of an answer that has one a line.
    pub(super) fn lines(&self) -> Value {
        let lines = self.body.lines();
        let parsed = lines.map(serde_json::from_str::<Value>);
        let all: Result<Vec<_>, _> = parsed.collect();
        all.map_or_else(|_| panic!("not JSON lines: {self:?}"), Value::from)
    }

    pub(super) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Status, code and reason of a refusal.
    pub(super) fn refusal(&self) -> (u16, i64, String) {
        let json = self.json();
        let reason = json["details"][0]["reason"].as_str().unwrap_or_default();
        let code = json["code"].as_i64().expect("a refusal has a code");
        (self.status.as_u16(), code, reason.to_owned())
    }

    /// Checks that the answer refuses exactly these fields as invalid.
    #[track_caller]
    pub(super) fn assert_invalid(&self, fields: &[&str]) {
        let (status, code, reason) = self.refusal();
        let expected = (400, 3, "INVALID_ARGUMENT");
        assert_eq!((status, code, reason.as_str()), expected, "{}", self.body);
        let json = self.json();
        let violations = json["details"][1]["fieldViolations"].as_array();
        let found: Vec<&str> = violations
            .into_iter()
            .flatten()
            .filter_map(|violation| violation["field"].as_str())
            .collect();
        assert_eq!(found, fields, "{}", self.body);
    }
}

pub(super) fn jane() -> User {
    sample::user("jane")
}

pub(super) fn acme() -> OrganizationView {
    sample::organization_view("Acme Corp", &jane())
}

/// The path of [`acme`], with something behind it.
pub(super) fn acme_path(rest: &str) -> String {
    format!("/api/v1/organizations/{}{rest}", acme().organization.id)
}
