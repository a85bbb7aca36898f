//! A web layer whose users behave as told, and how to ask it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails that way"
)]

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::test::{TestRequest, call_and_read_body, call_service, init_service, read_body};
use actix_web::{App, rt};
use async_trait::async_trait;
use rollbook_domain::mock::{
    FixedClock, MockStore, MockTx, SequentialIds, SequentialRandom, sample,
};
use rollbook_domain::outbox::Depth;
use rollbook_domain::port::{Access, MockProbe, Output, Probe, Store, Work};
use rollbook_domain::secret::Secret;
use rollbook_domain::service::{
    Core, MockAuditLog, MockAuthorization, MockCustomRoles, MockDomains, MockInvitations,
    MockMemberships, MockOAuthClients, MockOrganizations, MockOutbox, MockPasswords,
    MockPreferences, MockServiceAccounts, MockSessions, MockSubscriptions, MockTokens,
    MockWebhooks, MockWorkspaces, UserService,
};
use rollbook_domain::{Error, Result};
use rollbook_web::{NativeSettings, PageSettings, Services, Settings, Web, ZenmlSettings};
use serde_json::Value;
use tracing::subscriber::DefaultGuard;

/// Why things go wrong: for the log, never for a client.
pub(crate) const CAUSE: &str = "disk 7 is on fire";
/// How long a request may take.
pub(crate) const LIMIT: Duration = Duration::from_secs(10);

/// How `GET /api/v1/me` goes.
pub(crate) enum Plan {
    Answer,
    Fail(fn() -> Error),
    Panic,
    Hang,
    Slow(Duration),
}

/// A store in which everybody is Ada, and whose use cases go as planned. The real service stands
/// before it, since mocks of services answer at once.
#[async_trait]
impl Store for Plan {
    async fn run(&self, access: Access, work: Work) -> Result<Output> {
        match self {
            Self::Answer => {}
            Self::Fail(error) => return Err(error()),
            Self::Panic => panic!("{CAUSE}"),
            Self::Hang => std::future::pending().await,
            Self::Slow(time) => tokio::time::sleep(*time).await,
        }
        let mut tx = MockTx::default();
        tx.access
            .expect_authenticate()
            .returning(|_| Ok(Some(sample::authentication(&sample::user("ada")))));
        MockStore::new(tx).run(access, work).await
    }
}

fn users(plan: Plan) -> UserService {
    UserService::new(Core::new(
        Arc::new(plan),
        Arc::new(FixedClock::default()),
        Arc::new(SequentialIds::default()),
        Arc::new(SequentialRandom::default()),
    ))
}

/// A storage failure.
pub(crate) fn broken() -> Error {
    Error::storage(CAUSE)
}

/// An outbox in which nothing waits.
fn empty_outbox() -> MockOutbox {
    let mut outbox = MockOutbox::new();
    outbox.expect_depth().returning(|| Ok(Depth::default()));
    outbox
}

/// Services of which only the users work.
pub(crate) fn services(plan: Plan) -> Services {
    Services {
        organizations: Arc::new(MockOrganizations::new()),
        users: Arc::new(users(plan)),
        memberships: Arc::new(MockMemberships::new()),
        roles: Arc::new(MockCustomRoles::new()),
        tokens: Arc::new(MockTokens::new()),
        oauth_clients: Arc::new(MockOAuthClients::new()),
        authorization: Arc::new(MockAuthorization::new()),
        sessions: Arc::new(MockSessions::new()),
        passwords: Arc::new(MockPasswords::new()),
        service_accounts: Arc::new(MockServiceAccounts::new()),
        domains: Arc::new(MockDomains::new()),
        audit: Arc::new(MockAuditLog::new()),
        invitations: Arc::new(MockInvitations::new()),
        workspaces: Arc::new(MockWorkspaces::new()),
        preferences: Arc::new(MockPreferences::new()),
        subscriptions: Arc::new(MockSubscriptions::new()),
        outbox: Arc::new(empty_outbox()),
        limits: Arc::default(),
        webhooks: Arc::new(MockWebhooks::new()),
        probe: Arc::new(MockProbe::new()),
        clock: Arc::new(FixedClock::default()),
        ids: Arc::new(SequentialIds::default()),
    }
}

