//! A client before a server over mocks.

use std::sync::Arc;
use std::time::Duration;

use actix_web::App;
use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderMap};
use actix_web::test::{self, TestRequest};
use rollbook_domain::mock::{FixedClock, SequentialIds, sample};
use rollbook_domain::port::MockProbe;
use rollbook_domain::service::{
    MockAuditLog, MockAuthorization, MockCustomRoles, MockDomains, MockInvitations,
    MockMemberships, MockOAuthClients, MockOrganizations, MockOutbox, MockPasswords,
    MockPreferences, MockServiceAccounts, MockSessions, MockSubscriptions, MockTokens, MockUsers,
    MockWebhooks, MockWorkspaces,
};
use rollbook_domain::user::User;
use rollbook_web::{NativeSettings, PageSettings, Services, Settings, Web, ZenmlSettings};

/// How much is read of a body.
pub(super) const BODY_LIMIT: usize = 4096;

/// A server over this service.
pub(super) fn serve(authorization: MockAuthorization) -> Server {
    let services = Services {
        organizations: Arc::new(MockOrganizations::new()),
        memberships: Arc::new(MockMemberships::new()),
        roles: Arc::new(MockCustomRoles::new()),
        users: Arc::new(MockUsers::new()),
        oauth_clients: Arc::new(MockOAuthClients::new()),
        authorization: Arc::new(authorization),
        sessions: Arc::new(MockSessions::new()),
        passwords: Arc::new(MockPasswords::new()),
        webhooks: Arc::new(MockWebhooks::new()),
        tokens: Arc::new(MockTokens::new()),
        service_accounts: Arc::new(MockServiceAccounts::new()),
        domains: Arc::new(MockDomains::new()),
        audit: Arc::new(MockAuditLog::new()),
        invitations: Arc::new(MockInvitations::new()),
        workspaces: Arc::new(MockWorkspaces::new()),
        preferences: Arc::new(MockPreferences::new()),
        subscriptions: Arc::new(MockSubscriptions::new()),
        outbox: Arc::new(MockOutbox::new()),
        limits: Arc::default(),
        probe: Arc::new(MockProbe::new()),
        clock: Arc::new(FixedClock::default()),
        ids: Arc::new(SequentialIds::default()),
    };
    let settings = Settings {
        page_token_key: [42; 32],
        public_url: "https://book.example".to_owned(),
        native: NativeSettings::default(),
        pages: PageSettings::default(),
        zenml: ZenmlSettings::default(),
        trusted_proxies: Vec::new(),
        body_limit: BODY_LIMIT,
        request_timeout: Duration::from_secs(60),
    };
    Server(Web::new(services, settings))
}

/// A server under test.
pub(super) struct Server(Web);

impl Server {
    pub(super) async fn send(&self, request: TestRequest) -> Answer {
        let app = App::new().configure(|config| self.0.configure(config));
        let app = test::init_service(app).await;
        let response = test::call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body()).await.unwrap();
        Answer {
            status,
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(TestRequest::get().uri(path)).await
    }

    /// Sends a form.
    pub(super) async fn post(&self, path: &str, body: &str) -> Answer {
        self.send(form(path, body)).await
    }
}

/// A form of a client.
pub(super) fn form(path: &str, body: &str) -> TestRequest {
    TestRequest::post()
        .uri(path)
        .insert_header((CONTENT_TYPE, "application/x-www-form-urlencoded"))
        .set_payload(body.to_owned())
}

/// What a server answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    /// Status and code of an error.
    #[track_caller]
    pub(super) fn error(&self) -> (u16, String) {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        let error = body["error"].as_str().unwrap_or_default();
        (self.status.as_u16(), error.to_owned())
    }
}

pub(super) fn jane() -> User {
    sample::user("jane")
}