/// A web layer over such services.
pub(crate) fn web(plan: Plan) -> Web {
    over(services(plan), LIMIT)
}

/// A web layer with this probe.
pub(crate) fn probing(probe: impl Probe + 'static) -> Web {
    let services = Services {
        probe: Arc::new(probe),
        ..services(Plan::Answer)
    };
    over(services, LIMIT)
}

/// A web layer over these services.
pub(crate) fn over(services: Services, request_timeout: Duration) -> Web {
    let settings = Settings {
        page_token_key: [7; 32],
        public_url: "https://book.example".to_owned(),
        pages: PageSettings::default(),
        native: NativeSettings::default(),
        zenml: ZenmlSettings::default(),
        trusted_proxies: Vec::new(),
        body_limit: Settings::BODY_LIMIT,
        request_timeout,
    };
    Web::new(services, settings)
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// A header that must be there, once.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut values = self.headers.get_all(name);
        let value = values.next().unwrap_or_else(|| panic!("no {name}"));
        assert!(values.next().is_none(), "several {name}");
        value.to_str().expect("text")
    }
}

/// Asks, in an application of its own around the shared parts.
pub(crate) async fn ask(web: &Web, request: TestRequest) -> Answer {
    let app = init_service(App::new().configure(|config| web.configure(config))).await;
    let response = call_service(&app, request.to_request()).await;
    Answer {
        status: response.status(),
        headers: response.headers().clone(),
        body: String::from_utf8_lossy(&read_body(response).await).into_owned(),
    }
}

/// The body of a page that must be there.
pub(crate) async fn get(web: &Web, path: &str) -> String {
    let app = init_service(App::new().configure(|config| web.configure(config))).await;
    let body = call_and_read_body(&app, TestRequest::get().uri(path).to_request()).await;
    String::from_utf8(body.to_vec()).expect("text")
}

/// A credential that looks right.
pub(crate) fn secret() -> String {
    Secret::personal_access_token(&[7; 32]).reveal().to_owned()
}

/// A request with a credential that looks right.
pub(crate) fn signed(request: TestRequest) -> TestRequest {
    request.insert_header((AUTHORIZATION, format!("Bearer {}", secret())))
}

/// `GET /api/v1/me` with a credential.
pub(crate) fn me() -> TestRequest {
    signed(TestRequest::get().uri("/api/v1/me"))
}

/// Lets everything that can go on go on.
pub(crate) async fn settle() {
    for _ in 0..10 {
        rt::task::yield_now().await;
    }
}

/// Makes sure that some subscriber wants everything at any time. Otherwise the end of one test's
/// subscriber can switch off the events of another's: what nobody wants is remembered globally.
fn listen_everywhere() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let deaf = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(std::io::sink)
            .finish();
        tracing::subscriber::set_global_default(deaf).expect("the first one");
    });
}

/// What this thread logs, from debug on, until it is dropped.
pub(crate) struct Log {
    text: Arc<Mutex<Vec<u8>>>,
    _guard: DefaultGuard,
}

impl Log {
    pub(crate) fn start() -> Self {
        listen_everywhere();
        let text = Arc::new(Mutex::new(Vec::new()));
        let sink = Sink(Arc::clone(&text));
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::DEBUG)
            .with_writer(move || sink.clone())
            .finish();
        Self {
            text,
            _guard: tracing::subscriber::set_default(subscriber),
        }
    }

    /// Everything, as it would be in the file.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.text.lock().unwrap().clone()).expect("text")
    }

    /// The only event of a dialect: its level and its fields.
    pub(crate) fn event(&self) -> (String, Value) {
        let text = self.text();
        let events: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .filter(|event: &Value| {
                event["target"]
                    .as_str()
                    .unwrap()
                    .starts_with("rollbook_web")
            })
            .collect();
        let [event] = &events[..] else {
            panic!("not one event: {text}");
        };
        let level = event["level"].as_str().expect("a level");
        (level.to_owned(), event["fields"].clone())
    }
}

#[derive(Clone)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl io::Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
